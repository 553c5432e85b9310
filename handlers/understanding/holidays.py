"""Holidays by name, on the days that are really free: weekends worked instead 调休 are none of them."""

import re
from collections.abc import Callable
from datetime import date, timedelta

from handlers.understanding.days import OPEN, Days
from handlers.understanding.grammar import HOLIDAYS

NameOf = Callable[[date], str | None]
"""Names a day's public holiday, None on other days; raises ``LookupError`` for a year not known yet."""
ONE = timedelta(days=1)
SEARCHED = 400
"""Days ahead in which a holiday is looked for."""


class Holidays:
    """The free days of each holiday, as far as they are announced."""

    def __init__(self, name_of: NameOf) -> None:
        self._name_of = name_of
        self._years: dict[int, list[tuple[date, date, str]] | None] = {}

    def read(self, found: re.Match[str], today: date) -> Days:
        """Return the days meant by 国庆, 国庆当天, 国庆前, 国庆后第一天, 节后; open where they are not announced."""
        festival = found["festival"]
        block = self._next(HOLIDAYS[festival] if festival else "", today)
        if block is None:
            return OPEN
        first, last, day = block
        around = found["around"] or ("后" if "完" in found[0] else "")
        if found["nth"]:
            first = last + ONE if around.endswith("后") else first
            return OPEN if around.endswith("前") else Days(first, first)
        if around.endswith("前"):
            return Days(None, first - ONE) if first > today else OPEN
        if around.endswith("后"):
            return Days(last + ONE, None)
        if found["festival_day"]:
            return Days(day, day)
        return Days(max(first, today), last)

    def _next(self, name: str, today: date) -> tuple[date, date, date] | None:
        """Return first and last free day of the next holiday of this name, or of any, and the day it is named for."""
        for year in (today.year, today.year + 1):
            blocks = self._blocks(year)
            if blocks is None:
                return None
            for first, last, names in blocks:
                if last >= today and name in names:
                    return first, last, self._day(first, last, name)
        return None

    def _day(self, first: date, last: date, name: str) -> date:
        day = first
        while day < last and not (self._name_of(day) or "").startswith(name):
            day += ONE
        return day

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
