"""Booking: whom, by what way, which department, doctor, day, time; then a seat is held and confirmed (R-A2, R-A4)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from booking.appointments import AppointmentView
from booking.details import ADULT
from booking.models import Patient
from booking.names import same_name
from handlers.consent import consent_gaps
from handlers.frame import Flow, Frame, Gap, Question
from handlers.narrowing import DAY, DEPARTMENT, DOCTOR, PART, SLOT, introduce_doctor
from handlers.reading import Named, read_names
from handlers.registration import NEW, patient_options, refuse_one_more, registration_gaps
from handlers.searching import ASKED, AT, DAYS, NARROWER, PREFER, SUITED, TOLD, WISHED, correct
from handlers.seat import BOOK, CONFIRM, HOLD
from handlers.state import Option
from handlers.texts import booking as texts
from handlers.texts import common
from handlers.texts import patients as patient_texts
from handlers.understanding.people import SURNAMES
from handlers.words import compact, without_fillers

BOOKING = "booking"
_ANOTHER = "another"
WHOSE = "whose"
"""For whom a sentence asks, as it says: a name, or 我妈."""
_WAYS = (
    Option("department", texts.BY_DEPARTMENT),
    Option("doctor", texts.BY_DOCTOR),
    Option("time", texts.BY_TIME),
)
_ORDERS: dict[str, tuple[Gap, ...]] = {
    "department": (DEPARTMENT, DOCTOR, DAY, PART, SLOT),
    "doctor": (DOCTOR, DAY, PART, SLOT),
    "time": (DAY, PART, DEPARTMENT, DOCTOR, SLOT),
    "day": (DEPARTMENT, DAY, DOCTOR, PART, SLOT),
}


class Who(Gap):
    """The patient: the account's only one, one of several, or a new one."""

    name: ClassVar[str] = "patient"

    async def ask(self, frame: Frame) -> Question | None:
        """Ask where there is something to choose."""
        known = (await frame.known()).patients
        if not known:
            frame.fill(self.name, NEW)
            frame.note(patient_texts.FIRST_TIME)
            return None
        last = await frame.last_visit() if len(known) > 1 else None
        patient = _meant(frame, known, last)
        if patient is not None:
            frame.fill(self.name, patient.id)
            if len(known) == 1 or frame.get(WHOSE):
                frame.echo(texts.for_patient(patient, frame.today))
            else:
                frame.note(texts.as_last_time(patient, frame.today))
            return None
        asked = texts.ASK_CHILD if _is_for_children(frame) else texts.ASK_PATIENT
        if frame.get(WHOSE).startswith(tuple(SURNAMES)):
            asked = texts.NOT_REGISTERED
        return Question(asked, _last_first(patient_options(frame, known), last))

    def hear(self, frame: Frame, text: str) -> bool:
        """Say the limit where one more is asked for."""
        refuse_one_more(text)
        return False


def _meant(frame: Frame, known: Sequence[Patient], last: AppointmentView | None) -> Patient | None:
    """Return who needs not be asked for: who is named, the only one, else who was seen last where a sentence books.

    Nobody that a department for children is not for.
    """
    if frame.get(_ANOTHER):
        return None
    said = frame.get(WHOSE)
    named = said not in {"", *texts.MYSELF}
    if named:
        known = [one for one in known if same_name(one.details.name, said)]
    elif len(known) > 1 and not said and last is not None and frame.get(TOLD) == WISHED:
        known = [one for one in known if one.id == last.claim.patient]
    if len(known) != 1:
        return None
    grown_up = common.age(known[0].details.birth_date, frame.today) >= ADULT
    return None if grown_up and not named and _is_for_children(frame) else known[0]


def _is_for_children(frame: Frame) -> bool:
    """Tell whether the departments said so far are all for children."""
    codes = [code for code in (frame.get("department") or frame.get(SUITED)).split(",") if code]
    return bool(codes) and all(texts.PAEDIATRIC in frame.catalogue.departments[code].name for code in codes)


def ask_for_whom(frame: Frame, whose: str = "") -> None:
    """Open again who the patient is, as a sentence says, or to be asked; the time chosen stays."""
    frame.forget("patient", "registered", "near", "claim", WHOSE, _ANOTHER)
    frame.fill(WHOSE if whose else _ANOTHER, whose or "yes")


def _last_first(options: tuple[Option, ...], last: AppointmentView | None) -> tuple[Option, ...]:
    """Propose who was seen last: first of all, and marked."""
    if last is None:
        return options
    first = [replace(one, label=texts.last_time(one.label)) for one in options if one.value == last.claim.patient]
    return (*first, *(one for one in options if one.value != last.claim.patient))


class Way(Gap):
    """By department, by doctor or by time; anything said of the wish already makes the question needless."""

    name: ClassVar[str] = "way"

    async def ask(self, frame: Frame) -> Question | None:
        """Offer the three entrances (R-A2)."""
        if any(gap in frame.gaps for gap in ("department", "doctor", "among", SUITED, PREFER)):
            doctors_only = "department" not in frame.gaps and ("doctor" in frame.gaps or "among" in frame.gaps)
            frame.fill(self.name, "doctor" if doctors_only else "department")
            return None
        if any(gap in frame.gaps for gap in ("day", DAYS, "part", AT)):
            frame.fill(self.name, "time")
            return None
        another = () if frame.is_staffs else (Option(_ANOTHER, texts.FOR_ANOTHER),)
        return Question(texts.ASK_ENTRANCE, (*_WAYS, *another))

    def choose(self, frame: Frame, value: str) -> None:
        """Take the entrance, or ask again for whom."""
        if value == _ANOTHER:
            ask_for_whom(frame)
        else:
            frame.fill(self.name, value)


def said_way(text: str) -> str | None:
    """Return the entrance that a text names: 按科室, 我想按医生挂号."""
    said = compact(text)
    named = (way for way in _WAYS if way.label in said and not without_fillers(said.replace(way.label, "")))
    return next((way.value for way in named), None)


def _gaps(frame: Frame) -> Iterable[Gap]:
    if frame.get(TOLD) == ASKED:  # whoever asks what there is hears that before anything of theirs is asked
        yield from _narrowing_gaps(frame)
    yield from consent_gaps(frame)
    yield _WHO
    if frame.get("patient") == NEW:
        yield from registration_gaps(frame)
    yield from wish_gaps(frame)


def wish_gaps(frame: Frame) -> Iterable[Gap]:
    """Return what is to be known of the wish, and the gaps that hold and book it."""
    yield from _narrowing_gaps(frame)
    yield from (HOLD, CONFIRM, BOOK)


def _narrowing_gaps(frame: Frame) -> Iterable[Gap]:
    yield _WAY
    yield from _ORDERS.get(frame.get("way"), ())


def hear_wish(frame: Frame, text: str) -> bool:
    """Take another entrance, or a department's or doctor's name, at any question of the flow."""
    way = said_way(text)
    if way is not None:
        frame.forget("department", "day", *NARROWER["department"])
        frame.fill("way", way)
        return True
    found = read_names(text, frame.catalogue)
    if found is None:
        return False
    take_names(frame, found)
    return True


def take_names(frame: Frame, named: Named) -> None:
    """Take department and doctor by their names; said where the question that comes next does not."""
    correct(frame, named)
    if "patient" in frame.gaps:
        return
    if len(named.doctors) == 1:
        introduce_doctor(frame)
    elif named.department is not None:
        DEPARTMENT.say_taken(frame)


_WHO, _WAY = Who(), Way()
FLOW = Flow(BOOKING, _gaps, hear_wish)
