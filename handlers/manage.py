"""就诊人: the account's patients, to add, correct and remove (R-A10, R-D4)."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from booking.errors import Refused
from booking.models import Patient, PatientDetails
from booking.patients import MAX_PATIENTS
from booking.refusals import (
    IdentityMismatch,
    InvalidDetail,
    PatientHasAppointments,
    SharedPatient,
    TooManyTries,
    UnknownPatient,
)
from handlers.consent import consent_gaps
from handlers.frame import BACK, Done, Flow, Frame, Gap, Question
from handlers.registration import (
    NEW,
    PERSONAL,
    Mobile,
    Name,
    Number,
    paper_gaps,
    patient_options,
    refuse_one_more,
    registration_gaps,
    stated_papers,
    told_gaps,
)
from handlers.state import Option
from handlers.texts import commands
from handlers.texts import patients as texts

PATIENTS = "patients"
CORRECT_NAME, CORRECT_MOBILE, CORRECT_PAPERS, REMOVE = "name", "mobile", "papers", "remove"
# Not confirm_or_back(): there 不要了 means 返回, here nobody can know what it means.
_CONFIRM_REMOVAL = (
    Option("yes", commands.CONFIRM, commands.CONFIRM_WORDS),
    Option(BACK, commands.GO_BACK, commands.KEEP_PERSON_WORDS),
)


class Which(Gap):
    """One of the account's patients, or a new one."""

    name: ClassVar[str] = "patient"

    async def ask(self, frame: Frame) -> Question | None:
        """List them; an account without any goes on to registration."""
        known = await frame.services.patients.of_account(frame.openid)
        if not known:
            frame.fill(self.name, NEW)
            return None
        return Question(texts.listing(len(known), MAX_PATIENTS), patient_options(frame, known))

    def hear(self, frame: Frame, text: str) -> bool:
        """Say the limit where one more is asked for."""
        refuse_one_more(text)
        return False


class Added(Gap):
    """The end of adding."""

    name: ClassVar[str] = "added"

    async def ask(self, frame: Frame) -> Done:
        """Say how to go on."""
        return Done(texts.ADDED, outcome="registered")


class Deed(Gap):
    """What to do with the patient."""

    name: ClassVar[str] = "deed"

    async def ask(self, frame: Frame) -> Question | None:
        """Show the patient and what can be done."""
        patient = await _patient(frame)
        if patient is None:
            return None
        options = (
            Option(CORRECT_NAME, texts.CORRECT_NAME),
            Option(CORRECT_MOBILE, texts.CORRECT_MOBILE),
            Option(CORRECT_PAPERS, texts.CORRECT_PAPERS),
            Option(REMOVE, texts.REMOVE),
            Option(BACK, commands.GO_BACK),
        )
        return Question(texts.details(patient, frame.today), options)


class Correct(Gap):
    """Writes the correction."""

    name: ClassVar[str] = "corrected"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Correct; what was refused is asked again, and a patient others know is left to the front desk."""
        patient = await _patient(frame)
        if patient is None:
            return None
        try:
            corrected = await frame.services.patients.correct(
                frame.openid, patient.id, _corrected(frame, patient.details), now=frame.now
            )
        except (SharedPatient, TooManyTries, UnknownPatient) as error:
            _to_list(frame, error)
            return None
        except (IdentityMismatch, InvalidDetail) as error:
            frame.refuse(error)
            frame.forget("deed", *PERSONAL)
            return None
        return Done(texts.corrected(corrected, frame.today), outcome="corrected")


class Sure(Gap):
    """The confirmation before a patient is removed."""

    name: ClassVar[str] = "sure"

    async def ask(self, frame: Frame) -> Question | None:
        """Ask."""
        patient = await _patient(frame)
        if patient is None:
            return None
        return Question(texts.ask_remove(patient, frame.today), _CONFIRM_REMOVAL)


class Remove(Gap):
    """Takes the patient off the account."""

    name: ClassVar[str] = "removed"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Remove, unless they are expected at the clinic."""
        patient = await _patient(frame)
        if patient is None:
            return None
        try:
            await frame.services.patients.remove(frame.openid, patient.id, now=frame.now)
        except PatientHasAppointments as error:
            _to_list(frame, error)
            return None
        return Done(texts.removed(patient), outcome="removed")


async def _patient(frame: Frame) -> Patient | None:
    """Return the patient in question; None, and back to the list, when they are gone meanwhile."""
    for patient in await frame.services.patients.of_account(frame.openid):
        if patient.id == frame.gaps["patient"]:
            return patient
    _to_list(frame, UnknownPatient())
    return None


def _to_list(frame: Frame, error: Refused) -> None:
    frame.refuse(error)
    frame.forget("patient", "deed", "sure", *PERSONAL)
    frame.settle()


def _corrected(frame: Frame, details: PatientDetails) -> PatientDetails:
    deed = frame.get("deed")
    if deed == CORRECT_NAME:
        return replace(details, name=frame.gaps["name"])
    if deed == CORRECT_MOBILE:
        return replace(details, mobile=frame.gaps["mobile"])
    kind, number, sex, birth_date = stated_papers(frame)
    return replace(details, paper_kind=kind, paper_number=number, sex=sex, birth_date=birth_date)


def _gaps(frame: Frame) -> Iterable[Gap]:
    if frame.get("registered"):
        return (_ADDED,)
    if frame.get("patient") == NEW:
        return (_WHICH, *consent_gaps(frame), *registration_gaps(frame))
    return (_WHICH, _DEED, *_of_deed(frame))


def _of_deed(frame: Frame) -> Iterable[Gap]:
    match frame.get("deed"):
        case "name":
            return (_NAME, _CORRECT)
        case "mobile":
            return (_MOBILE, _CORRECT)
        case "papers":
            return (*paper_gaps(frame, _NUMBER), *told_gaps(frame), _CORRECT)
        case _:
            return (_SURE, _REMOVE)


_WHICH, _ADDED, _DEED, _CORRECT, _SURE, _REMOVE = Which(), Added(), Deed(), Correct(), Sure(), Remove()
_NAME, _MOBILE, _NUMBER = Name(), Mobile(), Number()
FLOW = Flow(PATIENTS, _gaps)
