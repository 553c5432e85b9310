"""A doctor's request for a stoppage: the managers are asked in chat, and the first one's decision counts (R-A14)."""

from datetime import datetime, timedelta

from booking.actors import Role
from booking.notices import NoticeKind, new_notice
from booking.ports import Unit
from booking.stoppage_models import Stoppage

ASKED_FOR = timedelta(days=7)
_KEY = 24
"""Characters of a staff id that stand in a key; its random ones."""


async def ask_managers(unit: Unit, asked: Stoppage, *, now: datetime) -> None:
    """Ask every manager who is bound to an account, in the transaction of the request."""
    everybody = await unit.staff.all()
    names = {one.id: one.name for one in everybody}
    session = await _session_of(unit, asked)
    payload = {
        "session": session,
        "stoppage": asked.id,
        "scope": asked.scope.kind,
        "code": asked.scope.code,
        "from": asked.from_at.isoformat(),
        "to": asked.to_at.isoformat(),
        "reason": asked.reason,
        "by": names.get(asked.by, asked.by),
    }
    await unit.notices.add(
        [
            new_notice(
                NoticeKind.STOP_REQUEST,
                dedupe_key=f"{NoticeKind.STOP_REQUEST}:{asked.id}:{one.id[-_KEY:]}",
                payload=payload,
                now=now,
                openid=one.openid,
                void_after=asked.to_at,
                asks_until=now + ASKED_FOR,
            )
            for one in everybody
            if one.role is Role.MANAGER and one.openid is not None
        ]
    )


async def _session_of(unit: Unit, asked: Stoppage) -> dict[str, str] | None:
    """Return whose session it is and when, so that a manager need not read an id; None for another scope."""
    if asked.scope.kind != "session":
        return None
    found = (await unit.offers.sessions([asked.scope.code])).get(asked.scope.code)
    if found is None:
        return None
    return {"doctor": found.doctor, "start": found.starts_at.isoformat(), "end": found.ends_at.isoformat()}
