"""The database: engines, transactions, and the one place where they commit.

SQLite has one writer at a time: an engine of one connection that begins IMMEDIATE, and another engine for readers,
which read in the event loop's own thread. With one shared connection a reader's close rolls back the writer's work
(measured). PostgreSQL runs at READ COMMITTED: at REPEATABLE READ a row lock does not make the statement after it see
what was committed meanwhile.
"""

import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from sqlite3 import Connection as SqliteConnection
from sqlite3 import Cursor, OperationalError
from typing import Any

from sqlalchemy import QueuePool, create_engine, event, text
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from booking.errors import Contended, Unavailable
from storage.adjustment_rows import SqlAdjustmentRows
from storage.audit_chain_rows import SqlChainRows
from storage.audit_rows import SqlAuditRows
from storage.call_rows import SqlCallRows
from storage.catalogue_rows import SqlCatalogueRows
from storage.claim_rows import SqlClaimRows
from storage.connection import InlineConnection, SqlConnection
from storage.displacement_rows import SqlDisplacementRows
from storage.erasure_rows import SqlErasureRows
from storage.job_rows import SqlJobRows
from storage.misunderstood_rows import SqlMisunderstoodRows
from storage.notice_rows import SqlNoticeRows
from storage.offer_rows import SqlOfferRows
from storage.patient_rows import SqlPatientRows
from storage.reach_rows import SqlReachRows
from storage.relay_rows import SqlRelayRows
from storage.reminder_rows import SqlReminderRows
from storage.sealing import Sealer
from storage.session_rows import SqlSessionRows
from storage.staff_rows import SqlStaffRows
from storage.stoppage_rows import SqlStoppageRows

READERS = 5
POSTGRES_CONNECTIONS = 20
POSTGRES_WRITERS = 4
"""More gain nothing (measured with the benchmark of holds)."""
BUSY_SECONDS = 10
_UNDONE = ("40P01", "55P03")
"""PostgreSQL's deadlock_detected and lock_not_available."""


class SqlUnit:
    """One transaction with its rows."""

    def __init__(self, connection: SqlConnection, sealer: Sealer) -> None:
        self.connection = connection
        self.catalogue = SqlCatalogueRows(connection)
        self.sessions = SqlSessionRows(connection)
        self.claims = SqlClaimRows(connection)
        self.patients = SqlPatientRows(connection, sealer)
        self.stoppages = SqlStoppageRows(connection)
        self.displaced = SqlDisplacementRows(connection)
        self.offers = SqlOfferRows(connection)
        self.reach = SqlReachRows(connection)
        self.notices = SqlNoticeRows(connection)
        self.relay = SqlRelayRows(connection, sealer)
        self.reminders = SqlReminderRows(connection)
        self.jobs = SqlJobRows(connection)
        self.audit = SqlAuditRows(connection, sealer)
        self.chain = SqlChainRows(connection, sealer)
        self.staff = SqlStaffRows(connection, sealer)
        self.calls = SqlCallRows(connection, sealer)
        self.adjustments = SqlAdjustmentRows(connection)
        self.erasure = SqlErasureRows(connection, sealer)
        self.misunderstood = SqlMisunderstoodRows(connection)


class SqlDatabase:
    """SQLite or PostgreSQL behind the same transactions."""

    def __init__(self, writer: AsyncEngine, reader: Engine | AsyncEngine, sealer: Sealer) -> None:
        self.writer = writer
        self._reader = reader
        self._sealer = sealer

    @classmethod
    def open(cls, url: str, sealer: Sealer) -> "SqlDatabase":
        """Make the engines for an ``sqlite+aiosqlite`` or ``postgresql+asyncpg`` address; connects on first use."""
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return cls(_sqlite_writer(parsed), _sqlite_reader(parsed), sealer)
        engine = _postgres(parsed)
        # At READ COMMITTED each statement sees its own moment, in a transaction or not: two round trips less a reading.
        return cls(engine, engine.execution_options(isolation_level="AUTOCOMMIT"), sealer)

    @property
    def writers(self) -> int:
        """How many transactions it is worth to have writing at the same time: SQLite has one writer."""
        return 1 if isinstance(self._reader, Engine) else POSTGRES_WRITERS

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[SqlUnit]:
        """Open a transaction: commits at the end, rolls back on any exception; raises ``Unavailable``."""
        with _translated():
            async with self.writer.begin() as connection:
                yield SqlUnit(connection, self._sealer)

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[SqlUnit]:
        """Open a connection for reading; raises ``Unavailable``."""
        with _translated():
            if isinstance(self._reader, Engine):
                with self._reader.connect() as inline:
                    yield SqlUnit(InlineConnection(inline), self._sealer)
            else:
                async with self._reader.connect() as connection:
                    yield SqlUnit(connection, self._sealer)

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[SqlUnit]:
        """Open a reading transaction all of whose statements see the same moment; raises ``Unavailable``."""
        if isinstance(self._reader, Engine):
            async with self.read() as unit:
                yield unit
            return
        with _translated():
            async with self.writer.connect() as connection:
                await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
                yield SqlUnit(connection, self._sealer)

    async def close(self) -> None:
        """Close all connections."""
        await self.writer.dispose()
        if isinstance(self._reader, Engine):
            self._reader.dispose()


@contextmanager
def _translated() -> Generator[None]:
    """Turn what a driver says of a database that does not answer into ``Unavailable``."""
    try:
        yield
    except (IntegrityError, ProgrammingError):
        raise
    except (DBAPIError, PoolTimeout, OSError) as error:
        undone = getattr(getattr(error, "orig", None), "sqlstate", None) in _UNDONE
        raise (Contended if undone else Unavailable)("database") from error


def _sqlite_writer(url: URL) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=1,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS},
    )
    _prepare_sqlite(engine.sync_engine, begin="BEGIN IMMEDIATE")
    return engine


def _sqlite_reader(url: URL) -> Engine:
    # Without a limit: whoever waited for a connection here would wait in the event loop's own thread.
    engine = create_engine(
        url.set(drivername="sqlite"), pool_size=READERS, max_overflow=-1, hide_parameters=True, poolclass=QueuePool
    )
    _prepare_sqlite(engine, begin="BEGIN")
    return engine


def _prepare_sqlite(engine: Engine, *, begin: str) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: SqliteConnection, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy says BEGIN, below
        cursor = connection.cursor()
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def say_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _write_ahead(cursor: Cursor) -> None:
    """Switch a new file to WAL; of several processes that do so at once all but one are refused without a wait."""
    for tries_left in reversed(range(50)):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except OperationalError:
            if not tries_left:
                raise
            time.sleep(0.02)
        else:
            return


def _postgres(url: URL) -> AsyncEngine:
    engine = create_async_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=POSTGRES_CONNECTIONS,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        hide_parameters=True,
        connect_args={
            "timeout": BUSY_SECONDS,
            "command_timeout": BUSY_SECONDS,
            "server_settings": {"application_name": "zhenyue", "timezone": "UTC"},
        },
    )

    # A ping would be three round trips before each transaction; the event loop knows of an end without asking.
    @event.listens_for(engine.sync_engine, "checkout")
    def replace_if_closed(connection: Any, _record: object, _proxy: object) -> None:
        if connection.driver_connection.is_closed():
            raise DisconnectionError

    return engine
