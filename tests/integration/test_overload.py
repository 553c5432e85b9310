"""More messages than can be answered: who is told to come again, who is not, and that nothing accepted is lost."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

import pytest
from redis.asyncio import Redis

from handlers.texts import transport as texts
from storage.chats import BURST, PLACE_KEPT, RedisChats
from storage.sealing import Sealer
from tests.support.crowded import (
    CROWDED,
    SOON,
    BrokenChats,
    crowd_of_one,
    fill,
    hammered,
    later,
    place_in,
    release,
    until,
)
from tests.support.webhook_desk import Desk, open_desk
from tests.support.wechat_side import message_xml


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


async def test_who_cannot_be_answered_in_time_reads_the_place_in_line(desk: Desk) -> None:
    filling = await fill(desk, 2)
    answer = await desk.wechat.say("oAnna", "预约")
    assert answer is not None
    assert answer.startswith(CROWDED)
    assert "再发一次" in answer
    assert place_in(answer) == (2, 1)
    assert [incoming.openid for incoming in desk.dialogue.taken] == ["oFiller0", "oFiller1"]
    assert desk.metrics.refusals == {"crowded": 1}
    await release(desk, filling)


async def test_control_without_the_limit_everybody_would_be_late(chats: RedisChats, now: datetime) -> None:
    async with open_desk(chats, now, patience=SOON) as desk:
        filling = await fill(desk, 2)
        assert await desk.wechat.say("oAnna", "预约") is None
        await asyncio.gather(*filling)


async def test_what_was_accepted_is_finished_and_then_everybody_is_taken_again(desk: Desk) -> None:
    filling = await fill(desk, 2)
    turned_away = await asyncio.gather(*(desk.wechat.say(f"o{number}", "x") for number in range(20)))
    assert all(answer and answer.startswith(CROWDED) for answer in turned_away)
    assert await asyncio.gather(*filling) == [None, None]  # they took longer than WeChat waits
    desk.dialogue.gate.set()
    await desk.webhook.turns.close()
    assert sorted(desk.sender.sent) == [("oFiller0", "1: x"), ("oFiller1", "1: x")]
    assert [await desk.wechat.say(f"o{number}", "x") for number in range(20)] == ["1: x"] * 20
    assert len(desk.dialogue.taken) == 22


async def test_a_turn_that_fails_gives_its_place_back(desk: Desk) -> None:
    desk.dialogue.fault = RuntimeError("bug")
    answers = [await desk.wechat.say("oAnna", "x") for _ in range(5)]
    assert all(answer and answer.startswith("抱歉") for answer in answers)
    assert desk.webhook.turns._crowd.under_way == 0


async def test_the_later_one_comes_the_later_is_ones_place(desk: Desk) -> None:
    filling = await fill(desk, 2)
    desk.webhook.turns._crowd._seconds = 4.0
    places = [place_in(await desk.wechat.say(f"o{number}", "x")) for number in range(4)]
    assert [ahead for ahead, _ in places] == [2, 3, 4, 5]
    assert [seconds for _, seconds in places] == [4, 6, 8, 10]
    await release(desk, filling)


async def test_a_message_turned_away_and_delivered_again_gets_the_same_answer_and_no_turn(
    desk: Desk, chats: RedisChats, now: datetime
) -> None:
    letter = desk.wechat.letter(message_xml("oAnna", now, Content="确认"))
    filling = await fill(desk, 2)
    told = await desk.wechat.deliver(letter)
    assert await desk.wechat.deliver(letter) == told
    await asyncio.gather(*filling)
    desk.dialogue.gate.set()
    async with open_desk(chats, now) as idle:
        assert await idle.wechat.deliver(letter) == told
        assert idle.dialogue.taken == []
    assert await desk.wechat.say("oAnna", "确认") == "1: 确认"


async def test_asking_again_and_again_gains_nothing_and_in_the_end_meets_silence(desk: Desk) -> None:
    filling = await fill(desk, 2)
    desk.webhook.turns._crowd._seconds = 4.0
    first, patient = [place_in(await desk.wechat.say(openid, "x")) for openid in ("oScript", "oPatient")]
    answers = [await desk.wechat.say("oScript", "x") for _ in range(BURST + 2)]
    assert {place_in(answer) for answer in answers[: BURST - 1]} == {first}
    assert answers[BURST - 1 :] == [texts.TOO_FAST, None, None]
    assert first < patient < place_in(await desk.wechat.say("oThird", "x"))
    desk.clock[0] += timedelta(seconds=patient[1] - 1)
    assert place_in(await desk.wechat.say("oPatient", "x"))[1] == 1
    await release(desk, filling)


async def test_who_holds_a_seat_goes_before_who_does_not(chats: RedisChats, now: datetime) -> None:
    async with open_desk(chats, now, at_once=1) as desk:
        desk.dialogue.seats = {"oSeated"}
        assert await desk.wechat.say("oSeated", "9:00") == "1: 9:00"
        filling = await crowd_of_one(desk)
        place_in(await desk.wechat.say("oNew", "预约"))
        confirming = later(desk, "oSeated", "确认")
        await until(lambda: desk.webhook.turns._crowd.waiting == 2)
        desk.dialogue.gate.set()
        assert await confirming == "2: 确认"
        await asyncio.gather(*filling)
        assert [incoming.openid for incoming in desk.dialogue.taken][1:] == ["oFiller0", "oSeated", "oWaiting"]


async def test_control_who_has_given_the_seat_back_waits_like_everybody(chats: RedisChats, now: datetime) -> None:
    async with open_desk(chats, now, at_once=1) as desk:
        desk.dialogue.seats = {"oSeated"}
        await desk.wechat.say("oSeated", "9:00")
        desk.dialogue.seats = set()
        await desk.wechat.say("oSeated", "返回")
        filling = await crowd_of_one(desk)
        place_in(await desk.wechat.say("oSeated", "确认"))
        await release(desk, filling)


async def test_who_comes_back_when_told_goes_before_who_is_new(chats: RedisChats, now: datetime) -> None:
    async with open_desk(chats, now, at_once=1) as desk:
        filling = await crowd_of_one(desk)
        _, seconds = place_in(await desk.wechat.say("oAnna", "预约"))
        desk.clock[0] += timedelta(seconds=seconds)
        coming = later(desk, "oAnna", "预约")
        await until(lambda: desk.webhook.turns._crowd.waiting == 2)
        desk.dialogue.gate.set()
        assert await coming == "1: 预约"
        await asyncio.gather(*filling)
        assert [incoming.openid for incoming in desk.dialogue.taken] == ["oFiller0", "oAnna", "oWaiting"]


async def test_a_place_that_nobody_came_for_is_given_up(chats: RedisChats, now: datetime) -> None:
    async with open_desk(chats, now, at_once=1) as desk:
        filling = await crowd_of_one(desk)
        _, seconds = place_in(await desk.wechat.say("oAnna", "预约"))
        desk.clock[0] += timedelta(seconds=seconds) + PLACE_KEPT
        place_in(await desk.wechat.say("oAnna", "预约"))
        await release(desk, filling)


async def test_the_number_of_turns_is_bounded(desk: Desk) -> None:
    desk.webhook.turns._most = 3
    desk.webhook._patience = 4.0
    filling = await fill(desk, 2)
    waiting = [later(desk, f"oWaiting{number}", "x") for number in range(10)]
    await until(lambda: sum(task.done() for task in waiting) == 9)
    assert len(desk.webhook.turns._running) == 3  # for good: a refused one is known only while it is refused
    desk.dialogue.gate.set()
    answers = await asyncio.gather(*waiting)
    assert sum(answer == "1: x" for answer in answers) == 1
    assert sum(answer is not None and answer.startswith(CROWDED) for answer in answers) == 9
    assert await asyncio.gather(*filling) == ["1: x", "1: x"]


async def test_an_event_nobody_reads_is_never_turned_away(desk: Desk) -> None:
    filling = await fill(desk, 2)
    leaving = asyncio.create_task(desk.wechat.event("oAnna", "unsubscribe"))
    await asyncio.gather(*filling)
    assert await leaving is None
    desk.dialogue.gate.set()
    await desk.webhook.turns.close()
    assert "unsubscribe" in [incoming.event for incoming in desk.dialogue.taken]


async def test_without_the_store_the_apology_promises_no_place(now: datetime) -> None:
    async with open_desk(BrokenChats(), now, patience=SOON, at_once=1) as desk:
        filling = await fill(desk, 1)
        assert await desk.wechat.say("oAnna", "预约") == texts.BUSY
        await release(desk, filling)


async def test_an_account_that_hammers_takes_one_place(desk: Desk) -> None:
    assert await hammered(desk) == "1: x"


async def test_control_without_a_line_for_each_account_it_takes_them_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.lines.Lines.of", lambda _lines, _account: contextlib.nullcontext())
    place_in(await hammered(desk))


def test_a_long_wait_is_told_in_minutes() -> None:
    assert "约 89 秒后" in texts.crowded(7, 89)
    assert "约 2 分钟后" in texts.crowded(70, 90)
