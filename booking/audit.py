"""The audit trail: every change with before, after, who, through what, when; append-only and chained (R-A16)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from booking.actors import Actor

Entity = Literal["appointment", "session", "stoppage", "patient", "staff", "notice", "account", "database"]
Detail = Literal["none", "sound", "altered", "missing"]
"""How an entry's sealed part was found."""
Facts = Mapping[str, str | int | float | bool | list[str] | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of one thing. ``before`` is None for what is new, ``after`` for what is gone.

    Neither may hold personal data: that goes into ``personal``, which is sealed.
    """

    at: datetime
    by: Actor
    action: str
    entity: Entity
    entity_id: str
    before: Facts | None = None
    after: Facts | None = None
    personal: Mapping[str, str] | None = None


class AuditRows(Protocol):
    """The trail in SQL."""

    async def record(self, *entries: Entry) -> None:
        """Append entries; in one statement, however many they are (a second one for what is personal)."""
        ...


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One written entry."""

    id: int
    at: datetime
    actor_kind: str
    actor: str
    channel: str
    action: str
    entity: str
    entity_id: str
    before: Facts | None
    after: Facts | None
    detail_hash: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the chain; ``seq`` counts from 1 without gaps."""

    seq: int
    audit_id: int
    hash: str


@dataclass(frozen=True, slots=True)
class Chained:
    """A link as it is read, with its row, None where that is gone, and how its sealed detail was found."""

    link: Link
    row: AuditRow | None
    detail: Detail


class ChainRows(Protocol):
    """The chain in SQL."""

    async def is_waiting(self) -> bool:
        """Tell whether any entry waits to be chained."""
        ...

    async def waiting(self, *, limit: int) -> list[AuditRow]:
        """Return committed entries that wait, locked for this transaction; skips those another sealer has."""
        ...

    async def last(self) -> Link | None:
        """Return the newest link."""
        ...

    async def append(self, links: Sequence[Link]) -> None:
        """Write links and let their entries wait no more; raises ``ChainMoved`` when somebody else was quicker."""
        ...

    async def chained(self, *, after: int, limit: int) -> list[Chained]:
        """Return links in their order."""
        ...

    async def unchained(self, *, overdue: datetime, limit: int) -> tuple[int, list[int]]:
        """Count entries without a link; return those that nobody would chain any more, or that wait too long."""
        ...

    async def destroyed(self) -> set[int]:
        """Return the entries whose sealed parts an erasure has destroyed, as entries tell (``booking.erasure``)."""
        ...
