"""查: a patient by name or number, with the reason asked and the look-up logged; then what is theirs (R-A11, R-C4)."""

from collections.abc import Iterable
from typing import ClassVar

from booking.actors import Deed
from booking.appointments import AppointmentView
from booking.models import ClaimState, Patient
from handlers.frame import Flow, Frame, Gap, Question
from handlers.staff.appointment import APPOINTMENT, appointment_gaps, hear_change
from handlers.state import Option
from handlers.texts import appointments
from handlers.texts import staff as words
from handlers.texts import staff_patients as texts

QUERY, REASON, PERSON = "list_query", "list_reason", "list_person"
_OTHER, _BOOK = "other", "book"


class Query(Gap):
    """What the patient is known by."""

    name: ClassVar[str] = QUERY

    async def ask(self, frame: Frame) -> Question:
        """Ask for it."""
        return Question("", footer=texts.QUERY_QUESTION)

    def hear(self, frame: Frame, text: str) -> bool:
        """Take any words."""
        frame.fill(self.name, text)
        return True


class Reason(Gap):
    """Why somebody looks; asked before anything is looked up."""

    name: ClassVar[str] = REASON

    async def ask(self, frame: Frame) -> Question:
        """Offer the usual reasons; others are typed."""
        if frame.get(_OTHER):
            return Question("", footer=texts.REASON_QUESTION)
        usual = tuple(Option(reason, reason) for reason in texts.REASONS)
        return Question(texts.ASK_REASON, (*usual, Option(_OTHER, texts.OTHER_REASON)))

    def choose(self, frame: Frame, value: str) -> None:
        """Take a usual reason, or ask for another in words."""
        frame.fill(_OTHER if value == _OTHER else self.name, value)

    def hear(self, frame: Frame, text: str) -> bool:
        """Take a reason in words; a number is none."""
        if text.isdigit():
            return False
        if len(text) > texts.LONGEST_REASON:
            frame.note(texts.reason_too_long())
        else:
            frame.fill(self.name, text)
        return True


class Person(Gap):
    """The patient; the only one found is taken without asking."""

    name: ClassVar[str] = PERSON

    async def ask(self, frame: Frame) -> Question | None:
        """Look, which is logged; ask again where nobody is found."""
        found = await _found(frame)
        if not found:
            frame.note(texts.nobody_found(frame.gaps[QUERY]))
            frame.forget(QUERY)
            return None
        if len(found) == 1:
            frame.fill(self.name, found[0].id)
            return None
        options = tuple(Option(one.id, texts.found(one, frame.today)) for one in found)
        return Question(texts.several_found(len(found)), options)


async def _found(frame: Frame) -> list[Patient]:
    return await frame.services.patients.search(
        frame.gaps[QUERY], by=frame.actor, reason=frame.gaps[REASON], now=frame.now
    )


class Theirs(Gap):
    """Who the patient is, with the appointments; one is chosen, or another booked."""

    name: ClassVar[str] = APPOINTMENT

    async def ask(self, frame: Frame) -> Question | None:
        """Show the patient."""
        patient = next((one for one in await _found(frame) if one.id == frame.gaps[PERSON]), None)
        if patient is None:  # corrected meanwhile: known by other words now
            frame.forget(PERSON)
            return None
        views = await frame.services.appointments.of_patient(
            patient.id, by=frame.actor, reason=frame.gaps[REASON], now=frame.now
        )
        coming = sum(_is_coming(view, frame) for view in views)
        shown = texts.card(patient, frame.today, coming, len(views) - coming)
        options = tuple(
            Option(view.claim.id, appointments.label(view, frame.catalogue, frame.today), (view.claim.number,))
            for view in views
        )
        book = (Option(_BOOK, texts.BOOK_FOR_ONE),) if frame.bound.may(Deed.BOOK) else ()
        return Question(shown, (*book, *options))

    def choose(self, frame: Frame, value: str) -> None:
        """Show an appointment, or begin to book another one."""
        if value == _BOOK:
            frame.start(words.BOOK, patient=frame.gaps[PERSON])
        else:
            frame.fill(self.name, value)


def _is_coming(view: AppointmentView, frame: Frame) -> bool:
    return view.claim.state in (ClaimState.BOOKED, ClaimState.ARRIVED) and view.claim.ends_at > frame.now


def _gaps(frame: Frame) -> Iterable[Gap]:
    yield from _FIND
    yield from appointment_gaps(frame)


_FIND: tuple[Gap, ...] = (Query(), Reason(), Person(), Theirs())
FLOW = Flow(words.LOOK, _gaps, hear_change)
