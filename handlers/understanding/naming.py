"""Departments and doctors of a catalogue, by every name people have for them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from booking.models import Catalogue, Department, Doctor
from handlers.understanding.normal import normalise
from handlers.understanding.people import COMPOUND, TITLES, TITLES_IN_PINYIN
from handlers.understanding.sounds import Sounds, spellings
from handlers.understanding.tables import Entry
from handlers.understanding.vocabulary import UNIT

DEPARTMENT, DOCTOR = "department", "doctor"
NOBODY = ""
"""Whom a title alone means: so 主任医师 is no 任医师."""
_SHORTEST = 2


class Names:
    """What the clinic's departments and doctors are called."""

    def __init__(self, catalogue: Catalogue, everyday: Sequence[Entry] = ()) -> None:
        self.departments: Mapping[str, Department] = {c: d for c, d in catalogue.departments.items() if d.active}
        self.doctors: Mapping[str, Doctor] = {c: d for c, d in catalogue.doctors.items() if d.active}
        self._called: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._by_name: defaultdict[str, list[str]] = defaultdict(list)
        for department in self.departments.values():
            for name in department_names(department):
                self._by_name[name].append(department.code)
        self.sounds = Sounds([*self._spoken(), *self._elsewhere(everyday)])

    def words(self) -> Iterator[tuple[str, str, str]]:
        """Return what the lexicon must know: word, kind, code."""
        for name, codes in self._by_name.items():
            for code in codes:
                yield name, DEPARTMENT, code
                if name.endswith(UNIT):
                    for spelling in spellings(name):
                        yield spelling, DEPARTMENT, code
        for title in TITLES:
            yield title, DOCTOR, NOBODY
        for doctor in self.doctors.values():
            for word in doctor_names(doctor):
                yield word, DOCTOR, doctor.code

    def called(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the departments of a table's list: the first name the clinic has, or all of ``A/B`` that it has."""
        if names not in self._called:
            self._called[names] = self._first_called(names)
        return self._called[names]

    def _first_called(self, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            found = [code for one in name.split("/") for code in self._by_name.get(one, ())[:1]]
            if found:
                return tuple(dict.fromkeys(found))
        return ()

    def of_title(self, codes: Sequence[str], said: str) -> Sequence[str]:
        """Leave of several doctors of a name those who bear the title said, if any does."""
        bearing = [code for code in codes if said and said in self.doctors[code].title]
        return bearing or codes

    def _elsewhere(self, everyday: Sequence[Entry]) -> Iterator[tuple[str, str, str]]:
        """Return departments as other clinics call them; where this one has none, nothing may be taken for it."""
        for entry in everyday:
            codes = self.called(entry.departments)
            for word in entry.words:
                if word.endswith(UNIT) and len(word) >= _SHORTEST and word not in self._by_name:
                    yield word, DEPARTMENT, codes[0] if len(codes) == 1 else ""

    def _spoken(self) -> Iterator[tuple[str, str, str]]:
        for name, codes in self._by_name.items():
            if name.endswith(UNIT) and len(name) >= _SHORTEST:
                for code in codes:
                    yield name, DEPARTMENT, code
        for doctor in self.doctors.values():
            name = normalise(doctor.name).text
            if len(name) >= _SHORTEST and not name.isascii():
                yield name, DOCTOR, doctor.code


def department_names(department: Department) -> Iterator[str]:
    """Return the names of a department; 口腔 means 口腔科 too."""
    official = normalise(department.name).text
    if official.endswith(UNIT) and len(official) > _SHORTEST:
        yield official[:-1]
    yield from filter(None, (official, *(normalise(alias).text for alias in department.aliases)))


def doctor_names(doctor: Doctor) -> Iterator[str]:
    """Return full name, surname with any title, and both in pinyin."""
    name = normalise(doctor.name).text
    if not name:
        return
    yield name
    surname = surname_of(name)
    yield "姓" + surname
    for title in TITLES:
        yield surname + title
    if not name.isascii():
        for spelling in spellings(name, surname=True):
            yield spelling
            for title in TITLES_IN_PINYIN:
                yield spelling + title
        for spelling in spellings(surname, surname=True):
            for title in (*TITLES_IN_PINYIN, *TITLES):
                yield spelling + title


def surname_of(name: str) -> str:
    """Return the surname of a Chinese name."""
    return name[:2] if name[:2] in COMPOUND else name[:1]
