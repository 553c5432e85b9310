"""The pace of sending, shared by all workers through a real Valkey, and kept alone when that is away."""

import asyncio
from datetime import datetime, timedelta

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from booking.relaying import NoticeChannel
from bot.sending_limits import ALONE, CHUNKS_A_SECOND, Pace, Pauses
from storage.sending_limits import CREDIT, RedisLimits

RATE = 1000


async def test_workers_together_get_no_more_than_the_pace(valkey: Redis) -> None:
    limits = [RedisLimits(valkey, appid="wx1"), RedisLimits(valkey, appid="wx1")]
    began = asyncio.get_running_loop().time()
    waits = [await limits[n % 2].reserve(100, per_second=RATE) for n in range(20)]
    assert waits[0] == 0
    last_begins = asyncio.get_running_loop().time() - began + waits[-1]
    assert last_begins >= 1.9 - CREDIT, "nineteen hundred were let go before it"


async def test_another_account_has_a_pace_of_its_own(valkey: Redis) -> None:
    await RedisLimits(valkey, appid="wx1").reserve(5000, per_second=RATE)
    assert await RedisLimits(valkey, appid="wx2").reserve(1, per_second=RATE) == 0


async def test_what_was_not_used_is_made_up_only_for_a_moment(valkey: Redis) -> None:
    limits = RedisLimits(valkey, appid="wx1")
    await limits.reserve(1, per_second=RATE)
    await asyncio.sleep(CREDIT + 0.3)
    at_once = int(CREDIT * RATE)
    assert await limits.reserve(at_once, per_second=RATE) == 0
    assert await limits.reserve(10 * RATE, per_second=RATE) == 0
    assert await limits.reserve(1, per_second=RATE) > 5, "what was not used for longer is lost"


async def test_without_redis_a_worker_goes_on_more_slowly() -> None:
    away = Redis(host="127.0.0.1", port=9, retry=Retry(NoBackoff(), 0))
    pace = Pace(RedisLimits(away, appid="wx1"), RATE)
    loop = asyncio.get_running_loop()
    began, chunk = loop.time(), RATE // CHUNKS_A_SECOND
    for _ in range(3 * chunk + 1):
        await pace.take()
    assert loop.time() - began >= 3 * chunk / (RATE * ALONE) * 0.99
    await away.aclose()


async def test_without_a_limit_nobody_waits_or_asks() -> None:
    away = Redis(host="127.0.0.1", port=9)
    pace = Pace(RedisLimits(away, appid="wx1"), 0)
    for _ in range(1000):
        await pace.take()
    await away.aclose()


async def test_a_pause_is_known_to_all_and_ends_by_itself(valkey: Redis, now: datetime) -> None:
    one, other = Pauses(RedisLimits(valkey, appid="wx1")), Pauses(RedisLimits(valkey, appid="wx1"))
    await one.pause(NoticeChannel.TEMPLATE, now=now)
    paused = await other.current(now=now)
    assert list(paused) == [NoticeChannel.TEMPLATE]
    assert await other.current(now=paused[NoticeChannel.TEMPLATE] + timedelta(seconds=1)) == {}
