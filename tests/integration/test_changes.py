"""Cancelling and rescheduling on a real database and a real Valkey (R-A12, R-A13)."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from redis.asyncio import Redis

from booking.appointments import Appointments
from booking.current import CurrentCatalogue
from booking.errors import Busy, OrdinalTaken, Refused, Unavailable
from booking.models import ClaimKind, ClaimState, SessionState
from booking.refusals import (
    AlreadyInSession,
    DayLimitReached,
    HoldExpired,
    OverlappingAppointment,
    PastCutOff,
    SameSlot,
    SessionClosed,
    TooFarAhead,
    UnknownAppointment,
)
from booking.seats import Seats
from storage.claim_rows import SqlClaimRows
from storage.database import SqlDatabase
from storage.pool import RedisPool
from tests.support.changing import EVENING, LATER, NOON, SAME_TIME, SESSION, SLOT, Desk, agrees
from tests.support.clinic import add_patient, add_session, open_clinic
from tests.support.figures import CountedFigures


@pytest.fixture
async def desk(appointments: Appointments, database: SqlDatabase, pool: RedisPool, seats: Seats, now: datetime) -> Desk:
    """A clinic with sessions tomorrow: one seat a slot at Wang's, more at Li's, and three patients."""
    await open_clinic(database)
    tomorrow = now + timedelta(days=1)
    await add_session(database, tomorrow, capacities=(1, 1))
    for hours in (0, 3, 9):
        await add_session(database, tomorrow + timedelta(hours=hours), doctor="li")
    for name in ("张三", "李四", "王五"):
        await add_patient(database, name, openid="o1", now=now)
    await add_patient(database, "张三", openid="o2", now=now)
    await seats.reconcile(now=now)
    return Desk(appointments, database, pool, now)


async def test_a_change_confirms_the_new_seat_and_frees_the_old_one(desk: Desk, seats: Seats) -> None:
    """R-A12."""
    booked = await desk.book(SLOT)
    replacement = await desk.hold(NOON, replaces=booked.id)
    assert (replacement.kind, await desk.state(booked)) == (ClaimKind.REPLACEMENT, ClaimState.BOOKED)
    new = await desk.move(booked, replacement)
    assert (new.state, new.kind, new.slot, new.ordinal) == (ClaimState.BOOKED, ClaimKind.MAIN, NOON, 2)
    assert new.number != booked.number
    assert await desk.state(booked) is ClaimState.MOVED
    assert (await desk.book(SLOT, "李四")).seat == booked.seat
    await agrees(seats, desk.now)


async def test_who_counts_seats_here_hears_of_changes_and_cancellations(
    desk: Desk, database: SqlDatabase, seats: Seats, figures: CountedFigures
) -> None:
    counted: Counter[tuple[str, str]] = Counter()

    def watch(slot: str, *, held: int = 0, booked: int = 0) -> None:
        counted[slot, "held"] += held
        counted[slot, "booked"] += booked

    current = CurrentCatalogue(database)
    desk.appointments = Appointments(
        database=database, pool=desk.pool, seats=seats, current=current, hold_for=timedelta(minutes=5), figures=figures,
        watch=watch,
    )  # fmt: skip
    booked = await desk.book(SLOT)
    new = await desk.move(booked, await desk.hold(NOON, replaces=booked.id))
    assert +counted == {(NOON, "booked"): 1}
    await desk.cancel(new)
    assert not +counted
    assert not -counted


async def test_confirming_a_change_again_returns_the_same_appointment(desk: Desk) -> None:
    booked = await desk.book(SLOT)
    replacement = await desk.hold(NOON, replaces=booked.id)
    new = await desk.move(booked, replacement)
    others = await desk.book(SLOT, "李四")
    assert await desk.move(booked, replacement) == new
    assert await desk.state(others) is ClaimState.BOOKED


async def test_the_same_message_again_finds_the_same_replacement(desk: Desk) -> None:
    booked = await desk.book(SLOT)
    wish = desk.wish(NOON, replaces=booked.id)
    first = await desk.appointments.hold(wish, now=desk.now)
    assert await desk.appointments.hold(wish, now=desk.now) == first
    assert await desk.free(NOON) == 1


async def test_within_one_session_the_patient_keeps_exactly_one_seat(desk: Desk, seats: Seats) -> None:
    booked = await desk.book(SLOT)
    await desk.move(booked, await desk.hold(LATER, replaces=booked.id))
    await seats.repair()  # the old seat's, told once more: frees nothing of the new one's
    with pytest.raises(AlreadyInSession):
        await desk.hold(SLOT)
    assert (await desk.free(SLOT), await desk.free(LATER)) == (1, 0)
    await agrees(seats, desk.now)


async def test_redis_that_missed_a_change_is_found_out_and_mended(
    desk: Desk, seats: Seats, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked = await desk.book(SLOT)
    replacement = await desk.hold(LATER, replaces=booked.id)

    async def away(**_: object) -> bool:
        raise Unavailable("Redis")

    with monkeypatch.context() as patch:
        patch.setattr(desk.pool, "own", away)
        await desk.move(booked, replacement)
    await seats.repair()
    (found,) = await seats.reconcile(now=desk.now + timedelta(minutes=1))
    assert (found.session, found.lost) == (SESSION, True)
    await agrees(seats, desk.now)
    reading = await desk.pool.read(SESSION)
    assert reading is not None
    assert reading.patients == {replacement.request_id: "p-张三"}


async def test_redis_emptied_in_mid_change_changes_nothing(desk: Desk, seats: Seats, valkey: Redis) -> None:
    booked = await desk.book(SLOT)
    await valkey.flushall()
    replacement = await desk.hold(LATER, replaces=booked.id)
    await valkey.flushall()
    await desk.move(booked, replacement)
    await seats.reconcile(now=desk.now)
    await agrees(seats, desk.now)
    with pytest.raises(AlreadyInSession):
        await desk.hold(SLOT)


async def test_an_expired_replacement_is_swept_and_the_old_appointment_stands(desk: Desk, seats: Seats) -> None:
    booked = await desk.book(SLOT)
    replacement = await desk.hold(NOON, replaces=booked.id)
    desk.now += timedelta(minutes=5)
    with pytest.raises(HoldExpired):
        await desk.move(booked, replacement)
    assert await seats.expire_holds(now=desk.now) == 1
    with pytest.raises(HoldExpired):
        await desk.move(booked, replacement)
    assert await desk.state(booked) is ClaimState.BOOKED
    assert await desk.free(NOON) == 2
    await agrees(seats, desk.now)


async def test_a_target_that_was_closed_leaves_the_old_appointment(desk: Desk, database: SqlDatabase) -> None:
    booked = await desk.book(SLOT)
    replacement = await desk.hold(NOON, replaces=booked.id)
    async with database.begin() as unit:
        await unit.sessions.set_state(replacement.session, SessionState.STOPPED)
    with pytest.raises(SessionClosed):
        await desk.move(booked, replacement)
    assert await desk.state(booked) is ClaimState.BOOKED


async def test_a_replacement_is_booked_only_by_its_change(desk: Desk) -> None:
    booked = await desk.book(SLOT)
    replacement = await desk.hold(NOON, replaces=booked.id)
    with pytest.raises(HoldExpired):
        await desk.appointments.confirm(replacement.id, openid="o1", now=desk.now)
    assert await desk.state(replacement) is ClaimState.HELD


async def test_another_choice_gives_the_first_replacement_back(desk: Desk, seats: Seats) -> None:
    booked = await desk.book(SLOT)
    first = await desk.hold(NOON, replaces=booked.id)
    second = await desk.hold(EVENING, replaces=booked.id)
    assert (await desk.state(first), await desk.state(second)) == (ClaimState.RELEASED, ClaimState.HELD)
    with pytest.raises(HoldExpired):
        await desk.move(booked, first)
    await agrees(seats, desk.now)


async def test_the_days_limit_is_judged_without_the_old_appointment(desk: Desk) -> None:
    first, second = await desk.book(SLOT), await desk.book(NOON)
    with pytest.raises(DayLimitReached):
        await desk.hold(EVENING)
    new = await desk.move(first, await desk.hold(EVENING, replaces=first.id))
    assert {new.ordinal, second.ordinal} == {1, 2}


async def test_overlap_is_judged_without_the_old_appointment_and_with_every_other(desk: Desk) -> None:
    first, noon = await desk.book(SLOT), await desk.book(NOON)
    moved = await desk.move(first, await desk.hold(SAME_TIME, replaces=first.id))
    with pytest.raises(OverlappingAppointment):
        await desk.hold(SLOT, replaces=noon.id)
    assert await desk.state(moved) is ClaimState.BOOKED


async def test_a_change_into_a_session_of_another_appointment_is_refused(desk: Desk, pool: RedisPool) -> None:
    await desk.book(SLOT)
    noon = await desk.book(NOON)
    with pytest.raises(AlreadyInSession):
        await desk.hold(LATER, replaces=noon.id)
    reading = await pool.read(SESSION)
    assert reading is not None
    assert len(reading.owners) == 1


async def test_what_the_patient_booked_elsewhere_meanwhile_stops_the_change(desk: Desk) -> None:
    booked = await desk.book(NOON)
    replacement = await desk.hold(SLOT, replaces=booked.id)
    await desk.book(LATER, openid="o2")
    with pytest.raises(AlreadyInSession):
        await desk.move(booked, replacement)
    assert (await desk.state(booked), await desk.state(replacement)) == (ClaimState.BOOKED, ClaimState.HELD)


async def test_the_same_past_and_far_slots_are_refused_with_the_rule(desk: Desk, database: SqlDatabase) -> None:
    booked = await desk.book(SLOT)
    far = await add_session(database, desk.now + timedelta(days=8))
    past = await add_session(database, desk.now - timedelta(hours=1), doctor="li")
    for slot, refusal in ((SLOT, SameSlot), (f"{far}-0900", TooFarAhead), (f"{past}-0800", PastCutOff)):
        with pytest.raises(refusal):
            await desk.hold(slot, replaces=booked.id)
    assert await desk.state(booked) is ClaimState.BOOKED


async def test_nobody_elses_appointment_is_given_up_for_a_patient(desk: Desk) -> None:
    booked, others = await desk.book(SLOT), await desk.book(NOON, "李四")
    with pytest.raises(UnknownAppointment):
        await desk.hold(EVENING, "李四", replaces=booked.id)
    replacement = await desk.hold(EVENING, "李四", replaces=others.id)
    with pytest.raises(UnknownAppointment):
        await desk.move(booked, replacement)
    assert await desk.state(booked) is ClaimState.BOOKED


async def test_an_appointment_booked_otherwise_is_not_taken_for_a_change_done_before(desk: Desk) -> None:
    booked, other = await desk.book(SLOT), await desk.book(NOON)
    with pytest.raises(Refused):
        await desk.move(booked, other)
    assert await desk.state(booked) is ClaimState.BOOKED


async def test_what_storage_did_not_take_up_is_not_called_done(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    booked = await desk.book(SLOT)
    replacement = await desk.hold(NOON, replaces=booked.id)

    async def nothing(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(SqlClaimRows, "withdraw", nothing)
    with pytest.raises(Busy):
        await desk.cancel(booked)
    with pytest.raises(Busy):
        await desk.move(booked, replacement)


async def test_a_place_of_the_day_that_stays_taken_is_busy_and_changes_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked = await desk.book(SLOT)
    replacement = await desk.hold(NOON, replaces=booked.id)

    async def taken(*_: object, **__: object) -> None:
        raise OrdinalTaken

    monkeypatch.setattr(SqlClaimRows, "promote", taken)
    with pytest.raises(Busy):
        await desk.move(booked, replacement)
    assert await desk.state(booked) is ClaimState.BOOKED
