"""What was not understood: the table and its statements."""

from datetime import datetime

from sqlalchemy import Column, Integer, String, Table, delete, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from booking.misunderstood import Misunderstood
from storage.columns import Instant, metadata
from storage.connection import SqlConnection

misunderstood = Table(
    "misunderstood",
    metadata,
    Column("said", String(100), primary_key=True),
    Column("asked", String(40), primary_key=True),
    Column("times", Integer, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
)
"""Masked sayings of patients, with the gap that was asked for; not whose they are."""


class SqlMisunderstoodRows:
    """``MisunderstoodRows`` on one connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def add(self, said: str, asked: str, *, now: datetime) -> None:
        """Count a saying."""
        dialect_insert = sqlite_insert if self._connection.dialect.name == "sqlite" else postgres_insert
        row = {"said": said, "asked": asked, "times": 1, "first_at": now, "last_at": now}
        again = {"times": misunderstood.c.times + 1, "last_at": now}
        keys = [misunderstood.c.said, misunderstood.c.asked]
        statement = dialect_insert(misunderstood).values(row).on_conflict_do_update(index_elements=keys, set_=again)
        await self._connection.execute(statement)

    async def forget(self, *, before: datetime, most: int) -> int:
        """Delete what was last said before a moment, and the oldest beyond a number; return how many."""
        key = (misunderstood.c.said, misunderstood.c.asked)
        newest = select(*key).order_by(misunderstood.c.last_at.desc(), *key).limit(most)
        statement = delete(misunderstood).where(or_(misunderstood.c.last_at < before, tuple_(*key).not_in(newest)))
        return (await self._connection.execute(statement)).rowcount

    async def all(self) -> list[Misunderstood]:
        """Return all, the most frequent first, then the latest."""
        order = (misunderstood.c.times.desc(), misunderstood.c.last_at.desc(), misunderstood.c.said)
        rows = await self._connection.execute(select(misunderstood).order_by(*order))
        return [Misunderstood(**row) for row in rows.mappings()]
