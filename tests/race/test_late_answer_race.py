"""An answer that becomes ready just as WeChat's request ends: given once, in one way."""

import asyncio
import random
from datetime import datetime

from redis.asyncio import Redis

from handlers.ports import ChatStore
from storage.chats import RedisChats
from storage.sealing import Sealer
from tests.support.memory_chats import MemoryChats
from tests.support.webhook_desk import open_desk
from tests.support.wechat_side import message_xml

ROUNDS = 40
PATIENCE = 0.02


class Unclaimed(MemoryChats):
    """The control: whoever wants to send, may, and nobody is told that another did."""

    async def claim(self, *_: object, **__: object) -> bool:
        return True

    async def settle(self, *_: object, **__: object) -> None:
        """Keep no record."""


async def deliveries(chats: ChatStore, now: datetime, seed: int) -> tuple[int, int]:
    """Two processes get one message each, a turn ends about when patience does; passive answers, and sent ones."""
    chance = random.Random(seed)  # noqa: S311 - a schedule, no secret
    async with open_desk(chats, now, patience=PATIENCE) as one, open_desk(chats, now, patience=PATIENCE) as two:
        letter = one.wechat.letter(message_xml("oAnna", now, Content="x", number=str(seed)))
        for desk in (one, two):
            desk.dialogue.hold()
            asyncio.get_running_loop().call_later(chance.uniform(0.5, 1.5) * PATIENCE, desk.dialogue.gate.set)
        first = asyncio.create_task(one.wechat.deliver(letter))
        await one.dialogue.entered.wait()
        answers = [await two.wechat.deliver(letter), await first]
        await one.webhook.close()
        await two.webhook.close()
        answers.append(await two.wechat.deliver(letter))
        return sum(answer is not None for answer in answers), len(one.sender.sent) + len(two.sender.sent)


async def test_an_answer_is_never_both_replied_and_sent(valkey: Redis, sealer: Sealer, now: datetime) -> None:
    for seed in range(ROUNDS):
        passive, sent = await deliveries(RedisChats(valkey, sealer), now, seed)
        assert sent <= 1
        assert (passive == 0) == (sent == 1), f"round {seed}: {passive} replied, {sent} sent"


async def test_without_the_claim_it_would_be_both(now: datetime) -> None:
    """The control: the schedule above does bring replies and sends together."""
    outcomes = [await deliveries(Unclaimed(), now, seed) for seed in range(ROUNDS)]
    assert any(passive and sent for passive, sent in outcomes)
