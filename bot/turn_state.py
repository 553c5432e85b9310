"""A turn under way: its message, who waits for its answer, and what its answer is."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from handlers.chat import Incoming
from handlers.ports import Entered
from handlers.texts import transport as texts

LONG_AGO = 1.0
"""When a message was taken that is older than whatever is asked now (seconds of the epoch)."""
_SPOKEN_EVENTS = frozenset({"subscribe", "scan", "click"})


class Answer(NamedTuple):
    """What a turn says."""

    text: str
    late: bool = False
    """The message was kept meanwhile, so the answer must be claimed before it is given."""


@dataclass(slots=True, eq=False)
class Running:
    """A turn that has not come to its end."""

    incoming: Incoming
    until: float = 0.0
    """The loop time by which the last request that asked is answered."""
    came: float = 0.0
    """When the message came (seconds of the epoch)."""
    too_many: bool = False
    """The process knew as many turns as it may when this one came."""
    kept: bool = False
    """The message was kept for later, so it is done whatever happens."""
    begun: bool = False
    """It has its place; before that nothing was done."""
    given_up: bool = False
    """It was answered that we are busy before it began, so it is not taken any more."""
    waiting: int = 0
    """Requests of WeChat's that wait for the answer."""
    abandoned: bool = False
    """The request was told that we are busy, and the message could not be kept."""
    token: str = ""
    timer: asyncio.TimerHandle | None = None
    task: asyncio.Task[Answer] = field(init=False)

    @property
    def again(self) -> Incoming:
        """The message as whoever takes it up again must know it: how old it is."""
        return replace(self.incoming, first_taken=self.incoming.first_taken or self.came)

    @property
    def spoken(self) -> bool:
        """Whether a person did something and expects an answer."""
        return self.incoming.kind != "event" or self.incoming.event in _SPOKEN_EVENTS

    @property
    def expected(self) -> bool:
        """Whether a person waits, so that the message counts against the account's rate."""
        return self.spoken and self.waiting > 0

    @property
    def refusable(self) -> bool:
        """Whether a person waits who can be asked to come again."""
        return self.expected and not self.kept

    @property
    def may_be_given_up(self) -> bool:
        """Whether nothing was done yet, nothing is promised, and somebody would read an apology."""
        return self.spoken and not self.begun and not self.kept


def known(entered: Entered) -> str:
    """Return what is said to a message that is not taken up, or was before."""
    match entered.standing:
        case "limited":
            return texts.TOO_FAST
        case "crowded":
            return texts.crowded(entered.ahead, entered.seconds)
    return entered.answer


def reference(incoming: Incoming) -> str:
    """Return by what number a fault is told to the patient and found in the log."""
    return incoming.request_id[:6].upper()
