"""Reading when something is stopped: a day, days, part of a day, from a time on (R-A14)."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.texts import staff_stop as texts

_HALF_A_YEAR = timedelta(days=180)
_NOON = 12


@dataclass(frozen=True, slots=True)
class Period:
    """From and to, aware; ``to_at`` is excluded."""

    from_at: datetime
    to_at: datetime


def read_period(text: str, *, now: datetime, zone: ZoneInfo, day: date | None = None) -> Period | None:
    """Return what a text says of the time; ``day`` is meant where none is named, else today.

    None when it says something else besides, or a date or time that does not exist.
    """
    found = texts.PERIOD.fullmatch(text.strip())
    if found is None or not any(found.groupdict().values()):
        return None
    try:
        return _period(found, now=now, zone=zone, day=day)
    except ValueError:
        return None


def _period(found: "re.Match[str]", *, now: datetime, zone: ZoneInfo, day: date | None) -> Period:
    today = now.astimezone(zone).date()
    first = _day(found, 1, today, today) or day or today
    begins = _times(found, 1)
    if found["to"]:
        last, ends = _day(found, 2, first, today) or first, _times(found, 2)
        to_at = _end_of(last, zone) if ends is None else _at(last, ends[1] if _is_part(found, 2) else ends[0], zone)
        return Period(_at(first, begins[0] if begins else 0, zone), to_at)
    if begins is None:
        return Period(_at(first, 0, zone), _end_of(first, zone))
    ends_with_day = bool(found["on"]) or not _is_part(found, 1)
    return Period(_at(first, begins[0], zone), _end_of(first, zone) if ends_with_day else _at(first, begins[1], zone))


def _day(found: "re.Match[str]", n: int, near: date, today: date) -> date | None:
    """Return the day that is named; without a year it is one not long before another. Raises ``ValueError``."""
    said = found[f"near{n}"]
    if said:
        return today + timedelta(days=texts.NEAR[said])
    if found[f"only{n}"]:
        return _next_day(near, int(found[f"only{n}"]))
    if not found[f"month{n}"]:
        return None
    month, day = int(found[f"month{n}"]), int(found[f"day{n}"])
    if found[f"year{n}"]:
        return date(int(found[f"year{n}"]), month, day)
    this_year = date(near.year, month, day)
    return date(near.year + 1, month, day) if near - this_year > _HALF_A_YEAR else this_year


def _next_day(near: date, day: int) -> date:
    """Return the next day of this number in a month; raises ``ValueError``."""
    if day >= near.day:
        return near.replace(day=day)
    following = near.replace(day=1) + timedelta(days=31)
    return following.replace(day=day)


def _times(found: "re.Match[str]", n: int) -> tuple[int, int] | None:
    """Return the minutes of the day where the time begins, and where a part of the day ends; None without a time.

    Raises ``ValueError``.
    """
    part = found[f"part{n}"]
    if part:
        begins, ends = texts.PARTS[part]
        return begins * 60, ends * 60
    if not found[f"hour{n}"]:
        return None
    hour = int(found[f"hour{n}"])
    half = found[f"half{n}"]
    if hour < _NOON and (half in texts.AFTERNOON or (half == texts.NOON_HALF and hour < _NOON // 2)):
        hour += _NOON
    minute = 30 if found[f"halfpast{n}"] else int(found[f"minute{n}"] or found[f"minutes{n}"] or 0)
    if hour == 24 and minute == 0:  # noqa: PLR2004  # the end of the day
        return 24 * 60, 24 * 60
    time(hour, minute)
    return hour * 60 + minute, hour * 60 + minute


def _is_part(found: "re.Match[str]", n: int) -> bool:
    return bool(found[f"part{n}"])


def _at(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    days, minutes = divmod(minutes, 24 * 60)
    return datetime.combine(day + timedelta(days=days), time(minutes // 60, minutes % 60), zone)


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return _at(day, 24 * 60, zone)
