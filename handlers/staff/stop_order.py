"""What the gaps of 停诊 order."""

from datetime import datetime
from typing import cast

from booking.models import ClinicSession
from booking.stoppage_models import Scope, ScopeKind, StopOrder
from handlers.frame import Frame
from handlers.staff.period import Period

SCOPE, CODE, PERIOD, REASON, TEXT = "stop_scope", "stop_code", "stop_period", "stop_reason", "stop_text"
WHOLE = "whole"
"""All of a session."""
_BETWEEN = " "


def write_period(period: Period) -> str:
    """Return a period as the gap holds it."""
    return f"{period.from_at.isoformat()}{_BETWEEN}{period.to_at.isoformat()}"


def write_from(from_at: datetime) -> str:
    """Return a period without an end as the gap holds it."""
    return from_at.isoformat()


def order_of(frame: Frame) -> StopOrder:
    """Return what is to be stopped; all gaps must be filled."""
    from_at, to_at = None, None
    if frame.gaps[PERIOD] != WHOLE:
        begins, _, ends = frame.gaps[PERIOD].partition(_BETWEEN)
        from_at, to_at = datetime.fromisoformat(begins), datetime.fromisoformat(ends) if ends else None
    return StopOrder(
        scope=Scope(cast("ScopeKind", frame.gaps[SCOPE]), frame.get(CODE)),
        reason=frame.gaps[REASON],
        request_id=frame.gaps["order"],
        from_at=from_at,
        to_at=to_at,
        text=frame.gaps[TEXT],
    )


async def session_of(frame: Frame, code: str) -> ClinicSession | None:
    """Return the session that a code names, if it does."""
    return await frame.services.desk.session(code)
