"""Why nothing can be booked on a day: the truth of it, so that nobody waits for what never comes (R-A3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from booking.models import Catalogue, ClinicSession, SessionState, SlotCount
from booking.rules import takes_bookings


class Why(StrEnum):
    """What a day lacks. ``full`` seats; ``not_yet`` its opening; ``over``: it is too late; ``none``: nobody works."""

    FULL = "full"
    NOT_YET = "not_yet"
    STOPPED = "stopped"
    OVER = "over"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Absence:
    """Why there is nothing. ``opens_at`` of what opens later, where that is known; ``reason`` of a closed day."""

    why: Why
    opens_at: datetime | None = None
    reason: str = ""


def why_none(
    catalogue: Catalogue, published: Iterable[SlotCount], planned: Iterable[SlotCount], *, now: datetime
) -> Absence:
    """Return why of a day's slots none can be had.

    ``planned`` are those of sessions that the rosters ask for and that are not published yet.
    """
    there = [count for count in published if _works(catalogue, count)]
    if any(takes_bookings(catalogue, count, now=now) for count in there):
        return Absence(Why.FULL)
    standing = [count for count in there if count.session.state is SessionState.OPEN and not count.slot.stoppage]
    openings = [opening for count in standing if (opening := opens_at(catalogue, count.session)) > now]
    unpublished = [opens_at(catalogue, count.session) for count in planned if count.slot.starts_at > now]
    if openings or unpublished:
        known = [opening for opening in (*openings, *unpublished) if opening > now]
        return Absence(Why.NOT_YET, min(known, default=None))
    if standing:
        return Absence(Why.OVER)
    return Absence(Why.STOPPED if any(_is_stopped(count) for count in there) else Why.NONE)


def opens_at(catalogue: Catalogue, session: ClinicSession) -> datetime:
    """Return when a session can first be booked: it is open then, and its day in the doctor's window (R-A6)."""
    ahead = catalogue.advance_days(catalogue.doctors[session.doctor])
    comes_near = datetime.combine(session.date - timedelta(days=ahead), time(), catalogue.clinic.zone)
    return max(session.opens_at, comes_near.astimezone(UTC))


def _works(catalogue: Catalogue, count: SlotCount) -> bool:
    session = count.session
    return catalogue.doctors[session.doctor].active and catalogue.departments[session.department].active


def _is_stopped(count: SlotCount) -> bool:
    return count.slot.stoppage is not None or count.session.state is SessionState.STOPPED
