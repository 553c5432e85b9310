"""The audit trail: every change with before, after, who, through what, when; append-only and chained (R-A16)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from booking.actors import Actor

Entity = Literal["appointment", "session", "stoppage", "patient", "staff", "notice", "account"]
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
