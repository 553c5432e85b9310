"""Changed sessions against whoever books at that moment, each with a control without the protection (R-A8)."""

import asyncio
import contextlib
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from booking.actors import Actor
from booking.adjustment_models import Adjustment
from booking.adjustments import Adjustments
from booking.appointments import Appointments, Wish
from booking.errors import Busy, Refused
from booking.models import Claim, ClaimState, Slot
from booking.pool_port import Admission
from booking.refusals import OfferGone
from booking.stoppage_models import Scope
from storage import claim_rows
from storage.claim_rows import SqlClaimRows
from storage.database import SqlDatabase
from storage.pool import RedisPool
from tests.race.test_holds import service
from tests.support.clinic import add_patient, add_session, open_clinic
from tests.support.inserts import insert, insert_blindly, take_row_locks_away
from tests.support.stopping import Ward, order

CLI = Actor("cli", "root", "cli")
SESSION = "wang-20261124-0900"
SLOT = f"{SESSION}-0900"
ONLY_POSTGRES = pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
"""SQLite has one writer, so that nothing comes between."""


class AdmittedThenLate(RedisPool):
    """Admits at once, and lets nobody go on to the database before ``may_go`` is set."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.may_go = asyncio.Event()
        self.admitted = asyncio.Semaphore(0)

    async def admit(self, **asked: Any) -> Admission:
        found = await super().admit(**asked)
        self.admitted.release()
        await self.may_go.wait()
        return found


async def book(appointments: Appointments, database: SqlDatabase, name: str, now: datetime) -> Claim | None:
    """Book as a patient who takes a refusal for an answer."""
    patient = await add_patient(database, name, openid=f"o-{name}", now=now)
    with contextlib.suppress(Refused, Busy):
        held = await appointments.hold(Wish(SLOT, patient.id, f"o-{name}", "wechat", f"m-{name}"), now=now)
        await appointments.confirm(held.id, openid=f"o-{name}", now=now)
        return held
    return None


async def live(database: SqlDatabase) -> list[Claim]:
    async with database.read() as unit:
        return await unit.claims.live(SESSION)


async def first_slot(database: SqlDatabase) -> Slot:
    async with database.read() as unit:
        found = await unit.sessions.get(SESSION)
    assert found is not None
    return found[1][0]


async def lower_under_a_rush(
    database: SqlDatabase, redis: Redis, appointments: Appointments, now: datetime
) -> list[Claim]:
    """Lower a capacity to what is booked while others are admitted, before Redis hears of it; return who sits."""
    await open_clinic(database)
    await add_session(database, now + timedelta(days=1), capacities=(6,))
    assert await book(appointments, database, "先到", now)
    pool = AdmittedThenLate(redis)
    late = service(database, pool)
    rush = [asyncio.create_task(book(late, database, f"病人{n}", now)) for n in range(5)]
    for _ in rush:
        await pool.admitted.acquire()
    await Adjustments(database, None).apply(Adjustment(SESSION, capacity=1), by=CLI, now=now)
    pool.may_go.set()
    await asyncio.gather(*rush)
    return await live(database)


async def test_a_capacity_lowered_under_a_rush_sells_no_seat_above_it(
    database: SqlDatabase, valkey: Redis, appointments: Appointments, now: datetime
) -> None:
    assert [claim.seat for claim in await lower_under_a_rush(database, valkey, appointments, now)] == [1]


async def test_control_an_insert_that_does_not_look_sells_seats_above_the_capacity(
    database: SqlDatabase, valkey: Redis, appointments: Appointments, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlClaimRows, "insert_all", insert_blindly)
    sitting = await lower_under_a_rush(database, valkey, appointments, now)
    assert max(claim.seat for claim in sitting) > 1


async def cancel_two_of_four(database: SqlDatabase, pool: RedisPool, now: datetime) -> list[int]:
    """Lower to two seats a slot with four people, let the first two cancel at once, let others try; the seats taken."""
    await open_clinic(database)
    await add_session(database, now + timedelta(days=1), capacities=(4,))
    appointments = service(database, pool)
    booked = [await book(appointments, database, f"病人{n}", now) for n in range(4)]
    await Adjustments(database, None).apply(Adjustment(SESSION, capacity=2), by=CLI, now=now)
    both = [one for one in booked if one is not None and one.seat <= 2]
    await asyncio.gather(*(appointments.cancel(one.id, openid=one.openid or "", now=now) for one in both))
    await asyncio.gather(*(book(appointments, database, f"新人{n}", now) for n in range(3)))
    return sorted(claim.seat for claim in await live(database))


async def test_seats_set_free_at_once_go_to_those_beyond_the_capacity(
    database: SqlDatabase, pool: RedisPool, now: datetime
) -> None:
    assert await cancel_two_of_four(database, pool, now) == [1, 2]


async def test_control_when_nobody_moves_up_the_public_overbooks_the_slot(
    database: SqlDatabase, pool: RedisPool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stay(*_: object) -> None:
        return None

    monkeypatch.setattr(claim_rows, "move_up", stay)
    assert len(await cancel_two_of_four(database, pool, now)) > 2


async def test_a_change_and_answers_to_offers_in_its_session_meet_and_nobody_is_lost(
    database: SqlDatabase, pool: RedisPool, appointments: Appointments, now: datetime
) -> None:
    """Whoever answers first has the seat, told of the new time; who comes second is told, and offered another."""
    await open_clinic(database)
    await add_session(database, now + timedelta(days=1), capacities=(12, 12))
    stopped = await add_session(database, now + timedelta(days=2), capacities=(8,))
    ward = Ward.open(database, pool, appointments)
    for n in range(8):
        await ward.book(f"{stopped}-0900", f"病人{n}", now=now)
    await ward.stop(order(Scope("session", stopped)), now=now)
    told = {row.openid: row for row in await ward.notices("stopped")}

    async def answer(openid: str | None) -> bool:
        try:
            await ward.offers.answer(told[openid].id, 1, openid=str(openid), now=now)
        except (OfferGone, Busy):
            return False
        return True

    wish = Adjustment(SESSION, start=time(14))
    adjusting = asyncio.create_task(Adjustments(database, ward.seats).apply(wish, by=CLI, now=now))
    chosen = await asyncio.gather(*(answer(openid) for openid in told))
    await adjusting
    await ward.finish(now=now)
    states = sorted(person.state for person in (await ward.displaced()).values())
    assert states == sorted(["rebooked"] * sum(chosen) + ["offered"] * (8 - sum(chosen)))
    at = (await first_slot(database)).starts_at
    assert {claim.starts_at for claim in await live(database)} <= {at, at + timedelta(minutes=30)}
    assert await ward.seats.verify(now=now) == []


async def shift_while(database: SqlDatabase, now: datetime, *, confirming: bool) -> list[Claim]:
    """Shift a session while a hold, or its confirmation, is written and not committed; return who sits in it."""
    await open_clinic(database)
    await add_session(database, now + timedelta(days=1))
    patient = await add_patient(database, "张三", openid="o1", now=now)
    slot = await first_slot(database)
    hold = Claim(
        id="c1", session=SESSION, slot=slot.id, position=0, seat=1, patient=patient.id, openid="o1", kind="main",
        state=ClaimState.HELD, gen=1, seq=1, request_id="m1", number="1", channel="wechat",
        date=slot.starts_at.date(), starts_at=slot.starts_at, ends_at=slot.ends_at, ordinal=1,
        expires_at=now + timedelta(minutes=5), created_at=now, updated_at=now, first_booked_at=now,
    )  # type: ignore[arg-type]  # fmt: skip  # the kind as its word
    if confirming:
        async with database.begin() as unit:
            await insert(unit, hold)
    wish = Adjustment(SESSION, start=time(14))
    async with database.begin() as unit:
        if confirming:
            assert await unit.claims.confirm("c1", openid="o1", now=now)
        else:
            await insert(unit, hold)
        adjusting = asyncio.create_task(Adjustments(database, None).apply(wish, by=CLI, now=now))
        with contextlib.suppress(TimeoutError):  # long enough for one that does not wait
            await asyncio.wait_for(asyncio.shield(adjusting), 1)
    await adjusting
    return await live(database)


async def take_locks_away(database: SqlDatabase, patch: pytest.MonkeyPatch) -> None:
    take_row_locks_away(patch)
    async with database.begin() as unit:  # the foreign key's own lock is weaker, and none of the protection
        await unit.connection.execute(text("ALTER TABLE claim DROP CONSTRAINT fk_claim_session"))


@ONLY_POSTGRES
async def test_a_hold_of_that_moment_is_seen_by_the_change(database: SqlDatabase, now: datetime) -> None:
    assert await shift_while(database, now, confirming=False) == []  # it was shown the old time


@ONLY_POSTGRES
async def test_control_without_the_row_lock_a_hold_stays_at_the_old_time(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take_locks_away(database, monkeypatch)
    [sitting] = await shift_while(database, now, confirming=False)
    assert sitting.starts_at != (await first_slot(database)).starts_at


@ONLY_POSTGRES
async def test_an_appointment_confirmed_at_that_moment_moves_along(database: SqlDatabase, now: datetime) -> None:
    [sitting] = await shift_while(database, now, confirming=True)
    assert sitting.state is ClaimState.BOOKED
    assert sitting.waived
    assert sitting.starts_at == (await first_slot(database)).starts_at


@ONLY_POSTGRES
async def test_control_without_the_row_lock_an_appointment_stays_at_the_old_time(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take_locks_away(database, monkeypatch)
    [sitting] = await shift_while(database, now, confirming=True)
    assert sitting.state is ClaimState.BOOKED
    assert sitting.starts_at != (await first_slot(database)).starts_at
