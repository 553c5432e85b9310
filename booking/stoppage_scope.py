"""What a stoppage's scope and range mean, and what about them is wrong (R-A14, R-A15)."""

from dataclasses import dataclass
from datetime import datetime

from booking.models import Catalogue, ClinicSession
from booking.ports import Unit
from booking.staff_refusals import EmptyRange, RangePast, ReasonMissing, TextTooLong, UnknownScope
from booking.stoppage_models import FOREVER, Scope, StopOrder

REASON_LENGTH = 200
TEXT_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Range:
    """From when until when, the end not included."""

    from_at: datetime
    to_at: datetime


def covers(scope: Scope, session: ClinicSession) -> bool:
    """Tell whether a session belongs to what is stopped."""
    named = {"session": session.id, "doctor": session.doctor, "department": session.department, "clinic": scope.code}
    return named[scope.kind] == scope.code


def check_words(order: StopOrder) -> None:
    """Check reason and text; raises ``ReasonMissing`` or ``TextTooLong``."""
    if not order.reason.strip():
        raise ReasonMissing
    for words, limit in ((order.reason, REASON_LENGTH), (order.text, TEXT_LENGTH)):
        if len(words) > limit:
            raise TextTooLong(limit)


async def range_of(unit: Unit, catalogue: Catalogue, order: StopOrder, *, now: datetime) -> Range:
    """Return what is meant: from now, and without an end for good, unless said otherwise.

    A range that begins in the past begins now. Raises ``UnknownScope``, ``EmptyRange`` or ``RangePast``.
    """
    ends_at = await _end_of(unit, catalogue, order.scope)
    from_at, to_at = order.from_at or now, order.to_at or ends_at
    if order.from_at and order.to_at and order.to_at <= order.from_at:
        raise EmptyRange
    if to_at <= now or ends_at <= now:
        raise RangePast
    if to_at <= from_at:
        raise EmptyRange
    return Range(max(from_at, now), to_at)


async def _end_of(unit: Unit, catalogue: Catalogue, scope: Scope) -> datetime:
    """Return when what is stopped ends by itself; raises ``UnknownScope``."""
    if scope.kind == "session":
        found = await unit.sessions.get(scope.code)
        if found is None:
            raise UnknownScope(scope.kind, scope.code)
        return found[0].ends_at
    known = {"doctor": catalogue.doctors, "department": catalogue.departments, "clinic": {scope.code: None}}
    if scope.code not in known[scope.kind]:
        raise UnknownScope(scope.kind, scope.code)
    return FOREVER
