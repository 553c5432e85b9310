"""Messages that come again, wait behind others or are given up while it is crowded."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

import pytest
from aiohttp import web
from redis.asyncio import Redis

from bot.waited import seconds_waited
from handlers.texts import transport as texts
from storage.chats import RedisChats
from storage.sealing import Sealer
from tests.support.crowded import (
    SOON,
    SlowChats,
    accepted_here_delivered_again_there,
    behind_its_own_turn,
    fill,
    hung_up,
    later,
    place_in,
    release,
    until,
)
from tests.support.webhook_desk import Desk, open_desk


@pytest.fixture(autouse=True)
def wide_reserve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.crowd.LEAST_RESERVE", SOON)


@pytest.fixture
def chats(valkey: Redis, sealer: Sealer) -> RedisChats:
    return RedisChats(valkey, sealer)


@pytest.fixture
async def desk(chats: RedisChats, now: datetime) -> AsyncGenerator[Desk]:
    """It can take two turns at the same time."""
    async with open_desk(chats, now, patience=SOON, at_once=2) as desk:
        yield desk


async def test_a_redelivery_of_an_accepted_message_is_not_turned_away(
    valkey: Redis, sealer: Sealer, now: datetime
) -> None:
    assert await accepted_here_delivered_again_there(valkey, sealer, now) == (["1: 确认", "1: 确认"], 1)


async def test_control_without_its_name_on_the_lock_it_would_be(
    valkey: Redis, sealer: Sealer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.chats._owner", lambda token, _request_id: token)
    (first, again), _ = await accepted_here_delivered_again_there(valkey, sealer, now)
    assert first == "1: 确认"
    place_in(again)


async def test_who_stands_in_line_when_the_time_is_over_is_not_kept_for_later(
    valkey: Redis, sealer: Sealer, now: datetime
) -> None:
    chats = SlowChats(valkey, sealer)
    chats.slow = asyncio.Event()
    async with open_desk(chats, now, patience=SOON, at_once=1) as desk:
        filling = await fill(desk, 1)
        assert await desk.wechat.say("oAnna", "预约") == texts.BUSY
        chats.slow.set()
        await release(desk, filling)
        await desk.webhook.turns.close()
        assert [incoming.openid for incoming in desk.dialogue.taken] == ["oFiller0"]
        assert desk.sender.sent == [("oFiller0", "1: x")]
        assert await chats.overdue(now=now + timedelta(days=1)) == []
        assert await desk.wechat.say("oAnna", "预约") == "1: 预约"


async def test_under_load_nobody_answers_who_has_hung_up(
    desk: Desk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.turns.MANY", 2)
    monkeypatch.setattr("bot.webhook.seconds_waited", lambda _request: 5.1)
    assert await hung_up(desk, now) == 0
    assert desk.metrics.refusals == {"gone": 1}


async def test_under_load_the_time_a_message_has_waited_unseen_counts(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.turns.MANY", 2)
    desk.webhook._patience = 100.0
    filling = await fill(desk, 2)
    waiting = later(desk, "oPatient", "x")
    await until(lambda: desk.webhook.turns._crowd.waiting == 1)
    monkeypatch.setattr("bot.webhook.seconds_waited", lambda _request: 4.9)
    desk.webhook._patience = 4.0
    place_in(await desk.wechat.say("oAnna", "x"))
    desk.dialogue.gate.set()
    assert await waiting == "1: x"
    await asyncio.gather(*filling)


async def test_the_system_tells_how_long_a_request_has_waited(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.turns.MANY", 0)
    told: list[float] = []

    def remembered(request: web.Request) -> float:
        told.append(seconds_waited(request))
        return told[-1]

    monkeypatch.setattr("bot.webhook.seconds_waited", remembered)
    assert await desk.wechat.say("oAnna", "x") == "1: x"
    assert 0.0 <= told[0] < 60.0


async def test_a_message_kept_for_later_is_done_however_crowded_it_is(desk: Desk) -> None:
    answers, sent = await behind_its_own_turn(desk, 1)
    assert answers == [None, None]
    assert ("oFiller0", "2: y") in sent


async def test_while_it_is_crowded_what_waits_behind_the_accounts_own_turn_is_not_kept(desk: Desk) -> None:
    answers, sent = await behind_its_own_turn(desk, 2)
    assert answers == [texts.BUSY, texts.BUSY]
    assert "2: y" not in dict(sent).values()
