"""Durable holds on PostgreSQL against the size of a session's pool, and against the number of pools; what a seat takes.

A process of its own: ``python -m bench.growth_holds ROUNDS HOLDS MOST_POOLS`` prints one line of JSON.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

import orjson
import uvloop

from bench.holds import SLOTS, Rush, open_rush, servers
from bench.processes import OUT, own_resident
from booking.appointments import Wish
from bot.logs import configure_logs
from storage.valkey import EmbeddedValkey

SIZES = (1_000, 4_000, 20_000)
"""Seats of the one session."""
POOLS = (1, 10, 100, 1_000)
HOURS = 20
"""Sessions begin at each of these hours of a day: none needs to end before the next."""


@dataclass(frozen=True, slots=True)
class Wave:
    """How fast seats were held."""

    holds_per_second: float
    processor_us: float
    p50_ms: float


class Growth:
    """A clinic whose sessions are made as they are needed, and patients who each hold once."""

    def __init__(self, rush: Rush, holds: int) -> None:
        self._rush = rush
        self._holds = holds
        self._sessions = 0
        self._patients = 0

    async def size(self, seats: int) -> Wave:
        """Hold seats of one session that has so many."""
        return await self._hold([await self._session(seats // SLOTS)])

    async def pools(self, count: int) -> tuple[Wave, Wave]:
        """Hold as many seats, spread over so many sessions that nobody has asked for yet; then as many again."""
        capacity = 2 * -(-self._holds // (count * SLOTS))
        sessions = [await self._session(capacity) for _ in range(count)]
        return await self._hold(sessions), await self._hold(sessions)

    async def seat_bytes(self) -> float:
        """Return how much memory of Valkey a free seat takes."""
        before = await self._rush.valkey_bytes()
        await self._session(SIZES[-1] // SLOTS)
        return (await self._rush.valkey_bytes() - before) / SIZES[-1]

    async def _session(self, capacity: int) -> Sequence[str]:
        day, hour = divmod(self._sessions, HOURS)
        self._sessions += 1
        return await self._rush.open_session(timedelta(days=1 + day, hours=hour), capacity)

    async def _hold(self, sessions: Sequence[Sequence[str]]) -> Wave:
        wishes = []
        for number in range(self._holds):
            slots, who = sessions[number % len(sessions)], self._patients + number
            slot = slots[number // len(sessions) % SLOTS]
            wishes.append(Wish(slot, f"p{who}", openid=f"o{who}", channel="wechat", request_id=f"r{who}"))
        self._patients += self._holds
        busy, started = time.process_time(), time.perf_counter()
        took = await self._rush.hold_all(wishes)
        seconds, busy = time.perf_counter() - started, time.process_time() - busy
        return Wave(self._holds / seconds, busy / self._holds * 1e6, median(took) * 1000)


async def _measure(url: str, valkey: EmbeddedValkey, rounds: int, holds: int, most: int) -> dict[str, object]:
    pools = [count for count in POOLS if count <= most]
    async with open_rush(url, valkey) as rush:
        await rush.prepare((rounds * (len(SIZES) + 2 * len(pools)) + 1) * holds)
        growth = Growth(rush, holds)
        await growth.size(SIZES[0])
        seat_bytes = await growth.seat_bytes()
        # By turns, in an order that changes: the tables grow meanwhile, and that is another curve.
        sizes: dict[int, list[Wave]] = {seats: [] for seats in SIZES}
        counts: dict[int, list[tuple[Wave, Wave]]] = {count: [] for count in pools}
        before = own_resident()
        for number in range(rounds):
            for seats in SIZES if number % 2 else reversed(SIZES):
                sizes[seats].append(await growth.size(seats))
            for count in pools if number % 2 else reversed(pools):
                counts[count].append(await growth.pools(count))
        grown = own_resident() - before
    return {
        "grown": grown,
        "seat_bytes": seat_bytes,
        "seats": _curve(sizes),
        "new_pools": _curve({count: [new for new, _ in found] for count, found in counts.items()}),
        "known_pools": _curve({count: [known for _, known in found] for count, found in counts.items()}),
    }


def _curve(waves: dict[int, list[Wave]]) -> list[dict[str, float]]:
    return [
        {"of": of, "per_second": median(one.holds_per_second for one in found)}
        | {"processor_us": median(one.processor_us for one in found), "p50_ms": median(one.p50_ms for one in found)}
        for of, found in waves.items()
    ]


def main() -> None:
    """Measure and print."""
    rounds, holds, most = map(int, sys.argv[1:])
    OUT.mkdir(exist_ok=True)
    configure_logs(stream=(OUT / "growth.log").open("ab"))
    sys.excepthook = sys.__excepthook__
    with servers("postgres") as (url, valkey), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        measured = runner.run(_measure(url, valkey, rounds, holds, most))
    sys.stdout.buffer.write(orjson.dumps(measured) + b"\n")


if __name__ == "__main__":
    main()
