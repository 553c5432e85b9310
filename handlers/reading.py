"""Names of departments and doctors in free words, as the catalogue has them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from booking.models import Catalogue
from handlers.words import compact, without_fillers


@dataclass(frozen=True, slots=True)
class Named:
    """What a text names: a department, doctors (several when they share the name), or both."""

    department: str | None = None
    doctors: tuple[str, ...] = ()


def read_names(text: str, catalogue: Catalogue) -> Named | None:
    """Return what a text names; None when it says anything besides, so that nothing is guessed in silence."""
    rest, doctors = _take(compact(text), _doctor_names(catalogue))
    rest, departments = _take(rest, _department_names(catalogue))
    if without_fillers(rest) or len(departments) > 1 or not (doctors or departments):
        return None
    department = departments[0] if departments else None
    there = tuple(code for code in doctors if department in (None, catalogue.doctors[code].department))
    if doctors and not there:
        return None
    if len(there) == 1:
        department = catalogue.doctors[there[0]].department
    return Named(department, there)


def _take(said: str, names: Iterator[tuple[str, str]]) -> tuple[str, list[str]]:
    """Return what is left without the longest name in the text, and the codes of that name."""
    found: dict[str, list[str]] = {}
    for name, code in names:
        if len(name) > 1 and name in said:
            found.setdefault(name, []).append(code)
    if not found:
        return said, []
    longest = max(found, key=len)
    return said.replace(longest, "", 1), found[longest]


_name = lru_cache(maxsize=4096)(compact)


def _doctor_names(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    for doctor in catalogue.doctors.values():
        if doctor.active:
            yield _name(doctor.name), doctor.code


def _department_names(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    for department in catalogue.departments.values():
        if department.active:
            for name in {_name(word) for word in (department.name, *department.aliases)}:
                yield name, department.code
