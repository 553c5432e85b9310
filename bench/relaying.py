"""Notices a second of one worker on PostgreSQL, beside a bare aiohttp client that posts the same bodies.

A process of its own: ``python -m bench.relaying ROUNDS NOTICES`` prints one line of JSON.
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import aiohttp
import orjson
import uvloop
from redis.asyncio import Redis

from bench.clinic import data_folder, valkey_in
from bench.processes import OUT, SECRET_KEY, bare_api, own_resident
from booking.current import CurrentCatalogue
from booking.models import Template
from booking.notices import Notice, NoticeKind, NoticeState, new_notice
from booking.template_fields import fit
from bot.connections import open_redis
from bot.logs import configure_logs
from bot.metrics import Metrics
from bot.notice_channels import Channels
from bot.notifier import BATCHES_AT_ONCE, LANES, Notifier
from bot.sending_limits import Pace, Pauses
from bot.serve import keep_out_of_collections
from bot.wechat_client import WeChatClient
from handlers.notices import values
from storage.database import SqlDatabase
from storage.migrate import migrate
from storage.sealing import Sealer
from storage.sending_limits import RedisLimits
from storage.valkey import EmbeddedValkey
from tests.support.clinic import CLINIC, DEPARTMENTS, DOCTORS
from tests.support.notices import payload
from tests.support.servers import create_database, postgres

RATE = 400.0
RATE_SECONDS = 8
TEMPLATE = Template("T", {"thing1": "doctor", "time2": "start", "thing3": "room", "character_string4": "number"})
APPID = "wx0000000000000000"


@dataclass(frozen=True, slots=True)
class RelayRound:
    """One round: the relay, then the bare client with the same bodies at the same server."""

    notices_per_second: float
    bare_per_second: float
    processor_us: float
    """Processor time of the worker's process a notice."""
    bare_processor_us: float
    """Processor time of the bare client a body."""
    memory_growth: int
    """Bytes by which the worker's process grew."""


class TimedCalls(Metrics):
    """Notes when each call of WeChat was answered."""

    def __init__(self) -> None:
        super().__init__()
        self.at: list[float] = []

    def wechat_call(self, api: str, result: str) -> None:
        """Count a call."""
        super().wechat_call(api, result)
        self.at.append(time.perf_counter())


class Post:
    """A worker's relay with what it needs."""

    def __init__(self, database: SqlDatabase, redis: Redis, session: aiohttp.ClientSession, base: str) -> None:
        self.database = database
        self._redis = redis
        self._session = session
        self._base = base
        self._metrics = TimedCalls()
        self._count = 0

    def worker(self, per_second: float = 0) -> Notifier:
        """Return the relay as one process has it."""
        client = WeChatClient(
            self._session, self._redis, Sealer(SECRET_KEY), appid=APPID, secret="s",  # noqa: S106  # of nothing
            base=self._base, now=_now, metrics=self._metrics,
        )  # fmt: skip
        limits = RedisLimits(self._redis, appid=APPID)
        return Notifier(
            self.database,
            CurrentCatalogue(self.database),
            Channels(client, None),
            pace=Pace(limits, per_second),
            pauses=Pauses(limits),
            now=_now,
            metrics=self._metrics,
        )

    async def write(self, count: int) -> list[Notice]:
        """Write so many notices that are due."""
        made: list[Notice] = []
        for _ in range(count):
            self._count += 1
            key = f"booked:{self._count}"
            content = payload(NoticeKind.BOOKED)
            made.append(new_notice(NoticeKind.BOOKED, dedupe_key=key, payload=content, now=_now(), openid=f"o{key}"))
        for start in range(0, count, 1000):
            async with self.database.begin() as unit:
                await unit.notices.add(made[start : start + 1000])
        return made

    async def round(self, count: int) -> RelayRound:
        """Relay so many notices, then post their bodies."""
        made, worker = await self.write(count), self.worker()
        keep_out_of_collections()  # a worker has its backlog in the database, not in memory
        resident, busy, started = own_resident(), time.process_time(), time.perf_counter()
        await worker.relay()
        seconds, busy, grown = time.perf_counter() - started, time.process_time() - busy, own_resident() - resident
        async with self.database.read() as unit:
            if set(await unit.notices.counts()) != {NoticeState.SENT}:
                raise RuntimeError("not every notice was sent")
        bare_seconds, bare_busy = await self._post(made)
        return RelayRound(count / seconds, count / bare_seconds, busy / count * 1e6, bare_busy / count * 1e6, grown)

    async def rate(self) -> float:
        """Return how many a second are sent when the settings allow ``RATE``."""
        await self.write(int(RATE * RATE_SECONDS))
        self._metrics.at.clear()
        await self.worker(RATE).relay()
        return (len(self._metrics.at) - 1) / (self._metrics.at[-1] - self._metrics.at[0])

    async def _post(self, made: list[Notice]) -> tuple[float, float]:
        async with self.database.read() as unit:
            catalogue = await unit.catalogue.load()
        bodies = [_body(each, values(each, catalogue)) for each in made]
        waiting = iter(bodies)
        url = f"{self._base}/cgi-bin/message/template/send?access_token=benchmark"

        async def lane() -> None:
            for body in waiting:
                async with self._session.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
                    await answer.read()

        busy, started = time.process_time(), time.perf_counter()
        await asyncio.gather(*(lane() for _ in range(LANES * BATCHES_AT_ONCE)))
        return time.perf_counter() - started, time.process_time() - busy


def _body(each: Notice, known: dict[str, str]) -> bytes:
    fields = {field: {"value": fit(field, known[name], nothing="-")} for field, name in TEMPLATE.fields.items()}
    return orjson.dumps({"touser": each.openid, "template_id": TEMPLATE.id, "data": fields, "client_msg_id": each.id})


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def open_post(url: str, valkey: EmbeddedValkey, port: int) -> AsyncGenerator[Post]:
    database = SqlDatabase.open(await create_database(url, "zhenyue_relay_bench", "template1"), Sealer(SECRET_KEY))
    try:
        await migrate(database)
        async with database.begin() as unit:
            await unit.catalogue.replace(CLINIC, DEPARTMENTS, DOCTORS, [], [], templates={"booked": TEMPLATE})
        connector = aiohttp.TCPConnector(limit=LANES * BATCHES_AT_ONCE)
        async with open_redis(valkey.url) as redis, aiohttp.ClientSession(connector=connector) as session:
            yield Post(database, redis, session, f"http://127.0.0.1:{port}")
    finally:
        await database.close()


async def _measure(url: str, valkey: EmbeddedValkey, port: int, *, rounds: int, notices: int) -> dict[str, object]:
    async with open_post(url, valkey, port) as post:
        await post.round(min(notices, 1000))
        measured = [await post.round(notices) for _ in range(rounds)]
        return {"rounds": [asdict(one) for one in measured], "configured": RATE, "kept": await post.rate()}


def run(measure: Callable[[str, EmbeddedValkey, int], Coroutine[Any, Any, object]], log: str) -> None:
    """Start what a relay needs, measure with the addresses of PostgreSQL, Valkey and a bare API, and print."""
    OUT.mkdir(exist_ok=True)
    configure_logs(stream=(OUT / log).open("ab"))
    sys.excepthook = sys.__excepthook__
    with (
        data_folder() as folder,
        bare_api() as server,
        postgres(durable=True) as url,
        valkey_in(folder) as valkey,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        measured = runner.run(measure(url, valkey, server.port))
    sys.stdout.buffer.write(orjson.dumps(measured) + b"\n")


def main() -> None:
    """Measure and print."""
    rounds, notices = int(sys.argv[1]), int(sys.argv[2])
    run(partial(_measure, rounds=rounds, notices=notices), "relaying.log")


if __name__ == "__main__":
    main()
