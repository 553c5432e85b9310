"""Commands on the slot pool: verify, rebuild. They run beside a running ``serve``."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

from booking.seats import Seats
from bot import texts
from bot.connections import open_database, open_redis, prepare, redis_problem
from bot.console import begin, complain, say
from bot.embedded import shared_ground
from bot.loop import run
from bot.metrics import Metrics
from bot.settings import ConfigurationError, DatabaseSettings
from bot.tables import print_array
from storage.clock import DatabaseClock
from storage.database import SqlDatabase
from storage.pool import RedisPool

DIFFERENT = 1


@dataclass(frozen=True, slots=True)
class _Tools:
    database: SqlDatabase
    seats: Seats
    now: datetime


def verify(*, json: Annotated[bool, Parameter(help=texts.OPTION_JSON, negative="")] = False) -> int:
    """Compare Redis with the database."""
    settings = begin(DatabaseSettings)
    with shared_ground(settings) as ground:
        return run(_verify(settings, ground.redis_url, as_json=json))


def rebuild() -> None:
    """Rebuild Redis from the database."""
    settings = begin(DatabaseSettings)
    with shared_ground(settings) as ground:
        run(_rebuild(settings, ground.redis_url))


async def _verify(settings: DatabaseSettings, redis_url: str, *, as_json: bool) -> int:
    async with _tools(settings, redis_url) as tools:
        differences = await tools.seats.verify(now=tools.now)
    if as_json:
        print_array([{"session": found.session, "what": found.what} for found in differences])
    for found in differences if not as_json else ():
        say(f"{found.session}  {found.what}")
    if differences:
        complain(texts.POOL_DIFFERS.format(count=len(differences)))
        return DIFFERENT
    if not as_json:
        say(texts.POOL_AGREES)
    return 0


async def _rebuild(settings: DatabaseSettings, redis_url: str) -> None:
    async with _tools(settings, redis_url) as tools:
        async with tools.database.read() as unit:
            sessions = await unit.sessions.not_over(tools.now)
        await tools.seats.rebuild_all(sessions)
    say(texts.POOL_REBUILT.format(count=len(sessions)))


@asynccontextmanager
async def _tools(settings: DatabaseSettings, redis_url: str) -> AsyncGenerator[_Tools]:
    await prepare(settings, None)
    async with open_database(settings) as database, open_redis(redis_url) as redis:
        problem = await redis_problem(redis, redis_url)
        if problem:
            raise ConfigurationError(texts.POOL_ASLEEP if settings.embedded_redis else problem)
        clock = DatabaseClock(database)
        await clock.read()
        yield _Tools(database, Seats(database, RedisPool(redis), Metrics()), clock.now())
