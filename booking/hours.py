"""When the clinic is open, as its rosters say."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time

from booking.models import Roster

WEEK = 7


@dataclass(frozen=True, slots=True)
class OpenDays:
    """Weekdays (Monday is 0) with the same opening times, each a start and an end."""

    weekdays: tuple[int, ...]
    times: tuple[tuple[time, time], ...]


def opening_hours(rosters: Iterable[Roster], day: date) -> list[OpenDays]:
    """Return the week's opening times by the rosters in force on ``day``, days with equal times together."""
    week: dict[int, list[tuple[time, time]]] = {}
    for roster in rosters:
        if (roster.valid_from or day) <= day <= (roster.valid_to or day):
            for weekday in roster.weekdays:
                week.setdefault(weekday, []).append((roster.start, roster.end))
    together: dict[tuple[tuple[time, time], ...], list[int]] = {}
    for weekday in range(WEEK):
        if weekday in week:
            together.setdefault(_merged(week[weekday]), []).append(weekday)
    return [OpenDays(tuple(weekdays), times) for times, weekdays in together.items()]


def _merged(times: list[tuple[time, time]]) -> tuple[tuple[time, time], ...]:
    merged: list[tuple[time, time]] = []
    for start, end in sorted(times):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
