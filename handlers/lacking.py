"""Names of what the clinic has not: said, so that nobody takes what is offered for what they asked for."""

from typing import NamedTuple

from handlers.frame import Frame
from handlers.texts import booking as texts
from handlers.texts import commands
from handlers.understanding.engine import EVERYDAY_ALONE, SYMPTOM
from handlers.understanding.people import SURNAMES
from handlers.understanding.reading import Reading
from handlers.words import compact


class Lacking(NamedTuple):
    """What is said, and the gap that is asked instead."""

    said: str
    gap: str


def lacking(frame: Frame, reading: Reading) -> Lacking | None:
    """Return what a message names that there is not here; None where it names nothing, or what there is as well."""
    if reading.department or reading.departments or reading.doctor or reading.doctors or reading.reasons:
        return None
    name, said = reading.left, compact(frame.incoming.text)
    if name.startswith(tuple(SURNAMES)) and any(f"{name}{title}" in said for title in commands.DOCTOR_TITLES):
        return Lacking(texts.no_such_doctor(name), "doctor")
    departments = [one.name for one in frame.catalogue.departments.values() if one.active]
    for start, end, what in reading.used:
        if what == EVERYDAY_ALONE:
            return Lacking(texts.no_such_department(reading.normal.text[start:end], departments), "department")
        if what == SYMPTOM:
            return Lacking(texts.none_suits(departments), "department")
    return None
