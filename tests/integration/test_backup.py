"""A backup is one moment of the whole database, and comes back whole, into either database (R-B12)."""

import io
import tracemalloc
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from booking.appointments import Appointments
from booking.audit_chain import GENESIS
from booking.errors import Unavailable
from booking.refusals import SoldOut
from booking.seats import Seats
from storage import backups
from storage.backup_format import Made, Sum, TableHead, line_of
from storage.backups import BackupUnfit, read_backup, restore_backup, write_backup
from storage.database import SqlDatabase
from storage.migrate import migrate, newest_revision, revision
from storage.patient_tables import account
from storage.pool import RedisPool
from storage.sealed_stream import SealedWriter, StreamBroken
from storage.staff_tables import audit
from storage.tables import claim
from tests.conftest import SECRET
from tests.support import servers
from tests.support.backups import (
    DAY,
    OPERATOR,
    TUESDAY,
    as_restored,
    eventful,
    opened,
    restored,
    rows_of,
    saved,
    without_restoring,
)
from tests.support.clinic import add_session, open_clinic
from tests.support.figures import CountedFigures
from tests.support.services import service
from tests.support.stopping import Ward

POSTGRES = pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def other_server(request: pytest.FixtureRequest) -> str:
    """Where the other database will be; nothing for a file."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_server"))


@pytest.fixture
async def other_url(other_server: str, tmp_path: Path) -> AsyncGenerator[str]:
    """The address of another database, empty and without a schema."""
    if not other_server:
        yield f"sqlite+aiosqlite:///{tmp_path / 'other.db'}"
        return
    url = await servers.create_database(other_server, "zhenyue_restored", "template1")
    yield url
    await servers.drop_database(url)


async def test_everything_comes_back_into_either_database(
    database: SqlDatabase, pool: RedisPool, appointments: Appointments, other_url: str, now: datetime
) -> None:
    ward = await eventful(database, pool, appointments, now)
    before = await rows_of(database)
    backup = await saved(database, SECRET, now)
    async with opened(other_url, SECRET) as other:
        await restored(other, backup, SECRET, now)
        assert without_restoring(await rows_of(other)) == as_restored(before)
        again = Ward.open(other, pool, service(other, pool))
        await again.book("wang-20261125-0900-0900", "赵六", now=now)  # every counter goes on behind the rows
        assert len(await again.notices("booked")) == len(await ward.notices("booked")) + 1


async def test_what_is_booked_meanwhile_is_wholly_in_the_copy_or_not_at_all(
    database: SqlDatabase,
    pool: RedisPool,
    appointments: Appointments,
    tmp_path: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await booked_meanwhile(database, pool, appointments, now, monkeypatch)
    backup = await saved(database, SECRET, now)
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'copy.db'}", SECRET) as copy:
        await restored(copy, backup, SECRET, now)
        booked, told = await booked_and_told(copy)
    assert booked == told <= 2
    assert (await booked_and_told(database))[0] > 10


@POSTGRES
async def test_control_without_a_snapshot_the_copy_is_of_many_moments(
    database: SqlDatabase,
    pool: RedisPool,
    appointments: Appointments,
    tmp_path: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await booked_meanwhile(database, pool, appointments, now, monkeypatch)
    monkeypatch.setattr(SqlDatabase, "snapshot", SqlDatabase.read)
    backup = await saved(database, SECRET, now)
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'copy.db'}", SECRET) as copy:
        try:
            await restored(copy, backup, SECRET, now)
        except (IntegrityError, AssertionError, StreamBroken):
            return
        booked, told = await booked_and_told(copy)
        assert booked > told


async def booked_meanwhile(
    database: SqlDatabase,
    pool: RedisPool,
    appointments: Appointments,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One appointment before; from then on another one is booked before each table is written."""
    await open_clinic(database)
    await add_session(database, now + DAY, capacities=(60, 60))
    ward = Ward.open(database, pool, appointments)
    await ward.book(f"{TUESDAY}-0900", "第一位", now=now)
    write_table = backups._write_table

    async def interrupted(connection: object, table: Table, writer: SealedWriter) -> int:
        await ward.book(f"{TUESDAY}-0900", f"患者{table.name}", now=now)
        return await write_table(connection, table, writer)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(backups, "_write_table", interrupted)


async def booked_and_told(database: SqlDatabase) -> tuple[int, int]:
    """How many appointments there are, and how many the audit trail tells of."""
    async with database.read() as unit:
        booked = await unit.connection.execute(select(func.count()).select_from(claim))
        told = await unit.connection.execute(select(func.count()).select_from(audit).where(audit.c.action == "booked"))
        return booked.scalar_one(), told.scalar_one()


async def test_a_redis_that_knows_a_later_time_sells_nothing_twice_and_keeps_nothing_back(
    database: SqlDatabase, pool: RedisPool, appointments: Appointments, tmp_path: Path, valkey: Redis, now: datetime
) -> None:
    await open_clinic(database)
    await add_session(database, now + DAY, capacities=(2,))
    ward = Ward.open(database, pool, appointments)
    kept = await ward.book(f"{TUESDAY}-0900", "早", now=now)
    backup = await saved(database, SECRET, now)
    await ward.book(f"{TUESDAY}-0900", "晚", now=now)  # lost with the database, known to Redis
    for _ in range(3):
        await ward.seats.rebuild(TUESDAY)  # Redis's generation runs ahead of the backup's
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'copy.db'}", SECRET) as copy:
        await restored(copy, backup, SECRET, now)
        again = Ward.open(copy, pool, service(copy, pool))
        await again.seats.rebuild_all([TUESDAY])
        booked = await again.book(f"{TUESDAY}-0900", "再来", now=now)
        assert {kept.seat, booked.seat} == {1, 2}
        assert await again.seats.verify(now=now + timedelta(minutes=1)) == []
        with pytest.raises(SoldOut):
            await again.book(f"{TUESDAY}-0900", "太晚", now=now)


async def test_control_without_generations_ahead_that_redis_is_believed(
    database: SqlDatabase,
    pool: RedisPool,
    appointments: Appointments,
    tmp_path: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backups, "GENERATIONS_AHEAD", 0)
    await open_clinic(database)
    await add_session(database, now + DAY, capacities=(2,))
    ward = Ward.open(database, pool, appointments)
    backup = await saved(database, SECRET, now)
    for _ in range(3):
        await ward.seats.rebuild(TUESDAY)
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'copy.db'}", SECRET) as copy:
        await restored(copy, backup, SECRET, now)
        seats = Seats(copy, pool, CountedFigures())
        await seats.rebuild_all([TUESDAY])
        assert await seats.verify(now=now + timedelta(minutes=1)) != []


async def test_a_database_with_rows_in_it_is_left_alone(
    database: SqlDatabase, pool: RedisPool, appointments: Appointments, now: datetime
) -> None:
    await eventful(database, pool, appointments, now)
    backup = await saved(database, SECRET, now)
    before = await rows_of(database)
    with pytest.raises(BackupUnfit, match="not_empty"):
        await restore_backup(database, backup, secrets=[SECRET], by=OPERATOR, now=now)
    assert await rows_of(database) == before


@SQLITE
@pytest.mark.parametrize("harm", ["cut", "flip"])
async def test_a_backup_that_breaks_off_half_way_leaves_nothing_behind(
    database: SqlDatabase,
    pool: RedisPool,
    appointments: Appointments,
    other_url: str,
    now: datetime,
    harm: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("storage.sealed_stream.CHUNK", 512)  # so that many tables are loaded before the harm
    await eventful(database, pool, appointments, now)
    content = bytearray((await saved(database, SECRET, now)).getvalue())
    if harm == "cut":
        del content[-200:]
    else:
        content[-300] ^= 1
    async with opened(other_url, SECRET) as other:
        await migrate(other)
        before = await rows_of(other)
        with pytest.raises(StreamBroken):
            await restore_backup(other, io.BytesIO(content), secrets=[SECRET], by=OPERATOR, now=now)
        assert await rows_of(other) == before
        assert await revision(other) == newest_revision()


@pytest.mark.parametrize("fresh", [True, False], ids=["new", "migrated"])
async def test_an_older_releases_backup_is_upgraded_and_a_newer_ones_is_refused(
    other_url: str, now: datetime, fresh: bool
) -> None:
    columns = (
        ("openid", "text"),
        ("following", "bool"),
        ("first_seen_at", "instant"),
        ("follow_changed_at", "instant"),
    )
    rows = [("o-old", True, now, now), ("o-older", False, now, now)]

    def made_under(schema: str) -> io.BytesIO:
        sink = io.BytesIO()
        writer = SealedWriter(sink, SECRET)
        writer.write(line_of(Made(schema, now, "sqlite")) + line_of(TableHead("account", columns)))
        writer.write(b"".join(map(line_of, rows)) + line_of(Sum({"account": 2}, 0, GENESIS)))
        writer.finish()
        return io.BytesIO(sink.getvalue())

    async with opened(other_url, SECRET) as other:
        if not fresh:
            await migrate(other)
        with pytest.raises(BackupUnfit, match="newer: 9999"):
            await restore_backup(other, made_under("9999"), secrets=[SECRET], by=OPERATOR, now=now)
        await restored(other, made_under("0002"), SECRET, now)
        assert await revision(other) == newest_revision()
        async with other.read() as unit:
            query = select(account.c.openid, account.c.reminders).order_by(account.c.openid)
            assert (await unit.connection.execute(query)).all() == [("o-old", True), ("o-older", True)]


@SQLITE
async def test_memory_does_not_grow_with_the_database_and_control_unless_all_is_one_batch(
    database: SqlDatabase, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def peak(batch: int) -> int:
        monkeypatch.setattr(backups, "BATCH", batch)
        tracemalloc.start()
        try:
            with (tmp_path / "backup").open("w+b") as file:  # a test's own file
                await write_backup(database, file, secret=SECRET, now=now)
                file.seek(0)
                assert read_backup(file, secrets=[SECRET])[1].rows["account"] == 3000
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    many = [
        {"openid": f"o{n:027}", "following": True, "first_seen_at": now, "follow_changed_at": now, "reminders": True}
        for n in range(3000)
    ]
    async with database.begin() as unit:
        await unit.connection.execute(insert(account), many)
    await peak(100)  # what is cached at the first time is no growth
    assert await peak(100) * 3 < await peak(10_000)


@POSTGRES
async def test_nobody_writes_into_a_database_that_is_being_restored(
    database: SqlDatabase, other_url: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    if other_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer anyway")
    backup = await saved(database, SECRET, now)
    async with opened(other_url, SECRET) as other:
        await migrate(other)
        real = backups._settle
        refused: list[str] = []

        async def meanwhile(connection: object) -> None:
            with pytest.raises(Unavailable):
                await follow_at_once(other, "o-early", now)
            refused.append("o-early")
            await real(connection)  # type: ignore[arg-type]  # handed on as it came

        monkeypatch.setattr(backups, "_settle", meanwhile)
        await restored(other, backup, SECRET, now)
        assert refused


async def follow_at_once(database: SqlDatabase, openid: str, now: datetime) -> None:
    async with database.begin() as unit:
        await unit.connection.execute(text("SET LOCAL lock_timeout = 50"))
        await unit.patients.follow(openid, following=True, now=now)
