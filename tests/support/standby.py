"""A PostgreSQL with a streaming replica that has every commit before it is acknowledged."""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from storage.database import SqlDatabase
from storage.migrate import migrate
from storage.sealing import Sealer
from tests.support import servers
from tests.support.clusters import free_ports, until

_SYNCHRONOUS = "ALTER SYSTEM SET synchronous_standby_names = '*'"


def missing_programs() -> str:
    """Return which program a standby needs that is not here; empty when none is missing."""
    with servers.short_folder() as folder:
        programs = servers.postgres_programs(folder, None)
        return next((name for name in ("initdb", "postgres", "pg_basebackup") if not (programs / name).exists()), "")


@dataclass
class PostgresPair:
    """A primary and its standby, on ports of this machine."""

    folder: Path
    programs: Path
    user: str | None
    ports: tuple[int, int]
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def url(self) -> str:
        """An address that means whichever of the two can be written, as operations.md says."""
        hosts = "&".join(f"host=127.0.0.1:{port}" for port in self.ports)
        return f"postgresql+asyncpg://postgres@/postgres?{hosts}&target_session_attrs=primary"

    def run(self, program: str, *words: str | Path) -> None:
        """Run a program to its end."""
        with (self.folder / "log").open("ab") as log:
            command = [self.programs / program, *words]
            subprocess.run(command, check=True, stdout=log, stderr=log, user=self.user, cwd=self.folder)

    async def start(self, place: int) -> None:
        """Start one of them."""
        data = self.folder / f"data{place}"
        settings = ("listen_addresses=127.0.0.1", f"port={self.ports[place]}", "unix_socket_directories=",
                    "fsync=off", "max_connections=60", "hot_standby=on", "wal_level=replica")  # fmt: skip
        command = [self.programs / "postgres", "-D", data, *(word for s in settings for word in ("-c", s))]
        with (self.folder / "log").open("ab") as log:
            started = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
                command, stdout=log, stderr=log, user=self.user, cwd=self.folder, start_new_session=True
            )
        self.running.append(started)
        await until(lambda: self.ask(place, "SELECT 1"), "PostgreSQL to start")

    async def ask(self, place: int, statement: str) -> object:
        """Ask one of them."""
        try:
            connection = await asyncpg.connect(
                host="127.0.0.1", port=self.ports[place], user="postgres", database="postgres", timeout=5
            )
        except asyncpg.PostgresError as error:
            raise OSError(str(error)) from error
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    async def let_the_standby_lag(self) -> None:
        """Let commits be acknowledged that the standby does not have."""
        await self.ask(0, "ALTER SYSTEM RESET synchronous_standby_names")
        await self.ask(0, "SELECT pg_reload_conf()")
        await self.ask(1, "ALTER SYSTEM SET primary_conninfo = ''")
        await self.ask(1, "SELECT pg_reload_conf()")
        await until(lambda: self.ask(0, "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_stat_replication)"), "a lag")

    async def lose_the_primary(self) -> None:
        """Kill it as a power cut would, and promote the standby."""
        os.killpg(self.running[0].pid, signal.SIGKILL)
        self.running[0].wait()
        await self.ask(1, "ALTER SYSTEM RESET synchronous_standby_names")
        await self.ask(1, "SELECT pg_reload_conf()")
        await self.ask(1, "SELECT pg_promote()")


@contextlib.asynccontextmanager
async def pair(sealer: Sealer) -> AsyncGenerator[PostgresPair]:
    """Run both; the database has our tables."""
    with servers.short_folder() as folder:
        user = "nobody" if os.geteuid() == 0 else None
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        first, second = free_ports(2)
        both = PostgresPair(folder, servers.postgres_programs(folder, user), user, (first, second))
        try:
            both.run("initdb", "-D", folder / "data0", "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-sync")
            await both.start(0)
            source = f"host=127.0.0.1 port={first} user=postgres application_name=standby"
            await asyncio.to_thread(
                both.run, "pg_basebackup", "-D", folder / "data1", "-R", "-d", source, "-X", "stream", "-c", "fast",
                "--no-sync",
            )  # fmt: skip
            await both.start(1)
            await both.ask(0, _SYNCHRONOUS)
            await both.ask(0, "SELECT pg_reload_conf()")
            await until(lambda: both.ask(0, "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"), "a standby")
            database = SqlDatabase.open(both.url, sealer)
            await migrate(database)
            await database.close()
            yield both
        finally:
            for each in both.running:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(each.pid, signal.SIGKILL)
                each.wait()
            shutil.rmtree(folder, ignore_errors=True)
