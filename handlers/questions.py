"""What is told beside the open question and disturbs it not: help, people to talk to, and what the catalogue knows."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from booking.models import Department, Doctor
from handlers.frame import Frame
from handlers.texts import answers as answer_texts
from handlers.texts import appointments, booking, commands, common, greeting
from handlers.texts import info as texts
from handlers.understanding.reading import Reading
from handlers.words import compact


async def told(frame: Frame, said: str) -> str:
    """Do and return what a command tells without disturbing the open question."""
    match said:
        case commands.GREETING:
            return greeting.hello(frame.clinic)
        case commands.THANKS:
            return greeting.THANKS
        case commands.HELP:
            return greeting.guide(frame.clinic)
        case commands.REMIND_OFF | commands.REMIND_ON:
            wanted = said == commands.REMIND_ON
            await frame.services.reminders.want(frame.openid, wanted=wanted, now=frame.now)
            return answer_texts.REMINDERS_ON if wanted else answer_texts.REMINDERS_OFF
    hours = await _hours(frame)
    if said == commands.COMPLAINT:
        return greeting.complaint(frame.clinic, hours)
    return greeting.human(frame.clinic, hours)


class _Subject(NamedTuple):
    """Of whom a question is."""

    department: Department | None
    doctors: Sequence[Doctor]
    named: bool
    """Whether the doctors are named, and not only work there."""


async def answer(frame: Frame, reading: Reading) -> str:
    """Answer a question about the clinic: of whom it names, else of what the dialogue is about."""
    clinic, subject = frame.clinic, _subject(frame, reading)
    departments = [one for one in frame.catalogue.departments.values() if one.active]
    topic = texts.topic(compact(frame.incoming.text))
    answers: dict[str, Callable[[], str]] = {
        texts.FEE: lambda: texts.fees(subject.doctors),
        texts.BRING: lambda: texts.bring(subject.department),
        texts.PLACE: lambda: texts.place(clinic, subject.department),
        texts.PHONE: lambda: texts.phone(clinic),
        texts.DOCTORS: lambda: texts.doctors(subject.doctors, departments),
        texts.DEPARTMENTS: lambda: texts.departments(departments),
    }
    if topic in answers:
        return answers[topic]()
    if topic == texts.HOURS:
        return texts.hours(await _hours(frame))
    if subject.named:
        return "\n".join(
            booking.chosen_doctor(one, frame.catalogue.departments[one.department]) for one in subject.doctors
        )
    if reading.department is not None:
        return texts.doctors(subject.doctors, departments)
    return texts.unknown(clinic, await _hours(frame))


def _subject(frame: Frame, reading: Reading) -> _Subject:
    catalogue = frame.catalogue
    said = (reading.doctor,) if reading.doctor else reading.doctors
    codes, department = said, reading.department
    if not said and department is None:
        codes = (frame.get("doctor"),) if frame.get("doctor") else ()
        department = frame.get("department") or None
    working = [one for one in catalogue.doctors.values() if one.active]
    doctors = [one for one in working if one.code in codes]
    if doctors and department is None:
        department = doctors[0].department
    there = [one for one in working if department in (None, one.department)]
    return _Subject(catalogue.departments[department] if department else None, doctors or there, bool(said))


async def coming(frame: Frame) -> str:
    """Tell what is booked, the next first."""
    views = await frame.services.appointments.of_account(frame.openid, now=frame.now)
    return texts.coming(
        [appointments.label(view, frame.catalogue, frame.today) for view in views if frame.is_ahead(view)]
    )


async def _hours(frame: Frame) -> str:
    return common.hours(frame.clinic, await frame.services.availability.hours(now=frame.now))
