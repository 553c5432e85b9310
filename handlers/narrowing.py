"""Department, doctor, day, part of day and time: each question offers what is left to book after the others (R-A2)."""

from abc import abstractmethod
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import ClassVar
from zoneinfo import ZoneInfo

from booking.availability import Avoid, is_between, part_of_day
from booking.models import SlotCount
from booking.snapshot import Found, Key
from handlers.frame import Done, Frame, Gap, Question
from handlers.paging import PAGE
from handlers.searching import (
    ANY,
    AT,
    DAYS,
    EXCLUDED,
    NARROWER,
    NOT_DAYS,
    PREFER,
    SUITED,
    TOLD,
    WISHED,
    bookable,
    relax,
    said_times,
)
from handlers.state import Option
from handlers.texts import booking as texts
from handlers.texts.common import PARTS, clock_words, day_words, left


def _department(count: SlotCount) -> str:
    return count.session.department


def _doctor(count: SlotCount) -> str:
    return count.session.doctor


def _day(count: SlotCount) -> str:
    return count.session.date.isoformat()


@cache
def _part_in(zone: ZoneInfo) -> Key:
    return lambda count: part_of_day(count.slot.starts_at, zone)


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
        if asked is None and self.name in frame.gaps:  # the day has no other: nobody chose it
            frame.fill(self.name, ANY)
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
