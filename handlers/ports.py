"""What the conversation needs from outside. Implementations pass the tests in ``tests/contract``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

Standing = Literal["turn", "busy", "answer", "handed", "limited", "silenced", "postponed", "crowded", "favoured"]
"""How a message stands when it is asked for:

``turn`` the lock is ours, with the chat; ``busy`` another message of the account holds it; ``answer`` it was answered
before, by this text; ``handed`` its answer goes or went by a customer-service message, so that nobody else may give
it; ``limited`` too many messages, to be told once; ``silenced`` too many messages, and told; ``postponed`` kept;
``crowded`` not taken up since too many people were here, with the place in line that the account was told;
``favoured`` to be taken up before others.
"""
Saved = Literal["saved", "late", "lost"]
"""``saved``; ``late`` saved, and the answer waits for who may deliver it; ``lost`` not saved: the lock was lost."""


class Entered(Protocol):
    """How a message stands."""

    @property
    def standing(self) -> Standing: ...
    @property
    def chat(self) -> bytes | None:
        """The account's chat, for a turn."""

    @property
    def unsure(self) -> bool:
        """For a turn: whether the account may have been told something that the chat does not know."""

    @property
    def answer(self) -> str:
        """The text already given; empty for an answer without words."""

    @property
    def ahead(self) -> int:
        """For ``crowded``: how many are before."""

    @property
    def seconds(self) -> int:
        """For ``crowded``: after how many seconds the account's place comes."""

    @property
    def first(self) -> bool:
        """For ``crowded``: whether the place is a new one."""

    @property
    def earlier(self) -> Sequence[tuple[str, str]]:
        """For a turn: answers that could not be sent, each with the request id of its message."""

    @property
    def begun(self) -> float | None:
        """For a turn: when an earlier one of the same message began that did not end (seconds of the epoch)."""


class Overdue(Protocol):
    """A late message whose owner has not been heard of, now ours."""

    @property
    def incoming(self) -> bytes: ...
    @property
    def answer(self) -> str | None:
        """What is to be sent; None when the turn must be taken again."""


class ChatStore(Protocol):
    """Chats, answers and late messages of accounts, one turn of an account at a time.

    Times are milliseconds of ``now``. A chat and an answer are kept for an hour, what is late for a day.
    Every operation may be repeated. All raise ``booking.errors.Unavailable`` when the store does not answer.
    """

    async def enter(
        self, openid: str, request_id: str, *, token: str, now: datetime, claims: bool, counts: bool
    ) -> Entered:
        """Begin a turn, or learn how the message stands.

        ``claims``: a request of WeChat's is open that can carry the answer, so an answer not yet sent passes to it.
        ``counts``: the message counts against the account's rate.
        """
        ...

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
        """End a turn: save chat and answer together, give the lock back.

        ``carried``: the earlier answers that ``answer`` holds. ``forget``: drop earlier answers as well.
        ``seated``: a seat is held, so that the account's next message goes before others. ``unsure``: the turn was, and
        told the account nothing, so that the next one is as well.
        """
        ...

    async def refuse(
        self, openid: str, request_id: str, *, now: datetime, ahead: int, seconds: int, again: bool
    ) -> Entered:
        """Note that a message is not taken up since too many people are here, and the place its account is told.

        Or learn how it stands otherwise: as ``enter`` says; ``busy`` when this very message was taken up;
        ``favoured`` when the account holds a seat, or comes when it was told to, unless it is refused ``again`` as
        such. A place told before stays, however often the account asks. It counts against the account's rate.
        """
        ...

    async def renew(self, openid: str, request_id: str, *, token: str, now: datetime) -> None:
        """Keep lock and lease of a turn that still runs."""

    async def postpone(self, openid: str, request_id: str, *, now: datetime, incoming: bytes) -> Entered:
        """Keep a message whose answer is not ready, or learn that it is; the caller's request carries it then."""
        ...

    async def claim(self, openid: str, request_id: str, *, token: str, now: datetime) -> bool:
        """Take the right to send a late answer by a customer-service message; True for one caller only."""
        ...

    async def settle(self, openid: str, request_id: str, *, token: str, sent: bool) -> None:
        """Record how that ended; an answer not sent comes with the account's next answer."""

    async def overdue(self, *, now: datetime) -> Sequence[Overdue]:
        """Take over late messages whose owner has not been heard of for 15 seconds."""
        ...
