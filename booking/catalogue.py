"""The clinic catalogue as staff write it: from the content of a file to values of the domain, or every mistake at once.

The content is what any reader of files makes of it: mappings, lists, and single values as text, true/false or nothing.
Mistakes are kinds with details, placed by their path in the content; lines and words belong to whoever shows them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from booking.catalogue_checks import (
    Mistake,
    Place,
    check_calendar,
    check_departments,
    check_doctors,
    check_rosters,
)
from booking.catalogue_entries import (
    CalendarEntry,
    ClinicEntry,
    DepartmentEntry,
    DoctorEntry,
    Entry,
    PolicyEntry,
    RosterEntry,
    TemplateEntry,
)
from booking.catalogue_fields import WEEKDAYS, nearest
from booking.catalogue_templates import check_kind, check_template
from booking.models import CalendarDay, Clinic, Department, Doctor, Roster, Template

SECTIONS = ("clinic", "policy", "departments", "doctors", "rosters", "calendar", "templates")
BUILT_IN_KINDS = {
    "missing": "missing",
    "tuple_type": "not_list",
    "list_type": "not_list",
    "dict_type": "not_mapping",
    "model_type": "not_mapping",
    "too_short": "empty_list",
}

STAND_INS: Mapping[str, object] = {
    "code": "x",
    "name": "x",
    "phone": "x",
    "department": "x",
    "doctor": "x",
    "fee": "0",
    "weekdays": ["mon"],
    "start": "00:00",
    "end": "00:01",
    "slot_minutes": "1",
    "capacity": "1",
    "date": "0001-01-01",
    "id": "x",
    "fields": {"x": "x"},
}
"""What stands in for a required value that is wrong, so that the rest of its entry is checked all the same."""
TIMES = frozenset({"start", "end", "slot_minutes"})
WHEN = TIMES | {"doctor", "date", "weekdays", "valid_from", "valid_to"}
CAUSES = {
    "unknown_department": {"department"},
    "unknown_doctor": {"doctor"},
    "ends_before_it_begins": {"valid_from", "valid_to"},
    "across_midnight": TIMES,
    "longer_than_session": TIMES,
    "rest_unused": TIMES,
    "overlapping_rosters": WHEN,
    "overlapping_extra": WHEN,
    "extra_on_closed_day": WHEN,
    "closed_twice": {"date", "department", "doctor"},
    "closed_with_session": {"closed"},
    "open_with_session": {"closed"},
    "neither_closed_nor_extra": {"closed", "start", "end", "slot_minutes", "capacity"},
}
"""On which values of its entry a mistake between entries rests: when one of them is itself wrong, only that is said."""

E = TypeVar("E", bound=Entry)


@dataclass(frozen=True, slots=True)
class CatalogueValues:
    """A whole catalogue without mistakes, ready to be written."""

    clinic: Clinic
    departments: tuple[Department, ...]
    doctors: tuple[Doctor, ...]
    rosters: tuple[Roster, ...]
    calendar: tuple[CalendarDay, ...]
    templates: Mapping[str, Template] = field(default_factory=dict)
    """WeChat templates by kind of notice."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a file: ``values`` is None when there is any mistake; ``remarks`` deserve a look, no more."""

    values: CatalogueValues | None
    mistakes: tuple[Mistake, ...]
    remarks: tuple[Mistake, ...] = ()


def read_catalogue(content: object, *, default_timezone: str = "Asia/Shanghai") -> Reading:
    """Check the content of a catalogue file, every part of it, and make values of it."""
    if content is None or content == {}:
        return Reading(None, (Mistake((), "empty_file"),))
    if not isinstance(content, dict):
        return Reading(None, (Mistake((), "not_mapping"),))
    return _Reader(content).read(default_timezone)


class _Reader:
    """Goes through a file once, gathering mistakes; what is valid is checked against what else is valid."""

    def __init__(self, content: dict[object, object]) -> None:
        self._content = {str(key): value for key, value in content.items()}
        self.mistakes = [_unknown_key((key,), list(SECTIONS)) for key in self._content if key not in SECTIONS]
        self.remarks: list[Mistake] = []
        self._wrong: dict[Place, set[str]] = {}

    def read(self, default_timezone: str) -> Reading:
        clinic = self._entry(ClinicEntry, self._content.get("clinic"), ("clinic",))
        rules = self._content.get("policy")
        policy = self._entry(PolicyEntry, {} if rules is None else rules, ("policy",))
        departments = [(i, e.value()) for i, e in self._list(DepartmentEntry, "departments")]
        doctors = [(i, e.value()) for i, e in self._list(DoctorEntry, "doctors")]
        rosters = [(i, e.value()) for i, e in self._list(RosterEntry, "rosters")]
        calendar = [(i, e.value()) for i, e in self._list(CalendarEntry, "calendar")]
        templates = self._templates()
        known_departments, known_doctors = self._codes("departments"), self._codes("doctors")
        if not self._content.get("departments"):
            self.mistakes.append(Mistake(("departments",), "missing"))
        self._take((check_departments(departments), []))
        self._take((check_doctors(doctors, known_departments), []))
        self._take(check_rosters(rosters, known_doctors))
        self._take(
            check_calendar(
                calendar,
                says_closed=self._says_closed(),
                rosters=rosters,
                doctors=doctors,
                known_doctors=known_doctors,
                known_departments=known_departments,
            )
        )
        if self.mistakes or clinic is None or policy is None:
            return Reading(None, tuple(self.mistakes), tuple(self.remarks))
        values = CatalogueValues(
            clinic=clinic.value(policy.value(), default_timezone),
            departments=tuple(value for _, value in departments),
            doctors=tuple(value for _, value in doctors),
            rosters=tuple(value for _, value in rosters),
            calendar=tuple(value for _, value in calendar),
            templates=templates,
        )
        return Reading(values, (), tuple(self.remarks))

    def _take(self, found: tuple[Sequence[Mistake], Sequence[Mistake]]) -> None:
        mistakes, remarks = found
        self.mistakes += [mistake for mistake in mistakes if not self._follows(mistake)]
        self.remarks += [remark for remark in remarks if not self._follows(remark)]

    def _follows(self, mistake: Mistake) -> bool:
        """Tell whether a mistake only follows from another one in the same entry."""
        causes = CAUSES.get(mistake.kind, {str(mistake.where[-1])})
        return not self._wrong.get(mistake.where[:2], set()).isdisjoint(causes)

    def _entry(self, kind: type[E], content: object, place: Place) -> E | None:
        """Read one entry; a key with nothing behind it counts as left out."""
        if content is None:
            self.mistakes.append(Mistake(place, "missing"))
            return None
        if not isinstance(content, dict):
            self.mistakes.append(Mistake(place, "not_mapping"))
            return None
        given = {str(key): value for key, value in content.items() if value is not None}
        try:
            return kind.model_validate(given)
        except ValidationError as error:
            details = _own_mistakes(error.errors(include_url=False))
        self.mistakes += [_mistake(detail, kind, place) for detail in details]
        self._wrong[place] = {str(detail["loc"][0]) for detail in details}
        return _with_stand_ins(kind, given, self._wrong[place], place)

    def _list(self, kind: type[E], name: str) -> list[tuple[int, E]]:
        content = self._content.get(name)
        if content is None:
            return []
        if not isinstance(content, list):
            self.mistakes.append(Mistake((name,), "not_list"))
            return []
        read = [(index, self._entry(kind, item, (name, index))) for index, item in enumerate(content)]
        return [(index, entry) for index, entry in read if entry is not None]

    def _templates(self) -> dict[str, Template]:
        content = self._content.get("templates")
        if content is None:
            return {}
        if not isinstance(content, dict):
            self.mistakes.append(Mistake(("templates",), "not_mapping"))
            return {}
        templates: dict[str, Template] = {}
        for key, template in content.items():
            kind = str(key)
            self.mistakes += check_kind(kind)
            entry = self._entry(TemplateEntry, template, ("templates", kind))
            if entry is not None:
                if "fields" not in self._wrong.get(("templates", kind), set()):
                    self.mistakes += check_template(kind, entry)
                templates[kind] = entry.value()
        return templates

    def _codes(self, name: str) -> list[str]:
        """Return the codes of a list, those of entries with other mistakes too, lest one mistake raise many."""
        content = self._content.get(name)
        items = content if isinstance(content, list) else []
        codes = [item.get("code") for item in items if isinstance(item, dict)]
        return [str(code).strip() for code in codes if code is not None]

    def _says_closed(self) -> frozenset[int]:
        """Return the places in ``calendar`` that say ``closed`` at all, be it ``closed: false``."""
        content = self._content.get("calendar")
        items = content if isinstance(content, list) else []
        return frozenset(
            index for index, item in enumerate(items) if isinstance(item, dict) and item.get("closed") is not None
        )


def _with_stand_ins(kind: type[E], given: Mapping[str, object], wrong: set[str], place: Place) -> E:
    """Make an entry of what is right in it, whose code, name and times meet no other entry's."""
    right = {key: value for key, value in given.items() if key not in wrong}
    stand_ins = {key: value for key, value in STAND_INS.items() if key in wrong and key in kind.model_fields}
    entry = kind.model_validate(right | stand_ins)
    apart: dict[str, object] = {key: f"?{place}" for key in ("code", "name") if key in stand_ins}
    if "weekdays" in kind.model_fields and not wrong.isdisjoint(WHEN):
        apart["weekdays"] = ()
    return entry.model_copy(update=apart)


def _own_mistakes(details: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out that a list is too short when that is because of what is wrong in it."""
    return [
        detail
        for detail in details
        if detail["type"] != "too_short"
        or not any(other["loc"][: len(detail["loc"])] == detail["loc"] for other in details if other is not detail)
    ]


def _mistake(detail: ErrorDetails, kind: type[Entry], place: Place) -> Mistake:
    where = (*place, *detail["loc"])
    if detail["type"] == "extra_forbidden":
        return _unknown_key(where, list(kind.model_fields))
    if detail["type"] in BUILT_IN_KINDS:
        return Mistake(where, BUILT_IN_KINDS[detail["type"]])
    details = {key: str(value) for key, value in detail.get("ctx", {}).items() if key != "kind"}
    if detail["type"] == "bad_weekday":
        details["near"] = nearest(details["value"], list(WEEKDAYS))
    return Mistake(where, detail["type"], details)


def _unknown_key(where: Sequence[str | int], known: list[str]) -> Mistake:
    name = str(where[-1])
    return Mistake(tuple(where), "unknown_key", {"near": nearest(name, known), "known": ", ".join(known)})
