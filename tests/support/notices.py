"""Notices as tests need them: of every kind, with payloads as their writers make them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from booking.notices import Notice, NoticeKind, new_notice

VISIT_DATE = "2026-11-24"


def visit(**changes: str) -> dict[str, str]:
    """王芳, tomorrow at 09:00, for 张*."""
    return {
        "claim": "c" * 32,
        "number": "26112400000000",
        "department": "dental",
        "doctor": "wang",
        "date": VISIT_DATE,
        "start": "2026-11-24T01:00:00+00:00",
        "end": "2026-11-24T01:30:00+00:00",
        "room": "203",
        "fee": "50.00",
        "patient": "张*",
    } | changes


LATER = visit(date="2026-11-25", start="2026-11-25T01:00:00+00:00", end="2026-11-25T01:30:00+00:00")
LI = LATER | {"doctor": "li", "fee": "30.00"}
DEADLINE = "2026-11-24T01:00:00+00:00"


def payload(kind: NoticeKind, **changes: object) -> dict[str, Any]:
    """What the writer of this kind puts into a notice."""
    stopped = {"visit": visit(), "reason": "医生临时外出", "text": "", "offers": [LATER, LI], "deadline": DEADLINE}
    of_kind: dict[NoticeKind, dict[str, Any]] = {
        NoticeKind.CHANGED: {"before": visit(), "visit": LATER},
        NoticeKind.STOPPED: stopped,
        NoticeKind.OFFER: stopped,
        NoticeKind.SESSION_CHANGED: {
            "before": visit(),
            "visit": visit(room="301", doctor="li", start="2026-11-24T02:00:00+00:00", end="2026-11-24T02:30:00+00:00"),
            "changes": ["room", "time", "doctor", "capacity"],
            "reason": "设备检修",
        },
        NoticeKind.REOPENED: {"visit": visit(), "instead": LATER},
        NoticeKind.ALERT: {"visit": visit(), "why": "unreachable"},
        NoticeKind.STOP_REQUEST: {
            "stoppage": "s" * 32, "scope": "doctor", "code": "wang", "from": "2026-11-24T00:00:00+00:00",
            "to": "2026-11-25T00:00:00+00:00", "reason": "家中有事", "by": "王芳",
        },
    }  # fmt: skip
    return of_kind.get(kind, {"visit": visit()}) | changes


def notice(kind: NoticeKind, *, now: datetime, content: Mapping[str, Any] | None = None, **given: Any) -> Notice:
    """A notice of this kind, with the payload of its writer unless another is given."""
    made = {"dedupe_key": f"{kind}:1", "openid": "o-zhang", "asks_until": now + timedelta(days=7)} | given
    return new_notice(kind, payload=content or payload(kind), now=now, **made)
