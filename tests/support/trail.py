"""An audit trail to be broken: entries, and somebody who writes past the triggers."""

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.engine import make_url

from booking.actors import Actor
from booking.audit import Entry
from storage.database import SqlDatabase

DESK = Actor("staff", "s1", "phone")


async def write_entries(database: SqlDatabase, now: datetime, count: int = 6) -> None:
    """Write entries, every second one with something personal."""
    for number in range(count):
        personal = {"after.name": f"name {number}"} if number % 2 else None
        entry = Entry(now, DESK, "booked", "appointment", f"c{number}", {"n": number}, {"n": number + 1}, personal)
        async with database.begin() as unit:
            await unit.audit.record(entry)


async def tamper(database: SqlDatabase, url: str, statements: Sequence[str]) -> None:
    """Do what whoever owns the database could do: take the triggers and foreign keys away, and write."""
    if url.startswith("sqlite"):
        await asyncio.to_thread(_tamper_with_file, str(make_url(url).database), statements)
        return
    async with database.begin() as unit:
        for table in ("audit", "audit_chain"):
            await unit.connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for table in ("audit_chain", "audit_detail"):
            await unit.connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT fk_{table}_audit_id"))
        for statement in statements:
            await unit.connection.execute(text(statement))


def _tamper_with_file(path: str, statements: Sequence[str]) -> None:
    connection = sqlite3.connect(path)
    for table in ("audit", "audit_chain"):
        for deed in ("update", "delete"):
            connection.execute(f"DROP TRIGGER {table}_no_{deed}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
