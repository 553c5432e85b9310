"""What all tests share: real servers, migrated databases, and a clinic's worth of rows."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from redis.asyncio import BlockingConnectionPool, Redis
from sqlalchemy.engine import make_url

from booking.appointments import Appointments
from booking.current import CurrentCatalogue
from booking.seats import Seats
from storage.database import SqlDatabase
from storage.migrate import migrate
from storage.pool import RedisPool
from storage.sealing import Sealer
from tests.support import servers
from tests.support.figures import CountedFigures
from tests.support.warm import keep_warm

pytest_plugins = ["tests.support.running"]
settings.register_profile("zhenyue", deadline=None, suppress_health_check=[HealthCheck.too_slow])
keep_warm()
settings.load_profile("zhenyue")  # how long an example takes says more of the machine than of the code
SECRET = b"0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""Monday, 23 November 2026, 09:00 in the clinic."""
_counter = itertools.count()


@pytest.fixture(scope="session")
def valkey_url() -> Generator[str]:
    """A Valkey server for this worker."""
    with servers.valkey() as url:
        yield url


@pytest.fixture
async def valkey(valkey_url: str) -> AsyncGenerator[Redis]:
    """A client of an empty Valkey."""
    pool = BlockingConnectionPool.from_url(valkey_url, max_connections=50, timeout=10)
    client = Redis(connection_pool=pool)
    await client.flushall()
    yield client
    await client.aclose()
    await pool.aclose()


@pytest.fixture(scope="session")
def sealer() -> Sealer:
    """Seals with the tests' key."""
    return Sealer(SECRET)


@pytest.fixture(scope="session")
def postgres_server(sealer: Sealer) -> Generator[str]:
    """A PostgreSQL server for this worker, with a migrated database ``template_zhenyue`` to copy."""
    with servers.postgres() as url:

        async def prepare() -> str:
            template = await servers.create_database(url, f"zhenyue_template_{_worker(url)}", "template1")
            database = SqlDatabase.open(template, sealer)
            await migrate(database)
            await database.close()
            return template

        yield asyncio.run(prepare())


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, sealer: Sealer) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"

    async def prepare() -> None:
        database = SqlDatabase.open(f"sqlite+aiosqlite:///{path}", sealer)
        await migrate(database)
        await database.close()

    asyncio.run(prepare())
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database; a test that uses it runs on both."""
    return str(request.param)


@pytest.fixture
def template(database_kind: str, request: pytest.FixtureRequest) -> str:
    """What a test's own database is copied from: a file's path or a database's address."""
    return str(request.getfixturevalue("sqlite_template" if database_kind == "sqlite" else "postgres_server"))


@pytest.fixture
async def database_url(database_kind: str, template: str, tmp_path: Path) -> AsyncGenerator[str]:
    """The address of a migrated, empty database of the test's own."""
    if database_kind == "sqlite":
        path = tmp_path / "zhenyue.db"
        shutil.copy(template, path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    url = _emptied.pop() if _emptied else await _new_database(template)
    yield url
    if await servers.empty_database(url, template):
        _emptied.append(url)
    else:
        await servers.drop_database(url)


_emptied: list[str] = []
"""Databases that a test has left and that are as new: emptying one takes a fiftieth of making one."""


async def _new_database(template: str) -> str:
    name = f"zhenyue_test_{_worker(template)}_{next(_counter)}"
    return await servers.create_database(template, name, make_url(template).database)


@pytest.fixture
async def database(database_url: str, sealer: Sealer) -> AsyncGenerator[SqlDatabase]:
    """A migrated, empty database."""
    database = SqlDatabase.open(database_url, sealer)
    yield database
    await database.close()


@pytest.fixture
def pool(valkey: Redis) -> RedisPool:
    """The slot pool on an empty Valkey."""
    return RedisPool(valkey)


@pytest.fixture
def now() -> datetime:
    """Monday, 23 November 2026, 09:00 in the clinic."""
    return NOW


def _worker(url: str) -> str:
    return f"{abs(hash(url)) % 10**6}"


@pytest.fixture
def figures() -> CountedFigures:
    """Counts what happened."""
    return CountedFigures()


@pytest.fixture
def seats(database: SqlDatabase, pool: RedisPool, figures: CountedFigures) -> Seats:
    """What keeps the pool true."""
    return Seats(database, pool, figures)


@pytest.fixture
def appointments(database: SqlDatabase, pool: RedisPool, seats: Seats, figures: CountedFigures) -> Appointments:
    """The booking service on a real database and a real Valkey."""
    return Appointments(
        database=database,
        pool=pool,
        seats=seats,
        current=CurrentCatalogue(database),
        hold_for=timedelta(minutes=5),
        figures=figures,
    )
