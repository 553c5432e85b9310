"""What is stopped: one session, a doctor, a department, the whole clinic; a doctor's own only."""

from collections.abc import Iterable
from typing import ClassVar

from booking.actors import Deed
from handlers.frame import Done, Frame, Gap, Question
from handlers.reading import read_names
from handlers.staff.stop_order import CODE, SCOPE
from handlers.state import Option
from handlers.texts import common
from handlers.texts import staff_stop as texts

DOCTOR = "stop_doctor"
"""Whose session is stopped; the session itself is the code then."""


class ScopeGap(Gap):
    """How much."""

    name: ClassVar[str] = SCOPE

    async def ask(self, frame: Frame) -> Question:
        """Offer what the role allows."""
        if frame.bound.may(Deed.STOP):
            return Question(texts.ASK_SCOPE, tuple(Option(kind, label) for kind, label in texts.SCOPES.items()))
        return Question(texts.ASK_OWN_SCOPE, tuple(Option(kind, label) for kind, label in texts.OWN_SCOPES.items()))

    def choose(self, frame: Frame, value: str) -> None:
        """Take it; a doctor's own code is known."""
        frame.fill(self.name, value)
        own = None if frame.bound.may(Deed.STOP) else frame.bound.doctor
        if own is not None:
            frame.fill(CODE if value == "doctor" else DOCTOR, own)


class DoctorGap(Gap):
    """Which doctor; of a session, whose."""

    name: ClassVar[str] = DOCTOR

    async def ask(self, frame: Frame) -> Question:
        """Offer all who work here, in the catalogue's order."""
        options = (
            Option(
                code,
                f"{common.doctor(doctor)} {common.shorten(frame.catalogue.departments[doctor.department].name, 8)}",
                (doctor.name,),
            )
            for code, doctor in frame.catalogue.doctors.items()
            if doctor.active
        )
        return Question(texts.ASK_DOCTOR, tuple(options))


class DoctorCode(DoctorGap):
    """The doctor whose period is stopped."""

    name: ClassVar[str] = CODE


class DepartmentCode(Gap):
    """The department that is stopped."""

    name: ClassVar[str] = CODE

    async def ask(self, frame: Frame) -> Question:
        """Offer all of them."""
        options = (
            Option(code, common.shorten(department.name, 16), (department.name, *department.aliases))
            for code, department in frame.catalogue.departments.items()
            if department.active
        )
        return Question(texts.ASK_DEPARTMENT, tuple(options))


class SessionCode(Gap):
    """The session that is stopped: one of the doctor's that are not over."""

    name: ClassVar[str] = CODE

    async def ask(self, frame: Frame) -> Question | Done:
        """Offer them with the number of their appointments."""
        coming = await frame.services.desk.coming_sessions(frame.gaps[DOCTOR], now=frame.now)
        if not coming:
            return Done(texts.NO_SESSIONS, outcome="none")
        options = (Option(one.id, texts.session(one, frame.catalogue, booked)) for one, booked in coming)
        return Question(texts.ASK_SESSION, tuple(options))


def hear_more(frame: Frame, text: str) -> bool:
    """Take the doctor whom words after 停诊 name, when they name exactly one and nothing else; 返回 chooses again."""
    named = read_names(text, frame.catalogue)
    if named is None or len(named.doctors) != 1:
        return False
    if not frame.bound.may(Deed.STOP):  # a doctor's own is all there is to stop
        return named.doctors[0] == frame.bound.doctor
    for gap, value in ((SCOPE, "doctor"), (CODE, named.doctors[0])):
        frame.step()
        frame.fill(gap, value)
    frame.note(texts.doctor_named(frame.catalogue.doctors[named.doctors[0]]))
    return True


def what_gaps(frame: Frame) -> Iterable[Gap]:
    """Return the gaps that name what is stopped."""
    yield _SCOPE
    kind = frame.get(SCOPE)
    if kind == "session":
        yield from (_DOCTOR, _SESSION_CODE)
    elif kind == "doctor":
        yield _DOCTOR_CODE
    elif kind == "department":
        yield _DEPARTMENT_CODE


_SCOPE, _DOCTOR, _SESSION_CODE, _DOCTOR_CODE, _DEPARTMENT_CODE = (
    ScopeGap(), DoctorGap(), SessionCode(), DoctorCode(), DepartmentCode(),
)  # fmt: skip
