"""What the relay of notices needs of the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from booking.notices import Notice
from booking.relaying import Due


@dataclass(frozen=True, slots=True)
class Outcome:
    """How WeChat says that a template ended, with the notice it belongs to."""

    msgid: int
    status: str
    due: Due


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is not sent yet: how many notices by state, and since when the oldest is due."""

    pending: int
    sending: int
    oldest_due: datetime | None


class RelayRows(Protocol):
    """What the relay needs of the outbox."""

    async def is_due(self, *, now: datetime) -> bool:
        """Tell whether anything is to be sent."""
        ...

    async def due(self, *, limit: int, now: datetime) -> list[Due]:
        """Lock notices to be sent, oldest first, those of dead workers before; what others have locked is left out."""
        ...

    async def take(self, notices: Sequence[Notice]) -> None:
        """Write what is about to be sent, or was decided; their rows are locked."""
        ...

    async def record(self, before: Sequence[Notice], after: Sequence[Notice]) -> None:
        """Write results, in one statement; a notice that is not on its way any more is left as it is."""
        ...

    async def grant(self, openid: str, template: str, *, given: bool, event: str, now: datetime) -> None:
        """Count a consent to a subscription notice, or take all of them back; the same event counts once."""
        ...

    async def spend(self, wanted: Sequence[tuple[str, str]]) -> set[int]:
        """Use up one consent for each (openid, template) that has one; return the places of those in the list."""
        ...

    async def keep_outcome(self, msgid: int, status: str, *, now: datetime) -> None:
        """Keep how a template ended, for whoever settles it; perhaps its msgid is not recorded yet."""
        ...

    async def outcomes(self, *, limit: int) -> list[Outcome]:
        """Lock kept outcomes whose notice is recorded as sent, with it."""
        ...

    async def settle(self, outcomes: Sequence[Outcome], after: Sequence[Notice]) -> None:
        """Write what outcomes made of their notices, and forget them."""
        ...

    async def forget_outcomes(self, *, before: datetime) -> None:
        """Drop outcomes that belong to no notice of ours."""
        ...

    async def backlog(self, *, now: datetime) -> Backlog:
        """Return how much waits to be sent, and for how long the first of it."""
        ...

    async def mobiles(self, wanted: Sequence[Notice]) -> dict[str, str]:
        """Return telephone numbers by the notice's id: given by its account, else at the desk."""
        ...
