"""Waiting in races until the other one is as far as it comes, however busy the machine is."""

import asyncio

from sqlalchemy import text

from storage.database import SqlDatabase


async def somebody_waits(database: SqlDatabase) -> bool:
    """Whether a transaction waits for another's lock; PostgreSQL looks once a transaction, so in one of its own."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with database.read() as unit:
        return bool((await unit.connection.execute(text(waits))).scalar())


async def done_or_waiting(other: asyncio.Task[object], database: SqlDatabase) -> None:
    """Come back when the other one is done, or waits for a lock that is held here."""
    while not other.done() and not await somebody_waits(database):
        await asyncio.wait([other], timeout=0.01)
