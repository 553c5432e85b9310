"""What the domain needs from outside: a transaction, the seat pool, and nothing else."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from booking.actors import StaffRows
from booking.adjustment_models import AdjustmentRows
from booking.audit import AuditRows, ChainRows
from booking.call_models import CallRows
from booking.erasure_ports import ErasureRows
from booking.errors import ZhenyueError
from booking.misunderstood import MisunderstoodRows
from booking.models import (
    CalendarDay,
    Catalogue,
    Claim,
    ClaimState,
    Clinic,
    ClinicSession,
    Department,
    Doctor,
    Roster,
    SessionState,
    Slot,
    SlotCount,
    Template,
)
from booking.notices import NoticeRows
from booking.patient_ports import PatientRows
from booking.pool_port import PoolSeats, Repair
from booking.relay_ports import RelayRows
from booking.stoppage_ports import DisplacementRows, OfferRows, ReachRows, StoppageRows
from booking.timed_ports import JobRows, ReminderRows


@dataclass(frozen=True, slots=True)
class SlotFilter:
    """Which slots: days (both ends included), department, doctor, session; None means any."""

    first_day: date | None = None
    last_day: date | None = None
    department: str | None = None
    doctor: str | None = None
    session: str | None = None
    slot: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimFilter:
    """Which claims; None means any."""

    openid: str | None = None
    patient: str | None = None
    day: date | None = None
    number: str | None = None
    states: tuple[ClaimState, ...] | None = None
    ends_after: datetime | None = None
    ends_before: datetime | None = None


class CatalogueRows(Protocol):
    """Clinic, departments, doctors, rosters and calendar."""

    async def load(self) -> Catalogue:
        """Return the catalogue; raises ``NoCatalogue``."""
        ...

    async def version(self) -> int:
        """Return the catalogue's version, 0 when there is none."""
        ...

    async def rosters(self) -> list[Roster]:
        """Return all rosters."""
        ...

    async def calendar(self) -> list[CalendarDay]:
        """Return all calendar days."""
        ...

    async def replace(
        self,
        clinic: Clinic,
        departments: Sequence[Department],
        doctors: Sequence[Doctor],
        rosters: Sequence[Roster],
        calendar: Sequence[CalendarDay],
        *,
        templates: Mapping[str, Template] = ...,
    ) -> None:
        """Write the whole catalogue: codes that are there are updated, missing ones become inactive, version grows."""
        ...


class SessionRows(Protocol):
    """Clinic sessions and their slots."""

    async def get(self, session_id: str) -> tuple[ClinicSession, list[Slot]] | None:
        """Return a session and its slots by position."""
        ...

    async def by_ids(self, session_ids: Collection[str]) -> dict[str, ClinicSession]:
        """Return those of these sessions that there are, by id."""
        ...

    async def slots(self, wanted: SlotFilter) -> list[SlotCount]:
        """Return slots with their counts, by start, department, doctor."""
        ...

    async def add(self, session: ClinicSession, slots: Sequence[Slot]) -> bool:
        """Write a new session with its slots; False, and nothing written, when the id is there already."""
        ...

    async def sessions_from(self, day: date) -> list[ClinicSession]:
        """Return the sessions of this day and later."""
        ...

    async def not_over(self, now: datetime) -> list[str]:
        """Return the ids of sessions that end after now."""
        ...

    async def set_state(self, session_id: str, state: SessionState) -> None:
        """Set whether the session takes bookings."""
        ...

    async def pool_seats(self, session_ids: Sequence[str]) -> dict[str, PoolSeats]:
        """Return how the pools of these sessions should look."""
        ...

    async def revise(self, session: ClinicSession, slots: Sequence[Slot]) -> bool:
        """Rewrite a session in which nobody has a seat; its row must be locked by ``next_generation``.

        False, and nothing written, when an ended claim belongs to a slot that would be gone.
        """
        ...

    async def next_generation(self, session_id: str) -> int:
        """Add one to the session's generation, locking its row until the transaction ends, and return it."""
        ...

    async def renew_generations(self, stale: Mapping[str, int]) -> None:
        """Give each session a generation newer than its stale one, unless it has one by now.

        Locks the sessions' rows until the transaction ends.
        """
        ...


class ClaimRows(Protocol):
    """Holds, offers and appointments."""

    async def insert_all(self, claims: Sequence[Claim]) -> dict[str, ZhenyueError]:
        """Write claims whose session is open and whose fence is the newest; return why not of the others, by id.

        That is ``SessionClosed`` or ``StaleFence``. What an index forbids is raised (``SeatTaken``,
        ``AlreadyInSession``, ``OrdinalTaken``, ``NumberTaken``, ``RepeatedRequest``), and the transaction is over.
        """
        ...

    async def share_sessions(self, sessions: Collection[str]) -> None:
        """Let nobody change these sessions until the transaction ends; others may share them."""
        ...

    async def wait_at_most(self, seconds: float) -> None:
        """Let the transaction's statements raise ``Contended`` when they wait longer for a row that others have."""
        ...

    async def get(self, claim_id: str) -> Claim | None:
        """Return a claim by id."""
        ...

    async def by_request(self, session_id: str, request_id: str) -> Claim | None:
        """Return the claim a request made in a session."""
        ...

    async def find(self, wanted: ClaimFilter) -> list[Claim]:
        """Return claims by start, then creation."""
        ...

    async def day_of(self, patient: str, day: date) -> list[Claim]:
        """Return the patient's live main claims of a day."""
        ...

    async def of_days(self, patients: Sequence[str], days: Collection[date]) -> list[Claim]:
        """Return what bears on new holds for these patients: live main claims of the days, and all holds."""
        ...

    async def live(self, session_id: str) -> list[Claim]:
        """Return the claims that occupy seats of a session."""
        ...

    async def confirm(self, claim_id: str, *, openid: str | None, now: datetime) -> Claim | None:
        """Book a main hold that has not expired in a session that is open; None when there is none such.

        ``openid`` None, here and below: whoever's it is.
        """
        ...

    async def end(self, claim_id: str, *, was: Iterable[ClaimState], to: ClaimState, now: datetime) -> Claim | None:
        """Take a claim out of the living and leave a repair row; None when it was in none of those states."""
        ...

    async def withdraw(
        self, claim_id: str, *, openid: str | None, starts_from: datetime, to: ClaimState, now: datetime
    ) -> Claim | None:
        """End this account's booked appointment, if it starts then or later, and leave a repair row; else None.

        One that the clinic changed is ended until it begins (R-A8).
        """
        ...

    async def promote(
        self, claim_id: str, *, openid: str | None, ordinal: int, first_booked_at: datetime, now: datetime
    ) -> Claim | None:
        """Make an unexpired replacement in an open session the patient's booked appointment; None when it is none.

        Raises ``AlreadyInSession`` or ``OrdinalTaken``; after either the transaction is over.
        """
        ...

    async def expire(self, now: datetime, *, limit: int) -> list[Claim]:
        """End holds past their deadline, at most ``limit``, each with its repair row; skips rows others work on."""
        ...

    async def complete_past(self, now: datetime, *, limit: int) -> list[Claim]:
        """Mark booked appointments whose time has passed as completed, at most ``limit``; skips as ``expire`` does."""
        ...

    async def adopt(self, patient: str, openid: str) -> list[Claim]:
        """Give the account what was booked for this patient without one, with what waits to be told and answered."""
        ...

    async def repairs(self, *, limit: int) -> list[Repair]:
        """Return what Redis must still be told, oldest first."""
        ...

    async def repaired(self, ids: Iterable[int]) -> None:
        """Forget repairs that are done."""
        ...


class Unit(Protocol):
    """One database transaction with its rows."""

    @property
    def catalogue(self) -> CatalogueRows: ...
    @property
    def sessions(self) -> SessionRows: ...
    @property
    def claims(self) -> ClaimRows: ...
    @property
    def patients(self) -> PatientRows: ...
    @property
    def stoppages(self) -> StoppageRows: ...
    @property
    def displaced(self) -> DisplacementRows: ...
    @property
    def offers(self) -> OfferRows: ...
    @property
    def reach(self) -> ReachRows: ...
    @property
    def notices(self) -> NoticeRows: ...
    @property
    def relay(self) -> RelayRows: ...
    @property
    def reminders(self) -> ReminderRows: ...
    @property
    def jobs(self) -> JobRows: ...
    @property
    def audit(self) -> AuditRows: ...
    @property
    def chain(self) -> ChainRows: ...
    @property
    def staff(self) -> StaffRows: ...
    @property
    def calls(self) -> CallRows: ...
    @property
    def adjustments(self) -> AdjustmentRows: ...
    @property
    def erasure(self) -> ErasureRows: ...
    @property
    def misunderstood(self) -> MisunderstoodRows: ...


class Database(Protocol):
    """Where the truth is. Raises ``Unavailable`` when it does not answer."""

    @property
    def writers(self) -> int:
        """How many transactions it is worth to have writing at the same time."""
        ...

    def begin(self) -> AbstractAsyncContextManager[Unit]:
        """Open a transaction that commits at the end and rolls back on any exception."""
        ...

    def read(self) -> AbstractAsyncContextManager[Unit]:
        """Open a connection of its own for reading."""
        ...


class Watch(Protocol):
    """Who wants to hear at once what this process did to a slot's seats."""

    def __call__(self, slot: str, *, held: int = 0, booked: int = 0) -> None:
        """Hear how many more seats are held and booked; fewer are negative."""


class Figures(Protocol):
    """What is counted (contract, ``/metrics``)."""

    def hold(self) -> None:
        """Count a hold."""

    def confirmation(self) -> None:
        """Count a confirmed appointment."""

    def refusal(self, rule: str) -> None:
        """Count a refusal by the rule's name."""

    def rebuild(self) -> None:
        """Count a rebuilt pool."""
