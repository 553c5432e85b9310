"""The chat store in a dictionary: what ``storage.chats.RedisChats`` means, without Redis."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from handlers.ports import Saved
from storage.chats import CHAT_KEPT, EVERYBODYS, LEASE, PLACE_KEPT, SEATED_KEPT, TRIES, Entered, Overdue, Rate


@dataclass
class _Account:
    lock: str = ""
    under_way: str = ""
    locked_for: str = ""
    seated: bool = False
    place: tuple[datetime, int, int] | None = None
    chat: bytes | None = None
    saved_at: datetime | None = None
    tokens: float | None = None
    counted_at: datetime | None = None
    told: bool = False
    unsent: dict[str, str] = field(default_factory=dict)


@dataclass
class _Message:
    state: str = ""
    answer: str | None = None
    left_by: str = ""
    incoming: bytes = b""
    lease: datetime | None = None
    sender: str = ""
    tries: int = 0
    begun: tuple[float, str] | None = None
    place: tuple[int, int] = (0, 0)


class MemoryChats:
    """``handlers.ports.ChatStore`` in memory."""

    def __init__(self, rate: Rate = EVERYBODYS) -> None:
        self.rate = rate
        self.accounts: dict[str, _Account] = {}
        self.messages: dict[tuple[str, str], _Message] = {}

    async def enter(
        self, openid: str, request_id: str, *, token: str, now: datetime, claims: bool, counts: bool
    ) -> Entered:
        account, message = self._account(openid), self._message(openid, request_id)
        found = self._known(account, message, request_id, claims=claims)
        if found is not None:
            return found
        if account.lock and account.lock != token:
            return Entered("busy")
        if counts and not account.lock:
            refused = _over_rate(self.rate, account, message, now)
            if refused is not None:
                return refused
        account.lock, account.locked_for, account.place = token, request_id, None
        fresh = account.saved_at is not None and now - account.saved_at < CHAT_KEPT
        message.begun = message.begun or (now.timestamp(), token)
        begun, whose = message.begun
        unsure = account.under_way not in {"", request_id}
        account.under_way = account.under_way or request_id
        return Entered(
            "turn",
            account.chat if fresh else None,
            earlier=tuple(account.unsent.items()),
            begun=None if whose == token else begun,
            unsure=unsure,
        )

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
        account, message = self._account(openid), self._message(openid, request_id)
        if message.left_by == token:
            return "late" if message.state else "saved"
        if account.lock != token:
            return "lost"
        account.chat, account.saved_at, account.lock, account.seated = chat, now, "", seated
        account.under_way = "-" if unsure else ""
        message.answer, message.left_by = answer, token
        for other in carried:
            account.unsent.pop(other, None)
            self._message(openid, other).state = "passive"
        if forget:
            account.unsent.clear()
        if message.state == "running":
            message.state = "ready"
            return "late"
        return "saved"

    async def refuse(
        self, openid: str, request_id: str, *, now: datetime, ahead: int, seconds: int, again: bool
    ) -> Entered:
        account, message = self._account(openid), self._message(openid, request_id)
        found = self._known(account, message, request_id, claims=True)
        if found is not None:
            return found
        if (account.lock and account.locked_for == request_id) or message.state == "running":
            return Entered("busy")
        place = account.place
        if place is not None and now >= place[0] + PLACE_KEPT:
            place = None
        seated = account.seated and account.saved_at is not None and now - account.saved_at < SEATED_KEPT
        if not again and (seated or (place is not None and now >= place[0])):
            return Entered("favoured")
        refused = _over_rate(self.rate, account, message, now)
        if refused is not None:
            return refused
        first = place is None or now >= place[0]
        if place is None or first:
            account.place = (now + timedelta(seconds=seconds), ahead, seconds)
        else:
            left = ceil((place[0] - now).total_seconds())
            ahead, seconds = ceil(place[1] * left / place[2]), min(left, place[2])
        message.state, message.place = "crowded", (ahead, seconds)
        return Entered("crowded", ahead=ahead, seconds=seconds, first=first)

    async def renew(self, openid: str, request_id: str, *, token: str, now: datetime) -> None:
        message = self._message(openid, request_id)
        if message.state == "running":
            message.lease = now + LEASE

    async def postpone(self, openid: str, request_id: str, *, now: datetime, incoming: bytes) -> Entered:
        message = self._message(openid, request_id)
        found = self._known(self._account(openid), message, request_id, claims=True)
        if found is None:
            message.state, message.incoming, message.lease = "running", incoming, now + LEASE
        return found or Entered("postponed")

    async def claim(self, openid: str, request_id: str, *, token: str, now: datetime) -> bool:
        message = self._message(openid, request_id)
        if message.state == "ready":
            message.state, message.sender, message.lease = "sending", token, now + LEASE
        return message.state == "sending" and message.sender == token

    async def settle(self, openid: str, request_id: str, *, token: str, sent: bool) -> None:
        message = self._message(openid, request_id)
        if message.state == "sending" and message.sender == token:
            message.state = "sent" if sent else "unsent"
            if not sent:
                self._account(openid).unsent[request_id] = message.answer or ""

    async def overdue(self, *, now: datetime) -> list[Overdue]:
        found = []
        for (openid, request_id), message in self.messages.items():
            if message.lease is None or message.lease > now:
                continue
            if message.state == "sending":
                message.state = "unsent"
                self._account(openid).unsent[request_id] = message.answer or ""
            if message.state in {"running", "ready"} and message.tries < TRIES:
                message.tries += 1
                message.lease = now + LEASE
                found.append(Overdue(message.incoming, message.answer if message.state == "ready" else None))
        return found

    def _account(self, openid: str) -> _Account:
        return self.accounts.setdefault(openid, _Account())

    def _message(self, openid: str, request_id: str) -> _Message:
        return self.messages.setdefault((openid, request_id), _Message())

    @staticmethod
    def _known(account: _Account, message: _Message, request_id: str, *, claims: bool) -> Entered | None:
        if message.state == "crowded":
            return Entered("crowded", ahead=message.place[0], seconds=message.place[1])
        if message.state == "limited":
            return Entered("limited")
        if message.state == "silenced":
            return Entered("silenced")
        if message.state in {"sending", "sent"}:
            return Entered("handed")
        if message.answer is None:
            return None
        if claims and message.state in {"ready", "unsent"}:
            message.state = "passive"
            account.unsent.pop(request_id, None)
        return Entered("answer", answer=message.answer)


def _over_rate(rate: Rate, account: _Account, message: _Message, now: datetime) -> Entered | None:
    passed = max(timedelta(), now - (account.counted_at or now)).total_seconds()
    saved = rate.burst if account.tokens is None else account.tokens
    tokens = min(rate.burst, saved + passed * rate.per_second)
    told = account.told and tokens < rate.forgiven
    account.counted_at = now
    if tokens < 1:
        account.tokens, account.told = tokens, True
        message.state = "silenced" if told else "limited"
        return Entered("silenced" if told else "limited")
    account.tokens, account.told = tokens - 1, told
    return None
