"""Loading a catalogue: all of it in one transaction or nothing, and nobody booked is left without a doctor."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from booking.catalogue import CatalogueValues
from booking.catalogue_changes import Change, CurrentValues, find_changes
from booking.errors import NoCatalogue, RetirementRefused, StillBooked
from booking.models import Claim, ClaimState, ClinicSession, Department, Doctor, SessionState
from booking.ports import ClaimFilter, Database, Unit
from booking.publishing import Wishes, compare_published
from booking.rules import clinic_day
from booking.session_plan import Verdict

EXPECTED = (ClaimState.HELD, ClaimState.OFFERED, ClaimState.BOOKED, ClaimState.ARRIVED)
"""States of claims whose people still expect to come."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did. ``published`` are sessions that no longer match and wait for the next publishing."""

    changes: tuple[Change, ...]
    version: int
    """Grows with every load that changes something."""
    closed: tuple[str, ...] = ()
    """Sessions of retired doctors and departments, closed at once; nobody had a seat in them."""
    published: tuple[Verdict, ...] = ()


class CatalogueLoading:
    """Writes catalogues."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, values: CatalogueValues, *, now: datetime) -> LoadReport:
        """Write the catalogue and return what changed; one that says the same again writes nothing.

        Raises ``RetirementRefused`` when a doctor or department would go who is still expected by people, and
        ``Unavailable``; then nothing is written.
        """
        async with self._database.begin() as unit:
            current = await _current(unit)
            changes = find_changes(current, values)
            if current is not None and not changes:
                return LoadReport((), current.catalogue.version)
            closed = await _retire(unit, changes, now=now)
            await unit.catalogue.replace(
                values.clinic, values.departments, values.doctors, values.rosters, values.calendar
            )
            wishes = await Wishes.read(unit)
            published = await compare_published(unit, wishes, now=now)
        return LoadReport(tuple(changes), wishes.catalogue.version, tuple(closed), tuple(published))


async def _current(unit: Unit) -> CurrentValues | None:
    try:
        catalogue = await unit.catalogue.load()
    except NoCatalogue:
        return None
    return CurrentValues(catalogue, await unit.catalogue.rosters(), await unit.catalogue.calendar())


async def _retire(unit: Unit, changes: Sequence[Change], *, now: datetime) -> list[str]:
    """Close the sessions of whom the file no longer names, then look for people in them.

    In this order: closing locks each session's row, so a booking made meanwhile is refused, or seen here.
    """
    gone = [change.thing for change in changes if change.action == "retired"]
    leaving = [thing for thing in gone if isinstance(thing, (Department, Doctor))]
    if not leaving:
        return []
    today = clinic_day(await unit.catalogue.load(), now)
    sessions = [s for s in await unit.sessions.sessions_from(today) if s.ends_at > now]
    theirs = {s.id for thing in leaving for s in sessions if _belongs(s, thing)}
    closing = [s.id for s in sessions if s.id in theirs and s.state == SessionState.OPEN]
    for session_id in sorted(closing):
        await unit.sessions.set_state(session_id, SessionState.CLOSED)
    claims = await unit.claims.find(ClaimFilter(states=EXPECTED, ends_after=now))
    waiting = [claim for claim in claims if _is_expected(claim, now=now)]
    refusals = [_still_booked(thing, sessions, waiting) for thing in leaving]
    found = tuple(refusal for refusal in refusals if refusal is not None)
    if found:
        raise RetirementRefused(found)
    return closing


def _is_expected(claim: Claim, *, now: datetime) -> bool:
    kept_for_a_while = claim.state in {ClaimState.HELD, ClaimState.OFFERED}
    return not kept_for_a_while or claim.expires_at is None or claim.expires_at > now


def _belongs(session: ClinicSession, thing: Department | Doctor) -> bool:
    return thing.code == (session.doctor if isinstance(thing, Doctor) else session.department)


def _still_booked(
    thing: Department | Doctor, sessions: Iterable[ClinicSession], claims: Iterable[Claim]
) -> StillBooked | None:
    theirs = {session.id for session in sessions if _belongs(session, thing)}
    days: list[date] = [claim.date for claim in claims if claim.session in theirs]
    if not days:
        return None
    return StillBooked(
        "doctor" if isinstance(thing, Doctor) else "department", thing.code, thing.name, len(days), max(days)
    )
