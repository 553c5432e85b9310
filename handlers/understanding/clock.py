"""What a word for a time of day means: 九点, 三点半, 九点一刻, 14:30, 两点到四点."""

import re
from datetime import time
from typing import NamedTuple

from handlers.understanding.grammar import AFTERNOON, BOUND_CLOCK, EVENING, MORNING, NOON
from handlers.understanding.numerals import numeral

HOURS, MINUTES = 24, 60
HALF_DAY = 12
EARLIEST, LATEST = 8, 19
"""A clinic's hours: what is said without a part of day is meant within them."""
SEVEN = 7
_SINGLE = frozenset("一两")


class Clock(NamedTuple):
    """A time as it was said: ``hour`` may need the part of day. ``since``: where two hours were said, the first."""

    hour: int
    minute: int
    since: int | None = None


def read_clock(found: re.Match[str], *, bound: bool) -> Clock | None:
    """Return the time of a match; ``bound``: it stands right behind a day or a part of day, so 一点 is one o'clock."""
    hour = numeral(found["hour"])
    if not 0 <= hour <= HOURS:
        return None
    since = numeral(found["clock_from"]) if found["clock_from"] else None
    if found["pair_from"]:
        since = numeral(found["pair_from"])
        if since != hour - 1:
            return None
    if found["hour"] in _SINGLE and since is None and not bound and not _is_full(found):
        return None
    minute = _minute(found)
    return Clock(hour, minute, since) if 0 <= minute < MINUTES else None


def _is_full(found: re.Match[str]) -> bool:
    """Tell whether 一点 and 两点 say by themselves that a time is meant."""
    if found["half"] or found["quarter"] or found["minute"] or found["minutes"] or found[0].endswith("钟"):
        return True
    return BOUND_CLOCK.search(found.string, 0, found.start()) is not None and found["hour"] == "两"


def _minute(found: re.Match[str]) -> int:
    if found["half"]:
        return 30
    if found["quarter"]:
        return 15 if found["quarter"] in "一1" else 45
    minute = found["minute"] or found["minutes"]
    return numeral(minute.lstrip("零")) if minute else 0


def resolve(hour: int, minute: int, part: str | None) -> time | None:
    """Return the time of the clinic's day; None when the hour alone does not tell, or does not fit the part of day."""
    if hour >= HALF_DAY + 1 or part == MORNING:
        fits = hour < HOURS and not (part == MORNING and hour > HALF_DAY)
        return time(hour, minute) if fits else None
    if part == NOON:
        hour += HALF_DAY if hour <= 2 else 0  # noqa: PLR2004  # 中午一点, 中午两点
    elif part in {AFTERNOON, EVENING}:
        hour += HALF_DAY if hour < HALF_DAY else 0
        if part == EVENING and hour == HALF_DAY:
            return None
    elif hour < SEVEN and hour:
        hour += HALF_DAY
    elif hour < EARLIEST:
        return None
    return time(hour, minute)
