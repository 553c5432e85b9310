"""What the play is played on: two bots on one port, two workers, Valkey, a database, WeChat, cables between them."""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from redis.asyncio import Redis
from sqlalchemy import text

from booking.catalogue_loading import CatalogueLoading
from booking.publishing import Publishing
from bot.catalogue_file import read_catalogue_file
from emulator.client import EmulatedUser, EmulatorClient
from storage.database import SqlDatabase
from storage.migrate import migrate
from storage.pool import RedisPool
from storage.sealing import Sealer
from storage.valkey import EmbeddedValkey
from tests.support.chaos.clock import HostClock
from tests.support.chaos.parts import Part
from tests.support.chaos.proxy import Proxy, free_port, proxy
from tests.support.chaos.servers import Postgres, Valkey
from tests.support.clinic import add_patient
from tests.support.servers import short_folder
from tests.support.system import settings

StageKind = Literal["embedded", "sqlite", "postgres"]
"""SQLite with the embedded Redis of ``serve``, SQLite with a Redis of its own, PostgreSQL with a Redis of its own."""
ALL_WEEK = "[mon, tue, wed, thu, fri, sat, sun]"
DOCTORS = {"wang": "王芳", "li": "李强", "zhao": "赵敏", "sun": "孙丽"}
LEFT_TO_PROBES = "孙丽"
"""Whose seats patients may take as well, where nothing else is left; so there are enough for everybody."""
PROBES = 8
FIRST_DAY = 2
"""Days from today to the first session: no reminder mixes in, and no deadline refuses a change."""
ADDRESS = re.compile(rb"http://127\.0\.0\.1:(\d+)")


def clinic(first_day: str) -> str:
    """Return the catalogue: few seats, so that patients meet at them."""
    doctors = "".join(
        f"  - {{code: {code}, name: {name}, title: 主任医师, department: dental, fee: 50}}\n"
        for code, name in DOCTORS.items()
    )
    rosters = "".join(
        f'  - {{doctor: {code}, weekdays: {ALL_WEEK}, start: "{start}", end: "{end}", slot_minutes: 30, '
        f'capacity: {60 if DOCTORS[code] == LEFT_TO_PROBES else 3}, room: "20{number}", valid_from: {first_day}}}\n'
        for number, code in enumerate(DOCTORS)
        for start, end in [("09:00", "12:00") if number % 2 else ("14:00", "17:00")]
    )
    return (
        "clinic: {code: chaos, name: 安和门诊部, phone: '025-00000168', address: 江宁区清水亭东路168号}\n"
        "policy: {advance_days: 7}\n"
        "departments:\n  - {code: dental, name: 口腔科}\n"
        f"doctors:\n{doctors}rosters:\n{rosters}"
    )


@dataclass
class Stage:
    """Everything that runs, for the nemesis, the players and the checker."""

    kind: StageKind
    folder: Path
    database: SqlDatabase
    valkey: Valkey | None
    """None where it is the embedded one."""
    postgres: Postgres | None
    cables: Proxy
    clock: HostClock
    web: Part
    workers: list[Part]
    emulator: EmulatorClient
    port: int
    hold_seconds: int
    users: list[EmulatedUser] = field(default_factory=list)
    probes: list[EmulatedUser] = field(default_factory=list)

    def redis(self) -> Redis:
        """Return a client of Redis that passes no cable."""
        url = EmbeddedValkey(self.folder).url if self.valkey is None else self.valkey.url
        return Redis.from_url(url, socket_timeout=5)

    def environment(self) -> dict[str, str]:
        """Return the settings of commands that are run beside it, as of the bots."""
        return self._environment

    _environment: dict[str, str] = field(default_factory=dict)

    async def enter(self, patients: int) -> None:
        """Let patients follow, with an account and a person each."""
        now = datetime.now(UTC)
        for number in range(patients + PROBES):
            user = await self.emulator.user(f"病人{number}")
            await add_patient(self.database, f"病人{number}", openid=user.openid, now=now)
            (self.users if number < patients else self.probes).append(user)

    async def drop(self, indexes: Iterable[str]) -> None:
        """Take indexes away: what they guard is guarded no more."""
        for index in indexes:
            async with self.database.begin() as unit:
                await unit.connection.execute(text(f"DROP INDEX {index}"))


async def _publish(database: SqlDatabase, folder: Path) -> None:
    now = datetime.now(UTC)
    file = folder / "clinic.yaml"
    file.write_text(clinic(f"{now + timedelta(days=FIRST_DAY):%Y-%m-%d}"), encoding="utf-8")
    await migrate(database)
    await CatalogueLoading(database).load(read_catalogue_file(file, default_timezone="Asia/Shanghai").values, now=now)
    await Publishing(database, None).publish(now=now)


@contextlib.asynccontextmanager
async def staged(kind: StageKind, *, hold_seconds: int, keep_logs: Path) -> AsyncGenerator[Stage]:
    """Set everything up and take it down after the block. Logs of our processes are in ``keep_logs``."""
    async with contextlib.AsyncExitStack() as stack:
        clock = HostClock(keep_logs / "clock")
        valkey, postgres, targets = None, None, {}
        if kind != "embedded":
            valkey = Valkey(stack.enter_context(short_folder()))
            valkey.environment = clock.environment
            stack.push_async_callback(valkey.close)
            await valkey.start()
            targets["redis"] = valkey.socket
        if kind == "postgres":
            postgres = Postgres(stack.enter_context(short_folder()))
            stack.push_async_callback(postgres.close)
            postgres.environment = clock.environment
            postgres.prepare()
            await postgres.start()
            targets["postgres"] = postgres.socket
        cables = await stack.enter_async_context(proxy(targets))
        url = postgres.url if postgres else f"sqlite+aiosqlite:///{keep_logs / 'zhenyue.db'}"
        database = SqlDatabase.open(url, Sealer(b"k" * 32))
        stack.push_async_callback(database.close)
        await _publish(database, keep_logs)
        env = {"HOLD_SECONDS": f"{hold_seconds}"}
        if valkey:
            env["REDIS_URL"] = f"redis://127.0.0.1:{cables.ports['redis']}/0"
        if postgres:
            env["DATABASE_URL"] = f"postgresql+asyncpg://postgres@127.0.0.1:{cables.ports['postgres']}/postgres"
        yield await _peopled(stack, kind, keep_logs, database, valkey, postgres, cables, clock, env)


async def _peopled(
    stack: contextlib.AsyncExitStack,
    kind: StageKind,
    folder: Path,
    database: SqlDatabase,
    valkey: Valkey | None,
    postgres: Postgres | None,
    cables: Proxy,
    clock: HostClock,
    env: dict[str, str],
) -> Stage:
    """Start what is ours, WeChat first."""
    port = free_port()
    env |= {"PORT": f"{port}", "NOTICES_PER_SECOND": "0"}
    played = Part("emulator", ["emulator", "--port", "0"], folder, lambda: settings(folder, **env), "http://")
    stack.push_async_callback(played.close)
    await played.start()
    found = ADDRESS.search(played.said())
    assert found is not None
    address = f"http://127.0.0.1:{int(found[1])}"
    env["WECHAT_API_BASE"] = address
    emulator = await stack.enter_async_context(EmulatorClient(address))

    def ours() -> dict[str, str]:
        return settings(folder, **env)

    web = Part("web", ["serve", "--workers", "2", "--no-worker"], folder, ours, f":{port}")
    workers = [Part(f"worker{n}", ["worker"], folder, ours, "后台") for n in (1, 2)]
    stack.push_async_callback(_each, [part.close for part in (web, *workers)])
    await _each([part.start for part in (web, *workers)])
    hold_seconds = int(env["HOLD_SECONDS"])
    return Stage(
        kind, folder, database, valkey, postgres, cables, clock, web, workers, emulator, port, hold_seconds,
        _environment=settings(folder, **env),
    )  # fmt: skip


async def _each(deeds: Iterable[Callable[[], Awaitable[None]]]) -> None:
    await asyncio.gather(*(deed() for deed in deeds))


def pool_of(redis: Redis) -> RedisPool:
    """Return the pool as the checker reads it."""
    return RedisPool(redis)
