"""More messages than can be answered: who is told to come again, who is not, and that nothing accepted is lost."""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timedelta

import pytest
from aiohttp import web
from redis.asyncio import Redis

from booking.errors import Unavailable
from bot.waited import seconds_waited
from handlers.ports import Entered
from handlers.texts import transport as texts
from storage.chats import BURST, PLACE_KEPT, RedisChats
from storage.sealing import Sealer
from tests.support.memory_chats import MemoryChats
from tests.support.webhook_desk import Desk, open_desk
from tests.support.wechat_side import message_xml

SOON = 1.5
"""Seconds for an answer. A turn must begin so long before, so nobody waits in vain."""
CROWDED = "当前人数较多"


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


def later(desk: Desk, openid: str, text: str) -> asyncio.Task[str | None]:
    return asyncio.create_task(desk.wechat.say(openid, text))


async def until(holds: Callable[[], bool]) -> None:
    """Come back when something holds."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110  # several things are looked at, and none of them tells
            await asyncio.sleep(0.001)


async def taken(desk: Desk, count: int) -> None:
    """Wait until so many turns have begun."""
    await until(lambda: len(desk.dialogue.taken) >= count)


async def fill(desk: Desk, count: int) -> list[asyncio.Task[str | None]]:
    """Begin turns that do not end until the gate opens."""
    desk.dialogue.hold()
    begun = len(desk.dialogue.taken)
    filling = [later(desk, f"oFiller{number}", "x") for number in range(count)]
    await taken(desk, begun + count)
    return filling


async def release(desk: Desk, filling: list[asyncio.Task[str | None]]) -> None:
    """Let the turns that were begun end."""
    desk.dialogue.gate.set()
    await asyncio.gather(*filling)


def place_in(answer: str | None) -> tuple[int, int]:
    """How many are ahead and after how many seconds one's place comes."""
    assert answer is not None
    found = re.search(r"前面约有 (\d+) 位。约 (\d+) 秒后轮到您", answer)
    assert found, answer
    return int(found[1]), int(found[2])


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


async def crowd_of_one(desk: Desk) -> list[asyncio.Task[str | None]]:
    """One turn at a time, each a second and a half: one is under way, one waits, and a third would come too late."""
    filling = await fill(desk, 1)
    crowd = desk.webhook.turns._crowd
    crowd._seconds = 1.5
    filling.append(later(desk, "oWaiting", "x"))
    await until(lambda: crowd.waiting == 1)
    return filling


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


class WatchedChats(RedisChats):
    """Tells when a message was to be refused."""

    asked: asyncio.Event

    async def refuse(self, *arguments: object, **more: object) -> Entered:
        try:
            return await super().refuse(*arguments, **more)  # type: ignore[arg-type]  # passed on as it came
        finally:
            self.asked.set()


async def accepted_here_delivered_again_there(
    valkey: Redis, sealer: Sealer, now: datetime
) -> tuple[list[str | None], int]:
    """One process takes a message; its redelivery comes to one that is full. Both answers, and the turns it had."""
    watched = WatchedChats(valkey, sealer)
    watched.asked = asyncio.Event()
    async with (
        open_desk(RedisChats(valkey, sealer), now) as one,
        open_desk(watched, now, patience=SOON, at_once=1) as full,
    ):
        one.dialogue.hold()
        letter = one.wechat.letter(message_xml("oAnna", now, Content="确认"))
        first = asyncio.create_task(one.wechat.deliver(letter))
        await taken(one, 1)
        filling = await fill(full, 1)
        again = asyncio.create_task(full.wechat.deliver(letter))
        await watched.asked.wait()
        one.dialogue.gate.set()
        full.dialogue.gate.set()
        answers = list(await asyncio.gather(first, again))
        await asyncio.gather(*filling)
        acted = [incoming for incoming in one.dialogue.taken + full.dialogue.taken if incoming.openid == "oAnna"]
        return answers, len(acted)


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


class SlowChats(RedisChats):
    """A store that takes its time for saying whether a message may be refused."""

    slow: asyncio.Event

    async def refuse(self, *arguments: object, **more: object) -> Entered:
        await self.slow.wait()
        return await super().refuse(*arguments, **more)  # type: ignore[arg-type]  # passed on as it came


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


async def hung_up(desk: Desk, now: datetime) -> int:
    """How many turns a message had whose sender has hung up before anybody looked at it."""
    filling = await fill(desk, 2)
    letter = desk.wechat.letter(message_xml("oAnna", now, Content="x"))
    response = await desk.wechat.post(letter)
    assert await response.text() == "success"
    await release(desk, filling)
    return sum(incoming.openid == "oAnna" for incoming in desk.dialogue.taken)


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


async def behind_its_own_turn(desk: Desk, fillers: int) -> tuple[list[str | None], list[tuple[str, str]]]:
    """What two deliveries of an account's second message get while its first one takes too long; what is sent later."""
    filling = await fill(desk, fillers)
    letter = desk.wechat.letter(message_xml("oFiller0", desk.wechat.now, Content="y"))
    answers = [await desk.wechat.deliver(letter) for _ in range(2)]
    if fillers == 1:  # now it is crowded too
        filling.append(later(desk, "oOther", "x"))
        await taken(desk, 2)
    await release(desk, filling)
    await desk.webhook.turns.close()
    return answers, desk.sender.sent


async def test_a_message_kept_for_later_is_done_however_crowded_it_is(desk: Desk) -> None:
    answers, sent = await behind_its_own_turn(desk, 1)
    assert answers == [None, None]
    assert ("oFiller0", "2: y") in sent


async def test_while_it_is_crowded_what_waits_behind_the_accounts_own_turn_is_not_kept(desk: Desk) -> None:
    answers, sent = await behind_its_own_turn(desk, 2)
    assert answers == [texts.BUSY, texts.BUSY]
    assert "2: y" not in dict(sent).values()


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


class BrokenChats(MemoryChats):
    """A store that cannot say whether the message was taken up elsewhere."""

    async def refuse(self, *_: object, **__: object) -> Entered:  # type: ignore[override]  # only raises
        raise Unavailable("Redis")


async def test_without_the_store_the_apology_promises_no_place(now: datetime) -> None:
    async with open_desk(BrokenChats(), now, patience=SOON, at_once=1) as desk:
        filling = await fill(desk, 1)
        assert await desk.wechat.say("oAnna", "预约") == texts.BUSY
        await release(desk, filling)


async def hammered(desk: Desk) -> str | None:
    """What Bert reads while Anna's script has sent thirty messages and none of them is answered."""
    desk.dialogue.hold()
    hammering = [later(desk, "oAnna", "x") for _ in range(30)]
    await taken(desk, 1)
    writing = later(desk, "oBert", "x")
    await until(lambda: writing.done() or len(desk.dialogue.taken) == 2)
    desk.dialogue.gate.set()
    answer = await writing
    await asyncio.gather(*hammering)
    return answer


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
