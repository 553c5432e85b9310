"""Every kind of Redis address of the contract reaches a server that the pool works on."""

import asyncio
import socket
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from sqlalchemy import text

from booking.models import SessionState
from booking.pool_port import PoolSeats
from bot.connections import ensure_schema, make_redis, open_database, open_redis, prepare, redis_problem, shown
from bot.settings import ConfigurationError, DatabaseSettings
from storage.database import SqlDatabase
from storage.lives import Lives
from storage.migrate import newest_revision, revision
from storage.pool import RedisPool
from storage.valkey_process import find_server
from tests.support.cluster import cluster


async def seats_survive(redis: Redis, now: datetime) -> None:
    """A session's seats go there and back."""
    pool = RedisPool(redis)
    ends = now + timedelta(hours=3)
    seats = PoolSeats("s-1", 1, SessionState.OPEN, now, ends, (2,), {(0, 1): ("r-1", "p-1")})
    assert await pool.replace(seats)
    reading = await pool.read("s-1")
    assert reading is not None
    assert reading.free == {(0, 2)}
    admission = await pool.admit(session="s-1", position=0, patient="p-2", owner="r-2", main=True, now=now)
    assert admission.seat == 2


async def test_one_server(valkey: Redis, valkey_url: str, now: datetime) -> None:
    assert await valkey.ping()
    async with open_redis(valkey_url) as redis:
        assert await redis_problem(redis, valkey_url) is None
        await seats_survive(redis, now)


async def test_a_cluster(now: datetime) -> None:
    async with cluster() as known:
        await known.initialize()
        (node,) = known.get_nodes()
        url = f"redis+cluster://127.0.0.1:{node.port}"
        async with open_redis(url) as redis:
            assert await redis_problem(redis, url) is None
            await seats_survive(redis, now)


async def test_what_a_sentinel_watches_over(valkey: Redis, valkey_url: str, tmp_path: Path, now: datetime) -> None:
    with socket.socket() as probe, socket.socket() as second:
        probe.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        master, watcher = probe.getsockname()[1], second.getsockname()[1]
    assert await valkey.ping()
    config = tmp_path / "sentinel.conf"
    config.write_text(f"port {watcher}\nbind 127.0.0.1\ndir {tmp_path}\nsentinel monitor clinic 127.0.0.1 {master} 1\n")
    options = ("--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path))
    quiet = {"stdout": asyncio.subprocess.DEVNULL, "stderr": asyncio.subprocess.DEVNULL}
    processes = [
        await asyncio.create_subprocess_exec(find_server(), "--port", str(master), *options, **quiet),
        await asyncio.create_subprocess_exec(find_server(), str(config), "--sentinel", **quiet),
    ]
    try:
        url = f"redis+sentinel://127.0.0.1:{watcher}/clinic/0"
        async with open_redis(url) as redis:
            async with asyncio.timeout(30):
                while await redis_problem(redis, url) is not None:  # noqa: ASYNC110 - a server tells no event
                    await asyncio.sleep(0.05)
            await seats_survive(redis, now)
    finally:
        for process in processes:
            process.terminate()
            await process.wait()


async def test_a_crowd_waits_for_connections_instead_of_failing(valkey_url: str) -> None:
    redis = make_redis(valkey_url, Lives())
    answers = await asyncio.gather(*(redis.ping() for _ in range(500)))
    assert all(answers)
    await redis.aclose()
    await redis.connection_pool.disconnect()


async def test_a_new_database_gets_its_schema_and_an_old_one_is_not_touched(tmp_path: Path) -> None:
    settings = DatabaseSettings(_env_file=None, data_dir=tmp_path / "data")
    await prepare(settings, None)
    async with open_database(settings) as database:
        assert await revision(database) == newest_revision()
        async with database.begin() as unit:
            await unit.connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        with pytest.raises(ConfigurationError, match="zhenyue migrate"):
            await ensure_schema(database)


def test_an_address_is_shown_without_its_login() -> None:
    assert shown("redis://:geheim@host:6379/0") == "redis://host:6379/0"
    assert shown("postgresql+asyncpg://u:geheim@db/z") == "postgresql+asyncpg://db/z"
    assert shown("sqlite+aiosqlite:////data/zhenyue.db").endswith("/data/zhenyue.db")


async def test_several_nodes_of_a_cluster_are_named_with_commas() -> None:
    redis = make_redis("redis+cluster://u:p%40w@h1:7000,[::1]:7001,h2", Lives())
    assert isinstance(redis, RedisCluster)
    assert set(redis.nodes_manager.startup_nodes) == {"h1:7000", "::1:7001", "h2:6379"}
    assert (redis.connection_kwargs["username"], redis.connection_kwargs["password"]) == ("u", "p@w")
    await redis.aclose()


@pytest.mark.postgres
@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_a_connection_that_postgresql_ended_is_replaced_before_anybody_uses_it(
    database: SqlDatabase, database_url: str
) -> None:
    pids = []
    for _ in range(2):
        async with database.read() as unit:
            pids.append((await unit.connection.execute(text("SELECT pg_backend_pid()"))).scalar())
        other = await asyncpg.connect(database_url.replace("+asyncpg", ""))
        await other.execute(f"SELECT pg_terminate_backend({pids[-1]})")
        await other.close()
        await asyncio.sleep(0.2)
    assert len(set(pids)) == 2
    async with database.begin() as unit:
        await unit.claims.get("none")
