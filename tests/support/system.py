"""The whole system as processes of its own, with WeChat played beside it: for tests that pull cables."""

import asyncio
import base64
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from booking.notices import NoticeFilter
from booking.ports import ClaimFilter, SlotFilter
from bot.listing_rows import appointment_rows, slot_rows
from bot.notice_listing import notice_rows
from emulator.client import EmulatedUser, EmulatorClient, Message
from storage.database import SqlDatabase, SqlUnit
from storage.sealing import Sealer

ZHENYUE = Path(sys.executable).parent / "zhenyue"
SAMPLE = Path("bot/sample/clinic.yaml").resolve()
TOKEN, AES_KEY = "EndToEndToken", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
APPID, APP_SECRET = "wx00000000000e2e00", "0123456789abcdef0123456789abcdef"
KEY = b"k" * 32
READY = re.compile(r"http://127\.0\.0\.1:(\d+)")
PATIENCE = 30.0


def settings(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a process on this data folder."""
    ours = {
        "DATA_DIR": str(folder),
        "SECRET_KEY": base64.b64encode(KEY).decode(),
        "WECHAT_APPID": APPID,
        "WECHAT_SECRET": APP_SECRET,
        "WECHAT_TOKEN": TOKEN,
        "WECHAT_AES_KEY": AES_KEY,
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ZHENYUE_")}
    return inherited | {f"ZHENYUE_{name}": value for name, value in (ours | more).items()}


@dataclass
class System:
    """One data folder with what runs on it; ``env`` are settings beside the embedded defaults."""

    folder: Path
    emulator: EmulatorClient
    api_base: str
    env: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: Process | None = None
    worker: Process | None = None
    """A ``zhenyue worker`` beside, for tests that ask for one."""
    log: list[str] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        """The environment of every process of ours."""
        return settings(self.folder, PORT=str(self.port), WECHAT_API_BASE=self.api_base, **self.env)

    async def run(self, *words: str) -> str:
        """Run a command to its end and return what it printed; fails unless it exits with 0."""
        code, out, err = await self.attempt(*words)
        assert code == 0, f"zhenyue {' '.join(words)} exited with {code}:\n{out}{err}"
        return out

    async def attempt(self, *words: str) -> tuple[int, str, str]:
        """Run a command; return its exit status and what it printed."""
        process = await asyncio.create_subprocess_exec(
            ZHENYUE, *words, env=self.settings, cwd=self.folder, stdout=PIPE, stderr=PIPE
        )
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE * 2)
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    async def appointments(self, *, openid: str | None = None) -> list[dict[str, object]]:
        """Return the rows of ``zhenyue appointments --json``; here, since a command takes seconds to start."""
        async with self._looking() as (unit, zone, now):
            return list(await appointment_rows(unit, ClaimFilter(openid=openid), zone, status=None, now=now))

    async def slots(self) -> list[dict[str, object]]:
        """Return the rows of ``zhenyue slots --json``, past days too."""
        async with self._looking() as (unit, zone, now):
            return list(slot_rows(await unit.sessions.slots(SlotFilter()), zone, now=now))

    async def notices(self) -> list[dict[str, object]]:
        """Return the rows of ``zhenyue notices --json``."""
        async with self._looking() as (unit, zone, _):
            return list(notice_rows(await unit.notices.find(NoticeFilter()), zone))

    def open_database(self) -> SqlDatabase:
        """Open the system's database beside whatever runs on it."""
        embedded = f"sqlite+aiosqlite:///{self.folder / 'zhenyue.db'}"
        return SqlDatabase.open(self.env.get("DATABASE_URL", embedded), Sealer(KEY))

    @asynccontextmanager
    async def _looking(self) -> AsyncGenerator[tuple[SqlUnit, ZoneInfo, datetime]]:
        database = self.open_database()
        try:
            async with database.read() as unit:
                yield unit, (await unit.catalogue.load()).clinic.zone, datetime.now(UTC)
        finally:
            await database.close()

    async def listing(self, *words: str) -> list[dict[str, object]]:
        """Run a listing command with ``--json``."""
        rows: list[dict[str, object]] = json.loads(await self.run(*words, "--json"))
        return rows

    async def start(self, *options: str) -> None:
        """Serve, and wait until it says where; the port stays the same from then on."""
        self.process = await asyncio.create_subprocess_exec(
            ZHENYUE, "serve", *options, env=self.settings, cwd=self.folder, stdout=PIPE, stderr=STDOUT
        )
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while True:
                line = (await self.process.stdout.readline()).decode()
                assert line, "serve ended:\n" + "".join(self.log[-20:])
                self.log.append(line)
                if ready := READY.search(line):
                    self.port = int(ready[1])
                    break
        self._reading = asyncio.create_task(self._read(self.process.stdout))
        await self.emulator.settings(webhook_url=f"http://127.0.0.1:{self.port}/wechat")

    async def start_worker(self) -> None:
        """Do the background work in a process of its own, beside ``serve --no-worker``."""
        self.worker = await asyncio.create_subprocess_exec(
            ZHENYUE, "worker", env=self.settings, cwd=self.folder, stdout=PIPE, stderr=STDOUT
        )
        assert self.worker.stdout is not None
        self._hearing = asyncio.create_task(self._read(self.worker.stdout))

    async def kill_worker(self) -> None:
        """Pull the worker's cable: kill -9."""
        assert self.worker is not None
        self.worker.send_signal(signal.SIGKILL)
        await self.worker.wait()
        self.worker = None

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            self.log.append(line.decode())

    async def kill(self) -> None:
        """Pull the cable: kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
        self.process = None

    async def stop(self) -> int:
        """Ask it to end (SIGTERM); return its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            await self._reading
            code = await self.process.wait()
        self.process = None
        return code

    async def close(self) -> None:
        """End whatever still runs; the worker first, since serve's Redis is its own."""
        if self.worker is not None:
            self.worker.send_signal(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE):
                await self._hearing
                await self.worker.wait()
            self.worker = None
        if self.process is not None:
            await self.stop()


async def register(user: EmulatedUser, name: str, id_number: str, mobile: str) -> Message:
    """Follow, agree and register as a person would who answers everything in one message."""
    await user.follow()
    await user.say("预约")
    reply = await user.say("1")  # 同意
    assert "请输入姓名" in reply
    return await user.say(f"{name} {id_number} {mobile}")


async def choose(user: EmulatedUser, until: str, *wanted: str) -> Message:
    """Answer questions until the reply holds these words: by what is wanted where it is offered, else the first."""
    reply = user.last
    assert reply is not None
    for _ in range(15):
        if until in reply:
            return reply
        labels = [choice.label for choice in reply.choices]
        pick = next((label for want in wanted for label in labels if re.search(want, label)), None)
        assert labels, f"no choices and no {until!r} in:\n{reply}"
        reply = await user.tap(pick or labels[0])
    raise AssertionError(f"never came to {until!r}; the last reply was:\n{reply}")


def number_in(reply: Message) -> str:
    """The appointment number of a success message."""
    found = re.search(r"预约号：(\S+)", str(reply))
    assert found, str(reply)
    return found[1]
