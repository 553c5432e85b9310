"""Every chat store: Redis and the one in memory."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import pytest
from redis.asyncio import Redis

from handlers.ports import ChatStore, Entered
from storage.chats import BURST, CHAT_KEPT, EVERYBODYS, LEASE, PER_SECOND, TRIES, RedisChats
from storage.sealing import Sealer
from tests.support.cluster import cluster
from tests.support.memory_chats import MemoryChats

ANNA, BERT = "oAnna", "oBert"
Lose = Callable[[], Coroutine[object, object, None]]


@dataclass
class Store:
    """A store, and a way to lose all its locks, as by their expiry."""

    chats: ChatStore
    lose_locks: Lose


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        memory = MemoryChats()

        async def lose_in_memory() -> None:
            for account in memory.accounts.values():
                account.lock = ""

        return Store(memory, lose_in_memory)
    valkey: Redis = request.getfixturevalue("valkey")

    async def lose_in_redis() -> None:
        async for key in valkey.scan_iter("{c:*}:l"):
            await valkey.delete(key)

    sealer: Sealer = request.getfixturevalue("sealer")
    return Store(RedisChats(valkey, sealer), lose_in_redis)


@pytest.fixture
def chats(store: Store) -> ChatStore:
    return store.chats


async def enter(
    chats: ChatStore, request_id: str, now: datetime, *, openid: str = ANNA, token: str = "", claims: bool = True
) -> Entered:
    return await chats.enter(openid, request_id, token=token or request_id, now=now, claims=claims, counts=True)


async def turn(
    chats: ChatStore, request_id: str, now: datetime, *, chat: bytes | None = b"{}", answer: str = ""
) -> None:
    entered = await enter(chats, request_id, now)
    assert entered.standing == "turn"
    saved = await chats.leave(ANNA, request_id, token=request_id, now=now, chat=chat, answer=answer or request_id)
    assert saved == "saved"


async def late(chats: ChatStore, request_id: str, now: datetime) -> None:
    """A message whose answer is ready after the request of WeChat's had to be answered."""
    assert (await enter(chats, request_id, now)).standing == "turn"
    postponed = await chats.postpone(ANNA, request_id, now=now, incoming=b"incoming")
    assert postponed.standing == "postponed"
    saved = await chats.leave(ANNA, request_id, token=request_id, now=now, chat=b"{}", answer=f"answer {request_id}")
    assert saved == "late"


async def test_a_first_message_finds_no_chat(chats: ChatStore, now: datetime) -> None:
    entered = await enter(chats, "one", now)
    assert (entered.standing, entered.chat, entered.earlier) == ("turn", None, ())


async def test_the_next_message_finds_the_chat_that_was_saved(chats: ChatStore, now: datetime) -> None:
    await turn(chats, "one", now, chat="{“科室”}".encode())
    assert (await enter(chats, "two", now)).chat == "{“科室”}".encode()


async def test_a_chat_is_kept_for_30_minutes(chats: ChatStore, now: datetime) -> None:
    await turn(chats, "one", now)
    assert (await enter(chats, "two", now + CHAT_KEPT - timedelta(seconds=1))).chat == b"{}"
    await chats.leave(ANNA, "two", token="two", now=now, chat=b"{}", answer="")
    assert (await enter(chats, "three", now + CHAT_KEPT)).chat is None


async def test_a_chat_that_ended_is_gone(chats: ChatStore, now: datetime) -> None:
    await turn(chats, "one", now)
    await turn(chats, "two", now, chat=None)
    assert (await enter(chats, "three", now)).chat is None


async def test_the_same_message_again_gets_the_same_answer(chats: ChatStore, now: datetime) -> None:
    await turn(chats, "one", now, answer="请选择科室")
    for _ in range(2):
        again = await enter(chats, "one", now, token="other")
        assert (again.standing, again.answer) == ("answer", "请选择科室")


async def test_an_answer_without_words_is_remembered_too(chats: ChatStore, now: datetime) -> None:
    await enter(chats, "one", now)
    await chats.leave(ANNA, "one", token="one", now=now, chat=None, answer="")
    again = await enter(chats, "one", now, token="other")
    assert (again.standing, again.answer) == ("answer", "")


async def test_an_account_has_one_turn_at_a_time(chats: ChatStore, now: datetime) -> None:
    assert (await enter(chats, "one", now)).standing == "turn"
    assert (await enter(chats, "two", now)).standing == "busy"
    await chats.leave(ANNA, "one", token="one", now=now, chat=None, answer="")
    assert (await enter(chats, "two", now)).standing == "turn"


async def test_two_accounts_have_their_turns_beside_each_other(chats: ChatStore, now: datetime) -> None:
    await turn(chats, "zero", now, chat=b"of anna")
    assert (await enter(chats, "one", now)).standing == "turn"
    other = await enter(chats, "one", now, openid=BERT)
    assert (other.standing, other.chat) == ("turn", None)


async def test_after_a_turn_that_nobody_left_it_is_not_sure_what_the_account_was_told(
    store: Store, now: datetime
) -> None:
    await turn(store.chats, "zero", now)
    assert not (await enter(store.chats, "one", now)).unsure
    await store.lose_locks()
    assert not (await enter(store.chats, "one", now, token="again")).unsure  # its own message
    await store.lose_locks()
    for _ in range(2):  # a script may run twice
        assert (await enter(store.chats, "two", now)).unsure
    await store.chats.leave(ANNA, "two", token="two", now=now, chat=b"{}", answer="")
    assert not (await enter(store.chats, "three", now)).unsure


async def test_a_turn_may_leave_it_unsure(chats: ChatStore, now: datetime) -> None:
    await enter(chats, "one", now)
    await chats.leave(ANNA, "one", token="one", now=now, chat=b"{}", answer="", unsure=True)
    assert (await enter(chats, "two", now)).unsure
    await chats.leave(ANNA, "two", token="two", now=now, chat=b"{}", answer="2")
    assert not (await enter(chats, "three", now)).unsure


async def test_a_repeated_enter_is_the_same_turn(chats: ChatStore, now: datetime) -> None:
    assert (await enter(chats, "one", now)).standing == "turn"
    assert (await enter(chats, "one", now)).standing == "turn"


async def test_a_repeated_leave_saves_once(chats: ChatStore, now: datetime) -> None:
    await turn(chats, "one", now, chat=b"old")
    await turn(chats, "two", now, chat=b"new")
    repeated = await chats.leave(ANNA, "one", token="one", now=now, chat=b"old", answer="one")
    assert repeated == "saved"
    assert (await enter(chats, "three", now)).chat == b"new"


async def test_an_owner_who_lost_the_lock_saves_nothing(store: Store, now: datetime) -> None:
    chats = store.chats
    await turn(chats, "zero", now, chat=b"before")
    await enter(chats, "one", now)
    await store.lose_locks()
    assert (await enter(chats, "two", now)).standing == "turn"
    lost = await chats.leave(ANNA, "one", token="one", now=now, chat=b"of the loser", answer="of the loser")
    assert lost == "lost"
    assert await chats.leave(ANNA, "two", token="two", now=now, chat=b"of the winner", answer="") == "saved"
    again = await enter(chats, "one", now, token="other")
    assert (again.standing, again.chat) == ("turn", b"of the winner")


async def test_a_message_whose_first_turn_did_not_end_is_told_when_that_began(store: Store, now: datetime) -> None:
    assert (await enter(store.chats, "one", now, token="a")).begun is None
    assert (await enter(store.chats, "one", now + timedelta(seconds=1), token="a")).begun is None, (
        "the same turn, asked for twice"
    )
    await store.lose_locks()
    for token in ("b", "c"):
        again = await enter(store.chats, "one", now + timedelta(seconds=20), token=token)
        assert (again.standing, again.begun) == ("turn", now.timestamp())
        await store.lose_locks()
    assert (await enter(store.chats, "two", now + timedelta(seconds=20))).begun is None


async def test_an_owner_who_kept_the_lock_does_save(store: Store, now: datetime) -> None:
    """The control of the test above."""
    chats = store.chats
    await enter(chats, "one", now)
    assert (await enter(chats, "two", now)).standing == "busy"
    assert await chats.leave(ANNA, "one", token="one", now=now, chat=b"{}", answer="a") == "saved"


async def test_a_burst_is_taken_and_one_polite_line_said_beyond_it(chats: ChatStore, now: datetime) -> None:
    for number in range(BURST):
        await turn(chats, f"m{number}", now)
    assert (await enter(chats, "first too many", now)).standing == "limited"
    assert (await enter(chats, "second too many", now)).standing == "silenced"


async def test_a_redelivered_refusal_is_the_same_refusal(chats: ChatStore, now: datetime) -> None:
    for number in range(BURST):
        await turn(chats, f"m{number}", now)
    for _ in range(2):
        assert (await enter(chats, "first too many", now)).standing == "limited"
        assert (await enter(chats, "second too many", now)).standing == "silenced"


async def test_two_messages_a_second_are_taken_after_the_burst(chats: ChatStore, now: datetime) -> None:
    for number in range(BURST + 1):
        await enter(chats, f"m{number}", now)
        await chats.leave(ANNA, f"m{number}", token=f"m{number}", now=now, chat=None, answer="")
    later = now + timedelta(seconds=1)
    for number in range(int(PER_SECOND)):
        await turn(chats, f"later{number}", later)
    assert (await enter(chats, "again too many", later)).standing == "silenced"


async def test_who_has_been_quiet_for_a_while_is_told_again(chats: ChatStore, now: datetime) -> None:
    for number in range(BURST + 1):
        await enter(chats, f"m{number}", now)
        await chats.leave(ANNA, f"m{number}", token=f"m{number}", now=now, chat=None, answer="")
    later = now + timedelta(seconds=EVERYBODYS.forgiven / PER_SECOND)
    for number in range(EVERYBODYS.forgiven):
        await turn(chats, f"later{number}", later)
    assert (await enter(chats, "again too many", later)).standing == "limited"


async def test_what_nobody_typed_does_not_count(chats: ChatStore, now: datetime) -> None:
    for number in range(BURST + 1):
        event = f"e{number}"
        entered = await chats.enter(ANNA, event, token=event, now=now, claims=True, counts=False)
        assert entered.standing == "turn"
        await chats.leave(ANNA, event, token=event, now=now, chat=None, answer="")
    assert (await enter(chats, "typed", now)).standing == "turn"


async def test_a_clock_that_steps_back_harms_nobody(chats: ChatStore, now: datetime) -> None:
    await turn(chats, "one", now)
    assert (await enter(chats, "two", now - timedelta(hours=1))).chat == b"{}"


async def test_a_late_answer_is_sent_by_one(chats: ChatStore, now: datetime) -> None:
    await late(chats, "one", now)
    assert await chats.claim(ANNA, "one", token="a", now=now)
    assert await chats.claim(ANNA, "one", token="a", now=now)  # the same command, repeated
    assert not await chats.claim(ANNA, "one", token="b", now=now)
    assert (await enter(chats, "one", now, token="redelivery")).standing == "handed"


async def test_a_redelivery_that_takes_a_late_answer_keeps_it_from_being_sent(chats: ChatStore, now: datetime) -> None:
    await late(chats, "one", now)
    taken = await enter(chats, "one", now, token="redelivery")
    assert (taken.standing, taken.answer) == ("answer", "answer one")
    assert not await chats.claim(ANNA, "one", token="a", now=now)
    assert (await enter(chats, "one", now, token="redelivery")).answer == "answer one"


async def test_looking_without_an_open_request_takes_nothing(chats: ChatStore, now: datetime) -> None:
    await late(chats, "one", now)
    assert (await enter(chats, "one", now, token="looker", claims=False)).standing == "answer"
    assert await chats.claim(ANNA, "one", token="a", now=now)


async def test_a_postponed_message_that_is_answered_meanwhile_is_told_so(chats: ChatStore, now: datetime) -> None:
    await turn(chats, "one", now, answer="in time")
    found = await chats.postpone(ANNA, "one", now=now, incoming=b"incoming")
    assert (found.standing, found.answer) == ("answer", "in time")
    assert not await chats.claim(ANNA, "one", token="a", now=now)


async def test_a_sent_answer_is_not_given_again(chats: ChatStore, now: datetime) -> None:
    await late(chats, "one", now)
    await chats.claim(ANNA, "one", token="a", now=now)
    await chats.settle(ANNA, "one", token="a", sent=True)
    assert (await enter(chats, "one", now, token="redelivery")).standing == "handed"
    assert (await enter(chats, "two", now)).earlier == ()


async def test_an_answer_that_could_not_be_sent_comes_with_the_next(chats: ChatStore, now: datetime) -> None:
    await late(chats, "one", now)
    await chats.claim(ANNA, "one", token="a", now=now)
    await chats.settle(ANNA, "one", token="a", sent=False)
    entered = await enter(chats, "two", now)
    assert tuple(entered.earlier) == (("one", "answer one"),)
    await chats.leave(ANNA, "two", token="two", now=now, chat=None, answer="both", carried=["one"])
    assert (await enter(chats, "three", now)).earlier == ()
    assert (await enter(chats, "two", now, token="redelivery")).answer == "both"


async def test_a_redelivery_takes_an_answer_that_could_not_be_sent(chats: ChatStore, now: datetime) -> None:
    await late(chats, "one", now)
    await chats.claim(ANNA, "one", token="a", now=now)
    await chats.settle(ANNA, "one", token="a", sent=False)
    assert (await enter(chats, "one", now, token="redelivery")).answer == "answer one"
    assert (await enter(chats, "two", now)).earlier == ()


async def test_only_the_sender_settles(chats: ChatStore, now: datetime) -> None:
    await late(chats, "one", now)
    await chats.claim(ANNA, "one", token="a", now=now)
    await chats.settle(ANNA, "one", token="b", sent=False)
    assert (await enter(chats, "two", now)).earlier == ()


async def test_who_unsubscribes_is_forgotten(chats: ChatStore, now: datetime) -> None:
    await late(chats, "one", now)
    await chats.claim(ANNA, "one", token="a", now=now)
    await chats.settle(ANNA, "one", token="a", sent=False)
    await enter(chats, "bye", now)
    await chats.leave(ANNA, "bye", token="bye", now=now, chat=None, answer="", forget=True)
    entered = await enter(chats, "back", now)
    assert (entered.chat, entered.earlier) == (None, ())


async def test_a_late_message_whose_owner_died_is_taken_over_by_one(chats: ChatStore, now: datetime) -> None:
    await enter(chats, "one", now)
    await chats.postpone(ANNA, "one", now=now, incoming=b"incoming")
    assert list(await chats.overdue(now=now)) == []
    found = await chats.overdue(now=now + LEASE)
    assert [(overdue.incoming, overdue.answer) for overdue in found] == [(b"incoming", None)]
    assert list(await chats.overdue(now=now + LEASE)) == []


async def test_a_late_message_that_is_renewed_stays_with_its_owner(chats: ChatStore, now: datetime) -> None:
    await enter(chats, "one", now)
    await chats.postpone(ANNA, "one", now=now, incoming=b"incoming")
    await chats.renew(ANNA, "one", token="one", now=now + LEASE / 2)
    assert list(await chats.overdue(now=now + LEASE)) == []
    assert len(await chats.overdue(now=now + 2 * LEASE)) == 1


async def test_a_ready_answer_whose_owner_died_is_taken_over_with_its_text(chats: ChatStore, now: datetime) -> None:
    await late(chats, "one", now)
    found = await chats.overdue(now=now + LEASE)
    assert [(overdue.incoming, overdue.answer) for overdue in found] == [(b"incoming", "answer one")]


async def test_a_send_whose_sender_died_is_not_repeated_but_shown_next_time(chats: ChatStore, now: datetime) -> None:
    await late(chats, "one", now)
    await chats.claim(ANNA, "one", token="a", now=now)
    assert list(await chats.overdue(now=now + LEASE)) == []
    assert tuple((await enter(chats, "two", now)).earlier) == (("one", "answer one"),)


async def test_what_was_delivered_is_not_overdue(chats: ChatStore, now: datetime) -> None:
    await late(chats, "one", now)
    await enter(chats, "one", now, token="redelivery")
    await late(chats, "two", now)
    await chats.claim(ANNA, "two", token="a", now=now)
    await chats.settle(ANNA, "two", token="a", sent=True)
    assert list(await chats.overdue(now=now + LEASE)) == []


async def test_a_message_that_kills_whoever_takes_it_is_given_up(chats: ChatStore, now: datetime) -> None:
    await enter(chats, "one", now)
    await chats.postpone(ANNA, "one", now=now, incoming=b"incoming")
    moments = [now + LEASE * number for number in range(1, TRIES + 3)]
    taken = [len(await chats.overdue(now=moment)) for moment in moments]
    assert taken == [1] * TRIES + [0, 0]


async def test_a_cluster_takes_every_script(sealer: Sealer, now: datetime) -> None:
    """All keys of an account lie in one slot; turns of several accounts share a pipeline there as well."""
    async with cluster() as client:
        chats = RedisChats(cast("Redis", client), sealer)
        names = [f"o{number}" for number in range(8)]
        await asyncio.gather(*(enter(chats, "one", now, openid=name) for name in names))
        left = await asyncio.gather(
            *(chats.leave(name, "one", token="one", now=now, chat=name.encode(), answer=name) for name in names)
        )
        assert left == ["saved"] * len(names)
        assert [(await enter(chats, "two", now, openid=name)).chat for name in names] == [n.encode() for n in names]
        await chats.leave(ANNA, "two", token="two", now=now, chat=None, answer="")
        await late(chats, "three", now)
        await chats.renew(ANNA, "three", token="three", now=now)
        assert len(await chats.overdue(now=now + LEASE)) == 1
        assert await chats.claim(ANNA, "three", token="a", now=now)
        await chats.settle(ANNA, "three", token="a", sent=False)
        entered = await enter(chats, "four", now)
        assert tuple(entered.earlier) == (("three", "answer three"),)
        saved = await chats.leave(ANNA, "four", token="four", now=now, chat=None, answer="", carried=["three"])
        assert saved == "saved"
