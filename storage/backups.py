"""A copy of the whole database in a stream, made while it serves, and the way back (R-B12)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import BinaryIO, Literal

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Table,
    Text,
    cast,
    column,
    delete,
    exists,
    func,
    insert,
    inspect,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy import table as lean_table

from booking.actors import Actor
from booking.audit import Entry, Facts
from booking.audit_chain import GENESIS, Verdict, verify_in
from booking.errors import ZhenyueError
from storage.backup_format import TYPES, Cell, Made, Sum, TableHead, kind_of, line_of, records, row_of
from storage.columns import metadata
from storage.connection import SqlConnection
from storage.database import SqlDatabase, SqlUnit
from storage.migrate import ONE_AT_A_TIME, bring_to, knows, newest_revision
from storage.sealed_stream import SealedWriter, StreamBroken, opened
from storage.staff_tables import audit_chain, audit_queue
from storage.tables import clinic_session

BATCH = 1000
REVISIONS = "alembic_version"
GENERATIONS_AHEAD = 100_000
"""How far a restored session's generation is ahead of the one that was saved: beyond whatever a Redis of the time after
the backup may still hold, so that each session's pool is written anew instead of being believed."""


class BackupUnfit(ZhenyueError):
    """Raised when a sound backup cannot be restored here: made by a newer release, or the database is in use."""

    def __init__(self, why: Literal["newer", "not_empty"], *names: str) -> None:
        super().__init__(f"{why}: {', '.join(names)}")
        self.why = why
        self.names = names


class Contents:
    """What a backup holds, read once from its beginning. Only when ``sum`` returns was all of it there."""

    def __init__(self, source: BinaryIO, secrets: Sequence[bytes]) -> None:
        """Read what it was made from; raises ``StreamBroken``."""
        self._coming = records(opened(source, secrets))
        first = next(self._coming, None)
        if not isinstance(first, Made):
            raise StreamBroken("foreign")
        self.made = first
        self._counts: dict[str, int] = {}
        self._sum: Sum | None = None

    def batches(self) -> Iterator[tuple[TableHead, list[list[Cell]]]]:
        """Yield each table's rows, a batch at a time, an empty one first; raises ``StreamBroken``."""
        head: TableHead | None = None
        batch: list[list[Cell]] = []
        for record in self._coming:
            if isinstance(record, list):
                batch.append(record)
            if head is not None and batch and (len(batch) == BATCH or not isinstance(record, list)):
                self._counts[head.name] += len(batch)
                yield head, batch
                batch = []
            if isinstance(record, TableHead):
                head = record
                self._counts[head.name] = 0
                yield head, []
            elif isinstance(record, Sum):
                self._sum = record

    def sum(self) -> Sum:
        """Return what there must be, having compared it with what came; raises ``StreamBroken``."""
        if self._sum is None:
            raise StreamBroken("cut_off")
        if dict(self._sum.rows) != self._counts:
            raise StreamBroken("altered")
        return self._sum


async def write_backup(database: SqlDatabase, sink: BinaryIO, *, secret: bytes, now: datetime) -> Sum:
    """Write all rows as they are at one moment. Readers and writers go on; memory is bounded.

    Raises ``Unavailable``, and ``OSError`` of the sink.
    """
    writer = SealedWriter(sink, secret)
    async with database.snapshot() as unit:
        writer.write(line_of(Made(newest_revision(), now, unit.connection.dialect.name)))
        # The queue comes last: entries that are inserted while restoring are queued by a trigger.
        tables = sorted(metadata.sorted_tables, key=lambda table: table is audit_queue)
        counts = {table.name: await _write_table(unit.connection, table, writer) for table in tables}
        query = select(audit_chain).order_by(audit_chain.c.seq.desc()).limit(1)
        last = (await unit.connection.execute(query)).mappings().first()
        found = Sum(counts, last["seq"] if last else 0, last["hash"] if last else GENESIS)
    writer.write(line_of(found))
    writer.finish()
    return found


async def _write_table(connection: SqlConnection, table: Table, writer: SealedWriter) -> int:
    """Write a table in the order of its key, a batch at a time; return how many rows it has."""
    columns = list(table.columns)
    writer.write(line_of(TableHead(table.name, tuple((each.name, kind_of(each)) for each in columns))))
    key = list(table.primary_key.columns)
    places = [columns.index(each) for each in key]
    # JSON as it is written there, so that an absent value and JSON's null stay two things.
    page = select(*(cast(each, Text) if isinstance(each.type, JSON) else each for each in columns)).order_by(*key)
    count, after = 0, None
    while True:
        query = page if after is None else page.where(_beyond(key, after))
        rows = (await connection.execute(query.limit(BATCH))).all()
        writer.write(b"".join(line_of(tuple(row)) for row in rows))
        count += len(rows)
        if len(rows) < BATCH:
            return count
        after = [rows[-1][place] for place in places]


def _beyond(key: Sequence[Column[object]], after: Sequence[object]) -> ColumnElement[bool]:
    return key[0] > after[0] if len(key) == 1 else tuple_(*key) > tuple(after)


def read_backup(source: BinaryIO, *, secrets: Sequence[bytes]) -> tuple[Made, Sum]:
    """Read a backup to its end without restoring it; raises ``StreamBroken``."""
    contents = Contents(source, secrets)
    for _ in contents.batches():
        pass
    return contents.made, contents.sum()


async def restore_backup(
    database: SqlDatabase, source: BinaryIO, *, secrets: Sequence[bytes], by: Actor, now: datetime
) -> tuple[Made, Sum, Verdict]:
    """Fill an empty database from a backup, in one transaction: whatever is wrong, nothing of it stays.

    An older release's backup is loaded into its own schema and then upgraded. Raises ``StreamBroken``,
    ``BackupUnfit``, ``Unavailable``.
    """
    contents = Contents(source, secrets)
    made = contents.made
    if not knows(made.schema):
        raise BackupUnfit("newer", made.schema)
    async with database.begin() as unit:
        await _claim_empty(unit.connection)
        await bring_to(unit.connection, made.schema)
        for head, rows in contents.batches():
            await _insert(unit.connection, head, rows)
        found = contents.sum()
        await bring_to(unit.connection, newest_revision())
        await _settle(unit.connection)
        verdict = await verify_in(unit, now=made.at)
        if (verdict.links, verdict.head) != (found.links, found.head):
            raise StreamBroken("altered")
        await _record(unit, made, found, by=by, now=now)
    return made, found, verdict


async def _claim_empty(connection: SqlConnection) -> None:
    """Let nobody else write until the end of the transaction; raises ``BackupUnfit`` when there are rows."""
    postgres = connection.dialect.name == "postgresql"
    if postgres:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
    names = await connection.run_sync(lambda on: [n for n in inspect(on).get_table_names() if n != REVISIONS])
    if postgres and names:
        quoted = ", ".join(f'"{name}"' for name in names)
        await connection.execute(text(f"LOCK TABLE {quoted} IN EXCLUSIVE MODE"))
    full = [name for name in names if await _has_rows(connection, name)]
    if full:
        raise BackupUnfit("not_empty", *full)


async def _has_rows(connection: SqlConnection, name: str) -> bool:
    found = await connection.execute(select(exists(select(text("1")).select_from(lean_table(name)))))
    return bool(found.scalar())


async def _insert(connection: SqlConnection, head: TableHead, rows: Sequence[Sequence[Cell]]) -> None:
    """Insert a batch; an empty one comes first of each table."""
    if head.name == audit_queue.name and not rows:
        await connection.execute(delete(audit_queue))  # the trigger's, of the entries that were just inserted
    if rows:
        target = lean_table(head.name, *(column(name, TYPES[kind]) for name, kind in head.columns))
        await connection.execute(insert(target), [row_of(head, cells) for cells in rows])


async def _settle(connection: SqlConnection) -> None:
    """Let counters go on behind the rows, and no Redis of another time be believed."""
    await connection.execute(update(clinic_session).values(gen=clinic_session.c.gen + GENERATIONS_AHEAD))
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        counted = table.autoincrement_column
        if counted is None:
            continue
        named = func.pg_get_serial_sequence(table.name, counted.name)
        newest = select(func.coalesce(func.max(counted), 0)).scalar_subquery()
        await connection.execute(select(func.setval(named, newest + 1, text("false"))).where(named.is_not(None)))


async def _record(unit: SqlUnit, made: Made, found: Sum, *, by: Actor, now: datetime) -> None:
    facts: Facts = {"made_at": made.at.isoformat(), "rows": found.total, "links": found.links, "head": found.head}
    await unit.audit.record(Entry(now, by, "restored", "database", made.at.isoformat(), None, facts))
