"""Patients who book, change, cancel and answer offers, and the manager who stops and lifts: all through the webhook.

Each has dice of their own, so that the same seed makes the same wishes. Whoever gets no answer goes on with something
else, and does not know what became of it.
"""

import asyncio
import contextlib
import random
import re
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime

from aiohttp import ClientError

from emulator.client import EmulatedUser, Message, NoAnswer, Refused
from emulator.heard import heard
from emulator.shapes import records
from tests.support.chaos.history import SEAT, TROUBLE, Act, History

PATIENCE = 4.0
STEPS = 9
LONGEST_BREATH = 2.0
LOOK_EVERY = 6.0
"""Seconds after which a patient looks at what else has arrived."""
_NO_ANSWER = re.compile(f"{TROUBLE.pattern}|您之前消息的答复")
"""Also two answers in one: whoever reads those begins anew, since it is not clear which one a number would mean."""
_BACK = re.compile("返回|退出|帮助|就诊人|上一页|查看为我保留|人工|不同意|继续刚才")
_OVER = re.compile("预约成功|改约成功|取消成功|已为您登记不再改约|无需取消|无需改约|您还没有预约|不能取消|不能改约")
_SURE = re.compile("请确认(预约信息|改约信息|取消以下预约)")
_TOLD = ("很抱歉，您预约的门诊停诊了", "您因停诊未能就诊的预约")
_DECLINED = "已为您登记不再改约"
_RESTORED = re.compile("已为您恢复|已不能为您恢复")


def seat_label(doctor: str, day: date, start: str) -> str:
    """Return how a seat is called on a patient's screen: 王芳 11月28日 09:00."""
    return f"{doctor} {day.month}月{day.day}日 {start}"


class Player:
    """An account: says things, hears answers, and reads what arrives by itself."""

    def __init__(self, user: EmulatedUser, history: History, dice: random.Random, pause: float) -> None:
        self.user = user
        self.history = history
        self.dice = dice
        self.pause = pause
        self.unread: list[Message] = []
        self._floor = 0
        self._looked = 0.0
        self._waited = 0.0

    async def say(self, words: str, *, choice: str = "") -> Message | None:
        """Say something, or tap it; None when no answer came, or one that says nothing of what was asked."""
        # Whoever waited long is in no hurry: players meant to load the machine, not to bury it.
        await asyncio.sleep(self.dice.uniform(0.7, 1.3) * self.pause + min(self._waited, LONGEST_BREATH))
        begun, asked_at = time.monotonic(), datetime.now(UTC)
        body = {"content": words} | ({"choice_id": choice} if choice else {})
        self.history.messages += 1
        try:
            reply = await self.user.act("say", body, patience=PATIENCE)
        except (NoAnswer, Refused, ClientError, TimeoutError, OSError):
            return None
        finally:
            self._waited = (time.monotonic() - begun) if self.pause else 0.0
        if reply.source == "custom":  # a notice, or late and perhaps the answer to something before
            await self.look()
            return None
        if _NO_ANSWER.search(str(reply)):
            self.history.hear(self.user.openid, str(reply))
            return None
        self.history.answered(self.user.openid, str(reply), asked_at)
        return reply

    async def take(self, reply: Message, wanted: str) -> Message | None:
        """Take a choice of a reply, by a tap or by its digit."""
        choice = reply.choice(wanted)
        if choice.tappable and self.dice.random() < 0.5:
            return await self.say(choice.content, choice=choice.id)
        return await self.say(choice.number)

    async def look(self) -> None:
        """Read what has arrived besides answers: notices, and answers that came late."""
        self._looked = time.monotonic()
        query = f"users/{self.user.openid}/messages?side=account&source=custom&after={self._floor}"
        try:
            found = [heard(item, 1) for item in records(await self.user.client.request("GET", query), "messages")]
        except (Refused, ClientError, TimeoutError, OSError):
            return
        for message in found:
            self._floor = max(self._floor, message.id)
            self.history.hear(self.user.openid, str(message))
            notice = notice_of(message)
            if notice:
                self.history.read_notice(self.user.openid, notice)
                self.unread.append(message)
            elif _RESTORED.search(str(message)):
                self.history.restored.add(self.user.openid)

    async def look_now_and_then(self) -> None:
        """Look, unless just done."""
        if time.monotonic() - self._looked > LOOK_EVERY:
            await self.look()


def notice_of(message: Message) -> str | None:
    """Return the id of the notice that a message is, as the links of its choices have it.

    One that is shown once more, after a choice that was refused, begins with the refusal.
    """
    if not str(message).startswith(_TOLD):
        return None
    return next((choice.id.split(".")[1] for choice in message.choices if choice.id.startswith("n.")), None)


class Patient(Player):
    """Books what can be had, changes and cancels it, answers what is offered."""

    def __init__(
        self, user: EmulatedUser, history: History, dice: random.Random, pause: float, wishes: Sequence[tuple[str, str]]
    ) -> None:
        super().__init__(user, history, dice, pause)
        self._wishes = wishes
        """Doctor and day, as one says them."""
        self._read: list[Message] = []
        """Notices that were answered once."""

    async def live(self, over: asyncio.Event) -> None:
        """Do one thing after the other."""
        await self.settle_in()
        while not over.is_set():
            await self.look_now_and_then()
            if self.unread and self.dice.random() < 0.7:
                self._read.append(self.unread.pop(0))
                await self._answer(self._read[-1])
                continue
            if self._read and self.dice.random() < 0.05:
                await self._answer(self.dice.choice(self._read))  # scrolled back to, and tapped once more
                continue
            doctor, _ = self.dice.choice(self._wishes)
            wish = self.dice.choices(["预约", doctor, "改约", "取消预约", "我的预约"], [1, 12, 5, 8, 1])[0]
            await self._talk(await self.say(wish))

    async def settle_in(self) -> None:
        """Follow, and agree to be registered."""
        with contextlib.suppress(NoAnswer, Refused, ClientError, TimeoutError, OSError):
            await self.user.follow()
        reply = await self.say("预约")
        if reply is not None and "是否同意" in reply:
            await self.take(reply, "同意")

    async def _talk(self, reply: Message | None) -> None:
        """Follow the dialogue to its end, wherever it leads."""
        for _ in range(STEPS):
            if reply is None or _OVER.search(str(reply)):
                return
            sure = _SURE.search(str(reply))
            reply = await (self._decide(reply, sure) if sure else self._choose(reply))

    async def _choose(self, reply: Message) -> Message | None:
        onward = [choice for choice in reply.choices if not _BACK.search(choice.label)]
        return await self.take(reply, self.dice.choice(onward).number) if onward else None

    async def _decide(self, reply: Message, sure: re.Match[str]) -> Message | None:
        """Confirm what the screen shows, mostly; whoever does not leaves a hold to its deadline."""
        what, text, openid = sure[1], sure.string[sure.start() :], self.user.openid  # not what was said before it
        if what == "取消以下预约":
            number, seat = re.search(r"预约号：(\d+)", text), SEAT.search(text)
            assert number is not None, text
            assert seat is not None, text
            self.history.ask("cancel", openid, number[1], " ".join(seat.groups()))
        else:
            seat = SEAT.search(text)
            assert seat is not None, text
            held = self.history.ask("hold", openid, " ".join(seat.groups()))
            self.history.acknowledge(held)
            if self.dice.random() < 0.08:
                return await self.say("退出") if self.dice.random() < 0.5 else None
            self.history.ask("book" if what == "预约信息" else "change", openid, " ".join(seat.groups()))
        answer = await self.take(reply, "确认")
        if answer is not None and _SURE.search(str(answer)):
            return None  # asked once more, as after a hold that was replaced
        return answer

    async def _answer(self, message: Message) -> None:
        """Take one of the seats that are offered, or none."""
        notice = notice_of(message)
        assert notice is not None
        choice = self.dice.choice(message.choices)
        act = self.history.ask("decline" if choice.number == "0" else "choose", self.user.openid, notice)
        reply = await self.say(choice.content, choice=choice.id)
        if act.deed == "decline" and reply is not None and _DECLINED in reply:
            self.history.acknowledge(act)  # only in this very reply: it does not say what was declined
        await self._talk(reply)


class Probe(Patient):
    """Finds out whether somebody is served: holds a seat of a doctor who is left to probes, and gives it back.

    ``heard`` is the last answer.
    """

    heard = ""

    async def is_served(self) -> bool:
        """Go to where a seat is held; whether that came about."""
        reply = await self.say("退出") and await self.say(self._wishes[0][0])
        self.heard = str(reply)
        for _ in range(STEPS):
            if reply is None or _SURE.search(str(reply)):
                break
            reply = await self._choose(reply)
            self.heard = str(reply)
        sure = _SURE.search(str(reply))
        if reply is None or sure is None:
            return False
        seat = SEAT.search(str(reply), sure.start())
        assert seat is not None, str(reply)
        self.history.acknowledge(self.history.ask("hold", self.user.openid, " ".join(seat.groups())))
        return True


class Manager(Player):
    """Stops a doctor's day or one session now and then, and lifts what is stopped."""

    def __init__(
        self, user: EmulatedUser, history: History, dice: random.Random, pause: float, wishes: Sequence[tuple[str, str]]
    ) -> None:
        super().__init__(user, history, dice, pause)
        self._wishes = wishes
        self.in_force = 0

    async def bind(self, code: str) -> None:
        """Become staff."""
        with contextlib.suppress(NoAnswer, Refused):
            await self.user.follow()
        reply = await self.user.say(f"绑定 {code}")
        assert re.search("绑定成功|您已绑定", str(reply)), str(reply)

    async def live(self, over: asyncio.Event, every: float) -> None:
        """Stop and lift in turn, at random."""
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), self.dice.uniform(0.5, 1.5) * every)
            if over.is_set():
                return
            await self.look()
            if self.dice.random() < self.in_force / 3:
                await self._lift()
            else:
                await self._stop()

    async def _stop(self) -> None:
        doctor, day = self.dice.choice(self._wishes)
        if self.dice.random() < 0.5:
            words = ("停诊", "医生", doctor, day, "医生身体不适", "不加说明")
        else:
            words = ("停诊", "一次门诊", doctor, f"{day}", "整场", "设备检修", "不加说明")
        reply = None
        for word in words:
            reply = await self.say(word)
            if reply is None:
                return
        if reply is None or "请确认停诊" not in reply:
            return
        act = self.history.ask("stop", self.user.openid, f"{doctor} {day}")
        self._heard(act, await self.say("确认"), r"停诊已生效（编号 (\S+)）")

    async def _lift(self) -> None:
        reply = await self.say("停诊进度")
        if reply is None:
            return
        on = [choice for choice in reply.choices if re.match("停诊|安排|通知", choice.label)]
        if not on:
            self.in_force = 0
            return
        reply = await self.say(self.dice.choice(on).number)
        stoppage = re.search(r"停诊编号：(\w+)", str(reply))
        if reply is None or stoppage is None or "恢复全部" not in reply:
            return
        reply = await self.say("恢复全部")
        if reply is None or "请确认恢复出诊" not in reply:
            return
        self._heard(self.history.ask("lift", self.user.openid, stoppage[1]), await self.say("确认"), "已恢复出诊")

    def _heard(self, act: Act, reply: Message | None, words: str) -> None:
        """Note that it was done, where the answer says so."""
        found = re.search(words, str(reply))
        if found is None:
            return
        self.history.acknowledge(act, found[1] if found.groups() else "")
        self.in_force += 1 if act.deed == "stop" else -1
