"""Answers that could not be kept, and a Redis that may have forgotten some: the next turn knows that it is not sure."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from booking.errors import Unavailable
from bot.connections import open_redis
from handlers.ports import Saved
from storage.chats import CHAT_KEPT, RedisChats
from storage.lives import Lives
from storage.sealing import Sealer
from tests.support.crowded import until
from tests.support.servers import short_folder
from tests.support.servers import valkey as valkey_server
from tests.support.webhook_desk import open_desk


async def lose_locks(valkey: Redis) -> None:
    """As time does when a process died."""
    for key in [key async for key in valkey.scan_iter("{c:*}:l")]:
        await valkey.delete(key)


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
        await lose_locks(valkey)
        assert await desk.wechat.say("oAnna", "1") == "1: 1"
        assert await desk.wechat.say("oAnna", "1") == "2: 1"
        assert [incoming.unsure for incoming in desk.dialogue.taken] == [False, True, False]


@pytest.mark.parametrize("told", ["nothing", "that the database is away"])
async def test_who_was_told_nothing_of_the_question_is_unsure_still(
    valkey: Redis, sealer: Sealer, now: datetime, told: str
) -> None:
    chats = Forgetful(valkey, sealer)
    async with open_desk(chats, now) as desk:
        chats.failures = 1000
        await desk.wechat.say("oAnna", "list")
        chats.failures = 0
        await lose_locks(valkey)
        if told == "nothing":
            desk.dialogue.silent = True
            assert await desk.wechat.event("oAnna", "LOCATION", Latitude="1", Longitude="2", Precision="3") is None
            desk.dialogue.silent = False
        else:
            desk.dialogue.fault = Unavailable("database")
            assert "繁忙" in str(await desk.wechat.say("oAnna", "1"))
            desk.dialogue.fault = None
        for _ in range(2):
            await desk.wechat.say("oAnna", "1")
        assert [incoming.unsure for incoming in desk.dialogue.taken] == [False, True, True, False]


async def test_a_late_answer_that_was_not_kept_comes_before_the_next(
    valkey: Redis, sealer: Sealer, now: datetime
) -> None:
    chats = Forgetful(valkey, sealer)
    async with open_desk(chats, now, patience=0.2) as desk:
        desk.dialogue.hold()
        assert await desk.wechat.say("oAnna", "x") is None
        chats.failures = 1
        desk.dialogue.gate.set()
        await until(lambda: bool(desk.sender.sent))
        assert desk.sender.sent == [("oAnna", "1: x")]
        assert await desk.wechat.say("oAnna", "y") == "2: y"


async def test_the_first_digits_after_redis_was_replaced_are_unsure(sealer: Sealer) -> None:
    lives = Lives()
    with short_folder() as folder, valkey_server() as before:
        place = folder / "v.sock"
        place.symlink_to(before.removeprefix("unix://"))
        async with (
            open_redis(f"unix://{place}", lives) as redis,
            open_desk(RedisChats(redis, sealer, lives=lives), datetime.now(UTC)) as desk,
        ):
            names = [f"o{number}" for number in range(10)]
            for name in names:
                await desk.wechat.say(name, "cancel?")
            was = {key: await redis.dump(key) for key in await redis.keys("{c:*}:s")}
            for name in names:
                await desk.wechat.say(name, "list")
            with valkey_server() as after:
                place.unlink()
                place.symlink_to(after.removeprefix("unix://"))
                async with open_redis(after) as there:
                    for key, value in was.items():
                        await there.restore(key, 0, value)
                async with open_redis(before) as gone:
                    await gone.client_kill_filter(_type="normal", skipme=True)
                desk.clock[0] = desk.wechat.now = datetime.now(UTC)
                await asyncio.gather(*(desk.wechat.say(name, "1") for name in names))
        assert desk.dialogue.chats[-10:] == [b"1"] * 10
        assert all(incoming.unsure for incoming in desk.dialogue.taken[-10:])


async def test_a_node_that_was_there_before_it_was_met_is_no_new_one() -> None:
    lives = Lives()
    with valkey_server() as one, valkey_server() as other:
        await asyncio.sleep(1.1)
        for url in (one, other):
            async with open_redis(url, lives) as redis:
                await redis.ping()
            assert time.monotonic() - lives.since >= 1


async def test_one_that_was_promoted_without_a_restart_is_as_good_as_new() -> None:
    lives = Lives()
    with valkey_server() as url:
        async with open_redis(url, lives) as redis:
            await redis.ping()
            await asyncio.sleep(1.1)
            await redis.replicaof("127.0.0.1", "1")
            await redis.replicaof("NO", "ONE")
            await redis.connection_pool.disconnect()
            await redis.ping()
            assert time.monotonic() - lives.since < 1


async def test_after_redis_came_back_it_may_not_be_the_last_chat_that_it_has(
    valkey: Redis, sealer: Sealer, now: datetime
) -> None:
    lives = Lives()
    chats = RedisChats(valkey, sealer, lives=lives)
    async with open_desk(chats, now) as desk:
        await desk.wechat.say("oAnna", "x")
        desk.clock[0] += timedelta(seconds=20)
        lives.since = time.monotonic() - 10
        for _ in range(2):
            await desk.wechat.say("oAnna", "1")
        assert [incoming.unsure for incoming in desk.dialogue.taken] == [False, True, False]
        desk.clock[0] = desk.wechat.now = desk.clock[0] + CHAT_KEPT
        lives.since -= CHAT_KEPT.total_seconds()
        await desk.wechat.say("oAnna", "1")  # no question can be open
        assert not desk.dialogue.taken[-1].unsure


class Slow(RedisChats):
    """Answers only after a while."""

    async def _ask(self, *asked: Any) -> list[bytes]:
        reply = await super()._ask(*asked)
        await asyncio.sleep(0.3)
        return reply


async def test_how_long_redis_takes_to_answer_makes_it_no_older(valkey: Redis, sealer: Sealer, now: datetime) -> None:
    lives = Lives()
    async with open_desk(Slow(valkey, sealer, lives=lives), now) as desk:
        await desk.wechat.say("oAnna", "x")
        desk.clock[0] += timedelta(seconds=0.2)
        lives.since = time.monotonic() - 0.1  # after that question was kept
        await desk.wechat.say("oAnna", "1")
        assert [incoming.unsure for incoming in desk.dialogue.taken] == [False, True]


async def test_a_restarted_redis_is_noticed() -> None:
    lives = Lives()
    assert lives.since == float("-inf")
    ages = []
    for _ in range(2):
        with valkey_server() as url:
            async with open_redis(url, lives) as redis:
                await redis.ping()
                ages.append(time.monotonic() - lives.since)
                await redis.connection_pool.disconnect()
                await asyncio.sleep(0.05)
                await redis.ping()
                assert time.monotonic() - lives.since > 0.05  # another connection to the same server
    assert all(age < 5 for age in ages)
