"""What is due by the clock needs of the database: runs of jobs, and who is to be reminded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from booking.models import Claim
from booking.notices import Notice, NoticeKind

LEASE = timedelta(minutes=5)
"""How long a run is whoever's who began it; after that another worker takes it over."""


class JobRows(Protocol):
    """Runs of jobs in SQL."""

    async def claim(self, name: str, due: str, *, now: datetime, until: datetime) -> bool:
        """Take the run of a job for a time it is due; False when it is done, or another's whose lease has not ended."""
        ...

    async def done(self, name: str, due: str, *, now: datetime) -> None:
        """Note that a run is done."""
        ...

    async def give_up(self, name: str, due: str, *, now: datetime) -> None:
        """Let a run that failed be tried again at once."""
        ...

    async def is_done(self, name: str, due: str) -> bool:
        """Tell whether a run is done, or a later one of this job."""
        ...


Place = tuple[datetime, str]
"""Where a page ended: the start and the id of its last row."""


@dataclass(frozen=True, slots=True)
class RemindFilter:
    """Whose visits: those on one of the clinic's ``days`` that begin after ``starts_after``, until ``starts_until``.

    Only appointments made before ``booked_before``.
    """

    kind: NoticeKind
    starts_after: datetime
    booked_before: datetime
    days: tuple[date, ...]
    starts_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class UntoldFilter:
    """Notices of visits within a time, of which an alert is missing.

    ``alerts``: what stands before and behind the notice's id in the key of each alert there should be.
    """

    visit_after: datetime
    visit_until: datetime
    alerts: Sequence[tuple[str, str]]


class ReminderRows(Protocol):
    """Who is to be reminded, who does not want to be, and whom nobody could tell."""

    async def due(self, wanted: RemindFilter, *, after: Place | None, limit: int) -> list[Claim]:
        """Return booked appointments without a reminder of their start, by start and id; none of who wants none."""
        ...

    async def want(self, openid: str, *, wanted: bool) -> bool:
        """Set whether an account wants reminders; False when that was so already."""
        ...

    async def untold(self, wanted: UntoldFilter, *, after: Place | None, limit: int) -> list[Notice]:
        """Return patients' notices that no channel brought and nobody called about, by visit and id."""
        ...
