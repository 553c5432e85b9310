"""What the audit trail says of clinic sessions that are published, closed, opened again or rewritten (R-A16)."""

from collections.abc import Iterable
from datetime import datetime

from booking.actors import Actor
from booking.audit import Entry, Facts
from booking.models import SessionState
from booking.session_plan import Action, SessionPlan, Verdict

_DEEDS: dict[Action, str] = {"create": "published", "reopen": "reopened", "revise": "revised", "close": "closed"}


def published(verdicts: Iterable[Verdict], *, by: Actor, now: datetime) -> list[Entry]:
    """Return an entry for each session that publishing changed."""
    return [
        Entry(
            now,
            by,
            _DEEDS[verdict.action],
            "session",
            verdict.subject.session.id,
            _facts(verdict.existing),
            {"state": str(SessionState.CLOSED)} if verdict.action == "close" else _facts(verdict.planned),
        )
        for verdict in verdicts
        if verdict.action in _DEEDS
    ]


def covered(stopped: Iterable[tuple[str, str]], *, by: Actor, now: datetime) -> list[Entry]:
    """Return an entry for each session that a stoppage met as it was published."""
    return [
        Entry(now, by, "stopped", "session", session, None, {"stoppage": stoppage}) for session, stoppage in stopped
    ]


def retired(sessions: Iterable[str], *, by: Actor, now: datetime) -> list[Entry]:
    """Return an entry for each session that a load closed, since its doctor or department is gone."""
    was, is_now = {"state": str(SessionState.OPEN)}, {"state": str(SessionState.CLOSED)}
    return [Entry(now, by, "closed", "session", session_id, was, is_now) for session_id in sessions]


def _facts(plan: SessionPlan | None) -> Facts | None:
    if plan is None:
        return None
    session = plan.session
    return {
        "state": str(session.state),
        "doctor": session.doctor,
        "room": session.room,
        "fee": str(session.fee),
        "slots": [f"{slot.starts_at.isoformat()} {slot.capacity}" for slot in plan.slots],
    }
