"""What passes between the webhook and the dialogue: values, no behaviour of their own."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "voice", "image", "video", "location", "link", "event", "other"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message or event of an account, as the dialogue sees it.

    ``request_id`` is the same for every delivery of the same message, so whatever is done under it is done once.
    """

    openid: str
    kind: Kind
    request_id: str
    text: str = ""
    """What was typed, tapped or recognised from speech; empty when there is nothing to read."""
    tapped: str | None = None
    """The id carried by a tapped choice (``bizmsgmenuid``)."""
    event: str | None = None
    """Lower case: ``subscribe``, ``unsubscribe``, ``scan``, ``click``, ``view``, …"""
    key: str | None = None
    """The event's key, without the prefix ``qrscene_``."""
    first_taken: float | None = None
    """Of a message that is taken up again, when its first turn began, or it came if none had (seconds of the epoch):
    its process died meanwhile, or lost the account's lock."""
    sent: int = 0
    """When the account sent it, by WeChat's clock (``CreateTime``, seconds); 0 when unknown."""
    unsure: bool = False
    """Whether the account may have been told something else than its chat remembers, so that nobody knows which
    question a number answers: the turn before was not kept, or Redis may have lost some."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A line ``N. label``; ``tap`` identifies question and choice when the patient taps the line."""

    number: int
    label: str
    tap: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the patient reads: text, then the choices, then a last line (a question for a detail, or a hint)."""

    text: str
    choices: tuple[Choice, ...] = ()
    footer: str = ""
