"""A hold is given up for another one of the patient only when that one is had; found by the model test."""

from datetime import datetime, timedelta

import pytest

from booking.appointments import Appointments, Wish
from booking.models import Claim, ClaimState
from booking.refusals import HoldExpired, SoldOut
from booking.seats import Seats
from storage.database import SqlDatabase
from tests.support.clinic import add_patient, add_session, open_clinic

SLOTS = ("wang-20261124-0900-0900", "wang-20261124-0900-0930")


@pytest.fixture
async def session(database: SqlDatabase, now: datetime) -> str:
    """Two slots of one seat each, tomorrow, and two patients."""
    await open_clinic(database)
    for name, openid in (("张三", "o1"), ("李四", "o2")):
        await add_patient(database, name, openid=openid, now=now)
    return await add_session(database, now + timedelta(days=1), capacities=(1, 1))


def wish(slot: int, request: str, name: str = "张三", openid: str = "o1") -> Wish:
    return Wish(SLOTS[slot], f"p-{name}", openid, "wechat", request)


async def state(database: SqlDatabase, claim: Claim) -> ClaimState:
    async with database.read() as unit:
        found = await unit.claims.get(claim.id)
    assert found is not None
    return found.state


async def test_who_finds_another_time_of_the_session_full_keeps_the_seat_that_is_held(
    database: SqlDatabase, appointments: Appointments, seats: Seats, session: str, now: datetime
) -> None:
    await appointments.hold(wish(1, "r1", "李四", "o2"), now=now)
    held = await appointments.hold(wish(0, "r2"), now=now)
    with pytest.raises(SoldOut):
        await appointments.hold(wish(1, "r3"), now=now)
    assert await state(database, held) is ClaimState.HELD
    confirmed = await appointments.confirm(held.id, openid="o1", now=now)
    assert confirmed.claim.seat == held.seat
    assert await seats.verify(now=now) == []


async def test_an_older_message_that_comes_again_takes_no_newer_hold_away(
    database: SqlDatabase, appointments: Appointments, seats: Seats, session: str, now: datetime
) -> None:
    first = await appointments.hold(wish(0, "r1"), now=now)
    second = await appointments.hold(wish(1, "r2"), now=now)
    assert await state(database, first) is ClaimState.RELEASED
    with pytest.raises(HoldExpired):
        await appointments.hold(wish(0, "r1"), now=now)
    assert await state(database, second) is ClaimState.HELD
    assert await seats.verify(now=now) == []


async def test_who_chooses_the_same_time_twice_needs_no_second_seat(
    database: SqlDatabase, appointments: Appointments, seats: Seats, session: str, now: datetime
) -> None:
    first = await appointments.hold(wish(0, "r1"), now=now)
    second = await appointments.hold(wish(0, "r2"), now=now)
    assert (await state(database, first), second.state) == (ClaimState.RELEASED, ClaimState.HELD)
    assert await seats.verify(now=now) == []
    with pytest.raises(SoldOut):
        await appointments.hold(wish(0, "r3", "李四", "o2"), now=now)


async def test_who_chooses_another_time_leaves_the_first_to_others(
    appointments: Appointments, seats: Seats, session: str, now: datetime
) -> None:
    await appointments.hold(wish(0, "r1"), now=now)
    await appointments.hold(wish(1, "r2"), now=now)
    assert (await appointments.hold(wish(0, "r3", "李四", "o2"), now=now)).seat == 1
    assert await seats.verify(now=now) == []
