"""The pure rules of booking (R-A6, R-A7)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from booking.models import Catalogue, Claim, ClaimKind, ClaimState, ClinicSession, SessionState, Slot, SlotCount
from booking.refusals import (
    DayLimitReached,
    NotCancellable,
    NotChangeable,
    OverlappingAppointment,
    PastCutOff,
    TooFarAhead,
    TooLateToCancel,
    TooLateToChange,
)
from booking.rules import (
    check_window,
    choose_ordinal,
    last_bookable_day,
    may_cancel,
    may_change,
    status_of,
    takes_bookings,
)
from tests.support.clinic import CLINIC, DEPARTMENTS, DOCTORS

HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def catalogue() -> Catalogue:
    """The sample clinic; the eye doctor has a window of three days."""
    return Catalogue(CLINIC, {d.code: d for d in DEPARTMENTS}, {d.code: d for d in DOCTORS}, version=1)


def count_of(starts_at: datetime, *, capacity: int = 2, **session: object) -> SlotCount:
    """A slot of Wang's with one seat booked."""
    fields: dict[str, object] = {
        "id": "s", "doctor": "wang", "department": "dental", "date": starts_at.astimezone(CLINIC.zone).date(),
        "starts_at": starts_at, "ends_at": starts_at + HALF_HOUR, "room": "203", "fee": DOCTORS[0].fee,
        "state": SessionState.OPEN, "opens_at": starts_at - timedelta(days=9),
    }  # fmt: skip
    slot = Slot("s-1", "s", 0, starts_at, starts_at + HALF_HOUR, capacity)
    return SlotCount(ClinicSession(**(fields | session)), slot, booked=1, held=0)  # type: ignore[arg-type]  # shorthand


def claim_at(starts_at: datetime, ordinal: int) -> Claim:
    """Another appointment of the patient's."""
    return Claim(
        id="c", session="s", slot="s-1", position=0, seat=1, patient="p", openid="o", kind=ClaimKind.MAIN,
        state=ClaimState.BOOKED, gen=1, seq=1, request_id="m", number="1", channel="wechat", date=starts_at.date(),
        starts_at=starts_at, ends_at=starts_at + HALF_HOUR, ordinal=ordinal, expires_at=None, created_at=starts_at,
        updated_at=starts_at,
        first_booked_at=starts_at,
    )  # fmt: skip


def test_the_window_is_the_doctors_else_the_departments_else_the_clinics(catalogue: Catalogue, now: datetime) -> None:
    wang, _, zhao = DOCTORS
    assert last_bookable_day(catalogue, wang, now) == date(2026, 11, 30)
    assert last_bookable_day(catalogue, zhao, now) == date(2026, 11, 26)
    dental = replace(DEPARTMENTS[0], advance_days=0)
    today_only = replace(catalogue, departments={**catalogue.departments, "dental": dental})
    assert last_bookable_day(today_only, wang, now) == date(2026, 11, 23)


def test_the_window_turns_at_the_clinics_midnight(catalogue: Catalogue) -> None:
    before = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)
    assert last_bookable_day(catalogue, DOCTORS[0], before) == date(2026, 11, 30)
    assert last_bookable_day(catalogue, DOCTORS[0], before + timedelta(minutes=1)) == date(2026, 12, 1)


def test_the_release_time_is_the_doctors_else_the_departments_else_the_clinics(catalogue: Catalogue) -> None:
    assert catalogue.release_at(DOCTORS[0]) is None
    policy = replace(CLINIC.policy, release_at=time(7))
    with_clinic = replace(catalogue, clinic=replace(CLINIC, policy=policy))
    assert with_clinic.release_at(DOCTORS[0]) == time(7)
    assert with_clinic.release_at(replace(DOCTORS[0], release_at=time(8))) == time(8)


@pytest.mark.parametrize(("ahead", "refusal"), [(timedelta(days=8), TooFarAhead), (timedelta(minutes=59), PastCutOff)])
def test_a_slot_outside_the_window_is_refused(
    catalogue: Catalogue, now: datetime, ahead: timedelta, refusal: type[Exception]
) -> None:
    starts_at = now + ahead
    with pytest.raises(refusal):
        check_window(catalogue, DOCTORS[0], starts_at.astimezone(CLINIC.zone).date(), starts_at, now=now)
    assert not takes_bookings(catalogue, count_of(starts_at), now=now)


def test_exactly_at_the_cut_off_a_slot_can_still_be_booked(catalogue: Catalogue, now: datetime) -> None:
    assert takes_bookings(catalogue, count_of(now + timedelta(hours=1)), now=now)


@pytest.mark.parametrize(
    "changes",
    [{"state": SessionState.STOPPED}, {"opens_at": datetime.max.replace(tzinfo=CLINIC.zone)}],
)
def test_what_is_stopped_or_not_open_yet_is_not_offered(
    catalogue: Catalogue, now: datetime, changes: dict[str, object]
) -> None:
    assert not takes_bookings(catalogue, count_of(now + timedelta(days=1), **changes), now=now)  # type: ignore[arg-type]  # shorthand


def test_the_lowest_free_place_of_the_day_is_taken(now: datetime) -> None:
    other = claim_at(now + timedelta(hours=5), ordinal=2)
    assert choose_ordinal([], now, now + HALF_HOUR, limit=2) == 1
    assert choose_ordinal([other], now, now + HALF_HOUR, limit=2) == 1
    with pytest.raises(DayLimitReached):
        choose_ordinal([other], now, now + HALF_HOUR, limit=1)


def test_what_is_moved_takes_another_place_of_the_day_while_there_is_one(now: datetime) -> None:
    """R-A12: a hold made at the same moment draws the same place, and one of the two is judged again."""
    old, other = claim_at(now, 1), replace(claim_at(now + HALF_HOUR, 2), id="other")
    later = now + HALF_HOUR * 4

    def place(limit: int, *day: Claim) -> int:
        return choose_ordinal(day, later, later + HALF_HOUR, limit=limit, moving=old.id)

    assert (place(2, old), place(3, old, other), place(2, old, other), place(1, old)) == (2, 3, 1, 1)
    with pytest.raises(DayLimitReached):
        place(1, old, other)
    with pytest.raises(OverlappingAppointment):
        choose_ordinal([old, other], now, now + HALF_HOUR * 2, limit=2, moving=old.id)
    assert choose_ordinal([old, other], now, now + HALF_HOUR, limit=2, moving=old.id) == 1


def test_an_appointment_may_be_given_up_until_its_deadline(now: datetime) -> None:
    """R-A12, R-A13."""
    policy = replace(CLINIC.policy, cancel_notice=timedelta(hours=1), change_notice=timedelta(0))
    booked = claim_at(now + timedelta(hours=1), 1)
    may_cancel(booked, policy, now=now)
    with pytest.raises(TooLateToCancel) as late:
        may_cancel(booked, policy, now=now + timedelta(seconds=1))
    assert (late.value.deadline, late.value.notice) == (now, timedelta(hours=1))
    may_change(booked, policy, now=booked.starts_at)
    with pytest.raises(TooLateToChange):
        may_change(booked, policy, now=booked.starts_at + timedelta(seconds=1))
    with pytest.raises(NotCancellable):
        may_cancel(replace(booked, state=ClaimState.ARRIVED), policy, now=now)
    with pytest.raises(NotChangeable):
        may_change(replace(booked, state=ClaimState.CANCELLED), policy, now=now)


def test_touching_times_do_not_overlap_and_crossing_ones_do(now: datetime) -> None:
    other = claim_at(now, ordinal=1)
    assert choose_ordinal([other], now + HALF_HOUR, now + 2 * HALF_HOUR, limit=2) == 2
    with pytest.raises(OverlappingAppointment):
        choose_ordinal([other], now + HALF_HOUR / 2, now + HALF_HOUR, limit=2)


def test_a_slots_status_has_the_contracts_words(now: datetime) -> None:
    tomorrow = now + timedelta(days=1)
    assert status_of(count_of(now), now=now) == "past"
    assert status_of(count_of(tomorrow), now=now) == "open"
    assert status_of(count_of(tomorrow, opens_at=tomorrow), now=now) == "scheduled"
    assert status_of(count_of(tomorrow, state=SessionState.CLOSED), now=now) == "closed"
    assert status_of(count_of(tomorrow, state=SessionState.STOPPED), now=now) == "stopped"
    partly = count_of(tomorrow)
    assert status_of(replace(partly, slot=replace(partly.slot, stoppage="T000001")), now=now) == "stopped"
