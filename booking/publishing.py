"""Publishing: the sessions and slots that the rosters ask for, made ahead of time, as often as one likes (R-A7).

A session in which people have seats is never changed here. One in which nobody has, and which the rosters no longer
ask for, is closed or rewritten under its row's lock, so that a booking at the same moment is either seen or refused.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from booking.actors import Actor, system
from booking.errors import Unavailable
from booking.models import CalendarDay, Catalogue, Roster, SessionState
from booking.ports import Database, SlotFilter, Unit
from booking.rules import clinic_day
from booking.seats import Seats
from booking.session_plan import (
    Action,
    SessionPlan,
    Verdict,
    group_sessions,
    judge_existing,
    judge_sessions,
    plan_day,
)
from booking.session_trail import covered, published

Holidays = Callable[[date], str | None]
"""The name of a public holiday, None on other days; raises ``LookupError`` for a year not announced yet."""
DAILY = system("publish")
CHANGES: tuple[Action, ...] = ("create", "reopen", "revise", "close")
FOR_STAFF: tuple[Action, ...] = ("keep", "blocked")
OPEN_AFTERWARDS: tuple[Action, ...] = ("create", "existing", "reopen", "revise", "keep", "adjusted")


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What publishing did. ``holidays`` have sessions and no word of them in the calendar."""

    first_day: date
    last_day: date
    outcomes: tuple[Verdict, ...]
    holidays: tuple[tuple[date, str], ...] = ()
    unknown_years: tuple[int, ...] = ()
    pool_told: bool = True
    """False when Redis was not reachable; the pools are then made on first use."""

    def having(self, *actions: Action) -> list[Verdict]:
        """Return the outcomes of these kinds."""
        return [outcome for outcome in self.outcomes if outcome.action in actions]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the catalogue asks for: read once a transaction."""

    catalogue: Catalogue
    rosters: Sequence[Roster]
    calendar: Sequence[CalendarDay]

    @classmethod
    async def read(cls, unit: Unit) -> "Wishes":
        """Read the catalogue; raises ``NoCatalogue``."""
        return cls(await unit.catalogue.load(), await unit.catalogue.rosters(), await unit.catalogue.calendar())

    def longest_window(self) -> int:
        """Return the longest ``advance_days`` of all doctors."""
        own = [self.catalogue.advance_days(doctor) for doctor in self.catalogue.doctors.values() if doctor.active]
        return max(own, default=self.catalogue.clinic.policy.advance_days)

    def plans(self, day: date, *, now: datetime) -> list[SessionPlan]:
        """Return the sessions of a day."""
        return plan_day(self.catalogue, self.rosters, self.calendar, day, now=now)


async def compare_published(unit: Unit, wishes: Wishes, *, now: datetime) -> list[Verdict]:
    """Return what publishing would do about sessions published from today on that no longer match the rosters."""
    found = await _existing(unit, clinic_day(wishes.catalogue, now), None)
    verdicts = [
        verdict
        for day in sorted({plan.session.date for plan in found})
        for verdict in judge_sessions(wishes.plans(day, now=now), _of_day(found, day), now=now)
    ]
    return [v for v in verdicts if v.existing is not None and v.action not in {"existing", "none"}]


class Publishing:
    """Makes sessions due. Any number of processes may publish at once."""

    def __init__(self, database: Database, seats: Seats | None, holidays: Holidays | None = None) -> None:
        self._database = database
        self._seats = seats
        self._holidays = holidays

    async def publish(
        self, *, now: datetime, days: int | None = None, first_day: date | None = None, by: Actor = DAILY
    ) -> PublishReport:
        """Publish from today to the end of the longest window; ``days`` sets another end, ``first_day`` one day.

        Raises ``NoCatalogue`` or ``Unavailable``; what was published until then stands.
        """
        async with self._database.read() as unit:
            wishes = await Wishes.read(unit)
            first = first_day or clinic_day(wishes.catalogue, now)
            last = first + timedelta(days=_reach(wishes, days, first_day))
            there = await _existing(unit, first, last if first_day else None)
        outcomes: list[Verdict] = []
        for day in _days(first, last, there):
            verdicts = _judge(wishes, day, _of_day(there, day), now=now, create=day <= last)
            if any(verdict.action in CHANGES for verdict in verdicts):
                async with self._database.begin() as unit:
                    verdicts = await _publish_day(unit, day, by=by, now=now, create=day <= last)
            outcomes += verdicts
        told = await self._tell_pool(outcomes)
        shown = sorted((v for v in outcomes if _is_reported(v, last)), key=_by_start)
        report = PublishReport(first, last, tuple(shown), pool_told=told)
        return self._with_holidays(report, wishes.calendar)

    async def _tell_pool(self, outcomes: Iterable[Verdict]) -> bool:
        """Make the pools in Redis of what changed; after the commit, since Redis only follows."""
        changed = [outcome.subject.session.id for outcome in outcomes if outcome.action in CHANGES]
        if not changed:
            return True
        if self._seats is None:
            return False
        try:
            await self._seats.rebuild_all(changed)
        except Unavailable:
            return False
        return True

    def _with_holidays(self, report: PublishReport, calendar: Sequence[CalendarDay]) -> PublishReport:
        if self._holidays is None:
            return report
        settled = {day.date for day in calendar if day.department is None and day.doctor is None}
        worked = {outcome.subject.session.date for outcome in report.having(*OPEN_AFTERWARDS)}
        holidays: list[tuple[date, str]] = []
        unknown: set[int] = set()
        for day in sorted(worked - settled):
            try:
                name = self._holidays(day)
            except LookupError:
                unknown.add(day.year)
                continue
            holidays += [(day, name)] if name else []
        return replace(report, holidays=tuple(holidays), unknown_years=tuple(sorted(unknown)))


async def _publish_day(unit: Unit, day: date, *, by: Actor, now: datetime, create: bool) -> list[Verdict]:
    """Judge a day again, now that nobody else writes or each row can be locked, and do what is judged.

    By session id, the order in which rows are locked everywhere, so that nobody waits for each other.
    """
    wishes = await Wishes.read(unit)
    verdicts = _judge(wishes, day, await _existing(unit, day, day), now=now, create=create)
    verdicts.sort(key=lambda verdict: verdict.subject.session.id)
    await unit.stoppages.in_turn(sharing=True)
    settled = [await _settle(unit, verdict, now=now) for verdict in verdicts]
    await unit.audit.record(*published(settled, by=by, now=now))
    opened = [v.planned.session for v in settled if v.action in {"create", "reopen", "revise"} and v.planned]
    stopped = await unit.stoppages.cover(opened, now=now)  # whoever is stopped for a time is so in what comes later
    await unit.audit.record(*covered(stopped, by=by, now=now))
    return settled


async def _settle(unit: Unit, verdict: Verdict, *, now: datetime) -> Verdict:
    if verdict.action not in CHANGES:
        return verdict
    if verdict.existing is None:
        return await _create(unit, verdict)
    session_id = verdict.existing.session.id
    await unit.sessions.next_generation(session_id)
    there = await _locked(unit, session_id)
    again = judge_existing(verdict.planned, there, now=now)
    planned = again.planned
    if again.action == "close":
        await unit.sessions.set_state(session_id, SessionState.CLOSED)
    elif again.action == "reopen":
        await unit.sessions.set_state(session_id, SessionState.OPEN)
    elif again.action == "revise" and planned and not await unit.sessions.revise(planned.session, planned.slots):
        return replace(again, action="keep")
    return again


async def _create(unit: Unit, verdict: Verdict) -> Verdict:
    planned = verdict.subject
    added = await unit.sessions.add(planned.session, planned.slots)
    return verdict if added else replace(verdict, action="existing")


async def _locked(unit: Unit, session_id: str) -> SessionPlan:
    """Read a session as it is now that its row is locked: no claim can be added to it any more."""
    found = await unit.sessions.get(session_id)
    if found is None:
        raise Unavailable("database")
    session, slots = found
    return SessionPlan(session, tuple(slots), len(await unit.claims.live(session_id)))


async def _existing(unit: Unit, first_day: date, last_day: date | None) -> list[SessionPlan]:
    counts = await unit.sessions.slots(SlotFilter(first_day=first_day, last_day=last_day))
    return list(group_sessions(counts).values())


def _judge(wishes: Wishes, day: date, there: Sequence[SessionPlan], *, now: datetime, create: bool) -> list[Verdict]:
    """Judge a day; beyond the last day nothing is made, but what was made earlier must still match."""
    verdicts = judge_sessions(wishes.plans(day, now=now), there, now=now)
    return [verdict for verdict in verdicts if create or verdict.existing is not None]


def _by_start(verdict: Verdict) -> tuple[datetime, str]:
    return verdict.subject.session.starts_at, verdict.subject.session.id


def _is_reported(verdict: Verdict, last_day: date) -> bool:
    """Tell whether staff read of it: beyond the days asked for only of what changed or needs them."""
    beyond = verdict.subject.session.date > last_day
    return verdict.action not in ({"none", "existing"} if beyond else {"none"})


def _reach(wishes: Wishes, days: int | None, first_day: date | None) -> int:
    if days is not None:
        return days
    return 0 if first_day else wishes.longest_window()


def _days(first: date, last: date, there: Sequence[SessionPlan]) -> list[date]:
    due = {first + timedelta(days=offset) for offset in range((last - first).days + 1)}
    return sorted(due | {plan.session.date for plan in there})


def _of_day(sessions: Sequence[SessionPlan], day: date) -> list[SessionPlan]:
    return [plan for plan in sessions if plan.session.date == day]
