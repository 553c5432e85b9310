"""What can be booked, for the chat: pure choices over slot counts, and where they come from (R-A2, R-A9)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from booking.absence import Absence, Why, why_none
from booking.current import CurrentCatalogue
from booking.hours import OpenDays, opening_hours
from booking.models import CalendarDay, Catalogue, SlotCount
from booking.ports import Database, SlotFilter
from booking.rules import clinic_day
from booking.session_plan import plan_day
from booking.single_flight import SingleFlight
from booking.snapshot import Found, Snapshot

NOON = 12
EVENING = 18
NEAREST = 8
"""How many alternatives are worth reading."""
KEPT = timedelta(seconds=1)
"""How old an answer may be that other processes' bookings do not change."""


class Part(StrEnum):
    """Part of the clinic's day in which a slot starts: before 12:00, before 18:00, later."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


class Avoid(StrEnum):
    """What alternatives to a refused slot must not share with it; the rule that refused it tells."""

    NOTHING = "nothing"
    SLOT = "slot"
    PERIOD = "period"
    SESSION = "session"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Search:
    """What the patient has said of the wish so far; None, or no doctors, means any.

    Who changes an appointment wants another slot, and perhaps another doctor or department.
    """

    department: str | None = None
    doctors: tuple[str, ...] = ()
    day: date | None = None
    part: Part | None = None
    not_slot: str | None = None
    not_doctor: str | None = None
    not_department: str | None = None
    departments: tuple[str, ...] = ()
    """Which departments may suit, where none is chosen yet; empty means any."""
    first: date | None = None
    last: date | None = None
    """Between which days it lies, both included."""
    times: tuple[time, time] | None = None
    """Between which times of the clinic's day it begins, both included."""
    not_days: frozenset[tuple[date, Part | None]] = frozenset()
    """Days, or parts of them, that are not wanted."""


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Slots near a refused one (R-A3): the same doctor's other times, the same department's other doctors."""

    same_doctor: tuple[SlotCount, ...] = ()
    others: tuple[SlotCount, ...] = ()


def part_of_day(starts_at: datetime, zone: ZoneInfo) -> Part:
    """Return the part of the clinic's day in which this moment lies."""
    hour = starts_at.astimezone(zone).hour
    if hour < NOON:
        return Part.MORNING
    return Part.AFTERNOON if hour < EVENING else Part.EVENING


def fits(count: SlotCount, search: Search, zone: ZoneInfo) -> bool:
    """Tell whether a slot is what was searched for."""
    session = count.session
    return (
        search.department in (None, session.department)
        and (not search.doctors or session.doctor in search.doctors)
        and search.day in (None, session.date)
        and search.part in (None, part_of_day(count.slot.starts_at, zone))
        and count.slot.id != search.not_slot
        and session.doctor != search.not_doctor
        and session.department != search.not_department
        and (not search.departments or session.department in search.departments)
        and _is_when(count, search, zone)
    )


def _is_when(count: SlotCount, search: Search, zone: ZoneInfo) -> bool:
    """Tell whether a slot lies between the days and times searched, and on none that is not wanted."""
    day = count.session.date
    if (search.first and day < search.first) or (search.last and day > search.last):
        return False
    if search.times and not is_between(count.slot.starts_at, search.times, zone):
        return False
    if not search.not_days:
        return True
    return (day, None) not in search.not_days and (day, part_of_day(count.slot.starts_at, zone)) not in search.not_days


def is_between(starts_at: datetime, times: tuple[time, time], zone: ZoneInfo) -> bool:
    """Tell whether a moment lies between two times of the clinic's day, both included."""
    first, last = times
    return first <= starts_at.astimezone(zone).time() <= last


def nearest(free: Sequence[SlotCount], wanted: SlotCount, *, avoid: Avoid, limit: int = NEAREST) -> Alternatives:
    """Choose what to offer instead of ``wanted``: nearest in time first, shared fairly, each part by start (R-A3)."""
    around = sorted(
        (count for count in free if not _shares(count, wanted, avoid)),
        key=lambda count: (abs(count.slot.starts_at - wanted.slot.starts_at), count.slot.id),
    )
    same = [count for count in around if count.session.doctor == wanted.session.doctor]
    others = _one_each_first(count for count in around if count.session.doctor != wanted.session.doctor)
    for_others = min(len(others), limit - min(len(same), limit // 2))
    return Alternatives(
        same_doctor=_by_start(same[: limit - for_others]),
        others=_by_start(others[:for_others]),
    )


def _shares(count: SlotCount, wanted: SlotCount, avoid: Avoid) -> bool:
    if avoid is Avoid.DAY:
        return count.session.date == wanted.session.date
    if avoid is Avoid.SESSION:
        return count.session.id == wanted.session.id
    if avoid is Avoid.PERIOD:
        return count.slot.starts_at < wanted.slot.ends_at and wanted.slot.starts_at < count.slot.ends_at
    return avoid is Avoid.SLOT and count.slot.id == wanted.slot.id


def _one_each_first(counts: Iterable[SlotCount]) -> list[SlotCount]:
    """Order so that each doctor's nearest slot comes before anyone's second."""
    rank: dict[str, int] = {}
    ranked = []
    for count in counts:
        rank[count.session.doctor] = rank.get(count.session.doctor, 0) + 1
        ranked.append((rank[count.session.doctor], count))
    ranked.sort(key=lambda pair: pair[0])
    return [count for _, count in ranked]


def _by_start(counts: Iterable[SlotCount]) -> tuple[SlotCount, ...]:
    return tuple(sorted(counts, key=lambda count: (count.slot.starts_at, count.slot.id)))


class Availability:
    """Answers what can be booked from a snapshot that is at most ``kept`` old; one is taken at a time."""

    def __init__(self, database: Database, current: CurrentCatalogue, *, kept: timedelta = KEPT) -> None:
        self._database = database
        self._current = current
        self._kept = kept
        self._snapshot: Snapshot | None = None
        self._taking: SingleFlight[Snapshot] = SingleFlight()
        self._asking: SingleFlight[Absence] = SingleFlight()

    async def find(self, search: Search, *, now: datetime) -> Found:
        """Return the bookable slots that fit, by start, department, doctor; raises ``Unavailable``, ``NoCatalogue``."""
        snapshot = await self._at(now)
        return snapshot.find(search, lambda count: fits(count, search, snapshot.zone))

    async def near(
        self, slot: str, *, department: str, avoid: Avoid, now: datetime, not_slot: str | None = None
    ) -> Alternatives:
        """Return what is nearest to a slot that could not be had; raises ``Unavailable``, ``NoCatalogue``."""
        snapshot = await self._at(now)
        wanted = snapshot.counts.get(slot)
        if wanted is None:
            return Alternatives()
        found = await self.find(Search(department=department, not_slot=not_slot), now=now)
        return nearest(found.counts, wanted, avoid=avoid)

    async def why_none(self, search: Search, day: date, *, now: datetime) -> Absence:
        """Return why a day has nothing that fits; raises ``Unavailable``, ``NoCatalogue``.

        When a doctor is sold out everybody asks; like what can be booked, it is found out once for all within a second.
        """
        snapshot, wanted = await self._at(now), replace(search, day=day)
        found = snapshot.absences.get(wanted)
        if found is None:
            found = await self._asking((snapshot.taken_at, wanted), lambda: self._why_none(snapshot, wanted, day, now))
            snapshot.absences[wanted] = found
        return found

    async def _why_none(self, snapshot: Snapshot, wanted: Search, day: date, now: datetime) -> Absence:
        catalogue = await self._current.get()
        async with self._database.read() as unit:
            rosters, calendar = await unit.catalogue.rosters(), await unit.catalogue.calendar()
        published = [count for count in snapshot.counts.values() if fits(count, wanted, snapshot.zone)]
        there = {count.session.id for count in published}
        plans = [plan for plan in plan_day(catalogue, rosters, calendar, day, now=now) if plan.session.id not in there]
        planned = [SlotCount(plan.session, slot, 0, 0) for plan in plans for slot in plan.slots]
        found = why_none(
            catalogue, published, [count for count in planned if fits(count, wanted, snapshot.zone)], now=now
        )
        return replace(found, reason=_why_closed(catalogue, calendar, wanted)) if found.why is Why.NONE else found

    async def hours(self, *, now: datetime) -> list[OpenDays]:
        """Return the week's opening times as the rosters have them; raises ``Unavailable``, ``NoCatalogue``."""
        catalogue = await self._current.get()
        async with self._database.read() as unit:
            rosters = await unit.catalogue.rosters()
        return opening_hours(rosters, clinic_day(catalogue, now))

    def seats_moved(self, slot: str, *, held: int = 0, booked: int = 0) -> None:
        """Hear of what this process did to a slot's seats (``booking.ports.Watch``)."""
        if self._snapshot is not None:
            self._snapshot.change(slot, held=held, booked=booked)

    async def _at(self, now: datetime) -> Snapshot:
        snapshot = self._snapshot
        if snapshot is not None and abs(now - snapshot.taken_at) < self._kept:
            return snapshot
        return await self._taking(None, lambda: self._take(now))

    async def _take(self, now: datetime) -> Snapshot:
        catalogue = await self._current.get()
        today = clinic_day(catalogue, now)
        furthest = max((catalogue.advance_days(doctor) for doctor in catalogue.doctors.values()), default=0)
        wanted = SlotFilter(first_day=today, last_day=today + timedelta(days=furthest))
        async with self._database.read() as unit:
            counts = await unit.sessions.slots(wanted)
        self._snapshot = Snapshot(catalogue, counts, taken_at=now)
        return self._snapshot


def _why_closed(catalogue: Catalogue, calendar: Iterable[CalendarDay], search: Search) -> str:
    """Return why the clinic, or the department searched, is closed on a day; why a doctor is away is theirs to tell."""
    here = {
        doctor.department
        for doctor in catalogue.doctors.values()
        if search.department in (None, doctor.department) and (not search.doctors or doctor.code in search.doctors)
    }
    closed = (entry for entry in calendar if entry.date == search.day and entry.closed and entry.doctor is None)
    return next((entry.reason for entry in closed if entry.department is None or {entry.department} == here), "")
