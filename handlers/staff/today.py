"""今日: who is expected, by department and doctor; a doctor sees the own day (R-A11)."""

from collections.abc import Iterable
from datetime import date
from typing import ClassVar

from handlers.frame import Done, Flow, Frame, Gap, Question
from handlers.reading import read_names
from handlers.staff.appointment import APPOINTMENT, appointment_gaps, hear_change
from handlers.staff.period import Period, read_period
from handlers.staff.whose import ALL, own_doctor
from handlers.state import Option
from handlers.texts import staff as words
from handlers.texts import staff_days as texts

DOCTORS = "list_doctors"
"""The codes of the doctors of the list, with commas between."""


class Day(Gap):
    """The day of the list: today, when the dialogue began."""

    name: ClassVar[str] = "list_day"

    async def ask(self, frame: Frame) -> None:
        """Take today."""
        frame.fill(self.name, frame.today.isoformat())


def hear_more(frame: Frame, text: str) -> bool:
    """Take the day, or the doctor or department, that words after 今日 name: 今日名单 明天, 今日 王芳."""
    said = read_period(text, now=frame.now, zone=frame.clinic.zone)
    return _take_names(frame, text) if said is None else _take_day(frame, said)


def _take_day(frame: Frame, said: Period) -> bool:
    """Take a whole day that is not over."""
    zone = frame.clinic.zone
    day = said.from_at.astimezone(zone).date()
    if read_period(day.isoformat(), now=frame.now, zone=zone) != said:
        return False
    if day < frame.today:
        frame.note(texts.day_over(day, frame.today))
    else:
        frame.fill("list_day", day.isoformat())
    return True


def _take_names(frame: Frame, text: str) -> bool:
    named, own = read_names(text, frame.catalogue), own_doctor(frame)
    if named is None or len(named.doctors) > 1:
        return False
    if own is not None:
        if named.doctors != (own,):
            frame.note(texts.own_only(frame.catalogue.doctors[own]))
        return True
    frame.fill("list_department", named.department or ALL)
    if named.doctors:
        frame.fill(DOCTORS, named.doctors[0])
        frame.note(texts.only(texts.doctor_label(frame.catalogue.doctors[named.doctors[0]])))
    else:
        frame.note(texts.only(texts.department_label(frame.catalogue.departments[frame.gaps["list_department"]])))
    return True


class Department(Gap):
    """The department; taken without asking where only one expects anybody, or a doctor looks."""

    name: ClassVar[str] = "list_department"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Offer the departments with the number of their patients."""
        day = date.fromisoformat(frame.gaps["list_day"])
        own = own_doctor(frame)
        numbers = await frame.services.desk.expected(day, doctor=own)
        if not numbers:
            return Done(texts.nobody(day, frame.today), outcome="none")
        if own is not None:
            frame.gaps |= {self.name: ALL, DOCTORS: own}
            return None
        catalogue, by_department = frame.catalogue, dict[str, int]()
        for doctor, number in numbers.items():
            code = catalogue.doctors[doctor].department
            by_department[code] = by_department.get(code, 0) + number
        if len(by_department) == 1:
            frame.fill(self.name, next(iter(by_department)))
            return None
        options = [
            Option(code, texts.counted(department.name, by_department[code]), (department.name, *department.aliases))
            for code, department in catalogue.departments.items()
            if code in by_department
        ]
        everybody = Option(ALL, texts.counted(texts.ALL_DEPARTMENTS, sum(by_department.values())))
        return Question(texts.ASK_DEPARTMENT, (*options, everybody))


class Doctors(Gap):
    """The doctor, or all of the department's."""

    name: ClassVar[str] = DOCTORS

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Offer the doctors with the number of their patients."""
        day, department = date.fromisoformat(frame.gaps["list_day"]), frame.gaps["list_department"]
        doctors = frame.catalogue.doctors
        numbers = {
            code: number
            for code, number in (await frame.services.desk.expected(day)).items()
            if department in (ALL, doctors[code].department)
        }
        everybody = ",".join(numbers)
        if not numbers:  # the last of them cancelled meanwhile
            return Done(texts.nobody(day, frame.today), outcome="none")
        if len(numbers) == 1 or department == ALL:
            frame.fill(self.name, everybody)
            return None
        options = (
            Option(code, texts.counted(doctor.name, numbers[code]), (doctor.name,))
            for code, doctor in doctors.items()
            if code in numbers
        )
        all_of_them = Option(everybody, texts.counted(texts.ALL_DOCTORS, sum(numbers.values())))
        return Question(texts.ASK_DOCTOR, (*options, all_of_them))


class Entry(Gap):
    """The list itself; choosing a line shows the appointment."""

    name: ClassVar[str] = APPOINTMENT

    async def ask(self, frame: Frame) -> Question | Done | None:
        """List who is expected."""
        day, doctors = date.fromisoformat(frame.gaps["list_day"]), frame.gaps[DOCTORS].split(",")
        expected = await frame.services.desk.day_list(day, doctors, by=frame.actor, now=frame.now)
        if not expected:
            return Done(texts.nobody(day, frame.today), outcome="none")
        options = tuple(
            Option(each.claim.id, texts.line(each, frame.catalogue, one_doctor=len(doctors) == 1), (each.claim.number,))
            for each in expected[: texts.LONGEST_LIST]
        )
        return Question(texts.heading(day, frame.today, expected), options)


def _gaps(frame: Frame) -> Iterable[Gap]:
    yield from _LIST
    yield from appointment_gaps(frame)


_LIST: tuple[Gap, ...] = (Day(), Department(), Doctors(), Entry())
FLOW = Flow(words.TODAY, _gaps, hear_change)
