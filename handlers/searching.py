"""What is left to book within the gaps, and what is opened again where nothing is (R-A3)."""

from dataclasses import replace
from datetime import date, time

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
SAME_DAY = "same_day"
"""The day of an appointment to which a part of day is to be changed: nobody said it, so it is the first to give way."""
SEAT = ("slot", "near", "claim")
"""What is chosen last, and opened again with whatever it hangs on."""
NARROWER = {
    "department": ("suited", "doctor", "among", "part", *SEAT),
    "doctor": ("among", "part", *SEAT),
    "day": ("part", *SEAT),
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
    day = date.fromisoformat(gaps["day"]) if "day" in gaps else None
    if said != ANY and day and gaps["day"] == gaps.get(SAME_DAY) and await _opens(frame, "day"):
        frame.note(texts.none_in_part(day, Part(said)))
    elif said != ANY and any(gap in gaps for gap in ("day", DAYS, TOLD)) and await _opens(frame, "part"):
        frame.note(texts.full_part(day, Part(said)))
    elif day is not None:
        frame.take_back(texts.chosen_day(day, frame.today))
        frame.note(await _why_none(frame, day))
        frame.forget("day", *SEAT)
        if gaps.get("way") == "department" and "doctor" not in gaps:
            frame.fill("way", "day")
    elif DAYS in gaps or NOT_DAYS in gaps:
        frame.note(texts.FULL_DAYS)
        frame.forget(DAYS, NOT_DAYS, *SEAT)
    else:
        return False
    return True


async def _opens(frame: Frame, *gaps: str) -> bool:
    """Open gaps again where that leaves something to book; False, and nothing changed, where it does not."""
    before = dict(frame.gaps)
    frame.forget(*gaps, *SEAT)
    if (await bookable(frame)).counts:
        return True
    frame.gaps = before
    return False


async def _why_none(frame: Frame, day: date) -> str:
    """Say why a day has nothing."""
    search = replace(search_of(frame), part=None, times=None, not_days=frozenset())
    absence = await frame.services.availability.why_none(search, day, now=frame.now)
    return texts.none_on(day, absence, _who(frame), frame.clinic)


def _who(frame: Frame) -> str:
    """Return who would be seen: 王芳医生, 眼科."""
    if "doctor" in frame.gaps:
        return texts.one_doctor(frame.catalogue.doctors[frame.gaps["doctor"]])
    return frame.catalogue.departments[frame.gaps["department"]].name if "department" in frame.gaps else ""


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
