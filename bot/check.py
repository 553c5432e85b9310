"""``zhenyue check``: one line for each thing the system stands on, with the remedy when it is wrong."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import aiohttp
from redis.asyncio import Redis
from redis.exceptions import RedisError

from booking.errors import Unavailable
from bot import texts
from bot.connections import (
    database_problem,
    key_problem,
    keys_in_use,
    make_sealer,
    open_database,
    open_redis,
    reason,
    redis_problem,
)
from bot.embedded import shared_ground
from bot.metrics import Metrics
from bot.settings import Settings
from bot.wechat_errors import WeChatError
from bot.wechat_http import WeChatHttp
from storage.clock import DatabaseClock
from storage.database import SqlDatabase
from storage.migrate import newest_revision, revision

LARGEST_SKEW = 5.0
"""Seconds by which clocks may differ; WeChat's timestamps are judged to ten minutes, reminders to the minute."""
WECHAT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at and how it is; ``problem`` says how to mend it, ``detail`` what was seen."""

    subject: str
    detail: str = ""
    problem: str = ""

    def __str__(self) -> str:
        """The line for the console."""
        return f"{'✗' if self.problem else '✓'} {self.subject}：{self.problem or self.detail}"


async def check_everything(settings: Settings, say: Callable[[str], None]) -> int:
    """Look at everything and print a line each; 1 when something is wrong, else 0."""
    findings = [Finding(texts.CHECK_SETTINGS, texts.CHECK_SETTINGS_OK.format(mode=settings.wechat_mode))]
    say(str(findings[0]))
    with shared_ground(settings) as ground:
        async with open_database(settings) as database, open_redis(ground.redis_url) as redis:
            async for finding in _look(settings, database, redis, ground.redis_url):
                findings.append(finding)
                say(str(finding))
    return int(any(finding.problem for finding in findings))


async def _look(settings: Settings, database: SqlDatabase, redis: Redis, redis_url: str) -> AsyncGenerator[Finding]:
    problem = await database_problem(database, settings)
    if problem:
        yield Finding(texts.CHECK_DATABASE, problem=problem)
    else:
        yield await _schema(database)
        yield await _key(database, settings)
    problem = await redis_problem(redis, redis_url)
    if problem and settings.embedded_redis:
        yield Finding(texts.CHECK_REDIS, texts.CHECK_REDIS_ASLEEP)
    elif problem:
        yield Finding(texts.CHECK_REDIS, problem=problem)
    else:
        yield await _persistence(redis)
    yield await _clocks(database, redis)
    yield await _credentials(settings)


async def _schema(database: SqlDatabase) -> Finding:
    found, newest = await revision(database), newest_revision()
    kind = database.writer.dialect.name
    if found is None:
        return Finding(texts.CHECK_DATABASE, problem=texts.CHECK_DATABASE_EMPTY.format(kind=kind))
    if found != newest:
        return Finding(texts.CHECK_DATABASE, problem=texts.DATABASE_OUTDATED.format(found=found, newest=newest))
    return Finding(texts.CHECK_DATABASE, texts.CHECK_DATABASE_OK.format(kind=kind, revision=found))


async def _key(database: SqlDatabase, settings: Settings) -> Finding:
    if await revision(database) is None:
        return Finding(texts.CHECK_KEY, texts.CHECK_KEY_UNUSED)
    problem = await key_problem(database, settings)
    detail = texts.CHECK_KEY_OK
    if settings.secret_key_previous is not None:
        rotated = await keys_in_use(database) <= {make_sealer(settings).key_id}
        detail = texts.CHECK_KEY_ROTATED if rotated else texts.CHECK_KEY_ROTATING
    return Finding(texts.CHECK_KEY, detail, problem or "")


async def _persistence(redis: Redis) -> Finding:
    try:
        found = cast("dict[str, str]", await redis.config_get("appendonly", "save", "maxmemory-policy"))
    except (RedisError, OSError) as error:
        return Finding(texts.CHECK_REDIS, texts.CHECK_REDIS_CLOSED.format(problem=reason(error)))
    if found.get("maxmemory-policy") != "noeviction":
        policy = found.get("maxmemory-policy")
        return Finding(texts.CHECK_REDIS, problem=texts.CHECK_REDIS_EVICTS.format(policy=policy))
    if found.get("appendonly") != "yes":
        return Finding(texts.CHECK_REDIS, problem=texts.CHECK_REDIS_FORGETS)
    return Finding(texts.CHECK_REDIS, texts.CHECK_REDIS_OK)


async def _clocks(database: SqlDatabase, redis: Redis) -> Finding:
    skews: dict[str, float] = {}

    async def ask_database() -> datetime:
        clock = DatabaseClock(database)
        await clock.read()
        return clock.now()

    async def ask_redis() -> datetime:
        seconds, micros = await redis.time()
        return datetime.fromtimestamp(seconds + micros / 1e6, UTC)

    for name, ask in ((texts.CHECK_DATABASE, ask_database), (texts.CHECK_REDIS, ask_redis)):
        skew = await _skew(ask)
        if skew is not None:
            skews[name] = skew
    shown = "，".join(f"{name} {skew:+.1f}s" for name, skew in skews.items())
    if any(abs(skew) > LARGEST_SKEW for skew in skews.values()):
        return Finding(texts.CHECK_CLOCK, problem=texts.CHECK_CLOCK_WRONG.format(skews=shown))
    return Finding(texts.CHECK_CLOCK, texts.CHECK_CLOCK_OK.format(skews=shown or "—"))


async def _skew(ask: Callable[[], Awaitable[datetime]]) -> float | None:
    """Return how many seconds a clock is ahead of this machine's; None when it cannot be asked."""
    before = datetime.now(UTC)
    try:
        there = await ask()
    except (Unavailable, RedisError, OSError):
        return None
    return (there - before - (datetime.now(UTC) - before) / 2).total_seconds()


async def _credentials(settings: Settings) -> Finding:
    async with _wechat(settings) as http:
        try:
            answer = await http.call(
                "stable_token",
                "/cgi-bin/stable_token",
                {
                    "grant_type": "client_credential",
                    "appid": settings.wechat_appid,
                    "secret": settings.wechat_secret.get_secret_value(),
                    "force_refresh": False,
                },
            )
        except WeChatError as error:
            problem = texts.CHECK_WECHAT_CODES.get(error.code, texts.CHECK_WECHAT_REFUSED)
            return Finding(
                texts.CHECK_WECHAT,
                problem=problem.format(base=settings.wechat_api_base, code=error.code, result=error.result),
            )
    if not answer.get("access_token"):
        return Finding(texts.CHECK_WECHAT, problem=texts.CHECK_WECHAT_STRANGE.format(base=settings.wechat_api_base))
    return Finding(texts.CHECK_WECHAT, texts.CHECK_WECHAT_OK.format(appid=settings.wechat_appid))


@asynccontextmanager
async def _wechat(settings: Settings) -> AsyncGenerator[WeChatHttp]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WECHAT_SECONDS)) as session:
        yield WeChatHttp(session, settings.wechat_api_base, Metrics())
