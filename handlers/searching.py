"""What is left to book within the gaps, and what is opened again where nothing is (R-A3)."""

from dataclasses import replace
from datetime import date, time, timedelta

from booking.availability import Part, Search
from booking.snapshot import Found
from handlers.frame import Done, Frame
from handlers.reading import Named
from handlers.texts import booking as texts
from handlers.texts.changes import OLD_STANDS

ANY = "any"
TOLD, WISHED, ASKED = "told", "wished", "asked"
"""Whether a sentence began this as a wish, whose only time is held at once, or as a question, which holds nothing."""
DAYS, NOT_DAYS, AT, PREFER, SUITED = "days", "not_days", "at", "prefer", "suited"
"""Gaps that only a sentence fills: a range of days, days not wanted, a time or a range of them, as soon as possible,
and departments that may suit."""
NARROWER = {
    "department": ("suited", "doctor", "among", "part", "slot", "near", "claim"),
    "doctor": ("among", "part", "slot", "near", "claim"),
    "day": ("part", "slot", "near", "claim"),
}
"""What a gap's correction opens again: narrower choices, and what came of them."""
EXCLUDED = ("not_doctor", "not_department")
"""What who changes an appointment did not want again."""


def correct(frame: Frame, named: Named) -> None:
    """Fill department and doctor with what was named; what depended on the old ones is open again."""
    if named.department is not None and named.department != frame.get("department"):
        frame.forget(*NARROWER["department"])
        frame.fill("department", named.department)
    if len(named.doctors) == 1 and named.doctors[0] != frame.get("doctor"):
        frame.forget(*NARROWER["doctor"])
        frame.fill("doctor", named.doctors[0])
    if len(named.doctors) > 1:
        frame.forget("doctor", *NARROWER["doctor"])
        frame.fill("among", ",".join(named.doctors))


def search_of(frame: Frame) -> Search:
    """Return what the gaps say of the wish."""
    doctors = frame.get("doctor") or frame.get("among")
    day, part, suited = frame.get("day"), frame.get("part"), frame.get(SUITED)
    first, _, last = frame.get(DAYS).partition("/")
    return Search(
        department=frame.get("department") or None,
        doctors=tuple(doctors.split(",")) if doctors else (),
        day=date.fromisoformat(day) if day else None,
        part=Part(part) if part and part != ANY else None,
        not_slot=frame.get("not_slot") or None,
        not_doctor=frame.get("not_doctor") or None,
        not_department=frame.get("not_department") or None,
        departments=tuple(suited.split(",")) if suited and "department" not in frame.gaps else (),
        first=date.fromisoformat(first) if first else None,
        last=date.fromisoformat(last) if last else None,
        times=said_times(frame),
        not_days=_not_days(frame),
    )


def said_times(frame: Frame) -> tuple[time, time] | None:
    """Return between which times of day it should begin, as a sentence said: the same twice for a time."""
    if AT not in frame.gaps:
        return None
    first, last = map(time.fromisoformat, frame.gaps[AT].split("-"))
    return first, last


def _not_days(frame: Frame) -> frozenset[tuple[date, Part | None]]:
    said = (one.partition(" ") for one in frame.get(NOT_DAYS).split(",") if one)
    return frozenset((date.fromisoformat(day), Part(part) if part else None) for day, _, part in said)


async def bookable(frame: Frame) -> Found:
    """Return what can be booked within the gaps; where nothing is at the time said, what is at other times."""
    search = search_of(frame)
    found = await frame.services.availability.find(search, now=frame.now)
    if found.counts or search.times is None:
        return found
    return await frame.services.availability.find(replace(search, times=None), now=frame.now)


async def relax(frame: Frame) -> Done | None:
    """Nothing is left: say what is full, and open the narrowest gap that can be changed; what is left then is asked."""
    if TOLD in frame.gaps:
        frame.fill(TOLD, ASKED)
    return None if await _relax_when(frame) else _relax_where(frame)


async def _relax_when(frame: Frame) -> bool:
    gaps = frame.gaps
    said = gaps.get("part", ANY)
    if said != ANY and any(gap in gaps for gap in ("day", DAYS, TOLD)):
        frame.forget("part", *NARROWER["day"])
        if (await bookable(frame)).counts:
            frame.note(texts.full_part(_day_of(frame), Part(said)))
            return True
    if "day" in gaps:
        frame.note(_full_day(frame, date.fromisoformat(gaps["day"])))
        frame.forget("day", *NARROWER["day"])
    elif DAYS in gaps or NOT_DAYS in gaps:
        frame.note(texts.FULL_DAYS)
        frame.forget(DAYS, NOT_DAYS, *NARROWER["day"])
    else:
        return False
    return True


def _day_of(frame: Frame) -> date | None:
    return date.fromisoformat(frame.gaps["day"]) if "day" in frame.gaps else None


def _full_day(frame: Frame, day: date) -> str:
    """Say that a day is full, or that it cannot be booked yet."""
    search = search_of(frame)
    ahead = max(
        (
            frame.catalogue.advance_days(doctor)
            for doctor in frame.catalogue.doctors.values()
            if (not search.doctors or doctor.code in search.doctors) and search.department in (None, doctor.department)
        ),
        default=0,
    )
    return texts.not_yet(day, ahead) if day > frame.today + timedelta(days=ahead) else texts.full_day(day)


def _relax_where(frame: Frame) -> Done | None:
    gaps = frame.gaps
    if "doctor" in gaps or "among" in gaps:
        code = (frame.get("doctor") or frame.get("among")).split(",")[0]
        frame.note(texts.full_doctor(frame.catalogue.doctors[code].name))
        frame.forget("doctor", *NARROWER["doctor"])
        frame.fill("department", frame.catalogue.doctors[code].department)
    elif "not_doctor" in gaps or "not_department" in gaps:
        frame.forget(*EXCLUDED)
    elif "department" in gaps:
        frame.note(texts.full_department(frame.catalogue.departments[gaps["department"]].name))
        frame.forget("department", *NARROWER["department"])
    elif SUITED in gaps:
        frame.note(texts.FULL_SUITED)
        frame.forget(SUITED)
    else:
        if "not_slot" in gaps:
            frame.note(OLD_STANDS)
        return Done(texts.nothing_free(frame.clinic), outcome="nothing_free")
    return None
