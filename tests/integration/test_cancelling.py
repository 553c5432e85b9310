"""Cancelling an appointment, on a real database and a real Valkey (R-A12)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from booking.appointments import Appointments
from booking.errors import Unavailable
from booking.models import ClaimState
from booking.refusals import (
    NotCancellable,
    NotChangeable,
    SoldOut,
    TooLateToCancel,
    TooLateToChange,
    UnknownAppointment,
)
from booking.seats import Seats
from storage.database import SqlDatabase
from storage.pool import RedisPool
from storage.tables import claim
from tests.support.changing import LATER, NOON, SLOT, Desk, agrees
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


async def test_a_cancelled_seat_goes_to_the_next_patient_at_once(desk: Desk, seats: Seats) -> None:
    """R-A13."""
    booked = await desk.book(SLOT)
    with pytest.raises(SoldOut):
        await desk.hold(SLOT, "李四")
    assert (await desk.cancel(booked)).state is ClaimState.CANCELLED
    assert (await desk.book(SLOT, "李四")).seat == booked.seat
    await agrees(seats, desk.now)


async def test_who_cancelled_may_book_the_same_session_again(desk: Desk) -> None:
    await desk.cancel(await desk.book(SLOT))
    assert (await desk.book(LATER)).state is ClaimState.BOOKED


async def test_cancelling_again_changes_nothing_even_when_the_seat_is_anothers(desk: Desk) -> None:
    booked = await desk.book(SLOT)
    first = await desk.cancel(booked)
    others = await desk.book(SLOT, "李四")
    assert await desk.cancel(booked) == first
    assert await desk.state(others) is ClaimState.BOOKED
    with pytest.raises(SoldOut):
        await desk.hold(SLOT, "王五")


async def test_up_to_the_deadline_and_not_later(desk: Desk, figures: CountedFigures) -> None:
    booked, target = await desk.book(SLOT), NOON
    replacement = await desk.hold(target, replaces=booked.id)
    desk.now = booked.starts_at - timedelta(hours=2) + timedelta(seconds=1)
    with pytest.raises(TooLateToCancel) as refused:
        await desk.cancel(booked)
    assert (refused.value.deadline, refused.value.notice) == (
        booked.starts_at - timedelta(hours=2),
        timedelta(hours=2),
    )
    with pytest.raises(TooLateToChange) as late:
        await desk.hold(target, replaces=booked.id)
    assert late.value.deadline == booked.starts_at - timedelta(hours=2)
    with pytest.raises(TooLateToChange):
        await desk.move(booked, replacement)
    assert await desk.state(booked) is ClaimState.BOOKED
    assert (figures.counts["too_late_to_cancel"], figures.counts["too_late_to_change"]) == (1, 2)
    desk.now = booked.starts_at - timedelta(hours=2)
    await desk.cancel(booked)


async def test_the_clinics_own_notice_counts(desk: Desk, database: SqlDatabase) -> None:
    await open_clinic(database, cancel_notice=timedelta(hours=25), change_notice=timedelta(0))
    booked = await desk.book(SLOT)
    with pytest.raises(TooLateToCancel):
        await desk.cancel(booked)
    await desk.move(booked, await desk.hold(NOON, replaces=booked.id))


async def test_only_the_account_that_booked_cancels_and_changes(desk: Desk) -> None:
    booked = await desk.book(SLOT)
    with pytest.raises(UnknownAppointment):
        await desk.appointments.cancel(booked.id, openid="o2", now=desk.now)
    with pytest.raises(UnknownAppointment):
        await desk.hold(NOON, openid="o2", replaces=booked.id)
    with pytest.raises(UnknownAppointment):
        await desk.appointments.reschedule(booked.id, to=booked.id, openid="o2", now=desk.now)
    assert await desk.state(booked) is ClaimState.BOOKED


async def test_a_hold_is_no_appointment_to_cancel_or_change(desk: Desk) -> None:
    held = await desk.hold(SLOT)
    with pytest.raises(UnknownAppointment):
        await desk.cancel(held)
    with pytest.raises(UnknownAppointment):
        await desk.hold(NOON, replaces=held.id)
    assert await desk.state(held) is ClaimState.HELD


@pytest.mark.parametrize("state", [ClaimState.ARRIVED, ClaimState.COMPLETED, ClaimState.MOVED, ClaimState.STOPPED])
async def test_what_is_not_ahead_any_more_is_neither_cancelled_nor_changed(
    desk: Desk, database: SqlDatabase, state: ClaimState
) -> None:
    booked = await desk.book(SLOT)
    async with database.begin() as unit:
        await unit.connection.execute(update(claim).values(state=state))
    with pytest.raises(NotCancellable) as refused:
        await desk.cancel(booked)
    assert refused.value.state is state
    with pytest.raises(NotChangeable):
        await desk.hold(NOON, replaces=booked.id)


async def test_a_cancellation_committed_while_redis_is_away_is_told_it_later(
    desk: Desk, seats: Seats, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked = await desk.book(SLOT)

    async def away(**_: object) -> bool:
        raise Unavailable("Redis")

    with monkeypatch.context() as patch:
        patch.setattr(desk.pool, "release", away)
        await desk.cancel(booked)
    with pytest.raises(SoldOut):
        await desk.hold(SLOT, "李四")
    await seats.repair()
    await desk.hold(SLOT, "李四")


async def test_what_does_not_exist_cannot_be_cancelled(desk: Desk) -> None:
    with pytest.raises(UnknownAppointment):
        await desk.appointments.cancel("unknown", openid="o1", now=desk.now)
