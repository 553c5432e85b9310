"""Department, doctor, day, part of day and time: each question offers what is left to book after the others (R-A2)."""

from abc import abstractmethod
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import ClassVar
from zoneinfo import ZoneInfo

from booking.availability import Avoid, Part, Search, is_between, part_of_day
from booking.models import SlotCount
from booking.snapshot import Found, Key
from handlers.frame import Done, Frame, Gap, Question
from handlers.paging import PAGE
from handlers.reading import Named
from handlers.state import Option
from handlers.texts import booking as texts
from handlers.texts.changes import OLD_STANDS
from handlers.texts.common import PARTS, clock_words, day_words, left

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


def _department(count: SlotCount) -> str:
    return count.session.department


def _doctor(count: SlotCount) -> str:
    return count.session.doctor


def _day(count: SlotCount) -> str:
    return count.session.date.isoformat()


@cache
def _part_in(zone: ZoneInfo) -> Key:
    return lambda count: part_of_day(count.slot.starts_at, zone)


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


def introduce_doctor(frame: Frame) -> None:
    """Say once who the chosen doctor is."""
    if "doctor" in frame.gaps:
        doctor = frame.catalogue.doctors[frame.gaps["doctor"]]
        frame.echo(texts.chosen_doctor(doctor, frame.catalogue.departments[doctor.department]))


class Narrowing(Gap):
    """A question whose options are what is left to book."""

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Offer what is left; the only possibility is taken without asking, and said."""
        found = await bookable(frame)
        if not found.counts:
            return await relax(frame)
        options = self.options(frame, found)
        taken = options[0].value if len(options) == 1 else frame.get(PREFER) and self.soonest(found)
        if taken:
            frame.fill(self.name, taken)
            self.say_taken(frame)
            return None
        return Question(self.question(frame), options)

    @abstractmethod
    def options(self, frame: Frame, found: Found) -> tuple[Option, ...]:
        """Return the options, each with what is left."""

    @abstractmethod
    def question(self, frame: Frame) -> str:
        """Return the question's text."""

    def soonest(self, found: Found) -> str:
        """Return what is chosen for who only wants to come soon; empty where that is a choice all the same."""
        return ""

    def say_taken(self, frame: Frame) -> None:
        """Say what was filled without asking."""


class Department(Narrowing):
    """Departments with free seats, in the catalogue's order."""

    name: ClassVar[str] = "department"

    def options(self, frame: Frame, found: Found) -> tuple[Option, ...]:
        """口腔科 余12; beside those that only may suit, the way to the others."""
        free = found.free_by(_department)
        options = tuple(
            Option(code, texts.department_label(department, free[code]), (department.name, *department.aliases))
            for code, department in frame.catalogue.departments.items()
            if code in free
        )
        return (*options, Option(ANY, texts.OTHER_DEPARTMENT)) if SUITED in frame.gaps else options

    def choose(self, frame: Frame, value: str) -> None:
        """Take the department, or ask again among all."""
        frame.forget(SUITED)
        if value != ANY:
            frame.fill(self.name, value)

    def question(self, frame: Frame) -> str:
        """Return the question's text."""
        return texts.ASK_SUITED if SUITED in frame.gaps else texts.ASK_DEPARTMENT

    def say_taken(self, frame: Frame) -> None:
        """科室：口腔科."""
        frame.echo(texts.chosen_department(frame.catalogue.departments[frame.gaps["department"]]))


class DoctorGap(Narrowing):
    """Doctors with free seats, in the catalogue's order."""

    name: ClassVar[str] = "doctor"

    def options(self, frame: Frame, found: Found) -> tuple[Option, ...]:
        """王芳 主任医师 50元 余12."""
        free = found.free_by(_doctor)
        departments = frame.catalogue.departments
        one_department = "department" in frame.gaps
        return tuple(
            Option(
                code,
                texts.doctor_label(doctor, free[code])
                if one_department
                else texts.doctor_label_with_department(doctor, departments[doctor.department], free[code]),
                (doctor.name, f"{doctor.name}{doctor.title}"),
            )
            for code, doctor in frame.catalogue.doctors.items()
            if code in free
        )

    def question(self, frame: Frame) -> str:
        """Return the question's text."""
        return texts.ASK_DOCTOR

    def soonest(self, found: Found) -> str:
        """Return who has the first time."""
        return found.counts[0].session.doctor

    def say_taken(self, frame: Frame) -> None:
        """Say who the doctor is."""
        introduce_doctor(frame)


class Day(Narrowing):
    """Days with free seats."""

    name: ClassVar[str] = "day"

    def options(self, frame: Frame, found: Found) -> tuple[Option, ...]:
        """11月23日 周一（今天） 余8."""
        free = found.free_by(_day)
        return tuple(
            Option(
                value,
                texts.day_label(date.fromisoformat(value), free[value], frame.today),
                day_words(date.fromisoformat(value), frame.today),
            )
            for value in sorted(free)
        )

    def question(self, frame: Frame) -> str:
        """Say who the doctor is, and ask."""
        introduce_doctor(frame)
        return texts.ASK_DAY

    def say_taken(self, frame: Frame) -> None:
        """Say who the doctor is, and that there is no other day."""
        introduce_doctor(frame)
        day = date.fromisoformat(frame.gaps["day"])
        asked_for_less = any(gap in frame.gaps for gap in (DAYS, NOT_DAYS, PREFER, AT))
        frame.echo((texts.chosen_day if asked_for_less else texts.only_day)(day, frame.today))

    def soonest(self, found: Found) -> str:
        """Return the first day."""
        return found.counts[0].session.date.isoformat()


class PartGap(Narrowing):
    """Morning, afternoon or evening; asked only where the day's times do not fit one page."""

    name: ClassVar[str] = "part"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Ask when there is much to choose from."""
        few = frame.get("way") != "time" and len((await bookable(frame)).counts) <= PAGE
        if few or AT in frame.gaps or PREFER in frame.gaps:
            frame.fill(self.name, ANY)
            return None
        asked = await super().ask(frame)
        last = await frame.last_visit() if isinstance(asked, Question) and not frame.is_staffs else None
        if last is not None:
            frame.note(texts.last_part(part_of_day(last.claim.starts_at, frame.clinic.zone)))
        return asked

    def options(self, frame: Frame, found: Found) -> tuple[Option, ...]:
        """上午 余12."""
        free = found.free_by(_part_in(frame.clinic.zone))
        return tuple(
            Option(part, f"{name} {left(free[part])}", (name,)) for part, name in PARTS.items() if part in free
        )

    def question(self, frame: Frame) -> str:
        """Return the question's text."""
        return texts.ASK_PART


class Slot(Narrowing):
    """Times with free seats; after a refusal, the ones nearest to what was wished (R-A3)."""

    name: ClassVar[str] = "slot"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Offer times, or alternatives where a time was refused."""
        if frame.get("near"):
            return await self._ask_near(frame)
        found = await bookable(frame)
        if not found.counts:
            return await relax(frame)
        times, zone = said_times(frame), frame.clinic.zone
        if times is not None and not is_between(found.counts[0].slot.starts_at, times, zone):
            return self._nearest(frame, found, times)
        if frame.get(TOLD) == WISHED and (len(found.counts) == 1 or PREFER in frame.gaps):
            self._take(frame, found.counts[0].slot.id)
            return None
        return Question(self.question(frame), self.options(frame, found))

    def _take(self, frame: Frame, slot: str) -> None:
        """Take what a sentence named; one step back are the other times."""
        frame.forget(TOLD, AT, PREFER)
        frame.step()
        frame.fill(self.name, slot)

    def _nearest(self, frame: Frame, found: Found, times: tuple[time, time]) -> Question:
        """Say that the time said has no seat, and offer the nearest ones."""
        wanted, zone = datetime.combine(frame.today, times[0]), frame.clinic.zone

        def apart(count: SlotCount) -> timedelta:
            starts_at = count.slot.starts_at.astimezone(zone)
            return abs(datetime.combine(frame.today, starts_at.time()) - wanted)

        near = Found(sorted(found.counts, key=apart)[:PAGE])
        day = date.fromisoformat(frame.gaps["day"])
        return Question(texts.none_at(day, frame.today, times), self.options(frame, near))

    def options(self, frame: Frame, found: Found) -> tuple[Option, ...]:
        """09:00 余2."""
        return tuple(
            Option(
                count.slot.id,
                texts.slot_label(count, frame.clinic),
                clock_words(count.slot.starts_at, frame.clinic.zone),
            )
            for count in found.counts
        )

    def question(self, frame: Frame) -> str:
        """Return the question's text, with the day unless it was just said."""
        day = date.fromisoformat(frame.gaps["day"])
        if any(said(day, frame.today) in frame.notes for said in (texts.only_day, texts.chosen_day)):
            return texts.ASK_SLOT
        return texts.ask_slot(day, frame.today)

    async def _ask_near(self, frame: Frame) -> Question | None:
        slot, avoid = frame.gaps["near"].rsplit(" ", 1)
        department = frame.get("department") or frame.catalogue.doctors[frame.gaps["doctor"]].department
        near = await frame.services.availability.near(
            slot, department=department, avoid=Avoid(avoid), now=frame.now, not_slot=frame.get("not_slot") or None
        )
        found = sorted((*near.same_doctor, *near.others), key=lambda count: count.slot.id != slot)
        if not found:
            frame.note(texts.NONE_NEAR)
            frame.forget("day", "department", *NARROWER["department"], *NARROWER["day"], *EXCLUDED)
            frame.fill("way", "department")
            return None
        options = tuple(
            Option(count.slot.id, texts.near_label(count, frame.catalogue.doctors[count.session.doctor], frame.clinic))
            for count in found
        )
        return Question(texts.STILL_FREE if slot == found[0].slot.id else texts.NEAR, options)


DEPARTMENT, DOCTOR, DAY, PART, SLOT = Department(), DoctorGap(), Day(), PartGap(), Slot()
