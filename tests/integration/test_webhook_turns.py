"""Turns through the webhook on a real Redis: one at a time, answered once and the same, whatever breaks."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from booking.errors import Unavailable
from bot.turn_state import LONG_AGO
from bot.wechat import BadDelivery
from handlers.chat import Incoming
from handlers.texts import transport as texts
from storage.chats import BURST, RedisChats
from storage.sealing import Sealer
from tests.support.crowded import until
from tests.support.scripted import Talked
from tests.support.servers import valkey as valkey_server
from tests.support.webhook_desk import Desk, open_desk
from tests.support.wechat_side import message_xml


@pytest.fixture
def chats(valkey: Redis, sealer: Sealer) -> RedisChats:
    return RedisChats(valkey, sealer)


@pytest.fixture
async def desk(chats: RedisChats, now: datetime) -> AsyncGenerator[Desk]:
    async with open_desk(chats, now) as desk:
        yield desk


async def test_a_chat_goes_on_from_message_to_message(desk: Desk) -> None:
    assert [await desk.wechat.say("oAnna", word) for word in ("预约", "口腔科")] == ["1: 预约", "2: 口腔科"]


async def test_two_accounts_do_not_meet(desk: Desk) -> None:
    said = [("oAnna", "a"), ("oBert", "b"), ("oAnna", "c"), ("oBert", "d")]
    assert [await desk.wechat.say(*words) for words in said] == ["1: a", "1: b", "2: c", "2: d"]


async def test_two_accounts_at_once_each_get_their_own(desk: Desk) -> None:
    names = [f"o{number}" for number in range(20)]
    answers = await asyncio.gather(*(desk.wechat.say(name, name) for name in names))
    assert list(answers) == [f"1: {name}" for name in names]


async def test_one_account_on_two_telephones_takes_turns(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.wechat.say("oAnna", "x") for _ in range(10)))
    assert sorted(answers, key=str) == sorted((f"{n}: x" for n in range(1, 11)), key=str)


async def test_two_processes_take_turns_with_one_account(chats: RedisChats, now: datetime) -> None:
    async with open_desk(chats, now) as one, open_desk(chats, now) as two:
        calls = [desk.wechat.say("oAnna", "x") for desk in (one, two) * 5]
        answers = await asyncio.gather(*calls)
    assert sorted(answers, key=str) == sorted((f"{n}: x" for n in range(1, 11)), key=str)


async def test_without_the_lock_two_processes_would_meet(chats: RedisChats, now: datetime, valkey: Redis) -> None:
    """The control of the test above: with the lock taken away, both see the same chat."""
    async with open_desk(chats, now) as one, open_desk(chats, now) as two:
        one.dialogue.hold()
        first = asyncio.create_task(one.wechat.say("oAnna", "x"))
        await one.dialogue.entered.wait()
        async for key in valkey.scan_iter("{c:*}:l"):
            await valkey.delete(key)
        assert await two.wechat.say("oAnna", "x") == "1: x"
        assert one.dialogue.chats == two.dialogue.chats == [None]
        one.dialogue.gate.set()
        # The one who lost the lock saves nothing, and takes the turn again on the chat as it is now; the dialogue is
        # told, so that what it asked of the other one's message is not answered by this older one.
        assert await first == "2: x"
        assert one.dialogue.chats == [None, b"1"]
        assert [incoming.first_taken for incoming in one.dialogue.taken] == [None, LONG_AGO]


async def test_a_message_read_with_one_chat_answers_no_question_of_another(
    chats: RedisChats, now: datetime, valkey: Redis
) -> None:
    """Redis comes back as it was two turns ago while the message has its turn."""
    async with open_desk(chats, now) as desk:
        assert await desk.wechat.say("oAnna", "x") == "1: x"
        [state] = [key async for key in valkey.scan_iter("{c:*}:s")]
        before = await valkey.dump(state)
        assert before is not None
        assert await desk.wechat.say("oAnna", "x") == "2: x"
        desk.dialogue.hold()
        third = asyncio.create_task(desk.wechat.say("oAnna", "x"))
        await desk.dialogue.entered.wait()
        await valkey.restore(state, 0, before, replace=True)
        async for key in valkey.scan_iter("{c:*}:l"):
            await valkey.delete(key)
        desk.dialogue.gate.set()
        assert await third == "2: x"
        assert desk.dialogue.chats[-2:] == [b"2", b"1"]
        assert [incoming.first_taken for incoming in desk.dialogue.taken] == [None, None, None, LONG_AGO]


async def test_a_message_whose_lock_went_is_read_again_with_the_same_chat(
    chats: RedisChats, now: datetime, valkey: Redis
) -> None:
    async with open_desk(chats, now) as desk:
        assert await desk.wechat.say("oAnna", "x") == "1: x"
        desk.dialogue.hold()
        second = asyncio.create_task(desk.wechat.say("oAnna", "x"))
        await desk.dialogue.entered.wait()
        async for key in valkey.scan_iter("{c:*}:l"):
            await valkey.delete(key)
        desk.dialogue.gate.set()
        assert await second == "2: x"
        assert [incoming.first_taken for incoming in desk.dialogue.taken] == [None, None, now.timestamp()]


async def test_what_was_asked_before_a_message_got_its_turn_is_asked_before_it(
    chats: RedisChats, now: datetime, valkey: Redis
) -> None:
    """It waited for the lock, saw what the one before it had asked, and then lost the lock itself."""
    async with open_desk(chats, now) as one, open_desk(chats, now) as two:
        one.dialogue.hold()
        first = asyncio.create_task(one.wechat.say("oAnna", "x"))
        await one.dialogue.entered.wait()
        two.dialogue.hold()
        second = asyncio.create_task(two.wechat.say("oAnna", "y"))
        await until(lambda: bool(two.webhook.turns._running))
        two.clock[0] += timedelta(seconds=2)
        one.dialogue.gate.set()
        await first
        await two.dialogue.entered.wait()
        async for key in valkey.scan_iter("{c:*}:l"):
            await valkey.delete(key)
        two.clock[0] += timedelta(seconds=2)
        assert await one.wechat.say("oAnna", "z") == "2: z"
        two.dialogue.gate.set()
        assert await second == "3: y"
        assert [incoming.first_taken for incoming in two.dialogue.taken] == [None, LONG_AGO]


async def test_a_redelivery_gets_the_same_answer_and_no_second_turn(desk: Desk) -> None:
    letter = desk.wechat.letter(message_xml("oAnna", desk.clock[0], Content="确认"))
    assert [await desk.wechat.deliver(letter) for _ in range(3)] == ["1: 确认"] * 3
    assert len(desk.dialogue.taken) == 1
    assert desk.metrics.redeliveries == 2


async def test_a_redelivery_signed_anew_is_the_same_message(desk: Desk) -> None:
    xml = message_xml("oAnna", desk.clock[0], Content="确认")
    assert [await desk.wechat.deliver(desk.wechat.letter(xml)) for _ in range(3)] == ["1: 确认"] * 3
    assert len(desk.dialogue.taken) == 1


async def test_a_redelivery_while_the_first_is_handled_gets_the_same_answer(desk: Desk) -> None:
    letter = desk.wechat.letter(message_xml("oAnna", desk.clock[0], Content="确认"))
    desk.dialogue.hold()
    first = asyncio.create_task(desk.wechat.deliver(letter))
    await desk.dialogue.entered.wait()
    again = asyncio.create_task(desk.wechat.deliver(letter))
    await desk.metrics.redelivered.wait()
    desk.dialogue.gate.set()
    assert [await first, await again] == ["1: 确认", "1: 确认"]
    assert len(desk.dialogue.taken) == 1


async def test_a_redelivery_to_another_process_gets_the_same_answer(chats: RedisChats, now: datetime) -> None:
    async with open_desk(chats, now) as one, open_desk(chats, now) as two:
        letter = one.wechat.letter(message_xml("oAnna", now, Content="确认"))
        one.dialogue.hold()
        first = asyncio.create_task(one.wechat.deliver(letter))
        await one.dialogue.entered.wait()
        again = asyncio.create_task(two.wechat.deliver(letter))
        one.dialogue.gate.set()
        assert [await first, await again] == ["1: 确认", "1: 确认"]
        assert two.dialogue.taken == []


async def test_a_redelivery_after_a_restart_gets_the_same_answer(chats: RedisChats, now: datetime) -> None:
    async with open_desk(chats, now) as one:
        letter = one.wechat.letter(message_xml("oAnna", now, Content="确认"))
        assert await one.wechat.deliver(letter) == "1: 确认"
    async with open_desk(chats, now) as two:
        assert await two.wechat.deliver(letter) == "1: 确认"
        assert two.dialogue.taken == []
        assert await two.wechat.say("oAnna", "然后") == "2: 然后"


async def test_a_broken_connection_does_not_break_the_turn(desk: Desk) -> None:
    letter = desk.wechat.letter(message_xml("oAnna", desk.clock[0], Content="确认"))
    desk.dialogue.hold()
    first = asyncio.create_task(desk.wechat.deliver(letter))
    await desk.dialogue.entered.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    desk.dialogue.gate.set()
    assert await desk.wechat.deliver(letter) == "1: 确认"
    assert len(desk.dialogue.taken) == 1


async def test_a_stop_lets_running_turns_end(chats: RedisChats, now: datetime) -> None:
    async with open_desk(chats, now) as desk:
        letter = desk.wechat.letter(message_xml("oAnna", now, Content="确认"))
        desk.dialogue.hold()
        first = asyncio.create_task(desk.wechat.deliver(letter))
        await desk.dialogue.entered.wait()
        closing = asyncio.create_task(desk.webhook.close())
        desk.dialogue.gate.set()
        await closing
        assert await first == "1: 确认"


async def test_a_silent_turn_is_success_each_time(desk: Desk) -> None:
    desk.dialogue.silent = True
    letter = desk.wechat.letter(message_xml("oAnna", desk.clock[0], kind="event", Event="VIEW", EventKey="http://x"))
    assert [await desk.wechat.deliver(letter) for _ in range(2)] == [None, None]
    assert len(desk.dialogue.taken) == 1


async def test_a_fault_becomes_an_apology_with_a_reference(desk: Desk) -> None:
    await desk.wechat.say("oAnna", "预约")
    desk.dialogue.fault = RuntimeError("bug with 张三 in it")
    letter = desk.wechat.letter(message_xml("oAnna", desk.clock[0], Content="口腔科"))
    apology = await desk.wechat.deliver(letter)
    assert apology == texts.SORRY.format(reference=desk.dialogue.taken[-1].request_id[:6].upper())
    assert await desk.wechat.deliver(letter) == apology
    assert desk.metrics.turns["none", "failed"] == 1
    desk.dialogue.fault = None
    assert await desk.wechat.say("oAnna", "口腔科") == "2: 口腔科"


async def test_a_database_that_is_away_is_told_and_the_chat_kept(desk: Desk) -> None:
    await desk.wechat.say("oAnna", "预约")
    desk.dialogue.fault = Unavailable("database")
    assert await desk.wechat.say("oAnna", "口腔科") == texts.BUSY
    desk.dialogue.fault = None
    assert await desk.wechat.say("oAnna", "口腔科") == "2: 口腔科"


async def test_without_redis_the_patient_reads_an_apology_and_nothing_is_done(sealer: Sealer, now: datetime) -> None:
    client = Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    async with open_desk(RedisChats(client, sealer), now) as desk:
        assert await desk.wechat.say("oAnna", "预约") == texts.BUSY
        assert desk.dialogue.taken == []
        assert desk.sender.sent == []
    await client.aclose()


async def test_redis_lost_in_the_middle_of_a_chat_is_told_and_the_chat_goes_on_when_it_is_back(
    sealer: Sealer, now: datetime
) -> None:
    with valkey_server() as url:
        client = Redis.from_url(url, retry=Retry(NoBackoff(), 0))
        async with open_desk(RedisChats(client, sealer), now) as desk:
            await desk.wechat.say("oAnna", "预约")
            desk.dialogue.hold()
            confirming = asyncio.create_task(desk.wechat.say("oAnna", "确认"))
            await desk.dialogue.entered.wait()
            await client.shutdown(nosave=True)
            desk.dialogue.gate.set()
            # What was confirmed is in SQL, so the patient is told the truth.
            assert await confirming == "2: 确认"
            assert await desk.wechat.say("oAnna", "我的预约") == texts.BUSY
            assert len(desk.dialogue.taken) == 2
        await client.aclose()


async def test_a_burst_is_answered_then_one_polite_line_then_silence(desk: Desk) -> None:
    answers = [await desk.wechat.say("oAnna", "x") for _ in range(BURST + 3)]
    assert answers[:BURST] == [f"{n}: x" for n in range(1, BURST + 1)]
    assert answers[BURST:] == [texts.TOO_FAST, None, None]
    assert await desk.wechat.say("oBert", "x") == "1: x"
    desk.clock[0] += timedelta(seconds=1)
    assert await desk.wechat.say("oAnna", "x") == f"{BURST + 1}: x"


async def test_a_flood_of_one_account_at_once_is_bounded(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.wechat.say("oAnna", "x") for _ in range(100)))
    assert sum(1 for answer in answers if answer and answer.endswith(": x")) == BURST
    assert answers.count(texts.TOO_FAST) == 1


async def test_whoever_is_about_to_stop_ends_each_connection_with_its_answer(desk: Desk, now: datetime) -> None:
    connections = []
    for _ in range(2):
        response = await desk.wechat.post(desk.wechat.letter(message_xml("oAnna", now, Content="x")))
        connections.append((response.status, response.headers.get("Connection")))
        desk.webhook.take_leave()
    assert connections == [(200, None), (200, "close")]


async def test_who_unsubscribes_is_forgotten(desk: Desk) -> None:
    await desk.wechat.say("oAnna", "预约")
    desk.dialogue.silent = True
    assert await desk.wechat.event("oAnna", "unsubscribe") is None
    desk.dialogue.silent = False
    assert await desk.wechat.say("oAnna", "预约") == "1: 预约"
    assert [incoming.event for incoming in desk.dialogue.taken] == [None, "unsubscribe", None]


async def test_who_is_found_to_have_come_back_since_is_not_forgotten(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def keep(chat: bytes | None, _incoming: Incoming, **_: object) -> Talked:
        return Talked(chat, None, outcome="overtaken")

    await desk.wechat.say("oAnna", "预约")
    with monkeypatch.context() as patch:
        patch.setattr(desk.dialogue, "answer", keep)
        assert await desk.wechat.event("oAnna", "unsubscribe") is None
    assert await desk.wechat.say("oAnna", "预约") == "2: 预约"


async def test_nothing_readable_is_kept_in_redis(desk: Desk, valkey: Redis) -> None:
    openid = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"
    await desk.wechat.say(openid, "张三 110101199003078515")
    kept = b""
    async for key in valkey.scan_iter():
        kept += key
        kind = await valkey.type(key)
        kept += b"".join(sum((await valkey.hgetall(key)).items(), ())) if kind == b"hash" else await valkey.get(key)
        assert await valkey.pttl(key) > 0
    assert kept
    assert openid.encode() not in kept
    assert b"110101" not in kept
    assert "张三".encode() not in kept


async def test_a_chat_of_another_secret_key_starts_over(valkey: Redis, now: datetime) -> None:
    async with open_desk(RedisChats(valkey, Sealer(b"a" * 32)), now) as before:
        await before.wechat.say("oAnna", "预约")
    async with open_desk(RedisChats(valkey, Sealer(b"b" * 32)), now) as after:
        assert await after.wechat.say("oAnna", "预约") == "1: 预约"


async def test_a_turn_costs_two_round_trips(desk: Desk, valkey: Redis) -> None:
    await desk.wechat.say("oAnna", "warm")
    before = (await valkey.info("commandstats"))["cmdstat_evalsha"]["calls"]
    await desk.wechat.say("oAnna", "x")
    assert (await valkey.info("commandstats"))["cmdstat_evalsha"]["calls"] - before == 2


def test_a_refusal_keeps_its_reason_for_the_log() -> None:
    assert BadDelivery("why", 403).reason == "why"
