"""An answer that comes as its deadline passes, with a control without the lock (R-A14)."""

import asyncio
from datetime import datetime, timedelta

import pytest

from booking.appointments import Appointments
from booking.models import ClaimState
from booking.ports import ClaimFilter
from booking.stoppage_models import Displacement, DisplacementState, Scope
from storage.database import SqlDatabase
from storage.displacement_rows import SqlDisplacementRows
from storage.pool import RedisPool
from storage.stoppage_tables import displacement
from tests.race.test_closing_races import pause_after
from tests.support.clinic import add_session, open_clinic
from tests.support.stopping import Ward, order
from tests.support.waiting import done_or_waiting

POSTGRES = pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
"""SQLite has one writer, so that nothing comes between."""


async def answer_at_the_deadline(
    database: SqlDatabase, pool: RedisPool, appointments: Appointments, now: datetime, patch: pytest.MonkeyPatch
) -> tuple[DisplacementState, int]:
    """An answer has read the patient's row when what nobody chose is given back; the row's state, and appointments."""
    await open_clinic(database)
    await add_session(database, now + timedelta(days=1))
    await add_session(database, now + timedelta(days=3))
    ward = Ward.open(database, pool, appointments)
    await ward.book("wang-20261124-0900-0900", "张三", now=now)
    await ward.stop(order(Scope("session", "wang-20261124-0900")), now=now)
    [told] = await ward.notices("stopped")
    read, go_on = pause_after(patch, SqlDisplacementRows, "get")
    answering = asyncio.create_task(ward.offers.answer(told.id, 1, openid="o-张三", now=now))
    await read.wait()
    expiring = asyncio.create_task(ward.offers.expire(now=now + timedelta(hours=25)))
    await done_or_waiting(expiring, database)
    go_on.set()
    await asyncio.gather(answering, expiring, return_exceptions=True)
    async with database.read() as unit:
        booked = await unit.claims.find(ClaimFilter(openid="o-张三", states=(ClaimState.BOOKED,)))
    return (await ward.displaced())["p-张三"].state, len(booked)


@POSTGRES
async def test_what_is_being_answered_does_not_expire(
    database: SqlDatabase, pool: RedisPool, appointments: Appointments, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await answer_at_the_deadline(database, pool, appointments, now, monkeypatch)
    assert found == (DisplacementState.REBOOKED, 1)


@POSTGRES
async def test_control_without_the_lock_what_is_being_answered_is_taken_away(
    database: SqlDatabase, pool: RedisPool, appointments: Appointments, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The patient chose in time, and is told that the seat is gone."""

    async def get(self: SqlDisplacementRows, displacement_id: str, *, lock: bool = False) -> Displacement | None:
        found = await self._many(displacement.c.id == displacement_id, lock=False)
        return found[0] if found else None

    monkeypatch.setattr(SqlDisplacementRows, "get", get)
    found = await answer_at_the_deadline(database, pool, appointments, now, monkeypatch)
    assert found == (DisplacementState.EXPIRED, 0)
