"""What is remembered of a dialogue between two messages: one JSON document with its version."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson

VERSION = 1
KEPT = timedelta(minutes=30)
"""How long a dialogue waits for an answer (contract)."""


class UnknownState(Exception):
    """Raised when a stored document was written by another release, or not by us."""


@dataclass(frozen=True, slots=True)
class Option:
    """A possible answer: what it fills the gap with, how it reads, and other words by which it may be called."""

    value: str
    label: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """The open question: whose gap it fills, its serial (part of every tap), its options, the page shown."""

    gap: str
    serial: int
    options: tuple[Option, ...] = ()
    page: int = 0


@dataclass(frozen=True, slots=True)
class Chat:
    """A frame with its gaps in the middle of a flow.

    ``trail`` holds the gaps as they stood before each answer, so that one step back is the last of them.
    """

    flow: str
    gaps: Mapping[str, str]
    trail: tuple[Mapping[str, str], ...]
    asked: Asked
    updated_at: datetime
    suspended: str = ""
    """The document of the dialogue that this one was put before; it goes on afterwards."""
    misses: int = 0
    """How many messages in a row were not understood."""
    sent: int = 0
    """When the newest message that it knows of was sent, by WeChat's clock (seconds)."""


def dump(chat: Chat) -> bytes:
    """Write the document."""
    asked = chat.asked
    rest = {"suspended": chat.suspended, "misses": chat.misses, "sent": chat.sent}
    return orjson.dumps(
        {
            "version": VERSION,
            "flow": chat.flow,
            "gaps": dict(chat.gaps),
            "trail": [dict(step) for step in chat.trail],
            "asked": {
                "gap": asked.gap,
                "serial": asked.serial,
                "options": [[option.value, option.label, *option.words] for option in asked.options],
                "page": asked.page,
            },
            "updated_at": chat.updated_at.timestamp(),
            **{name: value for name, value in rest.items() if value},
        }
    )


def load(document: bytes) -> Chat:
    """Read the document; raises ``UnknownState``."""
    try:
        read = orjson.loads(document)
        if read["version"] != VERSION:
            raise UnknownState(f"version {read['version']}")
        asked = read["asked"]
        return Chat(
            flow=read["flow"],
            gaps=dict(read["gaps"]),
            trail=tuple(dict(step) for step in read["trail"]),
            asked=Asked(
                gap=asked["gap"],
                serial=asked["serial"],
                options=tuple(Option(value, label, tuple(words)) for value, label, *words in asked["options"]),
                page=asked["page"],
            ),
            updated_at=datetime.fromtimestamp(read["updated_at"], UTC),
            suspended=str(read.get("suspended", "")),
            misses=int(read.get("misses", 0)),
            sent=int(read.get("sent", 0)),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UnknownState("not a dialogue of this release") from error
