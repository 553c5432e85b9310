"""``/healthz`` the process lives, ``/readyz`` database and Redis answer, ``/metrics`` what was counted."""

import asyncio
from collections.abc import Awaitable

from aiohttp import web
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text

from booking.errors import Unavailable
from bot.metrics import CONTENT_TYPE, Metrics
from storage.database import SqlDatabase

PATIENCE = 2.0
"""Seconds after which what does not answer counts as away."""


def add_health_routes(app: web.Application, *, database: SqlDatabase, redis: Redis, metrics: Metrics) -> None:
    """Serve the three addresses."""

    async def alive(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def ready(_request: web.Request) -> web.Response:
        found = await readiness(database, redis)
        return web.json_response(found, status=200 if set(found.values()) == {"ok"} else 503)

    async def figures(_request: web.Request) -> web.Response:
        shown = await asyncio.to_thread(metrics.exposed)
        return web.Response(body=shown, headers={"Content-Type": CONTENT_TYPE})

    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", figures)


async def readiness(database: SqlDatabase, redis: Redis) -> dict[str, str]:
    """Return ``ok`` or ``unavailable`` for the database and for Redis."""
    answers = await asyncio.gather(_state(_ask_database(database)), _state(_ask_redis(redis)))
    return dict(zip(("database", "redis"), answers, strict=True))


async def _ask_database(database: SqlDatabase) -> None:
    async with database.read() as unit:
        await unit.connection.execute(text("SELECT 1"))


async def _ask_redis(redis: Redis) -> None:
    await redis.ping()


async def _state(asked: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            await asked
    except (Unavailable, RedisError, OSError, TimeoutError):
        return "unavailable"
    return "ok"
