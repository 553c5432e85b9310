"""Durable holds a second through the booking service, beside raw runs of the script that admits them and other ways.

A process of its own: ``python -m bench.holds sqlite|postgres ROUNDS HOLDS`` prints one line of JSON.
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import orjson
import psutil  # type: ignore[import-untyped]  # publishes no types
import uvloop
from redis.asyncio import Redis

from bench.clinic import data_folder, valkey_in, write_accounts
from bench.hold_peers import PeerRound, hold_peers
from bench.processes import SECRET_KEY
from bench.resp import CONNECTIONS, admit_script, benchmark_admissions, benchmark_program, raw_admissions
from bench.wanted import own_database
from booking.appointments import Appointments, Wish
from booking.current import CurrentCatalogue
from booking.models import ClaimState, SessionState
from booking.pool_port import PoolSeats
from booking.ports import ClaimFilter
from booking.seats import Seats
from bot.connections import open_redis
from bot.logs import configure_logs
from bot.metrics import Metrics
from storage.database import SqlDatabase
from storage.migrate import migrate
from storage.pool import RedisPool
from storage.sealing import Sealer
from storage.valkey import EmbeddedValkey
from tests.support.clinic import CLINIC, add_session, open_clinic
from tests.support.servers import postgres

SLOTS = 10
RAW_EACH = 20_000
RAW_SEATS = (RAW_EACH,)


@dataclass(frozen=True, slots=True)
class HoldRound:
    """One round: ours, then the script alone, on the same servers."""

    holds_per_second: float
    processor_us: float
    """Processor time of the booking process a hold."""
    p50_ms: float
    p99_ms: float
    raw_per_second: float
    raw_valkey_busy: float
    """About 1 when Valkey, not the client, was the raw run's bottleneck."""


class Rush:
    """A clinic with one rush a day."""

    def __init__(self, database: SqlDatabase, redis: Redis, valkey: EmbeddedValkey) -> None:
        self._database = database
        self._redis = redis
        self._valkey = valkey
        self._pool = RedisPool(redis)
        metrics = Metrics()
        self._seats = Seats(database, self._pool, metrics)
        self._appointments = Appointments(
            database=database,
            pool=self._pool,
            seats=self._seats,
            current=CurrentCatalogue(database),
            hold_for=timedelta(minutes=5),
            figures=metrics,
        )
        self._morning = datetime.now(UTC).replace(hour=1, minute=0, second=0, microsecond=0)

    async def prepare(self, patients: int) -> None:
        """Write the clinic and patients."""
        await open_clinic(self._database, advance_days=365)
        await write_accounts(self._database, {f"o{number}": number for number in range(patients)})

    async def round(self, day: int, holds: int) -> HoldRound:
        """Let so many patients, others each day, hold a seat of one session; then run the script alone."""
        slots = await self.open_session(timedelta(days=day), -(-holds // SLOTS))
        wishes = [
            Wish(slots[n % SLOTS], f"p{n}", openid=f"o{n}", channel="wechat", request_id=f"r{n}")
            for n in range(day * holds, (day + 1) * holds)
        ]
        busy, started = time.process_time(), time.perf_counter()
        took = await self.hold_all(wishes)
        seconds, busy = time.perf_counter() - started, time.process_time() - busy
        await self._check(day, holds)
        raw, raw_busy = await self._raw(day)
        took.sort()
        return HoldRound(
            holds_per_second=holds / seconds,
            processor_us=busy / holds * 1e6,
            p50_ms=took[len(took) // 2] * 1000,
            p99_ms=took[len(took) * 99 // 100] * 1000,
            raw_per_second=raw,
            raw_valkey_busy=raw_busy,
        )

    async def open_session(self, after: timedelta, capacity: int) -> list[str]:
        """Open a session so long after this morning, with so many seats each time; return its slots."""
        starts_at = self._morning + after
        opens_at = self._morning - timedelta(days=30)
        session = await add_session(self._database, starts_at, capacities=(capacity,) * SLOTS, opens_at=opens_at)
        await self._seats.rebuild(session)
        begins = [(starts_at + timedelta(minutes=30 * n)).astimezone(CLINIC.zone) for n in range(SLOTS)]
        return [f"{session}-{begin:%H%M}" for begin in begins]

    async def valkey_bytes(self) -> int:
        """Return the memory that Valkey's data take."""
        return int((await self._redis.info("memory"))["used_memory"])

    async def hold_all(self, wishes: list[Wish]) -> list[float]:
        """Hold what is wished for, over some lanes; return the seconds that each took."""
        waiting, took = iter(wishes), []

        async def lane() -> None:
            for wish in waiting:
                started = time.perf_counter()
                await self._appointments.hold(wish, now=datetime.now(UTC))
                took.append(time.perf_counter() - started)

        await asyncio.gather(*(lane() for _ in range(CONNECTIONS)))
        return took

    async def _check(self, day: int, holds: int) -> None:
        wanted = ClaimFilter(states=(ClaimState.HELD,), day=(self._morning + timedelta(days=day)).date())
        async with self._database.read() as unit:
            claims = await unit.claims.find(wanted)
        if len({(claim.slot, claim.seat) for claim in claims}) != holds:
            raise RuntimeError(f"{len(claims)} holds are in the database, not {holds}")

    async def _raw(self, day: int) -> tuple[float, float]:
        session, now = f"raw{day}", datetime.now(UTC)
        await self._pool.replace(
            PoolSeats(session, 1, SessionState.OPEN, now - timedelta(days=1), now + timedelta(days=1), RAW_SEATS, {})
        )
        server, started = psutil.Process(self._valkey.pid), time.perf_counter()
        before = server.cpu_times()
        raw = await self._raw_admissions(session, str(round(now.timestamp() * 1000)))
        after, seconds = server.cpu_times(), time.perf_counter() - started
        if int(await self._redis.hget(f"{{s:{session}}}:m", "seq") or 0) < 0.99 * RAW_EACH:
            raise RuntimeError("not every raw request was admitted")
        return raw, (after.user + after.system - before.user - before.system) / seconds

    async def _raw_admissions(self, session: str, millis: str) -> float:
        """Return how many a second are admitted, by whichever client there is."""
        sha = str(await self._redis.script_load(admit_script()))
        socket, program = unquote(self._valkey.url.removeprefix("unix://")), benchmark_program()
        keys = [f"{{s:{session}}}:{part}" for part in "mfop"]
        if program is not None:
            call = [*keys, "000", "p__rand_int__", "r__rand_int__", "1", millis]
            return await benchmark_admissions(program, socket, sha, call, RAW_EACH)
        calls = [[*keys, "000", f"p{n}", f"r{n}", "1", millis] for n in range(RAW_EACH)]
        return await raw_admissions(socket, sha, calls)


@asynccontextmanager
async def open_rush(url: str, valkey: EmbeddedValkey) -> AsyncGenerator[Rush]:
    """Open what is needed to hold seats, for the length of a block."""
    database = SqlDatabase.open(url, Sealer(SECRET_KEY))
    try:
        await migrate(database)
        async with open_redis(valkey.url) as redis:
            yield Rush(database, redis, valkey)
    finally:
        await database.close()


@contextmanager
def servers(kind: str) -> Generator[tuple[str, EmbeddedValkey]]:
    """Run ``sqlite`` or ``postgres`` and a Valkey for the length of a block."""
    with data_folder() as folder, valkey_in(folder) as valkey:
        if kind == "sqlite":
            yield f"sqlite+aiosqlite:///{folder / 'zhenyue.db'}", valkey
        else:
            with postgres(durable=True) as server, own_database(server, "zhenyue_holds") as url:
                yield url, valkey


async def _measure(url: str, valkey: EmbeddedValkey, rounds: int, holds: int) -> list[HoldRound]:
    async with open_rush(url, valkey) as rush:
        await rush.prepare((rounds + 2) * holds)
        measured = [await rush.round(day, holds) for day in range(1, rounds + 2)]
    return measured[1:]  # the first one warmed up


async def _measure_peers(url: str, valkey: EmbeddedValkey, rounds: int, holds: int) -> list[PeerRound]:
    if not url.startswith("postgresql"):
        return []
    async with open_redis(valkey.url) as redis, hold_peers(url, redis) as peers:
        measured = [await peers.round(holds) for _ in range(rounds + 1)]
    return measured[1:]


def main() -> None:
    """Measure and print."""
    kind, rounds, holds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    configure_logs(stream=(Path(__file__).parent / "out" / "holds.log").open("ab"))
    sys.excepthook = sys.__excepthook__
    with servers(kind) as (url, valkey), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        measured = runner.run(_measure(url, valkey, rounds, holds))
        peers = runner.run(_measure_peers(url, valkey, rounds, holds))
    found = {"raw_client": Path(benchmark_program() or "a lean client in Python").name}
    found |= {"rounds": [asdict(one) for one in measured], "peers": [asdict(one) for one in peers]}
    sys.stdout.buffer.write(orjson.dumps(found) + b"\n")


if __name__ == "__main__":
    main()
