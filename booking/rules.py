"""The rules of booking: pure, with time as an argument."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from booking.models import Catalogue, Claim, ClaimState, Doctor, Policy, SessionState, SlotCount
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


def clinic_day(catalogue: Catalogue, now: datetime) -> date:
    """Return the clinic's calendar day."""
    return now.astimezone(catalogue.clinic.zone).date()


def last_bookable_day(catalogue: Catalogue, doctor: Doctor, now: datetime) -> date:
    """Return the last day of this doctor's booking window: today and ``advance_days`` after it (R-A6)."""
    return clinic_day(catalogue, now) + timedelta(days=catalogue.advance_days(doctor))


def check_window(catalogue: Catalogue, doctor: Doctor, day: date, starts_at: datetime, *, now: datetime) -> None:
    """Check that a slot may be booked now; raises ``TooFarAhead`` or ``PastCutOff`` (R-A6)."""
    last = last_bookable_day(catalogue, doctor, now)
    if day > last:
        raise TooFarAhead(catalogue.advance_days(doctor), last)
    if starts_at - now < catalogue.clinic.policy.stop_before:
        raise PastCutOff(catalogue.clinic.policy.stop_before)


def takes_bookings(catalogue: Catalogue, count: SlotCount, *, now: datetime) -> bool:
    """Tell whether a slot takes bookings now, seats or none: open, in the window, before the cut-off.

    Doctors and departments that were retired take nobody.
    """
    session = count.session
    if session.state != SessionState.OPEN or session.opens_at > now or count.slot.stoppage:
        return False
    doctor = catalogue.doctors[session.doctor]
    if not doctor.active or not catalogue.departments[session.department].active:
        return False
    try:
        check_window(catalogue, doctor, session.date, count.slot.starts_at, now=now)
    except (TooFarAhead, PastCutOff):
        return False
    return True


def may_cancel(claim: Claim, policy: Policy, *, now: datetime, by_staff: bool = False) -> None:
    """Check that an appointment may be cancelled now; raises ``NotCancellable`` or ``TooLateToCancel`` (R-A13)."""
    if claim.state is not ClaimState.BOOKED:
        raise NotCancellable(claim.state)
    notice = notice_due(claim, policy.cancel_notice, by_staff=by_staff)
    if now > claim.starts_at - notice:
        raise TooLateToCancel(claim.starts_at - notice, notice)


def may_change(claim: Claim, policy: Policy, *, now: datetime, by_staff: bool = False) -> None:
    """Check that an appointment may be changed now; raises ``NotChangeable`` or ``TooLateToChange`` (R-A12)."""
    if claim.state is not ClaimState.BOOKED:
        raise NotChangeable(claim.state)
    notice = notice_due(claim, policy.change_notice, by_staff=by_staff)
    if now > claim.starts_at - notice:
        raise TooLateToChange(claim.starts_at - notice, notice)


def notice_due(claim: Claim, notice: timedelta, *, by_staff: bool) -> timedelta:
    """Return how long before the visit an end of it must be asked for; ``notice`` is what the clinic asks for.

    None where staff act (R-A12), or where the clinic changed the visit itself (R-A8): then until it begins.
    """
    return timedelta(0) if by_staff or claim.waived else notice


def choose_ordinal(
    claims_of_day: Sequence[Claim], starts_at: datetime, ends_at: datetime, *, limit: int, moving: str | None = None
) -> int:
    """Return the lowest free place among the patient's appointments of the day; for it, ``moving`` is given up.

    The place is unique in SQL, so two claims made at the same moment meet there and the later one is judged again.
    What is moved keeps its place only when no other is left: a hold that has not seen the move draws the next free
    one too, and meets it there. Raises ``OverlappingAppointment`` or ``DayLimitReached``.
    """
    staying = [claim for claim in claims_of_day if claim.id != moving]
    for claim in staying:
        if claim.starts_at < ends_at and starts_at < claim.ends_at:
            raise OverlappingAppointment(claim.starts_at)
    if len(staying) >= limit:
        raise DayLimitReached(limit)
    places = range(1, limit + 1)
    taken = {claim.ordinal for claim in claims_of_day}
    left = (ordinal for ordinal in places if ordinal not in taken)
    return next(left, None) or next(o for o in places if o not in {claim.ordinal for claim in staying})


def status_of(count: SlotCount, *, now: datetime) -> str:
    """Return a slot's status as the contract names it: scheduled, open, closed, stopped or past."""
    session = count.session
    if count.slot.starts_at <= now:
        return "past"
    if count.slot.stoppage:
        return str(SessionState.STOPPED)
    if session.state != SessionState.OPEN:
        return str(session.state)
    return "scheduled" if session.opens_at > now else "open"
