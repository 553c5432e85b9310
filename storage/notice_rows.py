"""The outbox in SQL."""

from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from booking.notices import Notice
from storage.notice_answers import SqlNoticeAnswers
from storage.notice_tables import notice


class SqlNoticeRows(SqlNoticeAnswers):
    """``NoticeRows`` on one connection."""

    async def add(self, notices: Sequence[Notice]) -> None:
        """Write notices, in one statement; those whose ``dedupe_key`` is there already are left out."""
        if not notices:
            return
        dialect_insert = sqlite_insert if self._connection.dialect.name == "sqlite" else postgres_insert
        statement = dialect_insert(notice).on_conflict_do_nothing(index_elements=[notice.c.dedupe_key])
        await self._connection.execute(statement, [_row(each) for each in notices])


def _row(each: Notice) -> dict[str, object]:
    row = {name: getattr(each, name) for name in Notice.__slots__}
    return row | {"kind": str(each.kind), "state": str(each.state), "payload": dict(each.payload)}
