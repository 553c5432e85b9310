"""Answers that could not be kept, and a Redis that may have forgotten some: the next turn knows that it is not sure."""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any

from redis.asyncio import Redis

from booking.errors import Unavailable
from bot.connections import open_redis
from handlers.ports import Saved
from storage.chats import CHAT_KEPT, RedisChats
from storage.lives import Lives
from storage.sealing import Sealer
from tests.support.servers import valkey as valkey_server
from tests.support.webhook_desk import open_desk


class Forgetful(RedisChats):
    """Cannot keep what a turn led to, for so many tries."""

    failures = 0

    async def leave(self, *args: Any, **options: Any) -> Saved:
        if self.failures:
            self.failures -= 1
            raise Unavailable("Redis")
        return await super().leave(*args, **options)


async def test_an_answer_that_could_not_be_kept_is_kept_as_soon_as_it_can_be(
    valkey: Redis, sealer: Sealer, now: datetime
) -> None:
    chats = Forgetful(valkey, sealer)
    async with open_desk(chats, now) as desk:
        chats.failures = 2
        assert await desk.wechat.say("oAnna", "x") == "1: x"
        assert await desk.wechat.say("oAnna", "x") == "2: x"
        assert not any(incoming.unsure for incoming in desk.dialogue.taken)


async def test_after_an_answer_that_was_not_kept_nobody_knows_what_a_digit_answers(
    valkey: Redis, sealer: Sealer, now: datetime
) -> None:
    chats = Forgetful(valkey, sealer)
    async with open_desk(chats, now) as desk:
        chats.failures = 1000
        assert await desk.wechat.say("oAnna", "x") == "1: x"
        chats.failures = 0
        for key in [key async for key in valkey.scan_iter("{c:*}:l")]:
            await valkey.delete(key)  # as when the process died meanwhile
        assert await desk.wechat.say("oAnna", "1") == "1: 1"
        assert await desk.wechat.say("oAnna", "1") == "2: 1"
        assert [incoming.unsure for incoming in desk.dialogue.taken] == [False, True, False]


async def test_after_redis_came_back_it_may_not_be_the_last_chat_that_it_has(
    valkey: Redis, sealer: Sealer, now: datetime
) -> None:
    lives = Lives()
    chats = RedisChats(valkey, sealer, lives=lives)
    async with open_desk(chats, now) as desk:
        await desk.wechat.say("oAnna", "x")
        desk.clock[0] += timedelta(seconds=20)
        lives._since = time.monotonic() - 10
        for _ in range(2):
            await desk.wechat.say("oAnna", "1")
        assert [incoming.unsure for incoming in desk.dialogue.taken] == [False, True, False]
        desk.clock[0] = desk.wechat.now = desk.clock[0] + CHAT_KEPT
        lives._since -= CHAT_KEPT.total_seconds()
        await desk.wechat.say("oAnna", "1")  # no question can be open
        assert not desk.dialogue.taken[-1].unsure


async def test_a_restarted_redis_is_noticed() -> None:
    lives = Lives()
    assert lives.age == float("inf")
    ages = []
    for _ in range(2):
        with valkey_server() as url:
            async with open_redis(url, lives) as redis:
                await redis.ping()
                ages.append(lives.age)
                await redis.connection_pool.disconnect()
                await asyncio.sleep(0.05)
                await redis.ping()
                assert lives.age > 0.05  # another connection to the same server
    assert all(age < 5 for age in ages)
