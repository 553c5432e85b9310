"""A worker that dies in the middle of a stoppage, with a control that shows what would be left of it (R-A14, R-A15)."""

import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from booking.appointments import Appointments
from booking.stoppage_models import Scope, StoppageState
from storage.database import SqlDatabase, SqlUnit
from storage.displacement_rows import SqlDisplacementRows
from storage.notice_rows import SqlNoticeRows
from storage.offer_rows import SqlOfferRows
from storage.pool import RedisPool
from storage.stoppage_rows import SqlStoppageRows
from tests.race.test_stoppage_races import assert_sound, many_displaced
from tests.support.clinic import add_session, open_clinic
from tests.support.stopping import MANAGER, Ward, order

DAY = timedelta(days=1)


@pytest.fixture
async def ward(database: SqlDatabase, pool: RedisPool, appointments: Appointments, now: datetime) -> Ward:
    """An open clinic with two sessions."""
    await open_clinic(database)
    await add_session(database, now + DAY)
    await add_session(database, now + 2 * DAY)
    return Ward.open(database, pool, appointments)


class Killed(Exception):
    """What a death between two statements looks like to those who come after."""


STEPS = [
    (SqlOfferRows, "end"),
    (SqlDisplacementRows, "add"),
    (SqlStoppageRows, "mark_sessions"),
    (SqlStoppageRows, "advance"),
    (SqlOfferRows, "add"),
    (SqlDisplacementRows, "tell"),
    (SqlNoticeRows, "add"),
]


async def die_and_be_followed(
    ward: Ward, heir: Ward, now: datetime, patch: pytest.MonkeyPatch, rows: type, step: str, *, after: bool
) -> datetime:
    """The first worker dies at the step, before it or after it; another comes when its lease is over."""
    await many_displaced(ward, now, 4)
    patch.setattr("booking.displacing.BATCH", 3)
    patch.setattr("booking.stoppage_work.OFFERS_AT_ONCE", 2)
    await ward.stoppages.stop(order(Scope("doctor", "li")), by=MANAGER, now=now)
    really, deaths = getattr(rows, step), itertools.count()

    async def die(self: object, *args: object, **rest: object) -> object:
        found = await really(self, *args, **rest) if after else None
        next(deaths)
        raise Killed(found)

    with patch.context() as dying:
        dying.setattr(rows, step, die)
        with pytest.raises(Killed):
            await ward.finish(now=now)
    later = now + timedelta(seconds=31)
    assert next(deaths) == 1
    await heir.finish(now=later)
    return later


@pytest.mark.parametrize(("rows", "step"), STEPS, ids=[f"{rows.__name__}.{step}" for rows, step in STEPS])
@pytest.mark.parametrize("after", [False, True])
async def test_whoever_comes_after_a_death_in_any_phase_ends_at_the_same(
    ward: Ward,
    now: datetime,
    pool: RedisPool,
    appointments: Appointments,
    monkeypatch: pytest.MonkeyPatch,
    rows: type,
    step: str,
    after: bool,
) -> None:
    heir = Ward.open(ward.database, pool, appointments)
    later = await die_and_be_followed(ward, heir, now, monkeypatch, rows, step, after=after)
    found, figures = await heir.stoppages.get("T000001")
    assert found.state is StoppageState.DONE
    assert sum(figures.displaced.values()) == len(await heir.notices("stopped")) == 4
    await assert_sound(heir, later)


async def test_control_without_whole_transactions_a_death_forgets_patients(
    ward: Ward, now: datetime, pool: RedisPool, appointments: Appointments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their appointments are ended, and nobody ever tells them."""

    @asynccontextmanager
    async def half(self: SqlDatabase) -> AsyncGenerator[SqlUnit]:
        async with self.writer.connect() as connection:
            try:
                yield SqlUnit(connection, self._sealer)
            finally:
                await connection.commit()

    monkeypatch.setattr(SqlDatabase, "begin", half)
    heir = Ward.open(ward.database, pool, appointments)
    await die_and_be_followed(ward, heir, now, monkeypatch, SqlDisplacementRows, "add", after=False)
    found, figures = await heir.stoppages.get("T000001")
    assert found.state is StoppageState.DONE
    assert sum(figures.displaced.values()) == len(await heir.notices("stopped")) == 1
