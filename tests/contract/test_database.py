"""The database itself: migrations, transactions, the clock, and what it says when it does not answer."""

import asyncio
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from booking.errors import NoCatalogue, Unavailable
from booking.models import CalendarDay, Policy, Roster
from storage.clock import DatabaseClock
from storage.columns import metadata
from storage.database import SqlDatabase
from storage.migrate import migrate, newest_revision, revision
from storage.sealing import Sealer
from tests.support.clinic import CLINIC, DEPARTMENTS, DOCTORS, add_session, open_clinic


async def test_the_migrations_build_exactly_the_tables_of_the_code(database: SqlDatabase) -> None:
    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async with database.read() as unit:
        assert await unit.connection.run_sync(differences) == []


async def test_migrating_again_changes_nothing(database: SqlDatabase) -> None:
    assert await migrate(database) == (newest_revision(), newest_revision())
    assert await revision(database) == newest_revision()


async def test_several_processes_may_migrate_at_once(tmp_path: Path, sealer: Sealer) -> None:
    databases = [SqlDatabase.open(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}", sealer) for _ in range(3)]
    await asyncio.gather(*(migrate(database) for database in databases))
    assert await revision(databases[0]) == newest_revision()
    for database in databases:
        await database.close()


async def test_a_readers_end_takes_nothing_from_the_writer(database: SqlDatabase, now: datetime) -> None:
    """The trap of one shared SQLite connection: a reader's close rolled the writer's work back."""
    await open_clinic(database)
    async with database.read() as reader:
        assert await reader.sessions.sessions_from(now.date()) == []
        session = await add_session(database, now + timedelta(days=1))
    async with database.read() as reader:
        assert [found.id for found in await reader.sessions.sessions_from(now.date())] == [session]


async def test_many_writers_at_once_all_get_their_turn(database: SqlDatabase, now: datetime) -> None:
    await open_clinic(database)
    await asyncio.gather(*(add_session(database, now + timedelta(days=n)) for n in range(1, 31)))
    async with database.read() as unit:
        assert len(await unit.sessions.not_over(now)) == 30


async def test_a_session_is_added_once(database: SqlDatabase, now: datetime) -> None:
    await open_clinic(database)
    session_id = await add_session(database, now + timedelta(days=1))
    async with database.read() as unit:
        found = await unit.sessions.get(session_id)
        assert await unit.sessions.get("nowhere") is None
    assert found is not None
    async with database.begin() as unit:
        assert not await unit.sessions.add(*found)


async def test_the_catalogue_is_kept_whole_and_what_is_missing_becomes_inactive(database: SqlDatabase) -> None:
    roster = Roster("wang", (0, 2), start=_time("08:30"), end=_time("11:30"), slot_minutes=30, capacity=2)
    closed = CalendarDay(datetime(2026, 10, 1).date(), closed=True, reason="国庆节")  # noqa: DTZ001  # a calendar day
    policy = Policy(stop_before=timedelta(minutes=90), release_at=_time("07:00"))
    clinic = type(CLINIC)(**{name: getattr(CLINIC, name) for name in CLINIC.__slots__} | {"policy": policy})
    async with database.begin() as unit:
        with pytest.raises(NoCatalogue):
            await unit.catalogue.load()
        assert await unit.catalogue.version() == 0
        await unit.catalogue.replace(clinic, DEPARTMENTS, DOCTORS, [roster], [closed])
        await unit.catalogue.replace(clinic, DEPARTMENTS, DOCTORS[:2], [roster], [closed])
        loaded = await unit.catalogue.load()
        assert await unit.catalogue.rosters() == [roster]
        assert await unit.catalogue.calendar() == [closed]
    assert (loaded.version, loaded.clinic) == (2, clinic)
    assert list(loaded.departments.values()) == DEPARTMENTS
    assert [doctor.active for doctor in loaded.doctors.values()].count(False) == 1
    assert loaded.doctors["wang"] == DOCTORS[0]


def _time(text_: str) -> object:
    return datetime.strptime(text_, "%H:%M").time()  # noqa: DTZ007  # a time of day


async def test_the_clock_is_the_databases(database: SqlDatabase) -> None:
    clock = DatabaseClock(database)
    await clock.read()
    async with database.read() as unit:
        sqlite = unit.connection.dialect.name == "sqlite"
        query = "SELECT CAST(strftime('%s', 'now') AS INTEGER)" if sqlite else "SELECT extract(epoch FROM now())::int"
        seconds = (await unit.connection.execute(text(query))).scalar_one()
    assert abs(clock.now().timestamp() - seconds) < 2
    assert clock.now().tzinfo is not None


@pytest.mark.parametrize(
    "url", ["sqlite+aiosqlite:////dev/null/zhenyue.db", "postgresql+asyncpg://nobody@/x?host=/nonexistent"]
)
async def test_a_database_that_does_not_answer_is_unavailable(url: str, sealer: Sealer) -> None:
    database = SqlDatabase.open(url, sealer)
    with pytest.raises(Unavailable):
        await database.begin().__aenter__()
    await database.close()
    for thread in threading.enumerate():  # aiosqlite's thread of a refused file tells the loop a little later
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 5)


async def test_two_loads_at_once_follow_each_other(database: SqlDatabase) -> None:
    await asyncio.gather(*(open_clinic(database) for _ in range(4)))
    async with database.read() as unit:
        assert (await unit.catalogue.load()).version == 4
