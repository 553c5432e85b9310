"""Chats, cached answers and late messages in Redis, sealed.

Keys of one account share a hash tag made of its openid's hash: ``{c:TAG}:s`` chat and rate, ``{c:TAG}:l`` the
lock's owner, ``{c:TAG}:m:ID`` a message's answer and state, and when its first turn began, ``{c:TAG}:u``
answers that could not be sent. ``chats:late`` lists late messages of all accounts by the end of their lease, in
milliseconds. Every script may run twice: redis-py repeats commands.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Literal, Protocol, cast

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError
from structlog import get_logger

from booking.errors import Unavailable
from storage.coalescing import Argument, Scripts
from storage.lives import Lives
from storage.sealing import SealBroken

CHAT_KEPT = timedelta(hours=1)
"""Longer than a dialogue lasts (30 minutes, ``handlers.state.KEPT``), so that a late answer is told why it is late."""
ANSWER_KEPT = timedelta(hours=1)
LATE_KEPT = timedelta(days=1)
LOCK_KEPT = timedelta(seconds=6)
"""A turn renews its lock; this long after a death the account's next message waits."""
LEASE = timedelta(seconds=15)
RENEW_EVERY = 2.0
"""Seconds after which a turn that still runs should renew."""
REFUSAL_KEPT = timedelta(minutes=1)
PLACE_KEPT = timedelta(minutes=3)
"""How long after its time a place in line may be taken."""
SEATED_KEPT = timedelta(minutes=5)
BURST = 40
PER_SECOND = 2.0
TRIES = 3
"""Takeovers of a late message before it is given up."""
_BATCH = 50
_INDEX = "chats:late"
_LUA = Path(__file__).parent / "lua"
log = get_logger()

Standing = Literal["turn", "busy", "answer", "handed", "limited", "silenced", "postponed", "crowded", "favoured"]
Saved = Literal["saved", "late", "lost"]


class Seals(Protocol):
    """What the store needs of a ``Sealer``."""

    def seal(self, plaintext: bytes, *, bound_to: str) -> bytes: ...
    def open(self, sealed: bytes, *, bound_to: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Rate:
    """What one account may send: so many messages at once, and so many a second after that."""

    burst: int = BURST
    per_second: float = PER_SECOND

    @property
    def forgiven(self) -> int:
        """Messages the account must have saved up before it is told again that it is too fast."""
        return max(1, self.burst // 4)


@dataclass(frozen=True, slots=True)
class Entered:
    standing: Standing
    chat: bytes | None = None
    answer: str = ""
    earlier: tuple[tuple[str, str], ...] = ()
    ahead: int = 0
    seconds: int = 0
    first: bool = False
    begun: float | None = None
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Overdue:
    incoming: bytes
    answer: str | None


EVERYBODYS = Rate()


class RedisChats:
    """``handlers.ports.ChatStore`` on Redis, Valkey or a Cluster."""

    def __init__(self, redis: Redis, sealer: Seals, rate: Rate = EVERYBODYS, lives: Lives | None = None) -> None:
        self._redis = redis
        self._lives = lives or Lives()
        self._scripts = Scripts(redis)
        self._sealer = sealer
        known = _figures(rate) + "".join((_LUA / f"chat_{name}.lua").read_text() for name in ("known", "rate"))
        names = ("enter", "leave", "renew", "postpone", "claim", "settle", "take_over", "refuse")
        scripts = (redis.register_script(known + (_LUA / f"chat_{name}.lua").read_text()) for name in names)
        self._enter, self._leave, self._renew, self._postpone, *others = scripts
        self._claim, self._settle, self._take_over, self._refuse = others

    async def enter(
        self, openid: str, request_id: str, *, token: str, now: datetime, claims: bool, counts: bool
    ) -> Entered:
        tag, began = _tag(openid), time.monotonic()
        reply = await self._ask(
            self._enter,
            (f"{tag}:s", f"{tag}:l", f"{tag}:m:{request_id}", f"{tag}:u"),
            (request_id, _owner(token, request_id), _millis(now), int(claims), int(counts)),
        )
        if reply[0] != b"turn":
            return self._entered(tag, request_id, reply)
        begun = int(reply[2]) / 1000 if reply[2] else None
        pairs = ((reply[i].decode(), reply[i + 1]) for i in range(5, len(reply), 2))
        earlier = tuple(self._earlier(tag, pairs))
        # Judged afterwards: a restarted server is met on the way there.
        unsure = bool(reply[3]) or int(reply[4]) < self._since(now, began)
        return Entered("turn", self._chat(tag, reply[1]), earlier=earlier, begun=begun, unsure=unsure)

    async def leave(
        self,
        openid: str,
        request_id: str,
        *,
        token: str,
        now: datetime,
        chat: bytes | None,
        answer: str,
        carried: Sequence[str] = (),
        forget: bool = False,
        seated: bool = False,
        unsure: bool = False,
    ) -> Saved:
        tag = _tag(openid)
        sealed_chat = b"" if chat is None else self._sealer.seal(chat, bound_to=f"chat:{tag}")
        sealed_answer = self._seal_answer(tag, request_id, answer)
        reply = await self._scripts.run(
            self._leave,
            (f"{tag}:s", f"{tag}:l", f"{tag}:m:{request_id}", f"{tag}:u", *(f"{tag}:m:{i}" for i in carried)),
            (
                request_id,
                _owner(token, request_id),
                _millis(now),
                int(forget),
                sealed_chat,
                sealed_answer,
                int(seated),
                int(unsure),
                *carried,
            ),
        )
        return cast("Saved", cast("bytes", reply).decode())

    async def refuse(
        self, openid: str, request_id: str, *, now: datetime, ahead: int, seconds: int, again: bool
    ) -> Entered:
        tag = _tag(openid)
        reply = await self._ask(
            self._refuse,
            (f"{tag}:s", f"{tag}:l", f"{tag}:m:{request_id}", f"{tag}:u"),
            (request_id, _millis(now), ahead, seconds, int(again)),
        )
        return self._entered(tag, request_id, reply)

    async def renew(self, openid: str, request_id: str, *, token: str, now: datetime) -> None:
        tag, until = _tag(openid), _millis(now + LEASE)
        keys = (f"{tag}:l", f"{tag}:m:{request_id}")
        if await self._scripts.run(self._renew, keys, (_owner(token, request_id), until)):
            await self._list(f"{tag}|{request_id}", until)

    async def postpone(self, openid: str, request_id: str, *, now: datetime, incoming: bytes) -> Entered:
        tag, until = _tag(openid), _millis(now + LEASE)
        sealed = self._sealer.seal(incoming, bound_to=f"incoming:{tag}:{request_id}")
        # Listed first: a listed message that does not exist is struck off, an unlisted one would be forgotten.
        await self._list(f"{tag}|{request_id}", until)
        reply = await self._ask(
            self._postpone,
            (f"{tag}:m:{request_id}", f"{tag}:u"),
            (request_id, sealed, until),
        )
        return self._entered(tag, request_id, reply)

    async def claim(self, openid: str, request_id: str, *, token: str, now: datetime) -> bool:
        keys = (f"{_tag(openid)}:m:{request_id}",)
        return bool(await self._scripts.run(self._claim, keys, (token, _millis(now + LEASE))))

    async def settle(self, openid: str, request_id: str, *, token: str, sent: bool) -> None:
        tag = _tag(openid)
        keys = (f"{tag}:m:{request_id}", f"{tag}:u")
        await self._scripts.run(self._settle, keys, (request_id, token, int(sent)))
        await self._strike(f"{tag}|{request_id}")

    async def overdue(self, *, now: datetime) -> list[Overdue]:
        try:
            listed = await self._redis.zrange(_INDEX, "-inf", _millis(now), byscore=True, offset=0, num=_BATCH)
        except (RedisError, OSError) as error:
            raise Unavailable("Redis") from error
        found = [await self._overdue(member.decode(), now) for member in cast("list[bytes]", listed)]
        return [overdue for overdue in found if overdue is not None]

    async def _overdue(self, member: str, now: datetime) -> Overdue | None:
        tag, _, request_id = member.partition("|")
        reply = await self._ask(
            self._take_over,
            (f"{tag}:m:{request_id}", f"{tag}:u"),
            (request_id, _millis(now), _millis(now + LEASE)),
        )
        match reply:
            case [b"running" | b"ready" as state, incoming, answer]:
                await self._list(member, _millis(now + LEASE))
                try:
                    text = self._answer(tag, request_id, answer) if state == b"ready" else None
                    return Overdue(self._sealer.open(incoming, bound_to=f"incoming:{tag}:{request_id}"), text)
                except SealBroken:
                    log.warning("late_message_unreadable", request_id=request_id)
                    await self._strike(member)
            case [b"alive", until]:
                await self._list(member, int(until))
            case [b"spent"]:
                log.error("late_message_given_up", request_id=request_id, tries=TRIES)
                await self._strike(member)
            case _:
                await self._strike(member)
        return None

    def _since(self, now: datetime, began: float) -> int:
        """Return since when what is kept is what was left (milliseconds); 0 where a question would have ended since.

        ``began`` is when it was ``now``, by the monotonic clock: what was asked then may be answered seconds later.
        """
        age = began - self._lives.since
        return 0 if age > CHAT_KEPT.total_seconds() else round((now.timestamp() - age) * 1000)

    def _entered(self, tag: str, request_id: str, reply: list[bytes]) -> Entered:
        standing = cast("Standing", reply[0].decode())
        if standing == "answer":
            return Entered(standing, answer=self._answer(tag, request_id, reply[1]))
        if standing == "crowded":
            return Entered(standing, ahead=int(reply[1]), seconds=int(reply[2]), first=bool(reply[3]))
        return Entered(standing)

    def _chat(self, tag: str, sealed: bytes) -> bytes | None:
        try:
            return self._sealer.open(sealed, bound_to=f"chat:{tag}") if sealed else None
        except SealBroken:
            log.warning("chat_unreadable")
            return None

    def _earlier(self, tag: str, pairs: Iterable[tuple[str, bytes]]) -> Iterable[tuple[str, str]]:
        for request_id, sealed in pairs:
            try:
                yield request_id, self._answer(tag, request_id, sealed)
            except SealBroken:
                log.warning("earlier_answer_unreadable", request_id=request_id)

    def _seal_answer(self, tag: str, request_id: str, answer: str) -> bytes:
        return self._sealer.seal(answer.encode("utf-8", "replace"), bound_to=f"answer:{tag}:{request_id}")

    def _answer(self, tag: str, request_id: str, sealed: bytes) -> str:
        return self._sealer.open(sealed, bound_to=f"answer:{tag}:{request_id}").decode()

    async def _list(self, member: str, until: int) -> None:
        try:
            await self._redis.zadd(_INDEX, {member: until})
        except (RedisError, OSError) as error:
            raise Unavailable("Redis") from error

    async def _strike(self, member: str) -> None:
        try:
            await self._redis.zrem(_INDEX, member)
        except (RedisError, OSError) as error:
            raise Unavailable("Redis") from error

    async def _ask(self, script: AsyncScript, keys: Sequence[str], args: Sequence[Argument]) -> list[bytes]:
        return cast("list[bytes]", await self._scripts.run(script, keys, args))


def _span(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _figures(rate: Rate) -> str:
    """Fixed figures stand in the scripts themselves: an argument costs more than a comparison."""
    return f"""
local LOCK_KEPT, CHAT_KEPT, REFUSAL_KEPT = {_span(LOCK_KEPT)}, {_span(CHAT_KEPT)}, {_span(REFUSAL_KEPT)}
local ANSWER_KEPT, LATE_KEPT = {_span(ANSWER_KEPT)}, {_span(LATE_KEPT)}
local PLACE_KEPT, SEATED_KEPT, TRIES = {_span(PLACE_KEPT)}, {_span(SEATED_KEPT)}, {TRIES}
local BURST, PER_SECOND, FORGIVEN = {rate.burst}, {rate.per_second}, {rate.forgiven}
"""


def _owner(token: str, request_id: str) -> str:
    """Return what the lock holds: whose it is, and for which message, so that its redelivery is known as such."""
    return f"{token}:{request_id}"


def _tag(openid: str) -> str:
    return f"{{c:{blake2b(openid.encode('utf-8', 'replace'), digest_size=10).hexdigest()}}}"


def _millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
