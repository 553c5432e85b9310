"""What a new catalogue changes in the one that is there, field by field."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal, TypeVar

from booking.catalogue import CatalogueValues
from booking.models import CalendarDay, Catalogue, Clinic, Department, Doctor, Policy, Roster, Template


@dataclass(frozen=True, slots=True)
class TemplateOf:
    """A template with the kind of notice that it is for."""

    kind: str
    id: str
    fields: Mapping[str, str]
    subscription: bool


Thing = Clinic | Policy | Department | Doctor | Roster | CalendarDay | TemplateOf
Action = Literal["added", "changed", "retired", "restored", "reordered"]
Section = Literal["clinic", "policy", "departments", "doctors", "rosters", "calendar", "templates"]
T = TypeVar("T", Department, Doctor)
R = TypeVar("R", Roster, CalendarDay)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value before and after."""

    name: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one thing; ``thing`` is it afterwards, or as it was when it is retired. None for an order."""

    action: Action
    section: Section
    thing: Thing | None
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class CurrentValues:
    """The catalogue as it stands in the database."""

    catalogue: Catalogue
    rosters: Sequence[Roster]
    calendar: Sequence[CalendarDay]


def find_changes(before: CurrentValues | None, after: CatalogueValues) -> list[Change]:
    """Return every change, in the order of the file; empty when the catalogue says the same as before."""
    if before is None:
        every: list[tuple[Section, Sequence[Thing]]] = [
            ("clinic", [after.clinic]),
            ("departments", after.departments),
            ("doctors", after.doctors),
            ("rosters", after.rosters),
            ("calendar", after.calendar),
            ("templates", list(_by_kind(after.templates).values())),
        ]
        return [Change("added", section, thing) for section, things in every for thing in things]
    old = before.catalogue
    return [
        *_changed("clinic", replace(old.clinic, policy=after.clinic.policy), after.clinic),
        *_changed("policy", old.clinic.policy, after.clinic.policy),
        *_coded("departments", old.departments, after.departments),
        *_coded("doctors", old.doctors, after.doctors),
        *_uncoded("rosters", before.rosters, after.rosters),
        *_uncoded("calendar", before.calendar, after.calendar),
        *_templates(_by_kind(old.templates), _by_kind(after.templates)),
    ]


def _by_kind(templates: Mapping[str, Template]) -> dict[str, TemplateOf]:
    return {kind: TemplateOf(kind, t.id, t.fields, t.subscription) for kind, t in templates.items()}


def _templates(before: Mapping[str, TemplateOf], after: Mapping[str, TemplateOf]) -> Iterator[Change]:
    for kind, template in after.items():
        if kind in before:
            yield from _changed("templates", before[kind], template)
        else:
            yield Change("added", "templates", template)
    yield from (Change("retired", "templates", template) for kind, template in before.items() if kind not in after)


def _changed(section: Section, before: Thing, after: Thing) -> Iterator[Change]:
    changes = tuple(_fields(before, after))
    if changes:
        yield Change("changed", section, after, changes)


def _fields(before: Thing, after: Thing) -> Iterator[FieldChange]:
    for name in (field.name for field in fields(after)):
        old, new = getattr(before, name), getattr(after, name)
        if old != new and name != "active":
            yield FieldChange(name, old, new)


def _coded(section: Section, before: Mapping[str, T], after: Sequence[T]) -> Iterator[Change]:
    here = {thing.code for thing in after}
    for thing in after:
        old = before.get(thing.code)
        if old is None:
            yield Change("added", section, thing)
        elif not old.active:
            yield Change("restored", section, thing, tuple(_fields(old, thing)))
        else:
            yield from _changed(section, old, thing)
    active = [thing for thing in before.values() if thing.active]
    yield from (Change("retired", section, thing) for thing in active if thing.code not in here)
    stayed = [thing.code for thing in active if thing.code in here]
    if stayed != [thing.code for thing in after if thing.code in set(stayed)]:
        yield Change("reordered", section, None)


def _uncoded(section: Section, before: Sequence[R], after: Sequence[R]) -> Iterator[Change]:
    """Compare what has no code: the same again is no change, alike in doctor, days and start is a change."""
    gone = _without(before, after)
    for thing in _without(after, before):
        old = next((candidate for candidate in gone if _likeness(candidate) == _likeness(thing)), None)
        if old is None:
            yield Change("added", section, thing)
        else:
            gone.remove(old)
            yield from _changed(section, old, thing)
    yield from (Change("retired", section, thing) for thing in gone)


def _without(things: Iterable[R], others: Iterable[R]) -> list[R]:
    left = list(others)
    rest: list[R] = []
    for thing in things:
        if thing in left:
            left.remove(thing)
        else:
            rest.append(thing)
    return rest


def _likeness(thing: Roster | CalendarDay) -> Hashable:
    if isinstance(thing, Roster):
        return thing.doctor, thing.weekdays, thing.start
    return thing.date, thing.doctor, thing.department, thing.start
