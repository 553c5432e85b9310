"""Holds that share a transaction against whoever changes a session at that moment; each with its control."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

import booking.hold_writing
from booking.actors import Actor
from booking.adjustment_models import Adjustment
from booking.adjustments import Adjustments
from booking.appointments import Appointments, Wish
from booking.errors import Contended, Unavailable
from booking.hold_writing import HoldWriting
from booking.models import Claim
from storage.adjustment_rows import SqlAdjustmentRows
from storage.claim_rows import SqlClaimRows
from storage.database import SqlDatabase
from tests.support.clinic import add_patient, add_session, open_clinic
from tests.support.inserts import share_nothing
from tests.support.waiting import somebody_waits

ONLY_POSTGRES = pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
"""SQLite has one writer, so that nothing comes between."""
MORNING, AFTERNOON = "wang-20261124-0900", "wang-20261124-1300"


@pytest.fixture
async def wishes(database: SqlDatabase, appointments: Appointments, now: datetime) -> list[Wish]:
    """Of four patients for the morning; the first of them holds a seat there, and the service knows both sessions."""
    await open_clinic(database)
    await add_session(database, now + timedelta(days=1), capacities=(9,))
    await add_session(database, now + timedelta(days=1, hours=4), capacities=(9,))
    patients = [await add_patient(database, f"病人{n}", openid=f"o{n}", now=now) for n in range(4)]
    wishes = [Wish(f"{MORNING}-0900", p.id, f"o{n}", "wechat", f"m{n}") for n, p in enumerate(patients)]
    await appointments.hold(replace(wishes[0], slot=f"{AFTERNOON}-1300", request_id="warm"), now=now)
    await appointments.hold(replace(wishes[0], request_id="first"), now=now)
    return wishes


async def change_while_held(
    database: SqlDatabase, appointments: Appointments, wishes: list[Wish], now: datetime, patch: pytest.MonkeyPatch
) -> int:
    """Move a room while somebody gives up a hold of that session, and another takes one there; return the deadlocks."""
    undone: list[str] = []
    changing = asyncio.Event()
    really_lock, really_write = SqlAdjustmentRows.lock_live, HoldWriting._in_one_transaction

    async def lock(self: SqlAdjustmentRows, session: str) -> list[Claim]:
        changing.set()
        async with asyncio.timeout(10):
            while not await somebody_waits(database):  # noqa: ASYNC110  # the database tells nobody
                await asyncio.sleep(0.01)
        return await really_lock(self, session)

    async def write(self: HoldWriting, batch: object) -> object:
        try:
            return await really_write(self, batch)  # type: ignore[arg-type]  # passed on as it came
        except Contended:
            undone.append("hold")
            raise

    patch.setattr(SqlAdjustmentRows, "lock_live", lock)
    patch.setattr(HoldWriting, "_in_one_transaction", write)
    patch.setattr(booking.hold_writing, "PATIENCE", 30.0)  # so that nobody comes out of a ring by giving up

    async def change() -> None:
        try:
            await Adjustments(database, None).apply(
                Adjustment(MORNING, room="999"), by=Actor("cli", "root", "cli"), now=now
            )
        except Unavailable:
            undone.append("change")

    changed = asyncio.create_task(change())
    await changing.wait()
    moving = replace(wishes[0], slot=f"{AFTERNOON}-1300", request_id="moves")
    holding = (appointments.hold(wish, now=now) for wish in (moving, wishes[1]))
    await asyncio.gather(*holding, changed, return_exceptions=True)
    return len(undone)


@ONLY_POSTGRES
async def test_a_batch_and_a_changed_session_do_not_wait_for_each_other(
    database: SqlDatabase,
    appointments: Appointments,
    wishes: list[Wish],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await change_while_held(database, appointments, wishes, now, monkeypatch) == 0


@ONLY_POSTGRES
async def test_control_without_the_sessions_locked_first_they_do(
    database: SqlDatabase,
    appointments: Appointments,
    wishes: list[Wish],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SqlClaimRows, "share_sessions", share_nothing)
    assert await change_while_held(database, appointments, wishes, now, monkeypatch) > 0


async def held_beside_a_locked_session(
    database: SqlDatabase, appointments: Appointments, wishes: list[Wish], now: datetime
) -> tuple[list[bool], list[object]]:
    """Somebody has the afternoon's row, where the last hold wants to be; return which were had meanwhile, and all."""
    asked = [*wishes[1:3], replace(wishes[3], slot=f"{AFTERNOON}-1300")]
    async with database.begin() as unit:
        await unit.connection.execute(
            text("SELECT id FROM clinic_session WHERE id = :id FOR UPDATE"), {"id": AFTERNOON}
        )
        holding = [asyncio.create_task(appointments.hold(wish, now=now)) for wish in asked]
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*map(asyncio.shield, holding[:2])), 4)
        meanwhile = [each.done() for each in holding]
    return meanwhile, list(await asyncio.gather(*holding, return_exceptions=True))


@ONLY_POSTGRES
async def test_a_row_that_somebody_has_keeps_only_those_waiting_who_want_it(
    database: SqlDatabase, appointments: Appointments, wishes: list[Wish], now: datetime
) -> None:
    meanwhile, at_last = await held_beside_a_locked_session(database, appointments, wishes, now)
    assert meanwhile == [True, True, False]
    assert [type(each) for each in at_last] == [Claim, Claim, Claim]


@ONLY_POSTGRES
async def test_control_with_patience_it_keeps_the_whole_batch_waiting(
    database: SqlDatabase,
    appointments: Appointments,
    wishes: list[Wish],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(booking.hold_writing, "PATIENCE", 9.0)
    meanwhile, _ = await held_beside_a_locked_session(database, appointments, wishes, now)
    assert meanwhile == [False, False, False]
