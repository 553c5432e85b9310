"""More deliveries than one process can answer, each on a connection of its own: who is told what, and who nothing.

A process of its own: ``python -m bench.overload SECONDS`` prints one line of JSON. Deliveries leave when they are due,
whatever became of those before, and are given up after the five seconds that WeChat waits.
"""

import asyncio
import itertools
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import orjson
import uvloop

from bench.clinic import data_folder, open_clinic
from bench.deliveries import Delivery, answer_in, deliveries
from bench.lanes import http_length
from bench.processes import Server, serving
from bench.scripts import BOOKING
from bot.door import allow_connections
from bot.logs import configure_logs

PATIENCE = 5.0
ACCOUNTS = 20_000
TIMES = (0.5, 2.0, 3.0)
"""How many times as many deliveries as were answered a second when each waited for the one before."""
AT_ONCE = 48
TICK = 0.002
PROBES = 40
MOST_AT_ONCE = 60_000
_TOLD = {"当前人数较多": "place", "系统繁忙": "busy", "发得太快": "limited"}


@dataclass(frozen=True, slots=True)
class Load:
    """What became of the deliveries of one load."""

    times: float
    """Of the capacity."""
    offered_per_second: float
    answered: float
    """Parts of all deliveries: answered in full, told a place in line or that we are busy, told nothing."""
    told: float
    untold: float
    p99_seconds: float
    """Of those who heard anything."""
    bot_busy: float
    resident: int
    served_after: float
    """Part of the deliveries that were answered in full when they came right after it."""


class _OneShot(asyncio.Protocol):
    """One delivery on its own connection."""

    def __init__(self, request: bytes, heard: asyncio.Future[bytes]) -> None:
        self._request, self._heard, self._buffer = request, heard, bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if http_length(self._buffer) and not self._heard.done():
            self._heard.set_result(bytes(self._buffer))
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # the signature is asyncio's
        if not self._heard.done():
            self._heard.set_result(b"")


async def _deliver(port: int, delivery: Delivery) -> tuple[float, bytes]:
    """Return how long it took, and the answer; nothing when none came in time."""
    loop, since = asyncio.get_running_loop(), time.perf_counter()
    heard: asyncio.Future[bytes] = loop.create_future()
    transport: asyncio.BaseTransport | None = None
    try:
        async with asyncio.timeout(PATIENCE):
            transport, _ = await loop.create_connection(lambda: _OneShot(delivery.request, heard), "127.0.0.1", port)
            return time.perf_counter() - since, await heard
    except (TimeoutError, OSError):
        return PATIENCE, b""
    finally:
        if transport is not None:
            transport.close()


async def _capacity(port: int, coming: Iterator[Delivery], seconds: float) -> float:
    """Return how many are answered a second when each of some lanes waits for its answer."""
    until, count = time.perf_counter() + seconds, 0

    async def lane() -> None:
        nonlocal count
        while time.perf_counter() < until:
            await _deliver(port, next(coming))
            count += 1

    await asyncio.gather(*(lane() for _ in range(AT_ONCE)))
    return count / seconds


async def _offer(port: int, coming: list[Delivery], per_second: float) -> list[tuple[float, bytes]]:
    since, under_way = time.perf_counter(), []
    for number, delivery in enumerate(coming):
        while time.perf_counter() < since + number / per_second:  # noqa: ASYNC110  # nobody tells what time it is
            await asyncio.sleep(TICK)
        under_way.append(asyncio.create_task(_deliver(port, delivery)))
    return await asyncio.gather(*under_way)


def _kind(answer: bytes) -> str:
    text = answer_in(answer.partition(b"\r\n\r\n")[2]) if answer else ""
    return next((kind for words, kind in _TOLD.items() if words in text), "answered" if text else "untold")


async def _load(bot: Server, coming: Iterator[Delivery], times: float, capacity: float, seconds: float) -> Load:
    per_second = times * capacity
    prepared = list(itertools.islice(coming, int(per_second * seconds)))
    probes = list(itertools.islice(coming, PROBES))
    busy, since = bot.processor_seconds(), time.perf_counter()
    heard = await _offer(bot.port, prepared, per_second)
    busy, took = bot.processor_seconds() - busy, time.perf_counter() - since
    after = [_kind(answer) for _, answer in await asyncio.gather(*(_deliver(bot.port, probe) for probe in probes))]
    kinds = Counter(_kind(answer) for _, answer in heard)
    waited = sorted(seconds for seconds, answer in heard if answer)
    answered, untold = kinds["answered"] / len(heard), kinds["untold"] / len(heard)
    return Load(
        times=times,
        offered_per_second=per_second,
        answered=answered,
        told=1 - answered - untold,
        untold=untold,
        p99_seconds=waited[len(waited) * 99 // 100],
        bot_busy=busy / took,
        resident=bot.resident(),
        served_after=after.count("answered") / PROBES,
    )


async def _measure(bot: Server, seconds: float) -> dict[str, object]:
    coming = deliveries(BOOKING, ACCOUNTS)
    await _capacity(bot.port, coming, 1.0)
    capacity = await _capacity(bot.port, coming, seconds / 2)
    loads = [asdict(await _load(bot, coming, times, capacity, seconds)) for times in TIMES]
    return {"capacity_per_second": capacity, "loads": loads}


def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1])
    allow_connections(MOST_AT_ONCE)
    configure_logs(stream=(Path(__file__).parent / "out" / "overload.log").open("ab"))
    sys.excepthook = sys.__excepthook__
    with data_folder() as folder:
        open_clinic(folder, ACCOUNTS // 10)
        with serving(folder) as bot, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            measured = runner.run(_measure(bot, seconds))
    sys.stdout.buffer.write(orjson.dumps(measured) + b"\n")


if __name__ == "__main__":
    main()
