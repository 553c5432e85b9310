"""The access token, shared by all processes (获取稳定版接口调用凭据)."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bot import wechat_errors as errors
from storage.sealing import Sealer
from tests.support.fake_wechat import FakeWeChat, Line, connect, refuse


@pytest.fixture
async def line(valkey: Redis, sealer: Sealer, now: datetime) -> AsyncGenerator[Line]:
    async with connect(FakeWeChat(), valkey, sealer, [now]) as line:
        yield line


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_refused_token_is_fetched_anew_once_and_the_call_made_again(line: Line, code: int) -> None:
    await line.client.custom_send("oAnna", "first")
    line.wechat.issued = 2
    line.wechat.script = [refuse(code)]
    await line.client.custom_send("oAnna", "second")
    assert [token for _, token, _ in line.wechat.calls] == ["token-1", "token-1", "token-2"]
    assert line.wechat.fetches == 2


async def test_a_token_refused_again_is_an_error_and_no_recursion(line: Line) -> None:
    line.wechat.script = [refuse(40001) for _ in range(10)]
    with pytest.raises(errors.TokenInvalid):
        await line.client.custom_send("oAnna", "x")
    assert len(line.wechat.calls) == 2
    assert line.wechat.fetches == 2


async def test_a_wrong_secret_is_an_error_at_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line.client.tokens._http, "_base", line.client.tokens._http._base + "/nowhere")
    line.wechat.script = [refuse(40125, "invalid appsecret")]
    with pytest.raises(errors.Permanent):
        await line.client.custom_send("oAnna", "x")
    assert len(line.wechat.calls) == 1


async def test_many_calls_at_once_fetch_one_token(line: Line) -> None:
    await asyncio.gather(*(line.client.custom_send("oAnna", str(n)) for n in range(50)))
    assert line.wechat.fetches == 1


async def test_many_processes_at_once_fetch_one_token(valkey: Redis, sealer: Sealer, now: datetime) -> None:
    wechat = FakeWeChat()
    async with (
        connect(wechat, valkey, sealer, [now]) as one,
        connect(wechat, valkey, sealer, [now]) as two,
        connect(wechat, valkey, sealer, [now]) as three,
    ):
        await asyncio.gather(*(line.client.custom_send("oAnna", "x") for line in (one, two, three) * 5))
    assert wechat.fetches == 1
    assert len(wechat.calls) == 15


async def test_a_refused_token_is_fetched_once_for_all_processes(valkey: Redis, sealer: Sealer, now: datetime) -> None:
    wechat = FakeWeChat()
    async with connect(wechat, valkey, sealer, [now]) as one, connect(wechat, valkey, sealer, [now]) as two:
        await asyncio.gather(one.client.tokens.get(), two.client.tokens.get())
        wechat.issued = 2
        await asyncio.gather(*(line.client.custom_send("oAnna", "x") for line in (one, two) * 5))
    assert wechat.fetches == 2


async def test_a_token_is_renewed_five_minutes_early(line: Line) -> None:
    await line.client.tokens.get()
    line.clock[0] += timedelta(seconds=7200 - 301)
    await line.client.tokens.get()
    assert line.wechat.fetches == 1
    line.clock[0] += timedelta(seconds=2)
    await line.client.tokens.get()
    assert line.wechat.fetches == 2


async def test_a_short_lived_token_is_not_fetched_for_every_call(line: Line) -> None:
    line.wechat.lifetime = 60
    for _ in range(3):
        await line.client.tokens.get()
    assert line.wechat.fetches == 1


async def test_a_token_is_unreadable_in_redis(line: Line, valkey: Redis) -> None:
    await line.client.tokens.get()
    kept = await valkey.get("wechat:{wx1}:token")
    assert kept is not None
    assert b"token-1" not in kept
    assert await valkey.pttl("wechat:{wx1}:token") > 0


async def test_without_redis_messages_are_still_sent(sealer: Sealer, now: datetime) -> None:
    gone = Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    async with connect(FakeWeChat(), gone, sealer, [now]) as line:
        await asyncio.gather(*(line.client.custom_send("oAnna", "x") for _ in range(5)))
        assert line.wechat.fetches == 1
    await gone.aclose()


async def test_a_caller_who_gives_up_does_not_take_the_token_from_the_others(line: Line) -> None:
    first = asyncio.create_task(line.client.tokens.get())
    second = asyncio.create_task(line.client.tokens.get())
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "token-1"
    assert line.wechat.fetches == 1


async def test_a_token_that_failed_to_come_is_asked_for_again(line: Line) -> None:
    line.wechat.lifetime = 0
    with pytest.raises(errors.Ambiguous):
        await line.client.tokens.get()
    line.wechat.lifetime = 7200
    assert await line.client.tokens.get() == "token-1"
