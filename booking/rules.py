"""The rules of booking: pure, with time as an argument."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from booking.errors import DayLimitReached, OverlappingAppointment, PastCutOff, TooFarAhead
from booking.models import Catalogue, Claim, Doctor, SessionState, SlotCount


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
    if session.state != SessionState.OPEN or session.opens_at > now:
        return False
    doctor = catalogue.doctors[session.doctor]
    if not doctor.active or not catalogue.departments[session.department].active:
        return False
    try:
        check_window(catalogue, doctor, session.date, count.slot.starts_at, now=now)
    except (TooFarAhead, PastCutOff):
        return False
    return True


def choose_ordinal(claims_of_day: Sequence[Claim], starts_at: datetime, ends_at: datetime, *, limit: int) -> int:
    """Return the lowest free place among the patient's appointments of the day.

    The place is unique in SQL, so two claims made at the same moment meet there and the later one is judged again.
    Raises ``OverlappingAppointment`` or ``DayLimitReached``.
    """
    for claim in claims_of_day:
        if claim.starts_at < ends_at and starts_at < claim.ends_at:
            raise OverlappingAppointment(claim.starts_at)
    if len(claims_of_day) >= limit:
        raise DayLimitReached(limit)
    taken = {claim.ordinal for claim in claims_of_day}
    return next(ordinal for ordinal in range(1, limit + 1) if ordinal not in taken)


def status_of(count: SlotCount, *, now: datetime) -> str:
    """Return a slot's status as the contract names it: scheduled, open, closed, stopped or past."""
    session = count.session
    if count.slot.starts_at <= now:
        return "past"
    if session.state != "open":
        return str(session.state)
    return "scheduled" if session.opens_at > now else "open"
