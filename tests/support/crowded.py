"""A webhook that is kept full."""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime

from redis.asyncio import Redis

from booking.errors import Unavailable
from handlers.ports import Entered
from storage.chats import RedisChats
from storage.sealing import Sealer
from tests.support.memory_chats import MemoryChats
from tests.support.webhook_desk import Desk, open_desk
from tests.support.wechat_side import message_xml

SOON = 1.5
"""Seconds for an answer. A turn must begin so long before, so nobody waits in vain."""
CROWDED = "当前人数较多"


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


async def crowd_of_one(desk: Desk) -> list[asyncio.Task[str | None]]:
    """One turn at a time, each a second and a half: one is under way, one waits, and a third would come too late."""
    filling = await fill(desk, 1)
    crowd = desk.webhook.turns._crowd
    crowd._seconds = 1.5
    filling.append(later(desk, "oWaiting", "x"))
    await until(lambda: crowd.waiting == 1)
    return filling


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


class SlowChats(RedisChats):
    """A store that takes its time for saying whether a message may be refused."""

    slow: asyncio.Event

    async def refuse(self, *arguments: object, **more: object) -> Entered:
        await self.slow.wait()
        return await super().refuse(*arguments, **more)  # type: ignore[arg-type]  # passed on as it came


async def hung_up(desk: Desk, now: datetime) -> int:
    """How many turns a message had whose sender has hung up before anybody looked at it."""
    filling = await fill(desk, 2)
    letter = desk.wechat.letter(message_xml("oAnna", now, Content="x"))
    response = await desk.wechat.post(letter)
    assert await response.text() == "success"
    await release(desk, filling)
    return sum(incoming.openid == "oAnna" for incoming in desk.dialogue.taken)


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


class BrokenChats(MemoryChats):
    """A store that cannot say whether the message was taken up elsewhere."""

    async def refuse(self, *_: object, **__: object) -> Entered:  # type: ignore[override]  # only raises
        raise Unavailable("Redis")


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
