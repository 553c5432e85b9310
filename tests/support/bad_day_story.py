"""The bad day as it goes: stopped from a manager's chat, told, answered in any order, lifted for one session.

Everybody insists as people do: who gets no answer says it again. So the same story is told on a quiet day and while
processes are killed.
"""

import asyncio
import contextlib
import os
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from emulator.client import EmulatedUser, Message, NoAnswer, Refused
from tests.support.bad_day_clinic import Person, notice_ids, notices_of, slots_stopped, stoppage_of
from tests.support.system import System

AT_ONCE = 8
PATIENCE = 300.0 if os.environ.get("ZHENYUE_CHAOS_MINUTES") else 60.0
"""Seconds; longer where processes are killed more often."""
OUT_OF_ORDER = "该公众号"
"""How WeChat's own lines begin, said when the bot gave no answer or a wrong one."""
DECIDED = "改约成功|不再改约"
FINAL = {"sent", "delivered", "answered", "unknown", "unreachable", "failed", "void"}


async def insist(act: Callable[[], Awaitable[Message]], *, until: str = "") -> Message:
    """Do something until the bot answers, and with these words; fails when patience is at an end."""
    deadline = time.monotonic() + PATIENCE
    reply: object = None
    while time.monotonic() < deadline:
        with contextlib.suppress(NoAnswer, Refused):
            reply = answer = await act()
            if OUT_OF_ORDER not in answer and re.search(until, str(answer)):
                return answer
        await asyncio.sleep(0.3)
    raise AssertionError(f"never came to {until!r}; the last reply was:\n{reply}")


async def eventually(look: Callable[[], Awaitable[str]], *, within: float = PATIENCE) -> None:
    """Look again until nothing is wrong; fails with what still is."""
    deadline = time.monotonic() + within
    while problem := await look():
        assert time.monotonic() < deadline, problem
        await asyncio.sleep(0.5)


@dataclass
class Story:
    """The day of one clinic; ``dice`` decide who answers what, and in which order."""

    system: System
    people: list[Person]
    dice: random.Random
    manager: EmulatedUser
    stoppage: str = ""

    @property
    def sessions(self) -> list[str]:
        """The two sessions that are stopped."""
        return sorted({person.session for person in self.people})

    def of(self, session: str) -> list[Person]:
        """Those who had an appointment in a session."""
        return [person for person in self.people if person.session == session]

    async def arrive(self) -> None:
        """Everybody follows and writes something, so that WeChat lets us write to them; two of them block us after."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def greet(user: EmulatedUser) -> None:
            async with gate:
                await self.greet(user)

        await asyncio.gather(*(greet(person.user) for person in self.people))
        blocking, leaving = self.dice.sample(self.of(self.sessions[1]), 2)
        await blocking.user.change(refuses=True)
        await leaving.user.unfollow()
        blocking.reachable = leaving.reachable = False

    async def greet(self, user: EmulatedUser) -> None:
        """Follow, look at what is booked, and leave no question open."""
        with contextlib.suppress(NoAnswer, Refused):
            await user.follow()
        await insist(lambda: user.say("我的预约"), until="王芳")
        await insist(lambda: user.say("退出"), until="退出")

    async def bind(self) -> None:
        """The manager gets a code on the command line and sends it in chat."""
        printed = await self.system.run("staff", "add", "陈经理", "--role", "manager")
        code = re.search(r"发送：绑定 (\S+)", printed)
        assert code, printed
        with contextlib.suppress(NoAnswer, Refused):
            await self.manager.follow()
        await insist(lambda: self.manager.say(f"绑定 {code[1]}"), until="绑定成功|您已绑定")

    async def stop(self) -> None:
        """Stop doctor wang on both days, from the manager's chat; begun anew until it is done, and done once."""
        first, last = (session.split("-")[1] for session in self.sessions)
        period = f"{int(first[4:6])}月{int(first[6:])}日到{int(last[4:6])}月{int(last[6:])}日"
        deadline = time.monotonic() + PATIENCE
        while not (known := await stoppage_of(self.system)):
            assert time.monotonic() < deadline, f"the manager never came to stop: {self.manager.last}"
            with contextlib.suppress(NoAnswer, Refused, AssertionError):
                for words in ("停诊", "医生", "王芳", period, "医生身体不适", "不加说明"):
                    await insist(lambda words=words: self.manager.say(words))
                assert "请确认停诊" in str(self.manager.last)
                await self.manager.say("确认")
        [self.stoppage] = known

    async def lift(self, session: str) -> None:
        """Lift one session, from the manager's chat."""
        day = session.split("-")[1]
        label = rf"{int(day[4:6])}月{int(day[6:])}日"

        async def lifted() -> str:
            stopped = await slots_stopped(self.system, session)
            return f"{stopped} slots still stopped" if stopped else ""

        deadline = time.monotonic() + PATIENCE
        while await lifted():
            assert time.monotonic() < deadline, f"the manager never came to lift: {self.manager.last}"
            with contextlib.suppress(NoAnswer, Refused, AssertionError, LookupError):
                await insist(lambda: self.manager.say("停诊进度"), until="停诊与申请")
                await self.manager.say("1")
                await self.manager.tap("恢复其中一次门诊")
                await self.manager.tap(label)
                await self.manager.say("确认")
            with contextlib.suppress(AssertionError):
                await eventually(lifted, within=10)

    async def calls(self) -> Message:
        """What the manager reads when asking whom to telephone."""
        return await insist(lambda: self.manager.say("电话"), until="人|没有")

    async def settled_notices(self) -> str:
        """What is wrong while notices of the stoppage are still to be sent, or somebody displaced is not told."""
        rows = await notices_of(self.system, self.stoppage)
        told = {number for kind, _, number in rows if kind in {"stopped", "offer"}}
        missing = [person.number for person in self.people if person.number not in told]
        under_way = [state for _, state, _ in rows if state not in FINAL]
        return f"{len(missing)} of {len(self.people)} not told; {under_way}" if missing or under_way else ""

    async def answer(self, people: list[Person]) -> None:
        """These people answer their notice, in any order, several at a time."""
        gate = asyncio.Semaphore(AT_ONCE)
        order = [person for person in people if person.reachable]
        self.dice.shuffle(order)
        picks = {person.number: random.Random(f"{self.dice.random()}") for person in order}  # noqa: S311  # repeatable

        async def one(person: Person) -> None:
            async with gate:
                await self._answer(person, picks[person.number])

        await asyncio.gather(*(one(person) for person in order))

    async def _answer(self, person: Person, dice: random.Random) -> None:
        """Take one of the choices of the newest notice, by tapping it or by its digit alone."""
        notices = [m for m in await person.user.messages() if notice_ids([m])]
        if not notices:  # perhaps sent and perhaps not when the cable was pulled: they are telephoned
            return
        choice = dice.choice(notices[-1].choices)
        if dice.random() < 0.5:
            # Said once: whoever got no answer to a digit looks again, lest it be the answer to something else.
            with contextlib.suppress(NoAnswer, Refused):
                reply = await person.user.say(choice.number)
                if re.search(DECIDED, str(reply)):
                    return
        await insist(lambda: person.user.tap(choice.number, message=notices[-1]), until=DECIDED)

    async def pool_agrees(self) -> str:
        """What Redis and the database disagree about."""
        code, out, err = await self.system.attempt("pool", "verify")
        return "" if code == 0 else f"{out}{err}"
