"""How the changes of a load are told to staff: with the keys of the file, since that is what they edit."""

from collections import Counter
from datetime import time, timedelta

from booking.catalogue_changes import Change, FieldChange, TemplateOf, Thing
from booking.catalogue_fields import WEEKDAYS
from booking.models import CalendarDay, Clinic, Department, Doctor, Roster
from booking.staff_refusals import RetirementRefused
from bot import texts

MINUTES_OF = {"d": 1440, "h": 60, "m": 1}


def counted(changes: tuple[Change, ...]) -> str:
    """Return how many things were added, changed, retired."""
    counts: Counter[str] = Counter(change.action for change in changes)
    return "，".join(f"{words} {counts[action]}" for action, words in texts.LOAD_ACTIONS.items() if counts[action])


def change_lines(change: Change) -> list[str]:
    """Return the lines of one change: what it is about, then each value that changed."""
    label = _label(change.thing)
    line = texts.LOAD_CHANGE.format(
        mark=texts.LOAD_MARKS[change.action],
        section=texts.LOAD_SECTIONS[change.section],
        label=f" {label}" if label else "",
        action=texts.LOAD_ACTIONS[change.action],
    )
    return [line, *(_field_line(field) for field in change.fields)]


def refusal_lines(refused: RetirementRefused) -> list[str]:
    """Return a line for each doctor or department that cannot go."""
    return [
        texts.LOAD_RETIREMENT.format(
            kind=texts.LOAD_SECTIONS[f"{each.kind}s"],
            code=each.code,
            name=each.name,
            count=each.claims,
            until=each.until,
        )
        for each in refused.still_booked
    ]


def _field_line(field: FieldChange) -> str:
    before, after = _value(field.name, field.before), _value(field.name, field.after)
    return texts.LOAD_FIELD.format(name=field.name, before=before, after=after)


def _label(thing: Thing | None) -> str:
    match thing:
        case None:
            return texts.LOAD_ORDER
        case Clinic() | Department() | Doctor():
            return f"{thing.code} {thing.name}"
        case Roster():
            return f"{thing.doctor} {_value('weekdays', thing.weekdays)} {thing.start:%H:%M}-{thing.end:%H:%M}"
        case CalendarDay():
            return f"{thing.date} {_day(thing)}"
        case TemplateOf():
            return f"{thing.kind} {thing.id}"
    return ""


def _day(day: CalendarDay) -> str:
    if day.start and day.end:
        return f"{day.doctor} {day.start:%H:%M}-{day.end:%H:%M}"
    whom = day.doctor or day.department or texts.LOAD_WHOLE_CLINIC
    return f"{whom} {texts.LOAD_CLOSED_DAY if day.closed else texts.LOAD_OPEN_DAY}"


def _value(name: str, value: object) -> str:
    match value:
        case None | "" | ():
            return texts.LOAD_NOTHING
        case bool():
            return str(value).lower()
        case time():
            return f"{value:%H:%M}"
        case timedelta():
            return _duration(value)
        case dict():
            value = tuple(f"{key}: {item}" for key, item in value.items())
    if isinstance(value, tuple):
        return ",".join(WEEKDAYS[item] if name == "weekdays" else str(item) for item in value)
    return str(value)


def _duration(value: timedelta) -> str:
    minutes = round(value.total_seconds() / 60)
    parts = ""
    for unit, size in MINUTES_OF.items():
        count, minutes = divmod(minutes, size)
        parts += f"{count}{unit}" if count else ""
    return parts or "0m"
