"""Offers taken away while their people's stoppage comes to its end at that moment, with controls (R-A8, R-A14)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select

from booking.adjustment_models import Adjustment
from booking.adjustments import Adjustments
from booking.appointments import Appointments
from booking.stoppage_models import DisplacementState, Scope, StoppageState
from storage.database import SqlDatabase
from storage.pool import RedisPool
from storage.stoppage_rows import SqlStoppageRows
from storage.stoppage_tables import stoppage
from tests.race.test_closing_races import MEETING, POSTGRES, pause_after
from tests.support.clinic import add_session, open_clinic
from tests.support.stopping import MANAGER, Ward, order

TUESDAY, WEDNESDAY = "wang-20261124-0900", "wang-20261125-0900"
DAY = timedelta(days=1)
Taking = Callable[[Ward, datetime], Awaitable[object]]


async def stop_it(ward: Ward, now: datetime) -> object:
    return await ward.stop(order(Scope("session", WEDNESDAY), "second"), now=now)


async def shift_it(ward: Ward, now: datetime) -> object:
    return await Adjustments(ward.database, ward.seats).apply(
        Adjustment(WEDNESDAY, start=time(14)), by=MANAGER, now=now
    )


TAKINGS = pytest.mark.parametrize("take_away", [stop_it, shift_it])


@pytest.fixture
async def ward(database: SqlDatabase, pool: RedisPool, appointments: Appointments, now: datetime) -> Ward:
    """An open clinic with two sessions."""
    await open_clinic(database)
    await add_session(database, now + DAY)
    await add_session(database, now + 2 * DAY)
    return Ward.open(database, pool, appointments)


async def wait_again_at_the_end(
    ward: Ward, other: Ward, take_away: Taking, now: datetime, patch: pytest.MonkeyPatch, *, locking: bool
) -> DisplacementState:
    """What is kept for one patient is taken away, not committed yet, as their stoppage's worker comes to its end."""
    await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    await ward.stoppages.stop(order(Scope("session", TUESDAY)), by=MANAGER, now=now)
    while not any(person.offers for person in (await ward.displaced()).values()):
        await ward.stoppages.work(now=now)
    assert (await ward.stoppages.get("T000001"))[0].state is StoppageState.OFFERING
    with patch.context() as paused:
        written, go_on = pause_after(paused, SqlStoppageRows, "reopen_work")
        taking = asyncio.ensure_future(take_away(other, now))
        await written.wait()
        ending = asyncio.create_task(ward.finish(now=now))
        await asyncio.wait([ending], timeout=MEETING if locking else None)  # unlocked, nothing keeps it waiting
        go_on.set()
        await asyncio.gather(taking, ending)
    for each in (ward, other):
        await each.finish(now=now)
    return (await ward.displaced())["p-张三"].state


@TAKINGS
async def test_who_waits_again_as_the_stoppage_ends_is_seen_to(
    ward: Ward,
    take_away: Taking,
    pool: RedisPool,
    appointments: Appointments,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = Ward.open(ward.database, pool, appointments)
    state = await wait_again_at_the_end(ward, other, take_away, now, monkeypatch, locking=True)
    assert state in {DisplacementState.OFFERED, DisplacementState.UNOFFERED}


@POSTGRES
@TAKINGS
async def test_control_without_the_stoppages_lock_somebody_waits_for_ever(
    ward: Ward,
    take_away: Taking,
    pool: RedisPool,
    appointments: Appointments,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lock_nothing(self: SqlStoppageRows, ids: Sequence[str]) -> dict[str, StoppageState]:
        query = select(stoppage.c.id, stoppage.c.state)
        return {row.id: StoppageState(row.state) for row in await self._connection.execute(query)}

    monkeypatch.setattr(SqlStoppageRows, "lock", lock_nothing)
    other = Ward.open(ward.database, pool, appointments)
    state = await wait_again_at_the_end(ward, other, take_away, now, monkeypatch, locking=False)
    assert state is DisplacementState.WAITING
