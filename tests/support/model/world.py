"""The real thing under the model: services on a database and a Valkey, faults at their borders, and a clock of its own.

One event loop and one set of connections serve all examples; each begins with empty tables and an empty Valkey.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from sqlite3 import Connection
from typing import Any, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from sqlalchemy import Engine, create_engine, event, text, update
from sqlalchemy.engine import make_url

from booking.adjustments import Adjustments
from booking.appointments import Appointments
from booking.current import CurrentCatalogue
from booking.models import CalendarDay, Policy, Roster
from booking.offering import Offers
from booking.pool_port import PoolReading
from booking.publishing import Publishing
from booking.seats import Seats
from booking.stoppages import Stoppages
from storage.columns import metadata
from storage.connection import InlineConnection
from storage.database import SqlDatabase, SqlUnit, _prepare_sqlite, _translated
from storage.notice_tables import notice
from storage.pool import RedisPool
from storage.sealing import Sealer
from tests.support import servers
from tests.support.clinic import CLINIC, DEPARTMENTS, DOCTORS, add_patient
from tests.support.figures import CountedFigures
from tests.support.model.clinic import HOLD_FOR
from tests.support.model.fate import Fate, FatefulDatabase, FatefulPool
from tests.support.model.snapshot import Snapshot, look

T = TypeVar("T")
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
ROSTERS = (
    Roster("wang", EVERY_DAY, time(8, 30), time(9, 30), 30, 2, "203"),
    Roster("li", EVERY_DAY, time(8, 30), time(9, 30), 30, 1, "204"),
    Roster("zhao", EVERY_DAY, time(14), time(15), 30, 1, "301"),
    Roster("wang", EVERY_DAY, time(15, 30), time(16, 30), 30, 2, "203"),
)
"""Two doctors at the same time, so that visits may overlap, a third session, so that a day has its limit, and one in
which seats can be kept for who cannot come to the first two."""
POLICY = Policy(advance_days=1, release_at=None, offer_share=1.0, per_patient_per_day=2)
DOCTORS_HERE = [*DOCTORS[:2], replace(DOCTORS[2], release_at=time(9, 10), advance_days=None)]
"""The third one's sessions open ten minutes after an example begins."""
LINKS = {"p-甲": ("o-1", "o-2"), "p-乙": ("o-2",), "p-丙": ("o-3",), "p-丁": ("o-4",)}
"""Patients and their accounts, the newest link last; o-2 has two patients, and 甲 two accounts."""


@dataclass
class Services:
    """What one process would have."""

    seats: Seats
    appointments: Appointments
    stoppages: Stoppages
    offers: Offers
    adjustments: Adjustments
    publishing: Publishing


@dataclass
class World:
    """A clinic that lives through one example after another."""

    database: SqlDatabase
    redis: Redis
    fate: Fate = field(default_factory=Fate)
    make_pool: Callable[[Redis], RedisPool] = RedisPool
    compares: bool = True
    """Whether Redis is compared with SQL; a control that is after something else turns a blind eye."""
    visited: set[str] = field(default_factory=set)
    """What is rare and has happened, in any example."""
    calendar: list[CalendarDay] = field(default_factory=list)
    backups: list[dict[bytes, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pool = self.make_pool(self.redis)
        self.services = self.start()

    @classmethod
    async def open(cls, database_url: str, valkey_url: str, sealer: Sealer, **parts: Any) -> "World":
        """Connect."""
        kind = InlineDatabase if database_url.startswith("sqlite") else SqlDatabase
        database = kind.open(database_url, sealer)
        connections = BlockingConnectionPool.from_url(valkey_url, max_connections=10, timeout=10)
        return cls(database, Redis(connection_pool=connections), **parts)

    async def close(self) -> None:
        """Disconnect."""
        await self.redis.aclose()
        await self.redis.connection_pool.disconnect()
        await self.database.close()

    def start(self) -> Services:
        """Start as a new process would, with nothing in memory."""
        database, pool = FatefulDatabase(self.database, self.fate), FatefulPool(self.pool, self.fate)
        figures, current = CountedFigures(), CurrentCatalogue(database)
        seats = Seats(database, pool, figures)
        appointments = Appointments(
            database=database, pool=pool, seats=seats, current=current, hold_for=HOLD_FOR, figures=figures
        )
        return Services(
            seats,
            appointments,
            Stoppages(database=database, seats=seats, current=current),
            Offers(database=database, pool=pool, seats=seats, current=current),
            Adjustments(database, seats),
            Publishing(database, seats),
        )

    async def begin(self, now: datetime) -> Snapshot:
        """Empty everything, open the clinic, and publish."""
        self.fate.disarm()
        await self.redis.flushall()
        await self._empty()
        self.calendar, self.backups = [], []
        await self.write_catalogue()
        for patient, openids in LINKS.items():
            for minutes, openid in enumerate(openids):
                await add_patient(self.database, patient[2:], openid=openid, now=now + timedelta(minutes=minutes))
        self.services = self.start()
        await self.services.publishing.publish(now=now)
        return await look(self.database)

    async def write_catalogue(self) -> None:
        """Write clinic, doctors and rosters, with the days that are closed by now."""
        clinic = replace(CLINIC, policy=POLICY)
        async with self.database.begin() as unit:
            await unit.catalogue.replace(clinic, DEPARTMENTS, DOCTORS_HERE, ROSTERS, self.calendar)

    async def attempt(self, deed: Callable[[Services], Awaitable[T]]) -> tuple[T | Exception, bool, Snapshot]:
        """Do something; return what came of it, whether a fault struck, and how everything stands."""
        try:
            came: T | Exception = await deed(self.services)
        except Exception as error:  # noqa: BLE001 - whatever it is, the model judges it
            came = error
        struck = self.fate.struck
        self.fate.disarm()
        return came, struck, await look(self.database)

    async def read_pools(self, sessions: Iterable[str]) -> dict[str, PoolReading | None]:
        """What Redis says of these sessions."""
        return {session: await self.pool.read(session) for session in sessions}

    async def keep_copy(self) -> None:
        """Copy what Redis has, to roll it back to later."""
        keys = await self.redis.keys()
        self.backups.append({key: await self.redis.dump(key) for key in keys})

    async def roll_back(self, copy: int) -> None:
        """Bring Redis back to an older copy."""
        await self.redis.flushall()
        for key, value in self.backups[copy % len(self.backups)].items():
            await self.redis.restore(key, 0, value)

    async def send_notices(self) -> None:
        """Let the patients read what waits, as if it had been relayed."""
        async with self.database.begin() as unit:
            await unit.connection.execute(update(notice).where(notice.c.state == "pending").values(state="sent"))

    async def _empty(self) -> None:
        async with self.database.begin() as unit:
            if unit.connection.dialect.name == "postgresql":
                await unit.connection.execute(text(servers.EMPTY))
                return
            await unit.connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            for table in reversed(metadata.sorted_tables):
                await unit.connection.execute(table.delete())


class InlineDatabase(SqlDatabase):
    """SQLite whose writer answers without a thread in between, as its readers do: the same statements, sooner.

    Nothing here writes at the same time, and durability is not what is tested.
    """

    @classmethod
    def open(cls, url: str, sealer: Sealer) -> "InlineDatabase":
        """Open a file; its rows may be deleted, since every example begins with none."""
        database = super().open(url, sealer)
        assert isinstance(database, cls)
        database.inline = create_engine(make_url(url).set(drivername="sqlite"), hide_parameters=True)
        _prepare_sqlite(database.inline, begin="BEGIN IMMEDIATE")

        @event.listens_for(database.inline, "connect")
        def lightly(connection: Connection, _record: object) -> None:
            connection.execute("PRAGMA synchronous = OFF")

        with database.inline.begin() as connection:
            guards = connection.execute(text("SELECT name FROM sqlite_master WHERE name LIKE '%_no_delete'"))
            for name in list(guards.scalars()):
                connection.execute(text(f"DROP TRIGGER {name}"))
        return database

    inline: Engine

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[SqlUnit]:
        """As ``SqlDatabase.begin``."""
        with _translated(), self.inline.begin() as connection:
            yield SqlUnit(InlineConnection(connection), self._sealer)

    async def close(self) -> None:
        """Close all connections."""
        self.inline.dispose()
        await super().close()


class Loop:
    """An event loop for tests whose steps are no coroutines."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run one to its end."""
        return self._runner.run(coroutine)

    def close(self) -> None:
        """End it."""
        self._runner.close()
