"""Databases to back up, and what two of them have in common."""

import io
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy import Text, cast, select

from booking.actors import Actor
from booking.appointments import Appointments
from booking.audit_chain import AuditChain
from booking.stoppage_models import Scope
from storage.backups import GENERATIONS_AHEAD, restore_backup, write_backup
from storage.columns import metadata
from storage.database import SqlDatabase
from storage.pool import RedisPool
from storage.sealing import Sealer
from tests.support.clinic import add_session, open_clinic
from tests.support.stopping import Ward, order

TUESDAY = "wang-20261124-0900"
OPERATOR = Actor("cli", "root", "cli")
DAY = timedelta(days=1)
Tables = dict[str, list[tuple[object, ...]]]


async def eventful(database: SqlDatabase, pool: RedisPool, appointments: Appointments, now: datetime) -> Ward:
    """A clinic where something of everything has happened: booked, cancelled, stopped, offered, chained and waiting."""
    await open_clinic(database)
    await add_session(database, now + DAY)
    await add_session(database, now + 2 * DAY)
    ward = Ward.open(database, pool, appointments)
    await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    cancelled = await ward.book(f"{TUESDAY}-0930", "李四", now=now)
    await appointments.cancel(cancelled.id, openid="o-李四", now=now)
    await ward.stop(order(Scope("session", TUESDAY)), now=now)
    await AuditChain(database).seal()
    await ward.book("wang-20261125-0900-0930", "王五", now=now)  # its entries wait for their links
    return ward


async def saved(database: SqlDatabase, secret: bytes, now: datetime) -> io.BytesIO:
    """A backup in memory."""
    sink = io.BytesIO()
    await write_backup(database, sink, secret=secret, now=now)
    return io.BytesIO(sink.getvalue())


async def restored(database: SqlDatabase, source: io.BytesIO, secret: bytes, now: datetime) -> None:
    """Restore, and expect the chain to be whole."""
    _, _, verdict = await restore_backup(database, source, secrets=[secret], by=OPERATOR, now=now)
    assert verdict.faults == ()


async def rows_of(database: SqlDatabase) -> Tables:
    """Every row of every table, JSON as it is written; two databases with the same are the same."""
    found: Tables = {}
    async with database.read() as unit:
        for table in metadata.sorted_tables:
            shown = [cast(c, Text) if c.type.python_type is dict else c for c in table.columns]
            query = select(*shown).order_by(*table.primary_key.columns)
            found[table.name] = [tuple(row) for row in (await unit.connection.execute(query)).all()]
    return found


def as_restored(tables: Tables) -> Tables:
    """What a restored copy of these rows has: generations ahead of any Redis of another time."""
    at = [column.name for column in metadata.tables["clinic_session"].columns].index("gen")
    sessions = [(*row[:at], int(str(row[at])) + GENERATIONS_AHEAD, *row[at + 1 :]) for row in tables["clinic_session"]]
    return tables | {"clinic_session": sessions}


def without_restoring(tables: Tables) -> Tables:
    """The rows without the entry that tells of the restoring."""
    [(told, *_)] = [row for row in tables["audit"] if row[5] == "restored"]
    kept = {name: [row for row in tables[name] if row[0] != told] for name in ("audit", "audit_queue")}
    return tables | kept


@asynccontextmanager
async def opened(url: str, secret: bytes) -> AsyncGenerator[SqlDatabase]:
    """The database at an address."""
    database = SqlDatabase.open(url, Sealer(secret))
    yield database
    await database.close()
