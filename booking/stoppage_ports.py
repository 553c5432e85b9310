"""What stoppages need of the database: see ``storage/*_rows.py`` of the same names."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from booking.actors import Actor
from booking.models import Claim, ClaimState, ClinicSession, Slot
from booking.stoppage_models import (
    Displacement,
    DisplacementState,
    Scope,
    Stoppage,
    StoppageFigures,
    StoppageState,
    StoppedSession,
    StoppedState,
)

Waiting = tuple[str, str, str, str, datetime, datetime]
"""Id, patient, department, doctor, start of the visit, first booked at: no more, since there may be very many."""


class StoppageRows(Protocol):
    """Stoppages and the sessions they stop."""

    async def in_turn(self, *, sharing: bool = False) -> None:
        """Let stoppages follow one another until the transaction ends; who publishes shares a turn of its own."""
        ...

    async def next_id(self) -> str:
        """Return the id of a new stoppage, one that can be read over the telephone."""
        ...

    async def add(self, new: Stoppage) -> None:
        """Write a new stoppage."""
        ...

    async def get(self, stoppage_id: str, *, lock: bool = False) -> Stoppage | None:
        """Return a stoppage by id, if wished with its row locked until the transaction ends."""
        ...

    async def by_request(self, request_id: str) -> Stoppage | None:
        """Return the stoppage a request made."""
        ...

    async def all(self) -> list[Stoppage]:
        """Return all stoppages, newest first."""
        ...

    async def in_force(self, now: datetime) -> list[Stoppage]:
        """Return the stoppages that keep people out, by id."""
        ...

    async def advance(
        self, stoppage_id: str, *, was: Sequence[StoppageState], to: StoppageState, now: datetime, free: bool = True
    ) -> bool:
        """Bring a stoppage to another state, if it was in one of those; with ``free`` anybody may work on it."""
        ...

    async def note_lifter(self, stoppage_id: str, by: Actor) -> None:
        """Note who lifts a stoppage or part of it: what its batches give back is their doing."""
        ...

    async def reopen_work(self, stoppage_ids: Sequence[str], *, now: datetime) -> None:
        """Let replacements be looked for again: people of these stoppages wait once more.

        One that was lifted keeps nobody out again; who could not be given back is told, and is next in line. Their rows
        must be locked: one that is at work could come to its end meanwhile without having seen these people.
        """
        ...

    async def at_work(self) -> bool:
        """Tell whether a stoppage has batches left to do."""
        ...

    async def lease(self, *, now: datetime, until: datetime, mine: Mapping[str, datetime]) -> Stoppage | None:
        """Take the first stoppage at work that nobody works on, or that is ours; None when there is none.

        A lease longer than any is one from before the clock stepped back.
        """
        ...

    async def keep(self, stoppage_id: str, *, state: StoppageState, along: Sequence[str] = ()) -> bool:
        """Lock a stoppage, and others along with it; False when it is not in this state any more."""
        ...

    async def lock(self, ids: Sequence[str]) -> dict[str, StoppageState]:
        """Lock stoppages in the order of their ids until the transaction ends; return the state of each."""
        ...

    async def offering_in(self, sessions: Sequence[str]) -> list[str]:
        """Return the stoppages for whose people seats of these sessions are kept."""
        ...

    async def close(self, new: Stoppage, *, now: datetime) -> list[str]:
        """Stop the slots of a stoppage's range that are ahead and not stopped yet; return their sessions' ids.

        One statement for each thing, however many sessions: their rows are locked by id, then their slots.
        """
        ...

    async def cover(self, sessions: Sequence[ClinicSession], *, now: datetime) -> list[tuple[str, str]]:
        """Stop what was published inside the range of a stoppage in force; return each session met, with by which."""
        ...

    async def hand_over(self, stoppage_id: str, sessions: Sequence[str], to: Stoppage, *, now: datetime) -> None:
        """Leave to another stoppage in force the slots it stops as well."""
        ...

    async def open(self, stoppage_id: str, sessions: Sequence[str], *, now: datetime) -> None:
        """Open the slots that this stoppage stops in these sessions, and the sessions where one is ahead."""
        ...

    async def sessions(self, stoppage_id: str) -> list[StoppedSession]:
        """Return the sessions of a stoppage, by id."""
        ...

    async def sessions_ahead(self, stoppage_id: str, *, now: datetime) -> set[str]:
        """Return the ids of its sessions in which a slot that it stops is ahead."""
        ...

    async def to_do(self, stoppage_id: str, state: StoppedState, *, limit: int) -> list[str]:
        """Return the next sessions of a stoppage in this state, by id."""
        ...

    async def mark_sessions(
        self, stoppage_id: str, sessions: Sequence[str], *, was: Sequence[StoppedState], to: StoppedState
    ) -> None:
        """Note how far a stoppage is with these sessions."""
        ...

    async def stopped_by(self, scope: Scope, from_at: datetime, to_at: datetime, *, now: datetime) -> set[str | None]:
        """Return by which stoppages the slots of a range that are ahead are stopped; None for those not stopped."""
        ...


class DisplacementRows(Protocol):
    """Whom stoppages displace."""

    async def add(self, displaced: Sequence[Displacement]) -> None:
        """Write who is displaced; somebody displaced before by another stoppage, and restored, is so anew."""
        ...

    async def wait_again(self, ids: Sequence[str], *, now: datetime) -> list[str]:
        """Let those of whose offers none is left wait for others; return their stoppages."""
        ...

    async def waiting(self, stoppage_id: str, *, after: Waiting | None, limit: int) -> list[Waiting]:
        """Return who waits for replacements of a stoppage, in order of first booking, a page at a time."""
        ...

    async def next_in_line(
        self, departments: Sequence[str], *, now: datetime, after: Waiting | None, limit: int
    ) -> list[Waiting]:
        """Return who had no offer and is to be helped still, in order of first booking, by pages.

        Not who was helped on the telephone, booked in that department since, or whose visit lies long back.
        """
        ...

    async def departments_waiting(self, stoppage_id: str) -> list[str]:
        """Return the departments of those of a stoppage who wait for replacements."""
        ...

    async def departments_in_line(self, *, now: datetime) -> list[str]:
        """Return the departments of those who are next in line."""
        ...

    async def get(self, displacement_id: str, *, lock: bool = False) -> Displacement | None:
        """Return somebody displaced, if wished with the row locked until the transaction ends."""
        ...

    async def lock(self, ids: Sequence[str], states: Sequence[DisplacementState]) -> list[Displacement]:
        """Return those in one of these states, by id, their rows locked until the transaction ends."""
        ...

    async def lock_waiting(self, stoppage_id: str, *, limit: int) -> list[Displacement]:
        """Return some who still wait, their rows locked until the transaction ends."""
        ...

    async def lock_overdue(self, now: datetime, *, limit: int) -> list[Displacement]:
        """Return some whose offers are past their deadline, their rows locked; skips rows others work on."""
        ...

    async def lock_stopped(
        self, stoppage_id: str, sessions: Sequence[str], states: Sequence[DisplacementState], *, now: datetime
    ) -> list[Displacement]:
        """Return who is displaced from slots that are ahead and stopped by this stoppage, by id, rows locked."""
        ...

    async def settle(
        self, ids: Sequence[str], to: DisplacementState, *, chosen: str | None = None, now: datetime
    ) -> None:
        """Note what became of them; their rows must be locked."""
        ...

    async def tell(self, displaced: Sequence[Displacement]) -> None:
        """Write state, offers, deadline and ``told`` of many; their rows must be locked."""
        ...

    async def overtake_notices(self, people: Sequence[Displacement], *, now: datetime) -> set[str]:
        """Take back what was not sent to them yet; return those to whom something was, or is being, sent."""
        ...

    async def close_notices(self, person: Displacement, *, now: datetime) -> None:
        """Ask somebody who has decided nothing more: what was not sent is not sent, the rest waits for no answer."""
        ...

    async def figures(self, stoppage_id: str) -> StoppageFigures:
        """Count who is displaced by what became of them, notices by state, and who neither answered nor was called."""
        ...


class OfferRows(Protocol):
    """The claims of displaced patients: what is stopped, kept for them, chosen, and given back."""

    async def in_stopped(self, stoppage_id: str, sessions: Sequence[str], *, limit: int) -> list[Claim]:
        """Return what still occupies seats of slots that a stoppage stops, by session."""
        ...

    async def end(self, claims: Sequence[str], *, was: Sequence[ClaimState], to: ClaimState, now: datetime) -> set[str]:
        """End those of these claims that are in one of these states; return which. Leaves no repair rows."""
        ...

    async def end_offers(
        self, displacements: Sequence[str], *, to: ClaimState, keep: str | None = None, now: datetime
    ) -> list[Claim]:
        """Give back the seats kept for these displaced patients, but for one, each with its repair row."""
        ...

    async def get(self, claims: Sequence[str]) -> dict[str, Claim]:
        """Return claims by id."""
        ...

    async def days_of(self, patients: Sequence[str], first_day: date) -> list[Claim]:
        """Return the live main claims of these patients from a day on."""
        ...

    async def restore(self, ordinals: Mapping[str, int], *, now: datetime) -> None:
        """Book stopped appointments again, each with its place among the patient's of the day.

        Raises what ``ClaimRows.insert`` does when somebody came between; after that the transaction is over.
        """
        ...

    async def kept(self, now: datetime) -> dict[str, int]:
        """Return how many seats are kept for displaced patients, by session."""
        ...

    async def lock_sessions(self, sessions: Sequence[str]) -> dict[str, ClinicSession]:
        """Begin a new generation of these sessions, their rows locked until the transaction ends.

        Nobody else's claim can be added to them any more: what is read now is what there is.
        """
        ...

    async def sessions(self, sessions: Sequence[str]) -> dict[str, ClinicSession]:
        """Return sessions by id."""
        ...

    async def slots(self, slots: Sequence[str]) -> dict[str, Slot]:
        """Return slots by id."""
        ...

    async def taken(self, slots: Sequence[Slot]) -> set[tuple[str, int]]:
        """Return the seats of these slots that somebody has, each as slot and number."""
        ...

    async def seats(self, sessions: Sequence[str], now: datetime) -> dict[str, tuple[int, int]]:
        """Return, by session, how many seats of slots ahead are free and how many are kept for displaced patients."""
        ...

    async def numbers_used(self, numbers: Sequence[str]) -> set[str]:
        """Return which of these appointment numbers are somebody's."""
        ...

    async def add(self, offers: Sequence[Claim]) -> None:
        """Write offers; their sessions' rows must be locked. Raises what ``ClaimRows.insert`` does."""
        ...

    async def choose(self, claim_id: str, *, displacement: str, ordinal: int, now: datetime) -> Claim | None:
        """Make an offer that stands the patient's booked appointment, in a session that is open; None when it is none.

        Raises ``AlreadyInSession`` or ``OrdinalTaken``; after either the transaction is over.
        """
        ...


class ReachRows(Protocol):
    """Whom a stoppage would reach."""

    async def last_day(self, department: str | None) -> date | None:
        """Return the last day with a published session of a department, or of any; None without one."""
        ...

    async def sessions(self, scope: Scope, from_at: datetime, to_at: datetime, *, now: datetime) -> list[str]:
        """Return the open sessions with a slot that a stoppage of this range would stop, by id."""
        ...

    async def slots(self, scope: Scope, from_at: datetime, to_at: datetime, *, now: datetime) -> set[str]:
        """Return the slots that a stoppage of this range would stop."""
        ...

    async def departments(self, scope: Scope, from_at: datetime, to_at: datetime, *, now: datetime) -> list[str]:
        """Return the departments in which a stoppage of this range would stop anything."""
        ...

    async def people(
        self, scope: Scope, from_at: datetime, to_at: datetime, sessions: Sequence[str], *, now: datetime
    ) -> list[Waiting]:
        """Return whom it would displace in these sessions."""
        ...

    async def patients(
        self, scope: Scope, from_at: datetime, to_at: datetime, sessions: Sequence[str], *, sms: bool, now: datetime
    ) -> list[tuple[str, bool]]:
        """Return the patient of each appointment it would end in these sessions, and whether they can be reached."""
        ...
