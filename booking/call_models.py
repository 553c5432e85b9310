"""Whom to telephone, as values: those no channel reached, and those who were told and do not answer (R-A14)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from booking.notices import CallOutcome, Notice, NoticeKind
from booking.stoppage_models import Displacement, DisplacementState


class Why(StrEnum):
    """Why somebody is telephoned."""

    UNREACHED = "unreached"
    """No channel brought the notice, or it is not known whether one did."""
    UNANSWERED = "unanswered"
    """Told, and silent: the deadline is near or past, or nothing could be offered."""


CALLED = (
    NoticeKind.STOPPED,
    NoticeKind.OFFER,
    NoticeKind.SESSION_CHANGED,
    NoticeKind.RESTORED,
    NoticeKind.REMINDER_DAY,
    NoticeKind.REMINDER_SOON,
)
"""Kinds about which patients are telephoned. The others confirm what the patient, or staff with them, just did."""
ABOUT_OFFERS = (NoticeKind.STOPPED, NoticeKind.OFFER)


@dataclass(frozen=True, slots=True)
class CallRow:
    """A notice to telephone about, with whom it displaced and how that stands."""

    notice: Notice
    displacement: Displacement | None


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody to telephone: name and whole number, since that is what the list is for; a notice stands for all
    that are about the same visit."""

    notice: Notice
    why: Why
    patient: str
    name: str = field(repr=False)
    mobile: str = field(repr=False)
    displacement: Displacement | None
    tried: bool
    """Whether somebody telephoned already, and nobody answered."""


SILENT = (DisplacementState.OFFERED, DisplacementState.UNOFFERED, DisplacementState.EXPIRED)
"""States of who has not chosen, and may be telephoned about it."""


class CallRows(Protocol):
    """Notices that are settled on the telephone."""

    async def unreached(self, *, now: datetime, stoppage: str | None) -> list[CallRow]:
        """Return notices that reached nobody and still matter, by when the visit begins."""
        ...

    async def unanswered(self, *, now: datetime, before: datetime, stoppage: str | None) -> list[CallRow]:
        """Return notices that were sent to displaced patients who do not answer, by when the visit begins.

        Of those with offers only where the deadline is before then.
        """
        ...

    async def get(self, notice_id: str) -> CallRow | None:
        """Return a notice with whom it displaced."""
        ...

    async def settle(
        self, notice_id: str, outcome: CallOutcome, *, by: str, seen: datetime | None, now: datetime
    ) -> bool:
        """Note what a call led to, at all notices about the same visit; ``seen``: when it was last telephoned.

        False, and nothing written, when somebody else was quicker.
        """
        ...

    async def telephones(self, patients: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """Return name and number of these patients: the desk's number, else the one given last in chat."""
        ...
