"""Answers that take longer than WeChat waits: delivered once, by whoever can, or with the next answer."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from redis.asyncio import Redis

from booking.errors import Unavailable
from bot.webhook import PATIENCE
from bot.wechat_errors import Ambiguous, OutsideWindow, Retryable, Unreachable, WeChatError
from handlers.texts import transport as texts
from storage.chats import LEASE, RedisChats
from storage.sealing import Sealer
from tests.support.crowded import until
from tests.support.memory_chats import MemoryChats
from tests.support.webhook_desk import Desk, open_desk
from tests.support.wechat_side import Letter, message_xml

SOON = 0.05
"""Patience of a webhook that is to be late, in seconds."""


@pytest.fixture
def chats(valkey: Redis, sealer: Sealer) -> RedisChats:
    return RedisChats(valkey, sealer)


@pytest.fixture
async def desk(chats: RedisChats, now: datetime) -> AsyncGenerator[Desk]:
    async with open_desk(chats, now, patience=SOON) as desk:
        yield desk


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.late_answers._PAUSES", (0.0, 0.0, 0.0))


def letter_of(desk: Desk, text: str) -> Letter:
    return desk.wechat.letter(message_xml("oAnna", desk.clock[0], Content=text))


async def finish(desk: Desk) -> None:
    """Let what is held go on and end; from then on the webhook is as patient as in earnest."""
    desk.webhook._patience = PATIENCE
    desk.dialogue.gate.set()
    await desk.webhook.close()


async def test_an_answer_in_time_is_not_sent_besides(desk: Desk) -> None:
    """The control of what follows."""
    desk.webhook._patience = PATIENCE
    assert await desk.wechat.say("oAnna", "确认") == "1: 确认"
    await finish(desk)
    assert desk.sender.sent == []


async def test_a_late_answer_follows_as_a_customer_service_message(desk: Desk) -> None:
    desk.dialogue.hold()
    assert await desk.wechat.say("oAnna", "确认") is None
    await finish(desk)
    assert desk.sender.sent == [("oAnna", "1: 确认")]
    assert len(desk.dialogue.taken) == 1


async def test_a_redelivery_after_it_was_sent_is_silent(desk: Desk) -> None:
    desk.dialogue.hold()
    letter = letter_of(desk, "确认")
    assert await desk.wechat.deliver(letter) is None
    await finish(desk)
    assert await desk.wechat.deliver(letter) is None
    assert desk.sender.sent == [("oAnna", "1: 确认")]
    assert len(desk.dialogue.taken) == 1


async def test_a_redelivery_that_waits_takes_the_answer_and_nothing_is_sent(chats: RedisChats, now: datetime) -> None:
    async with open_desk(chats, now, patience=SOON) as desk:
        desk.dialogue.hold()
        letter = letter_of(desk, "确认")
        assert await desk.wechat.deliver(letter) is None
        desk.webhook._patience = PATIENCE
        again = asyncio.create_task(desk.wechat.deliver(letter))
        await desk.metrics.redelivered.wait()
        await finish(desk)
        assert await again == "1: 确认"
        assert desk.sender.sent == []


async def test_a_redelivery_to_another_process_and_the_sender_never_both_answer(
    chats: RedisChats, now: datetime
) -> None:
    async with open_desk(chats, now, patience=SOON) as one, open_desk(chats, now) as two:
        one.dialogue.hold()
        letter = letter_of(one, "确认")
        assert await one.wechat.deliver(letter) is None
        again = asyncio.create_task(two.wechat.deliver(letter))
        await finish(one)
        passive = await again
        assert len(one.sender.sent) + (passive is not None) == 1
        assert two.dialogue.taken == []


async def test_the_next_message_waits_for_the_late_one(desk: Desk) -> None:
    desk.dialogue.hold()
    assert await desk.wechat.say("oAnna", "第一") is None
    assert await desk.wechat.say("oAnna", "第二") is None
    await finish(desk)
    assert desk.sender.sent == [("oAnna", "1: 第一"), ("oAnna", "2: 第二")]


@pytest.mark.parametrize("fault", [OutsideWindow("custom_send", "out", 45015), Ambiguous("custom_send", "timeout")])
async def test_an_answer_that_could_not_be_sent_comes_with_the_next(desk: Desk, fault: WeChatError) -> None:
    desk.dialogue.hold()
    desk.sender.faults = [fault]
    assert await desk.wechat.say("oAnna", "确认") is None
    await finish(desk)
    assert desk.sender.sent == []
    assert desk.sender.tried == 1
    both = await desk.wechat.say("oAnna", "喂")
    assert both == f"{texts.EARLIER}\n1: 确认\n\n2: 喂"
    assert await desk.wechat.say("oAnna", "喂") == "3: 喂"


async def test_an_event_nobody_reads_does_not_use_up_the_answer(desk: Desk) -> None:
    desk.dialogue.hold()
    desk.sender.faults = [Unreachable("custom_send", "blocked", 43019)]
    assert await desk.wechat.say("oAnna", "确认") is None
    await finish(desk)
    desk.dialogue.silent = True
    assert await desk.wechat.event("oAnna", "TEMPLATESENDJOBFINISH", MsgID="1", Status="success") is None
    assert await desk.wechat.say("oAnna", "喂") == f"{texts.EARLIER}\n1: 确认"


async def test_a_busy_wechat_is_tried_again(desk: Desk) -> None:
    desk.dialogue.hold()
    desk.sender.faults = [Retryable("custom_send", "busy", -1)] * 2
    assert await desk.wechat.say("oAnna", "确认") is None
    await finish(desk)
    assert desk.sender.sent == [("oAnna", "1: 确认")]


async def test_a_wechat_that_stays_busy_leaves_the_answer_for_the_next(desk: Desk) -> None:
    desk.dialogue.hold()
    desk.sender.faults = [Retryable("custom_send", "busy", -1)] * 3
    assert await desk.wechat.say("oAnna", "确认") is None
    await finish(desk)
    assert await desk.wechat.say("oAnna", "喂") == f"{texts.EARLIER}\n1: 确认\n\n2: 喂"


async def test_a_late_turn_without_words_sends_nothing(desk: Desk) -> None:
    desk.dialogue.hold()
    desk.dialogue.silent = True
    assert await desk.wechat.say("oAnna", "确认") is None
    await finish(desk)
    assert desk.sender.tried == 0
    assert await desk.webhook.recover_late() == 0


async def test_a_late_fault_is_an_apology_too(desk: Desk) -> None:
    desk.dialogue.hold()
    desk.dialogue.fault = RuntimeError("bug")
    assert await desk.wechat.say("oAnna", "确认") is None
    await finish(desk)
    assert [text[:2] for _, text in desk.sender.sent] == ["抱歉"]


async def kill(desk: Desk) -> None:
    """End the process's turns at once, as a kill does."""
    for task in list(desk.webhook.turns._tasks):
        task.cancel()
    await asyncio.gather(*desk.webhook.turns._tasks, return_exceptions=True)


async def lose_locks(valkey: Redis) -> None:
    """Let the locks of whoever died expire, as they do after seconds."""
    async for key in valkey.scan_iter("{c:*}:l"):
        await valkey.delete(key)


async def test_a_late_message_survives_the_death_of_its_process(
    chats: RedisChats, now: datetime, valkey: Redis
) -> None:
    async with open_desk(chats, now, patience=SOON) as dying:
        dying.dialogue.hold()
        assert await dying.wechat.say("oAnna", "确认") is None
        await kill(dying)
    await lose_locks(valkey)
    async with open_desk(chats, now) as next_one:
        assert await next_one.webhook.recover_late() == 0
        next_one.clock[0] += LEASE
        assert await next_one.webhook.recover_late() == 1
        assert next_one.sender.sent == [("oAnna", "1: 确认")]
        again = replace(dying.dialogue.taken[0], first_taken=now.timestamp())  # the dialogue knows how old it is
        assert next_one.dialogue.taken == [again]
        assert await next_one.webhook.recover_late() == 0
        assert await next_one.wechat.say("oAnna", "然后") == "2: 然后"


async def test_a_message_that_nobody_began_is_as_old_as_when_it_came(
    chats: RedisChats, now: datetime, valkey: Redis
) -> None:
    """It waits behind another one, and is kept seconds after it came: what is asked meanwhile came after it."""
    async with open_desk(chats, now, patience=SOON) as dying:
        dying.dialogue.hold()
        assert await dying.wechat.say("oAnna", "第一") is None
        late = asyncio.create_task(dying.wechat.say("oAnna", "第二"))
        await until(lambda: len(dying.webhook.turns._running) == 2)
        dying.clock[0] += timedelta(seconds=3)
        assert await late is None
        await kill(dying)
    await lose_locks(valkey)
    async with open_desk(chats, now + 2 * LEASE) as next_one:
        assert await next_one.webhook.recover_late() == 2
        taken = {incoming.text: incoming.first_taken for incoming in next_one.dialogue.taken}
        assert taken == {"第一": now.timestamp(), "第二": now.timestamp()}


async def test_a_message_is_known_again_though_its_process_died_before_it_was_kept(
    chats: RedisChats, now: datetime, valkey: Redis
) -> None:
    async with open_desk(chats, now) as dying, open_desk(chats, now + timedelta(seconds=5)) as next_one:
        letter = letter_of(dying, "1")
        dying.dialogue.hold()
        first = asyncio.create_task(dying.wechat.deliver(letter))
        await dying.dialogue.entered.wait()
        await kill(dying)
        await asyncio.gather(first, return_exceptions=True)
        await lose_locks(valkey)
        await next_one.wechat.say("oAnna", "预约")
        assert await next_one.wechat.deliver(letter) == "2: 1"
        assert [incoming.first_taken for incoming in next_one.dialogue.taken] == [None, now.timestamp()]


async def test_a_ready_answer_survives_the_death_of_its_sender(chats: RedisChats, now: datetime) -> None:
    incoming = b'{"openid": "oAnna", "kind": "text", "request_id": "one", "text": "x"}'
    await chats.enter("oAnna", "one", token="t", now=now, claims=True, counts=True)
    await chats.postpone("oAnna", "one", now=now, incoming=incoming)
    await chats.leave("oAnna", "one", token="t", now=now, chat=None, answer="预约成功")
    async with open_desk(chats, now + LEASE) as desk:
        assert await desk.webhook.recover_late() == 1
        assert desk.sender.sent == [("oAnna", "预约成功")]
        assert desk.dialogue.taken == []


async def test_two_recoverers_send_one_answer(chats: RedisChats, now: datetime) -> None:
    await chats.postpone("oAnna", "one", now=now, incoming=b'{"openid": "oAnna", "kind": "text", "request_id": "one"}')
    async with open_desk(chats, now + LEASE) as one, open_desk(chats, now + LEASE) as two:
        counts = await asyncio.gather(one.webhook.recover_late(), two.webhook.recover_late())
        assert sum(counts) == 1
        assert len(one.sender.sent + two.sender.sent) == 1


class BreakingChats(MemoryChats):
    """A store that cannot keep what is late."""

    async def postpone(self, *_: object, **__: object) -> object:  # type: ignore[override]  # only raises
        raise Unavailable("Redis")


async def test_a_late_message_that_cannot_be_kept_is_answered_with_an_apology_then_sent(now: datetime) -> None:
    async with open_desk(BreakingChats(), now, patience=SOON) as desk:
        desk.dialogue.hold()
        assert await desk.wechat.say("oAnna", "确认") == texts.BUSY
        await finish(desk)
        assert desk.sender.sent == [("oAnna", "1: 确认")]


class HangingChats(MemoryChats):
    """A store that does not come back from keeping what is late."""

    async def postpone(self, *_: object, **__: object) -> object:  # type: ignore[override]  # never returns
        return await asyncio.Event().wait()


async def test_a_store_that_hangs_does_not_hold_up_the_answer(now: datetime) -> None:
    async with open_desk(HangingChats(), now, patience=SOON) as desk:
        desk.dialogue.hold()
        assert await desk.wechat.say("oAnna", "确认") == texts.BUSY
        await finish(desk)
        assert desk.sender.sent == [("oAnna", "1: 确认")]


async def test_a_redis_that_stands_still_is_told_and_the_answer_follows_once(desk: Desk, valkey: Redis) -> None:
    desk.webhook._patience = PATIENCE
    await desk.wechat.say("oAnna", "预约")
    desk.webhook._patience = SOON
    await valkey.client_pause(1200)
    assert await desk.wechat.say("oAnna", "确认") == texts.BUSY
    await finish(desk)
    assert desk.sender.sent == [("oAnna", "2: 确认")]
    desk.clock[0] += 2 * LEASE
    assert await desk.webhook.recover_late() == 0


class WatchedChats(RedisChats):
    """Tells when a turn has renewed its lock and lease."""

    renewed: asyncio.Event

    async def renew(self, openid: str, request_id: str, *, token: str, now: datetime) -> None:
        await super().renew(openid, request_id, token=token, now=now)
        self.renewed.set()


async def test_a_late_turn_that_still_runs_is_left_to_its_process(
    valkey: Redis, sealer: Sealer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.renewing.RENEW_EVERY", 0.01)
    chats = WatchedChats(valkey, sealer)
    chats.renewed = asyncio.Event()
    async with open_desk(chats, now, patience=SOON) as slow, open_desk(chats, now + 2 * LEASE) as other:
        slow.dialogue.hold()
        assert await slow.wechat.say("oAnna", "确认") is None
        slow.clock[0] += 2 * LEASE
        chats.renewed.clear()
        await chats.renewed.wait()
        chats.renewed.clear()
        await chats.renewed.wait()
        assert await other.webhook.recover_late() == 0
        await finish(slow)
        assert slow.sender.sent == [("oAnna", "1: 确认")]
        assert other.sender.sent == []


async def test_a_process_does_not_take_its_own_running_turn_over(desk: Desk) -> None:
    desk.dialogue.hold()
    assert await desk.wechat.say("oAnna", "确认") is None
    desk.clock[0] += LEASE
    assert await desk.webhook.recover_late() == 1
    await finish(desk)
    assert desk.sender.sent == [("oAnna", "1: 确认")]
    assert len(desk.dialogue.taken) == 1
