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
    Patient,
    PatientDetails,
    Roster,
    SessionState,
    Slot,
    SlotCount,
    Template,
)
from booking.notices import NoticeRows
from booking.patient_search import Clue
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

    async def insert(self, claim: Claim) -> None:
        """Write a claim if its session is open and its fence the newest.

        Raises ``SessionClosed``, ``StaleFence``, ``SeatTaken``, ``AlreadyInSession``, ``OrdinalTaken``,
        ``NumberTaken`` or ``RepeatedRequest``; after any of them the transaction is over.
        """
        ...

    async def insert_all(self, claims: Sequence[Claim]) -> dict[str, ZhenyueError]:
        """Write claims as ``insert`` does; return why not (``SessionClosed``, ``StaleFence``) of who was not, by id.

        What an index forbids is raised, and the transaction is over.
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


class PatientRows(Protocol):
    """Patients, their links to accounts, and consents."""

    async def get(self, patient_id: str, *, openid: str | None = None) -> Patient | None:
        """Return a patient, with the mobile number this account gave; None when not linked to the account.

        Without an account it is the number given at the desk, empty where there is none.
        """
        ...

    async def of_account(self, openid: str) -> list[Patient]:
        """Return the account's patients in the order they were added."""
        ...

    async def names(self, patients: Sequence[str]) -> dict[str, str]:
        """Return the names of these patients, by id, in one statement."""
        ...

    async def by_papers(self, details: PatientDetails) -> Patient | None:
        """Find the one person with these papers by their keyed hash."""
        ...

    async def add(self, patient_id: str, details: PatientDetails, *, now: datetime, at_desk: bool = False) -> Patient:
        """Write a new person with the next file number (R-C1); raises ``PersonKnown`` when added meanwhile.

        At the desk the mobile number is the person's own; one given in chat belongs to the link.
        """
        ...

    async def set_desk_mobile(self, patient_id: str, mobile: str) -> None:
        """Set the number that the person gave at the desk."""
        ...

    async def lock(self, patient_id: str) -> None:
        """Let nobody else book for this patient, or link or correct them, until the transaction ends."""
        ...

    async def lock_all(self, patients: Sequence[str]) -> None:
        """Lock each of these; given in order, so that nobody waits for each other."""
        ...

    async def owners(self, patients: Sequence[str]) -> set[tuple[str, str]]:
        """Return which patient is which account's now."""
        ...

    async def lock_account(self, openid: str, *, now: datetime) -> None:
        """Let nobody else change this account's links until the transaction ends."""
        ...

    async def account_of(self, patient_id: str) -> str | None:
        """Return the account that hears of what staff book for this patient; None when there is none.

        It is the account whose link gave the number that staff see: the desk's, else the newest link's.
        """
        ...

    async def with_clue(self, clue: Clue, *, limit: int) -> list[Patient]:
        """Find persons for staff, newest first, with the number that staff see."""
        ...

    async def link(self, openid: str, patient_id: str, *, mobile: str, now: datetime) -> None:
        """Link a person to an account, or set the mobile number of the link there is."""
        ...

    async def unlink(self, openid: str, patient_id: str, *, now: datetime) -> bool:
        """Take a person off an account; the person stays."""
        ...

    async def accounts_of(self, patient_id: str) -> int:
        """Return how many accounts know this person."""
        ...

    async def correct(self, patient_id: str, details: PatientDetails) -> None:
        """Overwrite a person's details (R-A10); raises ``PersonKnown`` when another person has the papers."""
        ...

    async def consent(self, openid: str) -> str | None:
        """Return the version of the text this account has agreed to, None when it never did (R-C3)."""
        ...

    async def record_consent(self, openid: str, version: str, *, now: datetime) -> bool:
        """Record that the account agreed to a version of the text, and when; False when it had already."""
        ...

    async def follow(self, openid: str, *, following: bool, now: datetime) -> bool:
        """Record that an account follows, or no longer does; False when that was known."""
        ...

    async def log_access(self, *, actor: str, channel: str, purpose: str, subject: str, now: datetime) -> None:
        """Record a look-up of patients by staff, or by an account that met somebody else's (R-A11, R-C4)."""
        ...

    async def looked_up(self, *, actor: str, purpose: str, since: datetime) -> int:
        """Return how often somebody's look-ups for a purpose were recorded since then."""
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

    def begin(self) -> AbstractAsyncContextManager[Unit]:
        """Open a transaction that commits at the end and rolls back on any exception."""
        ...

    def read(self) -> AbstractAsyncContextManager[Unit]:
        """Open a reading transaction on its own connection; what is written in it is lost."""
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
