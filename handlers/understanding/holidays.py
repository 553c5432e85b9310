"""Holidays by name, on the days that are really free: weekends worked instead 调休 are none of them."""

import re
from collections.abc import Callable
from datetime import date, timedelta

from handlers.understanding.days import OPEN, Days
from handlers.understanding.grammar import HOLIDAYS

NameOf = Callable[[date], str | None]
"""Names a day's public holiday, None on other days; raises ``LookupError`` for a year not known yet."""
ONE = timedelta(days=1)
FIXED = {
    "元旦": (1, 1),
    "劳动节": (5, 1),
    "国庆": (10, 1),
    "儿童节": (6, 1),
    "圣诞": (12, 25),
    "教师节": (9, 10),
    "妇女节": (3, 8),
}
"""Festivals on the same day of every year."""
MOVING = {
    "春节": "2025-01-29 2026-02-17 2027-02-06 2028-01-26 2029-02-13 2030-02-03 2031-01-23 2032-02-11",
    "清明": "2025-04-04 2026-04-05 2027-04-05 2028-04-04 2029-04-04 2030-04-05 2031-04-05 2032-04-04",
    "端午": "2025-05-31 2026-06-19 2027-06-09 2028-05-28 2029-06-16 2030-06-05 2031-06-24 2032-06-12",
    "中秋": "2025-10-06 2026-09-25 2027-09-15 2028-10-03 2029-09-22 2030-09-12 2031-10-01 2032-09-19",
}
"""Festivals of the lunar and solar calendars; of other years none is known."""
EVE = "除夕"
_OVER, _EVE = "过了", "头天"


class Holidays:
    """The free days of each holiday, as far as they are announced."""

    def __init__(self, name_of: NameOf) -> None:
        self._name_of = name_of
        self._years: dict[int, list[tuple[date, date, str]] | None] = {}

    def read(self, found: re.Match[str], today: date) -> Days:
        """Return the days meant by 国庆, 国庆当天, 国庆前, 国庆后第一天, 节后; open where they are not announced."""
        festival = found["festival"]
        name = HOLIDAYS[festival or "年"] if festival or found[0].startswith("年") else ""
        around, nth = found["around"] or "", found["nth"] or ""
        if "完" in found[0] or around == _OVER:
            around = "后"
        elif around == _EVE:
            around, nth = "前", "前一天"
        if name and found["festival_day"] is not None and not around:
            return _one(_festival(name, today))
        block = self._next(name, today)
        if block is None:
            return _unannounced(found, name, around, nth, today)
        first, last = block
        if nth:
            return _nth(first, last, around, nth, today)
        if "前" in around:
            return Days(None, first - ONE) if first > today else OPEN
        if around:
            return Days(last + ONE, None)
        return Days(max(first, today), last)

    def _next(self, name: str, today: date) -> tuple[date, date] | None:
        """Return first and last free day of the next holiday of this name, or of any."""
        for year in (today.year, today.year + 1):
            blocks = self._blocks(year)
            if blocks is None:
                return None
            for first, last, names in blocks:
                if last >= today and name in names:
                    return first, last
        return None

    def _blocks(self, year: int) -> list[tuple[date, date, str]] | None:
        if year not in self._years:
            try:
                self._years[year] = self._found(year)
            except LookupError:
                self._years[year] = None
        return self._years[year]

    def _found(self, year: int) -> list[tuple[date, date, str]]:
        blocks: list[tuple[date, date, str]] = []
        day = date(year, 1, 1)
        while day.year == year:
            name = self._name_of(day)
            if name:
                if blocks and blocks[-1][1] == day - ONE:
                    blocks[-1] = (blocks[-1][0], day, f"{blocks[-1][2]} {name}")
                else:
                    blocks.append((day, day, name))
            day += ONE
        return blocks


def _one(day: date | None) -> Days:
    return OPEN if day is None else Days(day, day)


def _festival(name: str, today: date) -> date | None:
    """Return the next day of this name, announced or not."""
    if name == EVE:
        first = _festival("春节", today)
        return None if first is None else first - ONE
    if name in FIXED:
        day = date(today.year, *FIXED[name])
        return day if day >= today else day.replace(year=today.year + 1)
    days = map(date.fromisoformat, MOVING.get(name, "").split())
    return next((day for day in days if day >= today), None)


def _nth(first: date, last: date, around: str, nth: str, today: date) -> Days:
    """Read the first day behind a holiday, the last one before or within it."""
    if "前" in around:
        return _ahead(first - ONE, today) if "最后" in nth or (nth[-2:-1] in "一1" and "第" not in nth) else OPEN
    if "最后" in nth:
        return OPEN if around else _ahead(last, today)
    number = next(
        (place for place, letters in enumerate(("一1头首", "二2", "三3")) if any(map(nth.__contains__, letters))), 0
    )
    return _ahead((last + ONE if around else first) + number * ONE, today)


def _ahead(day: date, today: date) -> Days:
    return Days(day, day) if day >= today else OPEN


def _unannounced(found: re.Match[str], name: str, around: str, nth: str, today: date) -> Days:
    """Read a holiday whose free days are not known yet: only the festival itself is."""
    day = _festival(name, today) if name else None
    plain = found[0] in HOLIDAYS
    if day is None or not (plain or ("前" in around and not nth and name in FIXED)):
        return OPEN
    return Days(day, day) if plain else Days(None, day - ONE)
