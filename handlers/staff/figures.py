"""号源: free, held and booked seats of today and the coming days (contract, R-A9)."""

from collections.abc import Iterable
from datetime import timedelta
from typing import ClassVar

from handlers.frame import Done, Flow, Frame, Gap, Question
from handlers.reading import read_names
from handlers.staff.whose import ALL, own_doctor
from handlers.state import Option
from handlers.texts import staff as words
from handlers.texts import staff_days as texts

DAYS_AHEAD = 7
_DEPARTMENT, _DOCTOR = "d:", "w:"


class Whose(Gap):
    """The whole clinic first, or a doctor's own; departments and doctors to look closer at."""

    name: ClassVar[str] = "whose"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Show the figures, and offer what is below; the lowest ends the dialogue."""
        own = own_doctor(frame)
        shown = f"{_DOCTOR}{own}" if own is not None else frame.get("shown") or ALL
        text = await _text(frame, shown)
        options = _below(frame, shown)
        return Question(f"{text}\n{texts.MORE}", options) if options else Done(text, outcome="shown")

    def choose(self, frame: Frame, value: str) -> None:
        """Look closer."""
        frame.fill("shown", value)


def hear_more(frame: Frame, text: str) -> bool:
    """Look at the doctor or department that words after 号源 name: 号源 王芳, 号源 口腔科."""
    named, own = read_names(text, frame.catalogue), own_doctor(frame)
    if named is None or len(named.doctors) > 1:
        return False
    if own is not None:
        if named.doctors != (own,):
            frame.note(texts.own_only(frame.catalogue.doctors[own]))
    elif named.doctors:
        frame.fill("shown", f"{_DOCTOR}{named.doctors[0]}")
    else:
        frame.fill("shown", f"{_DEPARTMENT}{named.department}")
    return True


async def _text(frame: Frame, shown: str) -> str:
    code = shown[len(_DEPARTMENT) :]
    department = code if shown.startswith(_DEPARTMENT) else None
    doctor = code if shown.startswith(_DOCTOR) else None
    days = await frame.services.desk.figures(
        frame.today, frame.today + timedelta(days=DAYS_AHEAD), department=department, doctor=doctor, now=frame.now
    )
    whose = texts.whole_clinic()
    if department is not None:
        whose = texts.department_label(frame.catalogue.departments[department])
    elif doctor is not None:
        whose = texts.doctor_label(frame.catalogue.doctors[doctor])
    return texts.figures(whose, days, frame.today)


def _below(frame: Frame, shown: str) -> tuple[Option, ...]:
    if shown == ALL:
        return tuple(
            Option(f"{_DEPARTMENT}{code}", texts.department_label(department), (department.name, *department.aliases))
            for code, department in frame.catalogue.departments.items()
            if department.active
        )
    return tuple(
        Option(f"{_DOCTOR}{code}", texts.doctor_label(doctor), (doctor.name,))
        for code, doctor in frame.catalogue.doctors.items()
        if doctor.active and f"{_DEPARTMENT}{doctor.department}" == shown
    )


def _gaps(_frame: Frame) -> Iterable[Gap]:
    yield _WHOSE


_WHOSE = Whose()
FLOW = Flow(words.FIGURES, _gaps)
