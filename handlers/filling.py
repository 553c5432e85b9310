"""What a sentence says becomes gaps: where, when and for whom; what depended on other values is open again."""

from collections.abc import Iterator
from datetime import date, time, timedelta

from booking.availability import Part
from booking.names import name_key
from handlers.book import BOOKING, ask_for_whom
from handlers.frame import Frame
from handlers.narrowing import introduce_doctor
from handlers.reading import Named
from handlers.searching import ANY, AT, DAYS, NARROWER, NOT_DAYS, PREFER, SEAT, SUITED, TOLD, correct
from handlers.texts import booking as texts
from handlers.texts import commands
from handlers.understanding import vocabulary as intents
from handlers.understanding.people import SURNAMES
from handlers.understanding.reading import Reading, Wish
from handlers.understanding.when import Excluded, When
from handlers.words import compact

NOON = "noon"
_NOON = "11:00-13:59"
_MOST = 3
"""How many departments are offered to choose from."""
_FURTHEST = 90
"""Days ahead that excluded weekdays are written out for."""


def reopen(frame: Frame, reading: Reading) -> bool:
    """Open a gap again of which is only said that it is to be another: 换个医生."""
    said = compact(frame.incoming.text)
    gap = next((gap for gap, words in commands.OTHERWISE.items() if words.fullmatch(said)), None)
    if gap is None or reading.row() or (gap == "patient" and frame.flow != BOOKING):
        return False
    if gap == "patient":
        ask_for_whom(frame)
        return True
    part = frame.get("part")
    frame.forget(gap, *NARROWER.get(gap, SEAT), TOLD, AT, PREFER)
    if part and gap in NARROWER and gap != "day":
        frame.fill("part", part)
    if gap == "day":
        frame.forget(DAYS, NOT_DAYS)
    return True


def take_wish(frame: Frame, reading: Reading, when: Reading | When) -> bool:
    """Fill the gaps that a sentence names; what depended on other values is open again."""
    taken = [_take_place(frame, reading), _take_day(frame, when), _take_time(frame, when), take_whose(frame, reading)]
    if reading.prefer and not {*when.ask} - {"intent"}:  # whoever is asked which day is not served the first
        frame.fill(PREFER, reading.prefer)
        taken.append(True)
    return any(taken)


def _take_place(frame: Frame, reading: Reading) -> bool:
    catalogue = frame.catalogue
    may_suit = reading.departments or ((reading.department,) if reading.department else ())
    if reading.reasons:
        frame.note(texts.suits([catalogue.departments[code] for code in may_suit[:_MOST]], reading.reasons))
    if len(reading.reasons) > 1 or (len(reading.departments) > 1 and not reading.reasons):
        frame.note(texts.ONE_AT_A_TIME)
    if reading.departments or (reading.reasons and reading.intent == intents.INFO):
        frame.forget("department", *NARROWER["department"])
        frame.fill(SUITED, ",".join(may_suit[:_MOST]))
        return True
    named = _named(frame, reading)
    if named.department is None and not named.doctors:
        return False
    part = frame.get("part")
    frame.forget(SUITED, *(() if named.department else ("department",)))
    correct(frame, named)
    if part not in {"", ANY}:
        frame.fill("part", part)
    if len(named.doctors) == 1:
        introduce_doctor(frame)
    elif named.department is not None and not reading.reasons:
        frame.echo(texts.chosen_department(catalogue.departments[named.department]))
    return True


def _named(frame: Frame, reading: Reading) -> Named:
    """Return where somebody wants to go; where the doctor named works elsewhere, that is said, and either is asked."""
    catalogue = frame.catalogue
    doctors = (reading.doctor,) if reading.doctor else reading.doctors
    here = tuple(code for code in doctors if reading.department in (None, catalogue.doctors[code].department))
    if here or not doctors or reading.department is None:
        return Named(reading.department, here)
    said = catalogue.departments[reading.department]
    for doctor in map(catalogue.doctors.__getitem__, doctors):
        frame.note(texts.works_elsewhere(doctor, catalogue.departments[doctor.department], said))
    working = (one for one in catalogue.doctors.values() if one.active and one.department == said.code)
    return Named(None, (*doctors, *(one.code for one in working)))


def _take_day(frame: Frame, when: Reading | When) -> bool:
    excluded = [said for one in when.excluded for said in _without(frame, one)]
    if excluded:
        frame.forget(*SEAT)
        if frame.get("day") in excluded:
            frame.forget("day", *NARROWER["day"])
        frame.fill(NOT_DAYS, ",".join(sorted({*excluded})))
    if "date" in when.ask:
        frame.note(texts.WHICH_DAY)
        frame.forget("day", DAYS, *SEAT)
        return True
    if when.date is None and when.until is None:
        return bool(excluded)
    frame.forget("day", DAYS, *SEAT)
    if when.date is not None and when.until is None and not when.onward:
        frame.fill("day", when.date.isoformat())
        frame.echo(texts.chosen_day(when.date, frame.today))
    else:
        frame.fill(DAYS, f"{when.date or ''}/{when.until or ''}")
        frame.echo(texts.chosen_days(when.date, when.until))
    return True


def _without(frame: Frame, one: Excluded) -> list[str]:
    """Return the days, or parts of them, that are not wanted, as far ahead as anybody books, and say which."""
    part = Part(one.part) if one.part in list(Part) else None
    if part is None and (one.part is not None or one.days is None):
        return []  # noon is no part of its own, and of a mere time nothing is left out
    days = list(_days_of(frame, one))
    if one.days is None and part is not None:
        frame.echo(texts.without_part(part))
    elif days:
        frame.echo(texts.without_days(days, part))
    return [f"{day} {part}" if part else day.isoformat() for day in days]


def _days_of(frame: Frame, one: Excluded) -> Iterator[date]:
    first = one.days.first if one.days else None
    last = one.days.last if one.days else None
    for ahead in range(_FURTHEST):
        day = frame.today + timedelta(days=ahead)
        within = (first is None or first <= day) and (last is None or day <= last)
        if within or (one.weekly and first is not None and day.weekday() == first.weekday()):
            yield day


def _take_time(frame: Frame, when: Reading | When) -> bool:
    if "time" in when.ask:
        frame.note(texts.WHICH_TIME)
    said = _times(when)
    if said:
        frame.forget("part", AT, *SEAT)
        frame.fill(AT, said)
        frame.echo(texts.chosen_times(*map(time.fromisoformat, said.split("-"))))
    elif when.part is not None:
        frame.forget("part", AT, *SEAT)
        frame.fill("part", when.part)
        frame.echo(texts.chosen_part(Part(when.part)))
    return bool(said) or when.part is not None or "time" in when.ask


def _times(when: Reading | When) -> str:
    """Return between which times it should begin: the end of a range belongs to it no more."""
    if when.time is None and when.until_time is None:
        return _NOON if when.part == NOON else ""
    first = when.time or time()
    last = first if when.until_time is None else max(first, _before(when.until_time))
    return f"{first:%H:%M}-{last:%H:%M}"


def _before(moment: time) -> time:
    minutes = moment.hour * 60 + moment.minute - 1
    return time(*divmod(max(0, minutes), 60))


async def named_patients(frame: Frame, said: Wish | None) -> set[str]:
    """Return the names, as they are compared, of patients whom a message names: the account's, or anybody's.

    A doctor who is named is the doctor, though a patient be called the same.
    """
    text = name_key(compact(frame.incoming.text))
    codes = said.doctors or (said.doctor,) if said is not None else ()
    doctors = {name_key(frame.catalogue.doctors[code].name) for code in codes if code is not None}
    names = {name_key(one.details.name) for one in (await frame.known()).patients}
    if said is not None and said.patient is not None and said.patient.startswith(tuple(SURNAMES)):
        names.add(name_key(said.patient))
    return {name for name in names - doctors if name in text}


def take_whose(frame: Frame, reading: Reading) -> bool:
    whose = reading.patient or reading.patient_aside
    if whose is None or frame.flow != BOOKING:
        return False
    ask_for_whom(frame, whose)
    return True
