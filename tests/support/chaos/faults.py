"""What the nemesis can do. Each fault strikes, lasts for a while, and makes good again what it broke before it ends."""

import asyncio
import contextlib
import random
import resource
import signal
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from redis.exceptions import RedisError

from storage.valkey import EmbeddedValkey
from tests.support.chaos.parts import children, send
from tests.support.chaos.servers import Server
from tests.support.chaos.stage import Stage

Strike = Callable[[Stage, random.Random], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault. ``needs`` says where it can strike: any stage unless a word of it is missing there."""

    name: str
    strike: Strike
    needs: frozenset[str] = frozenset()
    weight: int = 2


FAULTS: list[Fault] = []


def fault(*needs: str, weight: int = 2) -> Callable[[Strike], Strike]:
    """Add a fault to the list, under its function's name."""

    def add(strike: Strike) -> Strike:
        FAULTS.append(Fault(strike.__name__.replace("_", " "), strike, frozenset(needs), weight))
        return strike

    return add


async def _while(dice: random.Random, least: float = 0.3, most: float = 3.0) -> None:
    await asyncio.sleep(dice.uniform(least, most))


@fault(weight=4)
async def bot_killed(stage: Stage, dice: random.Random) -> None:
    """Kill -9 of one of the two; their parent starts it again."""
    pids = stage.web.pids[1:]
    send(dice.choice(pids), signal.SIGKILL) if pids else None
    await asyncio.sleep(0.2)


@fault(weight=1)
async def bots_killed_with_their_parent(stage: Stage, dice: random.Random) -> None:
    """Everything of a serve at once, as a container or a machine goes."""
    for pid in reversed(stage.web.pids):
        send(pid, signal.SIGKILL)
    await stage.web.kill()
    await _while(dice, 0, 1)
    await stage.web.start()


@fault()
async def bot_stopped(stage: Stage, dice: random.Random) -> None:
    """SIGSTOP of one of the two, or of their parent."""
    await _frozen(dice.choices(stage.web.pids), dice)


@fault(weight=3)
async def worker_killed(stage: Stage, dice: random.Random) -> None:
    """Kill -9 of a worker, in the middle of whatever it does."""
    worker = dice.choice(stage.workers)
    await worker.kill()
    await _while(dice, 0, 1)
    await worker.start()


@fault()
async def worker_stopped(stage: Stage, dice: random.Random) -> None:
    """SIGSTOP of a worker: its leases run out while it has them."""
    await _frozen(dice.choice(stage.workers).pids[:1], dice)


async def _frozen(pids: list[int], dice: random.Random) -> None:
    for pid in pids:
        send(pid, signal.SIGSTOP)
    try:
        await _while(dice, 0.5, 8.0)
    finally:
        for pid in pids:
            send(pid, signal.SIGCONT)


@fault("server", weight=3)
async def redis_killed_with_its_file_kept(stage: Stage, dice: random.Random) -> None:
    """As a server dies: what it has written to its file comes back."""
    assert stage.valkey is not None
    await stage.valkey.end(signal.SIGKILL)
    await _while(dice)
    await stage.valkey.start()


@fault("server")
async def redis_wiped(stage: Stage, dice: random.Random) -> None:
    """It comes back with nothing."""
    assert stage.valkey is not None
    await stage.valkey.end(signal.SIGKILL)
    stage.valkey.lose_data()
    await _while(dice, 0, 1)
    await stage.valkey.start()


@fault("embedded", weight=4)
async def embedded_redis_killed(stage: Stage, dice: random.Random) -> None:
    """Kill -9 of the server that serve runs: it starts it again on its file."""
    send(EmbeddedValkey(stage.folder).pid, signal.SIGKILL)
    async with asyncio.timeout(60):
        while not await _answers(stage):  # noqa: ASYNC110 - serve tells nobody when it did
            await asyncio.sleep(0.05)


async def _answers(stage: Stage) -> bool:
    with contextlib.suppress(RedisError, OSError):
        async with stage.redis() as redis:
            return bool(await redis.ping())
    return False


@fault()
async def redis_emptied_while_it_serves(stage: Stage, dice: random.Random) -> None:
    """FLUSHALL, as somebody types it in the wrong window."""
    with contextlib.suppress(RedisError, OSError):
        async with stage.redis() as redis:
            await redis.flushall()


@fault("server", weight=3)
async def redis_rolled_back(stage: Stage, dice: random.Random) -> None:
    """It comes back as it was a while ago, as a replica that lagged or a snapshot does."""
    assert stage.valkey is not None
    stage.valkey.copy_data()
    await _while(dice, 0.5, 2.5)
    await stage.valkey.end(signal.SIGKILL)
    stage.valkey.roll_back()
    await stage.valkey.start()


@fault()
async def redis_full(stage: Stage, dice: random.Random) -> None:
    """Nothing more can be written (maxmemory without eviction)."""
    with contextlib.suppress(RedisError, OSError):  # beside another fault: a server that starts anew has no limit
        async with stage.redis() as redis:
            await redis.config_set("maxmemory", "1mb")
            try:
                await _while(dice, 0.5, 4)
            finally:
                await redis.config_set("maxmemory", "0")


@fault("server", weight=1)
async def redis_frozen(stage: Stage, dice: random.Random) -> None:
    """SIGSTOP of Redis."""
    assert stage.valkey is not None
    await _frozen_server(stage.valkey, dice)


async def _frozen_server(server: Server, dice: random.Random) -> None:
    assert server.process is not None
    await _frozen([*children(server.process.pid), server.process.pid], dice)


@fault("server")
async def redis_slow(stage: Stage, dice: random.Random) -> None:
    """Every word to and from it is late."""
    await _on_the_line(stage, "redis", "delay", dice.uniform(0.05, 0.6), dice)


@fault("server")
async def redis_replies_cut(stage: Stage, dice: random.Random) -> None:
    """Connections break in the middle of a reply: what was asked is done, and nobody hears of it."""
    await _on_the_line(stage, "redis", "cut", dice.randint(1, 20), dice)


@fault("server")
async def redis_in_a_black_hole(stage: Stage, dice: random.Random) -> None:
    """Bytes go nowhere, and nobody says so."""
    await _on_the_line(stage, "redis", "hole", 0, dice)


@fault("postgres", weight=3)
async def database_stopped_immediately(stage: Stage, dice: random.Random) -> None:
    """PostgreSQL without goodbye (SIGQUIT): it recovers from its log when it is started again."""
    assert stage.postgres is not None
    await stage.postgres.end(signal.SIGQUIT)
    await _while(dice)
    await stage.postgres.start()


@fault("postgres", weight=3)
async def database_connections_cut(stage: Stage, dice: random.Random) -> None:
    """Every connection at once."""
    assert stage.postgres is not None
    await stage.postgres.cut_connections()


@fault("postgres", weight=1)
async def database_frozen(stage: Stage, dice: random.Random) -> None:
    """SIGSTOP of PostgreSQL with all it runs."""
    assert stage.postgres is not None
    await _frozen_server(stage.postgres, dice)


@fault("postgres")
async def database_slow(stage: Stage, dice: random.Random) -> None:
    """Every word to and from it is late."""
    await _on_the_line(stage, "postgres", "delay", dice.uniform(0.02, 0.2), dice)


@fault("postgres", weight=3)
async def database_replies_cut(stage: Stage, dice: random.Random) -> None:
    """Connections break in the middle of a reply: a COMMIT is done, and nobody hears of it."""
    await _on_the_line(stage, "postgres", "cut", dice.randint(1, 40), dice)


@fault("postgres")
async def database_in_a_black_hole(stage: Stage, dice: random.Random) -> None:
    """Bytes go nowhere, and nobody says so."""
    await _on_the_line(stage, "postgres", "hole", 0, dice)


@fault("sqlite", weight=3)
async def database_locked(stage: Stage, dice: random.Random) -> None:
    """Another process keeps SQLite's one writer's place, now and then longer than anybody waits for it."""
    connection = sqlite3.connect(stage.folder / "zhenyue.db", timeout=10, isolation_level=None, check_same_thread=False)
    try:
        await asyncio.to_thread(connection.execute, "BEGIN IMMEDIATE")
        await _while(dice, 0.5, 12.0)
    except sqlite3.OperationalError:
        return  # somebody else has it
    finally:
        connection.close()


@fault("sqlite", weight=3)
async def database_full(stage: Stage, dice: random.Random) -> None:
    """No file of ours may grow any more (``RLIMIT_FSIZE``): what a full disk says, to each process at once."""
    size = max(file.stat().st_size for file in stage.folder.glob("zhenyue.db*"))
    try:
        _limit_files(stage, size)
        await _while(dice, 0.5, 4)
    finally:
        _limit_files(stage, resource.RLIM_INFINITY)


def _limit_files(stage: Stage, size: int) -> None:
    for pid in [*stage.web.pids, *(pid for worker in stage.workers for pid in worker.pids)]:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@fault("clock")
async def clock_stepped(stage: Stage, dice: random.Random) -> None:
    """The servers' clock jumps, forward or back, and returns."""
    stage.clock.step(dice.choice([-40, -15, 15, 40]))
    await _while(dice, 1, 6)
    stage.clock.step(0)
    await asyncio.sleep(1)


@fault(weight=3)
async def wechat_does_not_take_messages(stage: Stage, dice: random.Random) -> None:
    """Its API fails: busy; broken pages and silence, before or after it did what was asked.

    Busy means that it was not done: whoever is told so sends again.
    """
    for _ in range(dice.randint(1, 4)):
        kind = dice.choice(["api_error", "api_html", "api_disconnect", "api_timeout", "api_delay"])
        seconds, after = dice.uniform(0.5, 3), dice.random() < 0.5 and kind != "api_error"
        await stage.emulator.fault(kind, times=dice.randint(1, 6), seconds=seconds, after=after)
    await _while(dice)
    await stage.emulator.clear_faults()


@fault(weight=4)
async def wechat_repeats_and_mixes_up(stage: Stage, dice: random.Random) -> None:
    """Deliveries twice, at once or later, answers lost, messages that overtake each other, forged ones."""
    for _ in range(dice.randint(2, 6)):
        kind = dice.choice(["duplicate", "replay", "drop_answer", "reorder", "delay", "bad_signature"])
        await stage.emulator.fault(kind, times=dice.randint(1, 8), seconds=dice.uniform(0.05, 1.5), what="text")
    await _while(dice, 1, 4)
    await stage.emulator.clear_faults()


async def _on_the_line(stage: Stage, name: str, mode: str, number: float, dice: random.Random) -> None:
    await stage.cables.order(name, mode, number)
    try:
        await _while(dice, 0.5, 7.0)
    finally:
        await stage.cables.order(name, "pass")
