"""Notices that ask: which of them an account may answer, which it has read, and what it answered."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, or_, select, update

from booking.models import ClaimState
from booking.notices import CallOutcome, Notice, NoticeKind, NoticeState
from storage.connection import SqlConnection
from storage.notice_tables import notice
from storage.tables import claim

MOST_OPEN = 20
"""Notices of an account that are looked at when it answers; the newest."""
_PLAIN = tuple(name for name in Notice.__slots__ if name not in {"kind", "state", "outcome"})
_OF_A_VISIT = tuple(map(str, (NoticeKind.REMINDER_DAY, NoticeKind.REMINDER_SOON, NoticeKind.SESSION_CHANGED)))


class SqlNoticeAnswers:
    """Part of ``NoticeRows``, on one connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def get(self, notice_id: str) -> Notice | None:
        """Return a notice by id."""
        row = (await self._connection.execute(select(notice).where(notice.c.id == notice_id))).mappings().first()
        return None if row is None else notice_of(row)

    async def open_of(self, openid: str, now: datetime) -> list[Notice]:
        """Return what an account may still answer, newest first; nothing of a visit that is booked no longer."""
        visit_stands = exists().where(claim.c.id == notice.c.claim, claim.c.state == ClaimState.BOOKED)
        query = (
            select(notice)
            .where(
                notice.c.openid == openid,
                notice.c.asks_until > now,
                notice.c.answer.is_(None),
                notice.c.state != str(NoticeState.VOID),
                or_(notice.c.kind.not_in(_OF_A_VISIT), visit_stands),
            )
            .order_by(notice.c.created_at.desc(), notice.c.id.desc())
            .limit(MOST_OPEN)
        )
        return [notice_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def newest_asking(self) -> datetime | None:
        """Return when a notice that may still be answered was last written, sent or shown, whosoever it is."""
        newest = select(func.max(notice.c.updated_at)).where(
            notice.c.asks_until.is_not(None), notice.c.answer.is_(None)
        )
        found: datetime | None = (await self._connection.execute(newest)).scalar()
        return found

    async def shown(self, ids: Iterable[str], *, now: datetime) -> None:
        """Note that the choices of notices were read, so that a digit may mean them."""
        change = update(notice).where(notice.c.id.in_(list(ids)), notice.c.shown.is_(False))
        await self._connection.execute(change.values(shown=True, updated_at=now))

    async def meant_by(self, openid: str, request_id: str) -> str | None:
        """Return the notice that a message of an account was taken for the answer to."""
        query = select(notice.c.id).where(notice.c.meant_by == request_id, notice.c.openid == openid)
        found: str | None = (await self._connection.execute(query.limit(1))).scalar()
        return found

    async def mean(self, notice_id: str, request_id: str) -> None:
        """Note that a message is taken for the answer to a notice, before anything is done."""
        await self._connection.execute(update(notice).where(notice.c.id == notice_id).values(meant_by=request_id))

    async def answered(self, notice_id: str, answer: str, *, now: datetime, again: bool = False) -> bool:
        """Note an answer, and that nothing more need be sent; False when there is one already.

        ``again``: another answer than the one there is replaces it.
        """
        other = or_(notice.c.answer.is_(None), notice.c.answer != answer) if again else notice.c.answer.is_(None)
        change = update(notice).where(notice.c.id == notice_id, other)
        done = await self._connection.execute(
            change.values(answer=answer, answered_at=now, state=str(NoticeState.ANSWERED), shown=True, updated_at=now)
        )
        return done.rowcount == 1


def notice_of(row: Mapping[Any, Any]) -> Notice:
    """Return the notice of a row that has its columns, among others."""
    outcome = row["outcome"]
    return Notice(
        kind=NoticeKind(row["kind"]),
        state=NoticeState(row["state"]),
        outcome=None if outcome is None else CallOutcome(outcome),
        **{name: row[name] for name in _PLAIN},
    )
