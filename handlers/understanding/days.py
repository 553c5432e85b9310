"""What a word for a day means on a given day: one day or several in a row, or nothing that can be booked by."""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from handlers.understanding.grammar import DATE_BEFORE, FIRST_MONTH, PART_OF, WEEKDAYS
from handlers.understanding.numerals import numeral

ONE = timedelta(days=1)
WEEK = 7
MONTHS = 12
MOST_DAYS = 31
_AHEAD = {"今": 0, "当": 0, "明": 1, "听": 1, "赶": 1}
LAST = 31
_THIRDS = {"初": (1, 10), "上旬": (1, 10), "中旬": (11, 20), "下旬": (21, LAST), "底": (21, LAST), "末": (21, LAST)}
_BEFORE = ("之前", "以前", "前")


class Days(NamedTuple):
    """Days in a row; ``last`` is None where they have no end, ``first`` where they have no beginning."""

    first: date | None
    last: date | None
    sure: bool = True
    """False where the words leave open which day is meant; then it must be asked."""
    bare: bool = False
    """Whether another day ahead could bear the same name: a weekday said on that very weekday."""


OPEN = Days(None, None, sure=False)
"""A day was spoken of, but which one cannot be told."""


def read_days(found: re.Match[str], kind: str, today: date) -> Days | None:
    """Return the days that a match of the grammar means, holidays aside; None when it means none at all."""
    try:
        return _READERS[kind](found, today)
    except (ValueError, OverflowError):
        return OPEN


def _one(day: date) -> Days:
    return Days(day, day)


def _iso(found: re.Match[str], today: date) -> Days:
    return _ahead(date(int(found["iso_year"]), int(found["iso_month"]), int(found["iso_day"])), today)


def _ahead(day: date, today: date) -> Days:
    return _one(day) if day >= today else OPEN


def _pair(found: re.Match[str], today: date) -> Days:
    first = today if found[0].startswith("今") else today + ONE
    return Days(first, first + ONE)


def _relative(found: re.Match[str], today: date) -> Days:
    said = found[0]
    days = _AHEAD.get(said[0])
    return _one(today + timedelta(days=2 + said.count("大") if days is None else days))


def _within(found: re.Match[str], today: date) -> Days:
    count = numeral(found["within_count"]) * (1 if found["within_unit"] in "天日" else WEEK)
    return Days(today, today + timedelta(days=count))


def _later(found: re.Match[str], today: date) -> Days:
    unit, count = found["later_unit"], found["later_count"]
    if unit == "月":
        if count == "半":
            return _one(today + timedelta(days=15))
        later = _in_month(today, numeral(count), today.day)
        return _one(later + timedelta(days=15) if found["later_half"] else later)
    if count == "半" or found["later_half"]:
        return OPEN
    return _one(today + timedelta(days=numeral(count) * (1 if unit in "天日" else WEEK)))


def _weekday(found: re.Match[str], today: date) -> Days:
    several = found["several"]
    wanted = WEEKDAYS[(several or found["day_of_week"])[0]]
    length = WEEKDAYS[several[-1]] - wanted if several else 0
    if several and [WEEKDAYS[day] for day in several] != list(range(wanted, wanted + len(several))):
        return OPEN
    monday = today - timedelta(days=today.weekday())
    weeks, this_week = found["weeks"], found["this_week"]
    day = monday + timedelta(days=wanted + WEEK * len(weeks or ""))
    if weeks is None and day < today:
        if this_week:
            return OPEN
        day += timedelta(days=WEEK)
    if found["to_day"]:
        length = (WEEKDAYS[found["to_day"]] - wanted) % WEEK
    return Days(day, day + timedelta(days=length), bare=not weeks and not this_week and day == today and not length)


def _weekend(found: re.Match[str], today: date) -> Days:
    monday = today - timedelta(days=today.weekday())
    saturday = monday + timedelta(days=5 + WEEK * len(found["weekends"] or ""))
    return Days(max(saturday, today), saturday + ONE)


def _week(found: re.Match[str], today: date) -> Days:
    weeks = len(found["whole"]) if found["whole"].startswith("下") else 0
    monday = today - timedelta(days=today.weekday()) + timedelta(days=WEEK * weeks)
    return Days(max(monday, today), monday + timedelta(days=6))


def _date(found: re.Match[str], today: date) -> Days:
    """Read 12月3日, 下个月5号, 明年1月, 12月; without a year the next such day."""
    month = _month(found, today)
    if month is None:
        return OPEN
    length = monthrange(month.year, month.month)[1]
    if found["date_day"] is None:
        first, last = _THIRDS.get(found["of_month"] or "", (1, length))
        last_day = month.replace(day=min(last, length))
        if last_day < today:
            return OPEN
        if last == LAST and found.string.startswith(_BEFORE, found.end()):
            return _one(last_day)
        return Days(max(month.replace(day=first), today), last_day, sure=found["of_month"] not in {"初", "底", "末"})
    day = month.replace(day=numeral(found["date_day"]))
    free_year = found["month"] is not None and found["year"] is None
    if day < today:
        if not free_year:
            return OPEN
        day = day.replace(year=day.year + 1)
    end = day.replace(day=numeral(found["to_date"])) if found["to_date"] else day
    return Days(day, end) if end >= day else OPEN


def _month(found: re.Match[str], today: date) -> date | None:
    """Return the first of the month that is meant; None when there is no such month."""
    if found["next_month"]:
        return _in_month(today, len(found["next_month"]), 1)
    if found["this_month"]:
        return today.replace(day=1)
    month = 1 if found["month"] == FIRST_MONTH else numeral(found["month"])
    if not 1 <= month <= MONTHS:
        return None
    year = found["year"]
    if year is None:
        return date(today.year + (month < today.month and found["date_day"] is None), month, 1)
    return date(int(year) if year.isdigit() else today.year + "今明后".index(year[0]), month, 1)


def _in_month(today: date, months: int, day: int) -> date:
    """Return a day some months ahead; the last one where that month is shorter."""
    index = today.year * MONTHS + today.month - 1 + months
    year, month = divmod(index, MONTHS)
    return date(year, month + 1, min(day, monthrange(year, month + 1)[1]))


def _next_numbered(number: int, today: date) -> date:
    """Return the next day with this number: this month's, or that of the first later month which has one."""
    for months in range(3):
        first = _in_month(today, months, 1)
        if number <= monthrange(first.year, first.month)[1] and first.replace(day=number) >= today:
            return first.replace(day=number)
    raise ValueError(number)


def _day(found: re.Match[str], today: date) -> Days | None:
    number = numeral(found["day_number"])
    return _one(_next_numbered(number, today)) if 1 <= number <= MOST_DAYS else None


def _days(found: re.Match[str], today: date) -> Days:
    first = _next_numbered(numeral(found["first_day"]), today)
    last = _next_numbered(numeral(found["last_day"]), first)
    return Days(first, last)


def _dotted(found: re.Match[str], today: date) -> Days | None:
    """Read 12/3, and 12.3, which may be a figure of another kind: so it is asked, unless 号 or 日 stands behind it."""
    month, number = int(found["dot_month"]), int(found["dot_day"])
    try:
        day = date(today.year, month, number)
        day = day if day >= today else day.replace(year=today.year + 1)
    except ValueError:
        return None
    weekday = found["dot_weekday"]
    if weekday and WEEKDAYS[weekday] != day.weekday():
        return OPEN
    behind = found.string[found.end() : found.end() + 2]
    alone = behind != "" and DATE_BEFORE.search(found.string, max(0, found.start() - 3), found.start()) is not None
    return Days(
        day, day, sure=alone or bool(weekday) or "/" in found[0] or not found[0][-1].isdigit() or behind in PART_OF
    )


def _month_end(found: re.Match[str], today: date) -> Days:
    return _one(_in_month(today, 0, MOST_DAYS))


_READERS: dict[str, Callable[[re.Match[str], date], Days | None]] = {
    "iso": _iso,
    "pair": _pair,
    "relative": _relative,
    "within": _within,
    "later": _later,
    "weekday": _weekday,
    "weekend": _weekend,
    "week": _week,
    "date": _date,
    "days": _days,
    "day": _day,
    "dotted": _dotted,
    "month_end": _month_end,
}
