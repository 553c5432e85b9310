"""What every chat store makes of messages that are not taken up: places in line, and the rate of an account."""

from datetime import datetime, timedelta

import pytest
from redis.asyncio import Redis

from handlers.ports import ChatStore, Entered
from storage.chats import PLACE_KEPT, SEATED_KEPT, Rate, RedisChats
from storage.sealing import Sealer
from tests.support.memory_chats import MemoryChats

ANNA = "oAnna"
NARROW = Rate(burst=4, per_second=0.5)


@pytest.fixture(params=["memory", "redis"])
def chats(request: pytest.FixtureRequest) -> ChatStore:
    if request.param == "memory":
        return MemoryChats(NARROW)
    valkey: Redis = request.getfixturevalue("valkey")
    sealer: Sealer = request.getfixturevalue("sealer")
    return RedisChats(valkey, sealer, NARROW)


async def enter(chats: ChatStore, request_id: str, now: datetime, *, openid: str = ANNA) -> Entered:
    return await chats.enter(openid, request_id, token=request_id, now=now, claims=True, counts=True)


async def turn(chats: ChatStore, request_id: str, now: datetime, *, seated: bool = False) -> None:
    assert (await enter(chats, request_id, now)).standing == "turn"
    assert (
        await chats.leave(ANNA, request_id, token=request_id, now=now, chat=b"{}", answer=request_id, seated=seated)
        == "saved"
    )


async def refuse(
    chats: ChatStore, request_id: str, now: datetime, *, place: tuple[int, int] = (90, 30), again: bool = False
) -> Entered:
    return await chats.refuse(ANNA, request_id, now=now, ahead=place[0], seconds=place[1], again=again)


def told(entered: Entered) -> tuple[str, int, int, bool]:
    return entered.standing, entered.ahead, entered.seconds, entered.first


async def test_a_refused_account_is_told_its_place(chats: ChatStore, now: datetime) -> None:
    assert told(await refuse(chats, "one", now)) == ("crowded", 90, 30, True)


async def test_the_same_message_again_is_told_the_same_wherever_it_comes(chats: ChatStore, now: datetime) -> None:
    await refuse(chats, "one", now)
    assert told(await refuse(chats, "one", now, place=(5, 5))) == ("crowded", 90, 30, False)
    assert told(await enter(chats, "one", now)) == ("crowded", 90, 30, False)


async def test_who_asks_before_the_time_keeps_the_place(chats: ChatStore, now: datetime) -> None:
    await refuse(chats, "one", now)
    later = now + timedelta(seconds=20)
    assert told(await refuse(chats, "two", later, place=(500, 500))) == ("crowded", 30, 10, False)


async def test_who_asks_at_the_time_is_favoured(chats: ChatStore, now: datetime) -> None:
    await refuse(chats, "one", now)
    due = now + timedelta(seconds=30)
    assert (await refuse(chats, "two", due)).standing == "favoured"
    assert told(await refuse(chats, "two", due, place=(7, 3), again=True)) == ("crowded", 7, 3, True)


async def test_a_place_is_kept_for_a_while_and_not_for_ever(chats: ChatStore, now: datetime) -> None:
    await refuse(chats, "one", now)
    due = now + timedelta(seconds=30)
    assert (await refuse(chats, "two", due + PLACE_KEPT - timedelta(seconds=1))).standing == "favoured"
    assert told(await refuse(chats, "two", due + PLACE_KEPT)) == ("crowded", 90, 30, True)


async def test_a_place_is_used_up_by_a_turn(chats: ChatStore, now: datetime) -> None:
    await refuse(chats, "one", now)
    await turn(chats, "two", now)
    assert told(await refuse(chats, "three", now + timedelta(seconds=30))) == ("crowded", 90, 30, True)


async def test_who_holds_a_seat_is_favoured_while_it_is_held(chats: ChatStore, now: datetime) -> None:
    await turn(chats, "hold", now, seated=True)
    assert (await refuse(chats, "two", now + SEATED_KEPT - timedelta(seconds=1))).standing == "favoured"
    assert (await refuse(chats, "three", now + SEATED_KEPT)).standing == "crowded"


async def test_who_holds_no_seat_any_more_is_not(chats: ChatStore, now: datetime) -> None:
    await turn(chats, "hold", now, seated=True)
    await turn(chats, "back", now)
    assert (await refuse(chats, "two", now)).standing == "crowded"


async def test_what_was_answered_is_not_refused(chats: ChatStore, now: datetime) -> None:
    await turn(chats, "one", now)
    again = await refuse(chats, "one", now)
    assert (again.standing, again.answer) == ("answer", "one")


async def test_what_is_being_answered_is_not_refused_though_another_message_may_be(
    chats: ChatStore, now: datetime
) -> None:
    await enter(chats, "one", now)
    assert (await refuse(chats, "one", now)).standing == "busy"
    assert (await refuse(chats, "two", now)).standing == "crowded"


async def test_what_was_kept_for_later_is_not_refused(chats: ChatStore, now: datetime) -> None:
    await chats.postpone(ANNA, "one", now=now, incoming=b"incoming")
    assert (await refuse(chats, "one", now, again=True)).standing == "busy"


async def test_refused_messages_count_against_the_rate(chats: ChatStore, now: datetime) -> None:
    standings = [(await refuse(chats, f"m{number}", now)).standing for number in range(NARROW.burst + 2)]
    assert standings == ["crowded"] * NARROW.burst + ["limited", "silenced"]
    assert (await enter(chats, "next", now)).standing == "silenced"
    assert (await refuse(chats, "other", now + timedelta(seconds=2))).standing == "crowded"


async def test_the_rate_is_the_one_that_was_set(chats: ChatStore, now: datetime) -> None:
    for number in range(NARROW.burst):
        await turn(chats, f"m{number}", now)
    assert (await enter(chats, "too many", now)).standing == "limited"
    assert (await enter(chats, "still too many", now + timedelta(seconds=1))).standing == "silenced"
    assert (await enter(chats, "a second later", now + timedelta(seconds=2))).standing == "turn"


async def sent_through(stores: list[ChatStore], now: datetime) -> int:
    """How many messages of one account are taken up when it writes to these processes in turn."""
    taken = 0
    for number in range(3 * NARROW.burst):
        store = stores[number % len(stores)]
        entered = await enter(store, f"m{number}", now)
        if entered.standing == "turn":
            taken += 1
            await store.leave(ANNA, f"m{number}", token=f"m{number}", now=now, chat=None, answer="")
    return taken


async def test_the_rate_holds_across_processes(valkey: Redis, sealer: Sealer, now: datetime) -> None:
    stores: list[ChatStore] = [RedisChats(valkey, sealer, NARROW) for _ in range(2)]
    assert await sent_through(stores, now) == NARROW.burst


async def test_control_counted_in_each_process_it_would_not(now: datetime) -> None:
    stores: list[ChatStore] = [MemoryChats(NARROW) for _ in range(2)]
    assert await sent_through(stores, now) == 2 * NARROW.burst
