"""Booking: whom, by what way, which department, doctor, day, time; then a seat is held and confirmed (R-A2, R-A4)."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from booking.appointments import AppointmentView
from booking.names import same_name
from handlers.consent import consent_gaps
from handlers.frame import Flow, Frame, Gap, Question
from handlers.narrowing import DAY, DEPARTMENT, DOCTOR, PART, SLOT
from handlers.reading import read_names
from handlers.registration import NEW, patient_options, refuse_one_more, registration_gaps
from handlers.searching import ASKED, AT, DAYS, NARROWER, PREFER, SUITED, TOLD, correct
from handlers.seat import BOOK, CONFIRM, HOLD
from handlers.state import Option
from handlers.texts import booking as texts
from handlers.texts import patients as patient_texts
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
        said = frame.get(WHOSE)
        mine = "" if said in texts.MYSELF else said
        meant = [one for one in known if same_name(one.details.name, mine)] if mine else known
        if len(meant) == 1 and not frame.get(_ANOTHER):
            frame.fill(self.name, meant[0].id)
            frame.echo(texts.for_patient(meant[0], frame.today))
            return None
        return Question(texts.ASK_PATIENT, _last_first(patient_options(frame, known), await frame.last_visit()))

    def hear(self, frame: Frame, text: str) -> bool:
        """Say the limit where one more is asked for."""
        refuse_one_more(text)
        return False


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
            frame.forget("patient", "registered")
            frame.fill(_ANOTHER, "yes")
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
    correct(frame, found)
    return True


_WHO, _WAY = Who(), Way()
FLOW = Flow(BOOKING, _gaps, hear_wish)
