"""The outbox in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from booking.call_models import ABOUT_OFFERS, CALLED
from booking.notices import UNREACHED, Notice, NoticeFilter, NoticeState
from booking.stoppage_models import UNSETTLED
from storage.notice_answers import SqlNoticeAnswers, notice_of
from storage.notice_tables import notice
from storage.stoppage_tables import displacement

_UNSETTLED = tuple(map(str, UNSETTLED))
_OFFERS = tuple(map(str, ABOUT_OFFERS))


class SqlNoticeRows(SqlNoticeAnswers):
    """``NoticeRows`` on one connection."""

    async def add(self, notices: Sequence[Notice]) -> None:
        """Write notices, in one statement; those whose ``dedupe_key`` is there already are left out."""
        if not notices:
            return
        dialect_insert = sqlite_insert if self._connection.dialect.name == "sqlite" else postgres_insert
        statement = dialect_insert(notice).on_conflict_do_nothing(index_elements=[notice.c.dedupe_key])
        await self._connection.execute(statement, [_row(each) for each in notices])

    async def withhold_from_staff(self, openid: str, *, now: datetime) -> None:
        """Send an account nothing more that is for staff, and take no answer to it; a patient's own stays theirs."""
        theirs = (notice.c.openid == openid, notice.c.patient.is_(None))
        unsent = update(notice).where(*theirs, notice.c.state == str(NoticeState.PENDING))
        await self._connection.execute(unsent.values(state=str(NoticeState.VOID), updated_at=now))
        asking = update(notice).where(*theirs, notice.c.asks_until.is_not(None), notice.c.answer.is_(None))
        await self._connection.execute(asking.values(asks_until=None, updated_at=now))

    async def counts(self, *, stoppage: str | None = None) -> dict[NoticeState, int]:
        """Return how many notices are in each state, of one stoppage or of all; states without any are left out."""
        query = select(notice.c.state, func.count().label("count")).group_by(notice.c.state)
        if stoppage is not None:
            query = query.where(notice.c.stoppage == stoppage)
        rows = (await self._connection.execute(query)).mappings()
        return {NoticeState(row["state"]): row["count"] for row in rows}

    async def find(self, wanted: NoticeFilter) -> list[Notice]:
        """Return notices in the order they were written; unreached ones by when the visit begins."""
        query = select(notice).order_by(notice.c.created_at, notice.c.id)
        if wanted.stoppage is not None:
            query = query.where(notice.c.stoppage == wanted.stoppage)
        if wanted.unreached:
            unreached = notice.c.state.in_([str(state) for state in UNREACHED])
            called = notice.c.kind.in_([str(kind) for kind in CALLED])
            query = query.where(unreached, called, _still_true()).order_by(None)
            query = query.order_by(notice.c.visit_at, notice.c.id)
        return [notice_of(row) for row in (await self._connection.execute(query)).mappings()]


def _still_true() -> ColumnElement[bool]:
    """Leave out stoppages that need no call any more: nobody is to be told of one that was lifted meanwhile."""
    waits = exists().where(displacement.c.id == notice.c.displacement, displacement.c.state.in_(_UNSETTLED))
    return or_(notice.c.displacement.is_(None), notice.c.outcome.is_not(None), waits, notice.c.kind.not_in(_OFFERS))


def _row(each: Notice) -> dict[str, object]:
    row = {name: getattr(each, name) for name in Notice.__slots__}
    return row | {"kind": str(each.kind), "state": str(each.state), "payload": dict(each.payload)}
