"""What selling a seat costs at least, and the usual way beside it: plain aiohttp handlers on the same PostgreSQL.

``python -m bench.floor doctor|slot|lock DATABASE REDIS``. The account is taken from the query; nothing is decrypted,
no chat is kept. ``doctor`` counts the doctor's seats in one row, ``slot`` those of each time, ``lock`` puts a Redis
lock of the doctor around the counting.
"""

import itertools
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable

import asyncpg
from aiohttp import web
from redis.asyncio import BlockingConnectionPool, Redis

from bench.bare_server import run
from bench.wanted import SEATS, SLOTS
from storage.database import POSTGRES_CONNECTIONS

TABLES = f"""
CREATE TABLE IF NOT EXISTS seats (id integer PRIMARY KEY, capacity integer NOT NULL, taken integer NOT NULL);
CREATE TABLE IF NOT EXISTS booking (
    seats integer NOT NULL, seat integer NOT NULL, openid text NOT NULL UNIQUE, PRIMARY KEY (seats, seat));
TRUNCATE seats, booking;
INSERT INTO seats VALUES (0, {SEATS}, 0);
INSERT INTO seats SELECT place, {SEATS // SLOTS}, 0 FROM generate_series(1, {SLOTS}) AS place;
"""  # noqa: S608  # our own numbers
SOLD, FULL = b"sold", b"full"
_ANSWER = b"<xml><Encrypt><![CDATA[%s" + b"A" * 1024 + b"]]></Encrypt></xml>"
_TAKE = "UPDATE seats SET taken = taken + 1 WHERE id = $1 AND taken < capacity RETURNING taken"
_BOOK = "INSERT INTO booking VALUES ($1, $2, $3)"
_LOOK = "SELECT capacity - taken FROM seats WHERE id = $1"
_HELD_AT_MOST = 30
REDIS_CONNECTIONS = 50
POOL = web.AppKey("POOL", asyncpg.Pool)
REDIS = web.AppKey("REDIS", Redis)
_turn = itertools.count()


async def by_doctor(app: web.Application, openid: str) -> bool:
    """Take a seat from the doctor's one row."""
    return await _take(app, 0, openid)


async def by_slot(app: web.Application, openid: str) -> bool:
    """Take a seat from the row of a time, as many accounts for each."""
    return await _take(app, 1 + next(_turn) % SLOTS, openid)


async def under_lock(app: web.Application, openid: str) -> bool:
    """Look and take under a Redis lock of the doctor."""
    async with app[REDIS].lock("doctor", timeout=_HELD_AT_MOST):
        if not await app[POOL].fetchval(_LOOK, 0):
            return False
        return await _take(app, 0, openid)


async def _take(app: web.Application, row: int, openid: str) -> bool:
    async with app[POOL].acquire() as connection, connection.transaction():
        seat = await connection.fetchval(_TAKE, row)
        if seat is not None:
            await connection.execute(_BOOK, row, seat, openid)
    return seat is not None


KINDS: dict[str, Callable[[web.Application, str], Awaitable[bool]]] = {
    "doctor": by_doctor,
    "slot": by_slot,
    "lock": under_lock,
}


def main() -> None:
    """Serve until told to stop."""
    kind, database, redis = sys.argv[1:]
    sell = KINDS[kind]

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        sold = await sell(request.app, request.query["openid"])
        body = _ANSWER % (SOLD if sold else FULL)
        return web.Response(body=body, content_type="application/xml", charset="utf-8")

    async def connected(app: web.Application) -> AsyncGenerator[None]:
        connections = BlockingConnectionPool.from_url(redis, max_connections=REDIS_CONNECTIONS, timeout=None)
        app[REDIS] = Redis(connection_pool=connections)
        async with asyncpg.create_pool(database, min_size=1, max_size=POSTGRES_CONNECTIONS) as app[POOL]:
            yield
        await connections.disconnect()

    app = web.Application()
    app.cleanup_ctx.append(connected)
    app.router.add_post("/wechat", answer)
    run(app)


if __name__ == "__main__":
    main()
