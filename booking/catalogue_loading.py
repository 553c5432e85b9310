"""Loading a catalogue: all of it in one transaction or nothing, and nobody booked is left without a doctor."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from booking.actors import Actor, system
from booking.catalogue import CatalogueValues
from booking.catalogue_changes import Change, CurrentValues, find_changes
from booking.errors import NoCatalogue
from booking.models import Catalogue, Claim, ClaimState, ClinicSession, Department, Doctor, SessionState
from booking.ports import ClaimFilter, Database, Unit
from booking.publishing import Wishes, compare_published
from booking.rules import clinic_day
from booking.session_plan import Verdict
from booking.session_trail import retired
from booking.staff_refusals import RetirementRefused, StillBooked

LOAD = system("load")
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

    async def load(self, values: CatalogueValues, *, now: datetime, by: Actor = LOAD) -> LoadReport:
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
            await unit.audit.record(*retired(closed, by=by, now=now))
            await unit.catalogue.replace(
                values.clinic,
                values.departments,
                values.doctors,
                values.rosters,
                values.calendar,
                templates=values.templates,
            )
            wishes = await Wishes.read(unit)
            published = await compare_published(unit, wishes, now=now)
        return LoadReport(tuple(changes), wishes.catalogue.version, closed, tuple(published))

    async def preview(self, values: CatalogueValues, *, now: datetime) -> LoadReport:
        """Return what loading the catalogue would change, published sessions included, and write nothing.

        Raises as ``load`` does. Where there is no catalogue yet, nothing is published either.
        """
        async with self._database.read() as unit:
            current = await _current(unit)
            changes = find_changes(current, values)
            if current is None:
                return LoadReport(tuple(changes), 1)
            version = current.catalogue.version
            if not changes:
                return LoadReport((), version)
            leaving = await _leaving(unit, changes, now=now)
            await _check_nobody_expects(unit, leaving, now=now)
            wishes = Wishes(_as_loaded(current.catalogue, values), values.rosters, values.calendar)
            published = await compare_published(unit, wishes, now=now)
        closing = set(leaving.closing)
        staying = tuple(verdict for verdict in published if verdict.subject.session.id not in closing)
        return LoadReport(tuple(changes), version + 1, leaving.closing, staying)


@dataclass(frozen=True, slots=True)
class _Leaving:
    """Doctors and departments that the file no longer names, the sessions ahead, and which of those are theirs."""

    things: tuple[Department | Doctor, ...]
    sessions: tuple[ClinicSession, ...]
    closing: tuple[str, ...]


def _as_loaded(there: Catalogue, values: CatalogueValues) -> Catalogue:
    """Return the catalogue as it would be: what the file leaves out becomes inactive."""
    departments = {code: replace(thing, active=False) for code, thing in there.departments.items()}
    doctors = {code: replace(thing, active=False) for code, thing in there.doctors.items()}
    return replace(
        there,
        clinic=values.clinic,
        departments=departments | {thing.code: thing for thing in values.departments},
        doctors=doctors | {thing.code: thing for thing in values.doctors},
        version=there.version + 1,
    )


async def _current(unit: Unit) -> CurrentValues | None:
    try:
        catalogue = await unit.catalogue.load()
    except NoCatalogue:
        return None
    return CurrentValues(catalogue, await unit.catalogue.rosters(), await unit.catalogue.calendar())


async def _retire(unit: Unit, changes: Sequence[Change], *, now: datetime) -> tuple[str, ...]:
    """Close the sessions of whom the file no longer names, then look for people in them.

    In this order: closing locks each session's row, so a booking made meanwhile is refused, or seen here.
    """
    leaving = await _leaving(unit, changes, now=now)
    for session_id in leaving.closing:
        await unit.sessions.set_state(session_id, SessionState.CLOSED)
    await _check_nobody_expects(unit, leaving, now=now)
    return leaving.closing


async def _leaving(unit: Unit, changes: Sequence[Change], *, now: datetime) -> _Leaving:
    gone = [change.thing for change in changes if change.action == "retired"]
    things = tuple(thing for thing in gone if isinstance(thing, (Department, Doctor)))
    if not things:
        return _Leaving((), (), ())
    today = clinic_day(await unit.catalogue.load(), now)
    sessions = tuple(s for s in await unit.sessions.sessions_from(today) if s.ends_at > now)
    theirs = {s.id for thing in things for s in sessions if _belongs(s, thing)}
    closing = sorted(s.id for s in sessions if s.id in theirs and s.state == SessionState.OPEN)
    return _Leaving(things, sessions, tuple(closing))


async def _check_nobody_expects(unit: Unit, leaving: _Leaving, *, now: datetime) -> None:
    """Check that nobody expects to come to whom the file no longer names; raises ``RetirementRefused``."""
    if not leaving.things:
        return
    claims = await unit.claims.find(ClaimFilter(states=EXPECTED, ends_after=now))
    waiting = [claim for claim in claims if _is_expected(claim, now=now)]
    refusals = [_still_booked(thing, leaving.sessions, waiting) for thing in leaving.things]
    found = tuple(refusal for refusal in refusals if refusal is not None)
    if found:
        raise RetirementRefused(found)


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
