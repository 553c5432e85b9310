"""What a catalogue's entries must be to each other: codes unique, references known, no doctor in two places at once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from itertools import combinations

from booking.catalogue_fields import WEEKDAYS, nearest
from booking.models import CalendarDay, Department, Doctor, Roster

Place = tuple[str | int, ...]
"""Where something stands: ``("doctors", 3, "fee")``."""

EXTRA_SESSION = ("doctor", "start", "end", "slot_minutes", "capacity")
"""What an extra session must say beside its date."""
ANY_DAY = date(2000, 1, 1)
WEEK = 7


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong (or, as a remark, odd) at a place; ``kind`` names the words for it."""

    where: Place
    kind: str
    details: Mapping[str, str] = field(default_factory=dict)


Found = tuple[list[Mistake], list[Mistake]]
"""Mistakes and remarks."""


def path_text(where: Place) -> str:
    """Write a place as people read it: ``doctors[3].fee``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)
    return text.removeprefix(".")


def check_departments(departments: Sequence[tuple[int, Department]]) -> list[Mistake]:
    """Find codes and names that occur twice."""
    return [
        *_repeated("departments", "code", [(i, d.code) for i, d in departments]),
        *_repeated("departments", "name", [(i, d.name) for i, d in departments]),
    ]


def check_doctors(doctors: Sequence[tuple[int, Doctor]], departments: Sequence[str]) -> list[Mistake]:
    """Find codes that occur twice and departments that do not exist."""
    unknown = [
        _unknown(("doctors", index, "department"), doctor.department, departments)
        for index, doctor in doctors
        if doctor.department not in departments
    ]
    return [*_repeated("doctors", "code", [(i, d.code) for i, d in doctors]), *unknown]


def check_rosters(rosters: Sequence[tuple[int, Roster]], doctors: Sequence[str]) -> Found:
    """Find rosters of nobody, with impossible times, or of one doctor at overlapping times."""
    mistakes: list[Mistake] = []
    remarks: list[Mistake] = []
    sound: list[tuple[int, Roster]] = []
    for index, roster in rosters:
        place = ("rosters", index)
        if roster.doctor not in doctors:
            mistakes.append(_unknown((*place, "doctor"), roster.doctor, doctors))
        if roster.valid_from and roster.valid_to and roster.valid_to < roster.valid_from:
            details = {"first": str(roster.valid_from), "last": str(roster.valid_to)}
            mistakes.append(Mistake((*place, "valid_to"), "ends_before_it_begins", details))
        wrong_times, odd_times = _check_times(place, roster.start, roster.end, roster.slot_minutes)
        mistakes += wrong_times
        remarks += odd_times
        if not wrong_times:
            sound.append((index, roster))
    mistakes += _overlapping_rosters(sound)
    return mistakes, remarks


def check_calendar(
    calendar: Sequence[tuple[int, CalendarDay]],
    *,
    says_closed: frozenset[int],
    rosters: Sequence[tuple[int, Roster]],
    doctors: Sequence[tuple[int, Doctor]],
    known_doctors: Sequence[str],
    known_departments: Sequence[str],
) -> Found:
    """Find days that are neither closed nor an extra session, and extra sessions that overlap something."""
    mistakes: list[Mistake] = []
    remarks: list[Mistake] = []
    extras: list[tuple[int, CalendarDay]] = []
    for index, day in calendar:
        place = ("calendar", index)
        if day.doctor is not None and day.doctor not in known_doctors:
            mistakes.append(_unknown((*place, "doctor"), day.doctor, known_doctors))
        if day.department is not None and day.department not in known_departments:
            mistakes.append(_unknown((*place, "department"), day.department, known_departments))
        shape = list(_shape_mistakes(place, day, says_closed=index in says_closed))
        mistakes += shape
        if not shape and day.start and day.end and day.slot_minutes:
            wrong_times, odd_times = _check_times(place, day.start, day.end, day.slot_minutes)
            mistakes += wrong_times
            remarks += odd_times
            extras += [] if wrong_times else [(index, day)]
    mistakes += _repeated_closures([(i, d) for i, d in calendar if d.closed])
    homes = {doctor.code: doctor.department for _, doctor in doctors}
    for index, extra in extras:
        closed = _is_closed(extra, [day for _, day in calendar], homes)
        if closed:
            remarks.append(Mistake(("calendar", index), "extra_on_closed_day", {"date": str(extra.date)}))
        mistakes += _overlaps_of_extra(index, extra, extras, [] if closed else rosters)
    return mistakes, remarks


def closes(day: CalendarDay, doctor: str, department: str) -> bool:
    """Tell whether a closed day of the calendar covers this doctor of this department."""
    return (
        day.closed and day.doctor in {None, doctor} and (day.doctor is not None or day.department in {None, department})
    )


def _is_closed(extra: CalendarDay, calendar: Sequence[CalendarDay], homes: Mapping[str, str]) -> bool:
    doctor = extra.doctor or ""
    return any(day.date == extra.date and closes(day, doctor, homes.get(doctor, "")) for day in calendar)


def _shape_mistakes(place: Place, day: CalendarDay, *, says_closed: bool) -> Iterator[Mistake]:
    session = [name for name in EXTRA_SESSION[1:] if getattr(day, name) is not None]
    if says_closed:
        for name in session:
            yield Mistake((*place, name), "closed_with_session" if day.closed else "open_with_session")
        if day.doctor and day.department:
            yield Mistake((*place, "department"), "doctor_and_department")
        return
    if not session:
        yield Mistake(place, "neither_closed_nor_extra")
        return
    for name in EXTRA_SESSION:
        if getattr(day, name) is None:
            yield Mistake((*place, name), "missing")
    if day.department:
        yield Mistake((*place, "department"), "doctor_and_department")


def _check_times(place: Place, start: time, end: time, slot_minutes: int) -> Found:
    minutes = (end.hour - start.hour) * 60 + end.minute - start.minute
    if minutes <= 0:
        details = {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}
        return [Mistake((*place, "end"), "across_midnight", details)], []
    numbers = {"minutes": str(minutes), "slot": str(slot_minutes), "rest": str(minutes % slot_minutes)}
    if minutes < slot_minutes:
        return [Mistake((*place, "slot_minutes"), "longer_than_session", numbers)], []
    if minutes % slot_minutes:
        return [], [Mistake((*place, "slot_minutes"), "rest_unused", numbers)]
    return [], []


def _overlapping_rosters(rosters: Sequence[tuple[int, Roster]]) -> Iterator[Mistake]:
    of_doctor: dict[str, list[tuple[int, Roster]]] = defaultdict(list)
    for index, roster in rosters:
        of_doctor[roster.doctor].append((index, roster))
    for own in of_doctor.values():
        for (first, one), (second, other) in combinations(own, 2):
            weekday = _shared_weekday(one, other)
            if weekday is not None:
                place = path_text(("rosters", first))
                details = {"other": place, "doctor": one.doctor, "weekday": WEEKDAYS[weekday]}
                yield Mistake(("rosters", second, "start"), "overlapping_rosters", details)


def _shared_weekday(one: Roster, other: Roster) -> int | None:
    """Return a weekday on which two rosters would have the doctor in two sessions at once."""
    if one.start >= other.end or other.start >= one.end:
        return None
    first = max(one.valid_from or ANY_DAY, other.valid_from or ANY_DAY)
    last = min(one.valid_to or date.max, other.valid_to or date.max)
    days = min((last - first).days + 1, WEEK)
    both = set(one.weekdays) & set(other.weekdays)
    for offset in range(days):
        weekday = (first + timedelta(days=offset)).weekday()
        if weekday in both:
            return weekday
    return None


def _overlaps_of_extra(
    index: int,
    extra: CalendarDay,
    extras: Sequence[tuple[int, CalendarDay]],
    rosters: Sequence[tuple[int, Roster]],
) -> Iterator[Mistake]:
    for other_index, other in extras:
        if other_index < index and other.date == extra.date and _overlap(extra, other):
            yield _overlap_of_extra(index, extra, ("calendar", other_index))
    for other_index, roster in rosters:
        if works_on(roster, extra.date) and _overlap(extra, roster):
            yield _overlap_of_extra(index, extra, ("rosters", other_index))


def _overlap(extra: CalendarDay, other: CalendarDay | Roster) -> bool:
    if extra.doctor != other.doctor or not (extra.start and extra.end and other.start and other.end):
        return False
    return extra.start < other.end and other.start < extra.end


def works_on(roster: Roster, day: date) -> bool:
    """Tell whether a roster has its doctor at work on a day, the calendar aside."""
    return (
        day.weekday() in roster.weekdays
        and (roster.valid_from is None or roster.valid_from <= day)
        and (roster.valid_to is None or day <= roster.valid_to)
    )


def _overlap_of_extra(index: int, extra: CalendarDay, other: Place) -> Mistake:
    details = {"other": path_text(other), "doctor": extra.doctor or "", "date": str(extra.date)}
    return Mistake(("calendar", index, "start"), "overlapping_extra", details)


def _repeated_closures(closed: Sequence[tuple[int, CalendarDay]]) -> Iterator[Mistake]:
    seen: dict[tuple[date, str | None, str | None], int] = {}
    for index, day in closed:
        first = seen.setdefault((day.date, day.department, day.doctor), index)
        if first != index:
            yield Mistake(("calendar", index, "date"), "closed_twice", {"other": path_text(("calendar", first))})


def _repeated(section: str, key: str, values: Sequence[tuple[int, str]]) -> Iterator[Mistake]:
    seen: dict[str, int] = {}
    for index, value in values:
        first = seen.setdefault(value, index)
        if first != index:
            details = {"value": value, "other": path_text((section, first))}
            yield Mistake((section, index, key), f"repeated_{key}", details)


def _unknown(where: Place, code: str, known: Sequence[str]) -> Mistake:
    """Make the mistake of a reference to nothing; the last part of its place tells to what kind of thing."""
    return Mistake(where, f"unknown_{where[-1]}", {"value": code, "near": nearest(code, list(known))})
