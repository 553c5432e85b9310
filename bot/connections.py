"""Opening the database and Redis, and refusing to start on ones that cannot serve, with one line that says why."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import urlsplit

from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import AbstractConnection, parse_url
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.connection import HiredisRespSerializer
from redis.exceptions import RedisError
from sqlalchemy import select, text, union

from booking.errors import Unavailable
from bot import texts
from bot.settings import ConfigurationError, DatabaseSettings, RecordSettings
from storage.connection import SqlConnection
from storage.database import SqlDatabase
from storage.folder import make_private
from storage.lives import Lives
from storage.migrate import migrate, newest_revision, revision
from storage.patient_tables import account_patient, patient
from storage.sealing import Sealer
from storage.staff_tables import audit_detail

_KEYS = union(select(patient.c.key_id), select(account_patient.c.key_id), select(audit_detail.c.key_id))
REDIS_CONNECTIONS = 50
REDIS_SECONDS = 5.0
"""How long a command may wait for a free connection, for connecting, and for its answer."""
START_PATIENCE = 3.0
"""Seconds that a start waits for the database or Redis to come up."""


def make_sealer(settings: DatabaseSettings) -> Sealer:
    """Return what seals personal data. Commands on public data get a key of the moment: they can open nothing."""
    if isinstance(settings, RecordSettings):
        current, *previous = settings.secret_keys
        return Sealer(current, previous)
    return Sealer(os.urandom(32))


@asynccontextmanager
async def open_database(settings: DatabaseSettings) -> AsyncGenerator[SqlDatabase]:
    """Open the database for the length of a block; connects on first use. A folder for a new file is made.

    Raises ``ConfigurationError`` when that is impossible.
    """
    if settings.database_file is not None:
        try:
            make_private(settings.database_file.parent)
            if not settings.database_file.exists():
                settings.database_file.touch(mode=0o600)  # openids stand in it as they are
        except OSError as error:
            folder = settings.database_file.parent
            raise ConfigurationError(texts.FOLDER_UNUSABLE.format(folder=folder, problem=error.strerror)) from None
    database = SqlDatabase.open(settings.database_url, make_sealer(settings))
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_redis(url: str, lives: Lives | None = None) -> AsyncGenerator[Redis]:
    """Open Redis for the length of a block; connects on first use. ``lives`` meets the servers."""
    client = make_redis(url, lives or Lives())
    try:
        yield client
    finally:
        await client.aclose()
        if not isinstance(client, RedisCluster):
            await _close_pool(client.connection_pool)


async def _close_pool(pool: ConnectionPool) -> None:
    await pool.disconnect()
    if isinstance(pool, SentinelConnectionPool):
        for watcher in pool.sentinel_manager.sentinels:
            await watcher.aclose()


def make_redis(url: str, lives: Lives) -> Redis:
    """Make the client for an address of the contract: one server, a cluster, or what Sentinels watch over."""
    scheme = url.partition("://")[0]
    if scheme == "redis+cluster":
        return _of_cluster(url, lives)
    if scheme == "redis+sentinel":
        return _through_sentinels(url, lives)
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=REDIS_CONNECTIONS,
        timeout=REDIS_SECONDS,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        redis_connect_func=lives.meet,
    )
    pool.connection_class = packed_by_hiredis(pool.connection_class)
    return Redis(connection_pool=pool)


def packed_by_hiredis(kind: type[AbstractConnection]) -> type[AbstractConnection]:
    """Return the kind of connection with commands packed by hiredis, as redis-py does for synchronous ones.

    In Python packing a turn's two scripts takes 30 microseconds, in C five.
    """
    packer = HiredisRespSerializer()

    def pack_command(_self: AbstractConnection, *args: object) -> list[bytes]:
        packed: list[bytes] = packer.pack(*args)  # type: ignore[arg-type]  # redis-py means each one, not lists
        return packed

    return type(f"Packed{kind.__name__}", (kind,), {"pack_command": pack_command})


async def prepare(settings: DatabaseSettings, redis_url: str | None, *, patience: float = START_PATIENCE) -> None:
    """Make sure that database and Redis can serve us; a new database gets its schema.

    Raises ``ConfigurationError`` with the remedy. Without a Redis address only the database is looked at.
    """
    async with open_database(settings) as database:
        await reach_database(database, settings, patience=patience)
        await ensure_schema(database)
        problem = await key_problem(database, settings)
        if problem:
            raise ConfigurationError(problem)
    if redis_url is None:
        return
    async with open_redis(redis_url) as redis:
        await _reached(lambda: redis_problem(redis, redis_url), patience)


async def reach_database(
    database: SqlDatabase, settings: DatabaseSettings, *, patience: float = START_PATIENCE
) -> None:
    """Wait until the database can be read and written; a file is waited for no time at all.

    Raises ``ConfigurationError``.
    """
    await _reached(lambda: database_problem(database, settings), 0.0 if settings.database_file else patience)


async def ensure_schema(database: SqlDatabase) -> None:
    """Give a new database its schema; raises ``ConfigurationError`` when an older one must be migrated."""
    found = await revision(database)
    if found is None:
        await migrate(database)
    elif found != newest_revision():
        raise ConfigurationError(texts.DATABASE_OUTDATED.format(found=found, newest=newest_revision()))


async def database_problem(database: SqlDatabase, settings: DatabaseSettings) -> str | None:
    """Return in one line why the database cannot be read and written; None when it can."""
    try:
        async with database.begin() as unit:
            read_only = await _is_read_only(unit.connection)
    except Unavailable as error:
        return texts.DATABASE_UNREACHABLE.format(where=shown(settings.database_url), problem=reason(error))
    except OSError as error:
        return texts.DATABASE_UNREACHABLE.format(where=shown(settings.database_url), problem=error.strerror)
    if read_only:
        return texts.DATABASE_UNREACHABLE.format(where=shown(settings.database_url), problem="read-only")
    return None


async def _is_read_only(connection: SqlConnection) -> bool:
    """Whether PostgreSQL lets nobody write; SQLite says so itself, as of a full disk, when written to."""
    if connection.dialect.name == "postgresql":
        asked = await connection.execute(text("SELECT current_setting('transaction_read_only') = 'on'"))
        return bool(asked.scalar())
    version = (await connection.execute(text("PRAGMA user_version"))).scalar()
    await connection.execute(text(f"PRAGMA user_version = {int(version or 0)}"))
    return False


async def key_problem(database: SqlDatabase, settings: DatabaseSettings) -> str | None:
    """Return in one line that patients are sealed with a key we were not given; None when all can be opened."""
    if not isinstance(settings, RecordSettings):
        return None
    ours = {Sealer(key).key_id for key in settings.secret_keys}
    return texts.KEY_WRONG if await keys_in_use(database) - ours else None


async def keys_in_use(database: SqlDatabase) -> set[str]:
    """Return the ids of the keys that patients and the audit trail are sealed with; raises ``Unavailable``."""
    async with database.read() as unit:
        used = await unit.connection.execute(_KEYS)
        return set(used.scalars())


async def redis_problem(redis: Redis, url: str) -> str | None:
    """Return in one line why Redis does not answer; None when it does."""
    try:
        await redis.ping()
    except (RedisError, OSError) as error:
        return texts.REDIS_UNREACHABLE.format(where=shown(url), problem=reason(error))
    return None


def shown(url: str) -> str:
    """Return an address without its login."""
    parts = urlsplit(url)
    if not parts.netloc:
        return url
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def reason(error: BaseException) -> str:
    """Return the first line of what was wrong in the end, without rows that a driver might quote."""
    while error.__cause__ is not None:
        error = error.__cause__
    words = str(error).strip().partition("\n")[0]
    return words or type(error).__name__


async def _reached(look: Callable[[], Awaitable[str | None]], patience: float) -> None:
    """Look again until there is no problem; raises ``ConfigurationError`` with the last one."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while True:
        problem = await look()
        if problem is None:
            return
        if loop.time() >= deadline:
            raise ConfigurationError(problem)
        await asyncio.sleep(0.25)


def _addresses(hosts: str, port: int) -> list[tuple[str, int]]:
    """Return hosts and ports of a list with commas; IPv6 stands in brackets."""
    found = (urlsplit(f"//{each}") for each in hosts.split(","))
    return [(each.hostname or "", each.port or port) for each in found]


def _of_cluster(url: str, lives: Lives) -> Redis:
    """``redis+cluster://:password@host1:6379,host2:6379``: whichever of these answers first tells of the others."""
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    first, *others = _addresses(hosts, 6379)
    given = parse_url(f"redis://{login}{at}{hosts.partition(',')[0]}{parts.path}?{parts.query}")
    options: dict[str, Any] = {**given, "host": first[0], "port": first[1]}
    cluster = RedisCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in others],
        max_connections=REDIS_CONNECTIONS,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        **options,
    )
    cluster.connection_kwargs["redis_connect_func"] = lives.meet  # what its nodes are made with
    return cast("Redis", cluster)


def _through_sentinels(url: str, lives: Lives) -> Redis:
    """``redis+sentinel://:password@host1:26379,host2:26379/name/0``."""
    parts = urlsplit(url)
    login, _, hosts = parts.netloc.rpartition("@")
    name, _, number = parts.path.strip("/").partition("/")
    password = login.partition(":")[2] or None
    addresses = _addresses(hosts, 26379)
    sentinel = Sentinel(addresses, socket_timeout=REDIS_SECONDS)  # type: ignore[no-untyped-call]  # untyped there
    master = sentinel.master_for(
        name or "mymaster",
        db=int(number or 0),
        password=password,
        socket_timeout=REDIS_SECONDS,
        redis_connect_func=lives.meet,
    )
    return cast("Redis", master)


async def migrate_database(settings: DatabaseSettings) -> tuple[str | None, str]:
    """Bring the database to the newest schema; returns the revision before and after.

    Raises ``ConfigurationError`` when the database cannot be written.
    """
    async with open_database(settings) as database:
        await reach_database(database, settings)
        return await migrate(database)
