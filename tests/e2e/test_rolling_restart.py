"""Bots on one port, restarted in turn while patients write: every message is answered, once, at its first delivery."""

import asyncio
import json
import shutil
import signal
import socket
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from emulator.client import EmulatedUser
from tests.support.system import READY, ZHENYUE, System

PATIENTS = 6
PAUSE = 0.05
BETWEEN = 30
"""Answers that are waited for between two steps, so that each step meets the load."""
UNLIMITED = {"ACCOUNT_BURST": "10000"}
WITH_A_GIVEN_SOCKET = 'exec 3<&"$1"; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" serve --no-worker'


class Load:
    """Patients who write one message after the other until they are told to stop."""

    def __init__(self) -> None:
        self.said = 0
        self.answers: list[str] = []
        self.writing: list[asyncio.Task[None]] = []
        self._stop = False

    async def write(self, user: EmulatedUser) -> None:
        self.said += 1
        self.answers.append(str(await user.follow()))
        while not self._stop:
            self.said += 1
            self.answers.append(str(await user.say("帮助")))
            await asyncio.sleep(PAUSE)

    async def more(self, count: int = BETWEEN) -> None:
        """Wait for so many more answers."""
        wanted = len(self.answers) + count
        async with asyncio.timeout(60):
            while len(self.answers) < wanted and not any(task.done() for task in self.writing):  # noqa: ASYNC110  # silent
                await asyncio.sleep(PAUSE)
        for task in self.writing:
            if task.done():
                task.result()

    def stop(self) -> None:
        self._stop = True


@asynccontextmanager
async def writing(system: System) -> AsyncGenerator[Load]:
    """Patients write for the length of the block."""
    load = Load()
    users = [await system.emulator.user(f"患者{number}") for number in range(PATIENTS)]
    load.writing = tasks = [asyncio.create_task(load.write(user)) for user in users]
    try:
        await load.more()
        yield load
        await load.more()
        load.stop()
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def judge(system: System, load: Load, log: list[str]) -> None:
    """None refused, none without an answer, none answered twice."""
    deliveries = await system.emulator.deliveries()
    assert len(deliveries) == load.said == len(load.answers)
    assert {(delivery["attempt"], delivery["outcome"]) for delivery in deliveries} == {(1, "reply")}
    assert all("预约" in answer for answer in load.answers)
    taken = [json.loads(line)["request_id"] for line in log if '"event":"turn"' in line]
    assert len(taken) == len(set(taken)) == load.said
    assert await system.emulator.calls(path="custom/send") == []


class Bots:
    """Bots that accept from one socket, which this process holds open as systemd would."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self._listener.getsockname()[1]
        self.log: list[str] = []
        self._reading: dict[Process, asyncio.Task[None]] = {}

    async def start(self) -> Process:
        given = self._listener.fileno()
        bot = await asyncio.create_subprocess_exec(
            "bash", "-c", WITH_A_GIVEN_SOCKET, ZHENYUE, str(given),
            env=self._system.settings, cwd=self._system.folder, stdout=PIPE, stderr=STDOUT, pass_fds=(given,),
        )  # fmt: skip
        assert bot.stdout is not None
        async with asyncio.timeout(60):
            while not READY.search(line := (await bot.stdout.readline()).decode()):
                assert line, "".join(self.log[-20:])
                self.log.append(line)
        assert f":{self.port}" in line
        self._reading[bot] = asyncio.create_task(self._read(bot.stdout))
        return bot

    async def _read(self, output: asyncio.StreamReader) -> None:
        while line := await output.readline():
            self.log.append(line.decode())

    async def stop(self, bot: Process) -> int:
        bot.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            await self._reading.pop(bot)
            return await bot.wait()

    async def close(self) -> None:
        for bot in list(self._reading):
            await self.stop(bot)
        self._listener.close()


@pytest.fixture
async def shared_system(empty_system: System, published: Path, tmp_path: Path, valkey_url: str) -> System:
    """A published clinic on a database and a Redis that no bot owns."""
    shutil.copy(published / "zhenyue.db", tmp_path / "shared.db")
    empty_system.env |= {
        "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/shared.db",
        "REDIS_URL": valkey_url,
        **UNLIMITED,
    }
    return empty_system


async def test_two_bots_on_one_port_are_restarted_in_turn_and_nobody_notices(shared_system: System) -> None:
    bots = Bots(shared_system)
    await shared_system.emulator.settings(webhook_url=f"http://127.0.0.1:{bots.port}/wechat")
    try:
        first, second = await asyncio.gather(bots.start(), bots.start())
        async with writing(shared_system) as load:
            for old in (first, second):
                assert await bots.stop(old) == 0
                await load.more()
                await bots.start()
                await load.more()
    finally:
        await bots.close()
    await judge(shared_system, load, bots.log)


def children_of(process: Process) -> set[str]:
    return set(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())


async def test_the_processes_of_one_serve_are_replaced_on_sighup_and_nobody_notices(
    empty_system: System, published: Path
) -> None:
    shutil.copytree(published, empty_system.folder, dirs_exist_ok=True)
    empty_system.env |= UNLIMITED
    await empty_system.start("--workers", "2", "--no-worker")
    assert empty_system.process is not None
    before = children_of(empty_system.process)
    async with writing(empty_system) as load:
        empty_system.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(60):
            while not any('"event":"renewed"' in line for line in empty_system.log):  # noqa: ASYNC110  # it is a log
                await asyncio.sleep(0.05)
        after = children_of(empty_system.process)
    await empty_system.stop()
    assert len(after & before) <= 1  # the embedded server is a child too
    await judge(empty_system, load, empty_system.log)
