"""Stand-ins for the parts beside the webhook: each does what the test tells it."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from bot.wechat_errors import WeChatError
from handlers.chat import Incoming, Reply


@dataclass
class Talked:
    """A turn's result."""

    chat: bytes | None
    reply: Reply | None
    flow: str = "test"
    outcome: str = "ok"
    seated: bool = False


@dataclass
class ScriptedDialogue:
    """Counts what an account said and repeats it; can be held, can fail."""

    taken: list[Incoming] = field(default_factory=list)
    chats: list[bytes | None] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    fault: Exception | None = None
    silent: bool = False
    seats: set[str] = field(default_factory=set)
    """Accounts that hold a seat after their turn."""

    def __post_init__(self) -> None:
        self.gate.set()

    def hold(self) -> None:
        """Turns wait from now on, until ``gate`` is set."""
        self.gate.clear()
        self.entered.clear()

    async def answer(self, chat: bytes | None, incoming: Incoming, *, now: datetime) -> Talked:
        self.taken.append(incoming)
        self.chats.append(chat)
        self.entered.set()
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        if incoming.event == "unsubscribe":
            return Talked(None, None)
        count = int(chat or b"0") + 1
        reply = None if self.silent else Reply(f"{count}: {incoming.text or incoming.event or incoming.kind}")
        return Talked(str(count).encode(), reply, seated=incoming.openid in self.seats)


@dataclass
class ScriptedSender:
    """Keeps what was sent; can fail."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    faults: list[WeChatError] = field(default_factory=list)
    tried: int = 0

    async def custom_send(self, openid: str, text: str) -> None:
        self.tried += 1
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append((openid, text))


@dataclass
class CountedMetrics:
    """Counts."""

    turns: Counter[tuple[str, str]] = field(default_factory=Counter)
    redeliveries: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    redelivered: asyncio.Event = field(default_factory=asyncio.Event)
    rejections: Counter[str] = field(default_factory=Counter)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    reached: Counter[tuple[str, str]] = field(default_factory=Counter)
    backlog: tuple[int, int, float] = (0, 0, 0.0)

    def turn(self, flow: str, outcome: str, seconds: float) -> None:
        self.turns[flow, outcome] += 1

    def redelivery(self) -> None:
        self.redeliveries += 1
        self.redelivered.set()

    def refused(self, why: str) -> None:
        self.refusals[why] += 1

    def rejected(self, reason: str) -> None:
        self.rejections[reason] += 1

    def wechat_call(self, api: str, result: str) -> None:
        self.calls[api, result] += 1

    def notices(self, kind: str, state: str, count: int) -> None:
        self.reached[kind, state] += count

    def notice_backlog(self, pending: int, sending: int, lag: float) -> None:
        self.backlog = (pending, sending, lag)
