"""The one clock: the database's, read every few seconds and carried on by the monotonic clock in between.

All processes agree on it, and a stepping clock of the host harms nothing.
"""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from booking.errors import Unavailable
from storage.database import SqlDatabase

READ_EVERY = 5.0


class DatabaseClock:
    """Tells the database's time without asking it each time; the host's until the first reading."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database
        self._zero = datetime.now(UTC) - timedelta(seconds=time.monotonic())

    def now(self) -> datetime:
        """Return the current moment, aware, in UTC."""
        return self._zero + timedelta(seconds=time.monotonic())

    async def read(self) -> None:
        """Read the database's clock once; raises ``Unavailable``."""
        sqlite = self._database.writer.dialect.name == "sqlite"
        query = text("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')" if sqlite else "SELECT clock_timestamp()")
        async with self._database.read() as unit:
            before = time.monotonic()
            value = (await unit.connection.execute(query)).scalar_one()
            after = time.monotonic()
        moment = datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value
        self._zero = moment - timedelta(seconds=(before + after) / 2)

    async def keep(self) -> None:
        """Read the clock every few seconds until cancelled; while the database is away the last reading carries on."""
        while True:
            with suppress(Unavailable):
                await self.read()
            await asyncio.sleep(READ_EVERY)
