"""Other ways to hold a seat durably, over as many connections on the same servers: rows, row locks, a Redis lock.

None of them knows patients, rules, repeated messages or what expires; each is what is meant to be compared with.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from redis.asyncio import Redis

from bench.resp import CONNECTIONS
from bench.wanted import plain
from storage.database import POSTGRES_CONNECTIONS

_TABLES = """
CREATE TABLE IF NOT EXISTS peer_hold (id bigserial PRIMARY KEY, seat integer NOT NULL UNIQUE, owner text NOT NULL);
CREATE TABLE IF NOT EXISTS peer_seat (seat integer PRIMARY KEY, owner text);
CREATE INDEX IF NOT EXISTS peer_free ON peer_seat (seat) WHERE owner IS NULL;
TRUNCATE peer_hold, peer_seat;
"""
_FILL = "INSERT INTO peer_seat SELECT generate_series(1, $1)"
_INSERT = "INSERT INTO peer_hold (seat, owner) VALUES ($1, $2)"
_SKIP = """UPDATE peer_seat SET owner = $1
    WHERE seat = (SELECT seat FROM peer_seat WHERE owner IS NULL LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING seat"""
_LOWEST = "SELECT coalesce(max(seat), 0) + 1 FROM peer_hold"
_LOCKED = 60
"""Holds of a round under a lock: the client that waits for it asks ten times a second."""
_HELD_AT_MOST = 30


@dataclass(frozen=True, slots=True)
class PeerRound:
    """Holds a second of each way."""

    inserts: float
    skip_locked: float
    redis_lock: float


class Peers:
    """Holds of the other ways, each round on empty tables."""

    def __init__(self, pool: asyncpg.Pool, redis: Redis) -> None:
        self._pool = pool
        self._redis = redis

    async def round(self, holds: int) -> PeerRound:
        """Hold so many seats each way."""
        await self._pool.execute(_TABLES)
        await self._pool.execute(_FILL, holds)
        inserts = await _per_second(holds, self._insert)
        await self._pool.execute("TRUNCATE peer_hold")
        skip_locked = await _per_second(holds, self._skip_locked)
        redis_lock = await _per_second(min(holds, _LOCKED), self._under_lock)
        return PeerRound(inserts, skip_locked, redis_lock)

    async def _insert(self, number: int) -> None:
        await self._pool.execute(_INSERT, number, f"r{number}")

    async def _skip_locked(self, number: int) -> None:
        if await self._pool.fetchval(_SKIP, f"r{number}") is None:
            raise RuntimeError("no seat was left")

    async def _under_lock(self, number: int) -> None:
        async with self._redis.lock("peer", timeout=_HELD_AT_MOST), self._pool.acquire() as connection:
            seat = await connection.fetchval(_LOWEST)
            await connection.execute(_INSERT, seat, f"r{number}")


@asynccontextmanager
async def hold_peers(url: str, redis: Redis) -> AsyncGenerator[Peers]:
    """Connect for the length of a block."""
    async with asyncpg.create_pool(plain(url), min_size=1, max_size=POSTGRES_CONNECTIONS) as pool:
        yield Peers(pool, redis)


async def _per_second(count: int, hold: Callable[[int], Awaitable[None]]) -> float:
    waiting = iter(range(count))

    async def lane() -> None:
        for number in waiting:
            await hold(number)

    started = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(CONNECTIONS)))
    return count / (time.perf_counter() - started)
