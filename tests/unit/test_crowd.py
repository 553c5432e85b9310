"""Places for turns: taken, waited for in order of arrival, or told of."""

import asyncio
from datetime import datetime

import pytest

from bot.crowd import LONGEST_PROMISE, Crowd, Crowded
from bot.metrics import Metrics
from bot.turn_state import Answer, Running
from bot.waiting_room import WaitingRoom
from handlers.chat import Incoming
from handlers.texts import transport as texts
from tests.support.memory_chats import MemoryChats


class Turns:
    """Turns of a crowd that end when they are told to; ``begun`` is the order in which they got a place."""

    def __init__(self, crowd: Crowd, takes: float = 0.01) -> None:
        self.crowd = crowd
        self.takes = takes
        self.begun: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}

    async def take(self, name: str, *, seconds: float | None = 60.0, favoured: bool = False) -> None:
        until = None if seconds is None else self.crowd.now() + seconds
        await self.crowd.wait(until, favoured=favoured)
        self.begun.append(name)
        await self.ends.setdefault(name, asyncio.Event()).wait()
        self.crowd.leave(self.takes)

    async def begin(
        self, *names: str, favoured: bool = False, seconds: float | None = 60.0
    ) -> list[asyncio.Task[None]]:
        """Let them come one after the other, and see them placed or waiting."""
        tasks = []
        for name in names:
            tasks.append(asyncio.create_task(self.take(name, favoured=favoured, seconds=seconds)))
            await settled()
        return tasks

    async def end(self, *names: str) -> None:
        for name in names:
            self.ends.setdefault(name, asyncio.Event()).set()
            await settled()


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_place_that_is_free_is_taken_at_once() -> None:
    turns = Turns(Crowd(2))
    await turns.begin("a", "b")
    assert turns.begun == ["a", "b"]
    assert (turns.crowd.under_way, turns.crowd.waiting) == (2, 0)
    await turns.end("a", "b")
    assert (turns.crowd.under_way, turns.crowd.waiting) == (0, 0)


async def test_who_waits_comes_in_order_of_arrival() -> None:
    turns = Turns(Crowd(1))
    await turns.begin("a", "b", "c", "d")
    assert (turns.begun, turns.crowd.waiting) == (["a"], 3)
    await turns.end("a", "b", "c", "d")
    assert turns.begun == ["a", "b", "c", "d"]


async def test_the_favoured_come_before_the_others_and_in_their_own_order() -> None:
    turns = Turns(Crowd(1))
    await turns.begin("a", "b")
    await turns.begin("seated", favoured=True)
    await turns.begin("accepted", seconds=None)
    await turns.end("a", "seated", "accepted", "b")
    assert turns.begun == ["a", "seated", "accepted", "b"]


async def test_who_would_come_too_late_is_told_at_once_how_many_are_ahead_and_how_long_they_take() -> None:
    crowd = Crowd(2)
    crowd._seconds = 2.0  # so a turn ends every second
    turns = Turns(crowd)
    await turns.begin("a", "b", "c", "d")
    with pytest.raises(Crowded) as told:
        await turns.take("e", seconds=3.0)
    assert (told.value.ahead, told.value.seconds) == (4, 4)
    await turns.end("a", "b", "c", "d")
    assert turns.begun == ["a", "b", "c", "d"]


async def test_what_was_thought_of_a_standstill_does_not_keep_everybody_away() -> None:
    crowd = Crowd(2)
    turns = Turns(crowd)
    await turns.begin("a", "b")
    crowd._seconds = 4.0
    await turns.begin("c", "d", seconds=4.0)
    await turns.end("a", "b", "c", "d")
    assert turns.begun == ["a", "b", "c", "d"]


async def test_no_more_wait_than_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.crowd.MOST_WAITING", 3)
    turns = Turns(Crowd(1))
    await turns.begin("a", "b", "c", "d")
    with pytest.raises(Crowded):
        await turns.take("e")
    await turns.begin("accepted", seconds=None)
    await turns.end("a", "accepted", "b", "c", "d")
    assert turns.begun == ["a", "accepted", "b", "c", "d"]


async def test_each_who_is_told_a_place_is_told_a_later_one() -> None:
    crowd = Crowd(1)
    crowd._seconds = 1.0
    turns = Turns(crowd)
    await turns.begin("a")
    told = []
    for _ in range(4):
        crowded = crowd.crowded()
        told.append((crowded.ahead, crowded.seconds))
        crowd.keep_promise()
    assert told == [(1, 1), (2, 2), (3, 3), (4, 4)]
    await turns.end("a")


async def test_nobody_is_told_to_come_after_hours() -> None:
    crowd = Crowd(1)
    crowd._seconds = 4.0
    turns = Turns(crowd)
    await turns.begin("a")
    for _ in range(1000):
        crowd.keep_promise()
    assert crowd.crowded().seconds <= LONGEST_PROMISE + 1
    await turns.end("a")


async def test_when_somebody_need_not_wait_the_places_told_before_are_over() -> None:
    crowd = Crowd(1)
    crowd._seconds = 1.0
    turns = Turns(crowd)
    await turns.begin("a")
    for _ in range(9):
        crowd.keep_promise()
    await turns.end("a")
    await turns.begin("b")
    assert crowd.crowded().ahead == 1
    await turns.end("b")


async def test_who_waits_in_vain_is_told_and_the_place_goes_to_the_next() -> None:
    turns = Turns(Crowd(1))
    await turns.begin("a")
    with pytest.raises(Crowded):
        await turns.take("b", seconds=0.51)  # half a second is kept for the turn itself
    await turns.begin("c")
    await turns.end("a", "c")
    assert turns.begun == ["a", "c"]


async def test_a_standstill_is_noticed_by_who_waited_in_vain() -> None:
    turns = Turns(Crowd(1))
    await turns.begin("a")
    for _ in range(2):
        with pytest.raises(Crowded):
            await turns.take("b", seconds=0.7)
    assert turns.crowd._seconds > 0.1
    await turns.end("a")


async def test_a_place_given_to_who_gives_up_at_that_moment_goes_on_to_the_next() -> None:
    turns = Turns(Crowd(1))
    await turns.begin("a")
    (gone,) = await turns.begin("gone")
    await turns.begin("b")
    turns.ends["a"].set()
    await asyncio.sleep(0)  # a's turn has ended and handed on
    gone.cancel()
    await settled()
    assert gone.cancelled()
    assert turns.begun == ["a", "b"]
    await turns.end("b")
    assert turns.crowd.under_way == 0


async def test_who_gives_up_while_waiting_leaves_no_gap() -> None:
    turns = Turns(Crowd(1))
    await turns.begin("a")
    (gone,) = await turns.begin("gone")
    await turns.begin("b")
    gone.cancel()
    await settled()
    assert turns.crowd.waiting == 1
    await turns.end("a", "b")
    assert turns.begun == ["a", "b"]
    assert turns.crowd.under_way == 0


async def test_turns_that_were_given_up_promise_nobody_a_sooner_turn(now: datetime) -> None:
    """They took no time because they were not taken: those who come are told what they were told before."""
    crowd = Crowd(1)
    crowd._seconds = 2.0
    room = WaitingRoom(crowd, MemoryChats(), lambda: now, Metrics())
    turns = Turns(crowd, takes=2.0)
    for number in range(10):
        await turns.begin(f"turn {number}")
        given_up = Running(Incoming("o-1", "text", f"m-{number}", text="预约"), given_up=True)
        answer = asyncio.create_task(room.wait(given_up))
        await settled()
        turns.ends[f"turn {number}"].set()
        assert await answer == Answer(texts.BUSY)
    assert crowd.under_way == 0
    crowd.enter()
    assert crowd.crowded().seconds == 2
