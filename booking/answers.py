"""Answering notices: what an account may still answer, and what it answered (R-A14, R-B3).

A digit that answers an open question must not cost a look for notices each time. So the newest change of any notice
that asks is read once a second; only where it is younger than the question, the account's notices matter.
"""

from collections.abc import Iterable
from datetime import datetime

from booking.actors import Actor
from booking.audit import Entry
from booking.notices import Notice
from booking.ports import Database
from booking.recent import Recent
from booking.refusals import UnknownNotice

LOOK_AGAIN_AFTER = 1.0
"""Seconds; nobody reads a notice and answers it in less."""


class Answers:
    """The notices of an account that ask. Raises ``Unavailable``."""

    def __init__(self, database: Database, *, look_again_after: float = LOOK_AGAIN_AFTER) -> None:
        self._database = database
        self._look_again_after = look_again_after
        self._newest = Recent(self._read_newest)

    async def newest(self) -> datetime | None:
        """Return when any notice that asks was last written, sent or shown; a second old at most."""
        return await self._newest.get(self._look_again_after)

    async def _read_newest(self) -> datetime | None:
        async with self._database.read() as unit:
            return await unit.notices.newest_asking()

    async def open(self, openid: str, *, now: datetime) -> list[Notice]:
        """Return what the account may still answer, newest first."""
        async with self._database.read() as unit:
            return await unit.notices.open_of(openid, now)

    async def get(self, notice_id: str, *, openid: str) -> Notice:
        """Return a notice of the account; raises ``UnknownNotice``."""
        async with self._database.read() as unit:
            found = await unit.notices.get(notice_id)
        if found is None or found.openid != openid:
            raise UnknownNotice
        return found

    async def show(self, ids: Iterable[str], *, now: datetime) -> None:
        """Note that the choices of notices were read, so that a digit may mean them."""
        async with self._database.begin() as unit:
            await unit.notices.shown(ids, now=now)

    async def meant_by(self, openid: str, request_id: str) -> str | None:
        """Return the notice that this message was taken for the answer to, by a process that died over it."""
        async with self._database.read() as unit:
            return await unit.notices.meant_by(openid, request_id)

    async def mean(self, notice_id: str, request_id: str) -> None:
        """Note what a message is taken for, so that the same message never means another notice."""
        async with self._database.begin() as unit:
            await unit.notices.mean(notice_id, request_id)

    async def note(self, notice: Notice, answer: str, *, by: Actor, now: datetime) -> None:
        """Note an answer whose effect stands elsewhere, or that has none; the same again changes nothing."""
        async with self._database.begin() as unit:
            if await unit.notices.answered(notice.id, answer, now=now, again=True):
                facts = {"kind": str(notice.kind), "answer": answer}
                was = None if notice.answer is None else {"kind": str(notice.kind), "answer": notice.answer}
                await unit.audit.record(Entry(now, by, "notice_answered", "notice", notice.id, was, facts))
