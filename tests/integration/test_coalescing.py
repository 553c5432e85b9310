"""Scripts that share a pipeline: each caller gets its own answer, whatever happens to its neighbours."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from booking.errors import Unavailable
from storage.coalescing import Scripts

COUNT = "return {redis.call('INCR', KEYS[1]), ARGV[1]}"
CALLERS = 500


async def test_each_caller_gets_its_own_answer(valkey: Redis) -> None:
    scripts, count = Scripts(valkey), valkey.register_script(COUNT)
    answers = await asyncio.gather(*(scripts.run(count, ["n"], [caller]) for caller in range(CALLERS)))
    assert [int(answer[1]) for answer in answers if isinstance(answer, list)] == list(range(CALLERS))
    assert await valkey.get("n") == str(CALLERS).encode()


async def test_callers_at_once_share_their_way(valkey: Redis) -> None:
    scripts, count = Scripts(valkey), valkey.register_script(COUNT)
    await scripts.run(count, ["n"], ["warm"])
    reads = (await valkey.info("stats"))["total_reads_processed"]
    await asyncio.gather(*(scripts.run(count, ["n"], [caller]) for caller in range(CALLERS)))
    assert (await valkey.info("stats"))["total_reads_processed"] - reads < CALLERS / 10


async def test_a_caller_alone_does_not_wait_for_company(valkey: Redis) -> None:
    scripts, count = Scripts(valkey), valkey.register_script(COUNT)
    assert await scripts.run(count, ["n"], ["a"]) == [1, b"a"]
    assert await scripts.run(count, ["n"], ["b"]) == [2, b"b"]


async def test_a_call_that_may_leave_does_not_wait_behind_one_that_may_not(
    valkey: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts, count = Scripts(valkey), valkey.register_script(COUNT)
    await scripts.run(count, ["warm"], [""])
    gate, really_share = asyncio.Event(), Scripts._share

    async def share(self: Scripts, batch: Any) -> None:
        if batch[0][1][0] == "held":
            await gate.wait()
        await really_share(self, batch)

    monkeypatch.setattr(Scripts, "_share", share)
    held = [asyncio.create_task(scripts.run(count, ["held"], [""]))]
    await asyncio.sleep(0.01)
    held.append(asyncio.create_task(scripts.run(count, ["held"], [""])))  # waits for the one before it
    await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        assert await scripts.run(count, ["free"], [""]) == [1, b""]
    gate.set()
    assert await asyncio.gather(*held) == [[1, b""], [2, b""]]


async def test_a_caller_who_gives_up_harms_no_other(valkey: Redis) -> None:
    scripts, count = Scripts(valkey), valkey.register_script(COUNT)
    calls = [asyncio.create_task(scripts.run(count, ["n"], [caller])) for caller in range(100)]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    answers = await asyncio.gather(*calls[1::2])
    assert [answer[1] for answer in answers if isinstance(answer, list)] == [b"%d" % n for n in range(1, 100, 2)]
    assert await valkey.get("n") == b"100"


async def test_scripts_that_the_server_forgot_are_loaded_again(valkey: Redis) -> None:
    scripts, count = Scripts(valkey), valkey.register_script(COUNT)
    for _ in range(2):
        await valkey.script_flush()
        await asyncio.gather(*(scripts.run(count, ["n"], [caller]) for caller in range(50)))
    assert await valkey.get("n") == b"100"


async def test_a_script_that_fails_fails_for_its_caller_only(valkey: Redis) -> None:
    scripts, count = Scripts(valkey), valkey.register_script(COUNT)
    await valkey.set("text", "x")
    keys = ["n", "text", "n"]
    answers = await asyncio.gather(*(scripts.run(count, [key], [key]) for key in keys), return_exceptions=True)
    assert [type(answer) for answer in answers] == [list, Unavailable, list]


async def test_a_redis_that_is_away_is_told_to_every_caller() -> None:
    away = Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    scripts, count = Scripts(away), away.register_script(COUNT)
    answers = await asyncio.gather(*(scripts.run(count, ["n"], [c]) for c in range(5)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable] * 5
    with pytest.raises(Unavailable):
        await scripts.run(count, ["n"], ["alone"])
    await away.aclose()
