"""When somebody wants to come: the moments of a text put together, with ranges, exceptions and corrections."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from handlers.understanding.clock import Clock, resolve
from handlers.understanding.days import OPEN, WEEK, Days
from handlers.understanding.grammar import AFTERNOON, CORRECTION, JOINED, MORNING
from handlers.understanding.moments import Moment
from handlers.understanding.vocabulary import UNABLE

ONE = timedelta(days=1)
WHOLE = slice(None)
_WEEKLESS = "周星礼"
"""With what a weekday begins that may be of any week."""
RANGE = ("到", "至", "-", "~")
ENDS = {MORNING: time(12), AFTERNOON: time(18)}


@dataclass(slots=True)
class Excluded:
    """Days, or a part of them, on which somebody cannot come; ``weekly``: every such weekday."""

    days: Days | None
    part: str | None
    weekly: bool = False


class When:
    """The wish as far as the sentence says it."""

    date: dt.date | None = None
    until: dt.date | None = None
    onward: bool = False
    """Whether the range begins on ``date`` and has no end."""
    part: str | None = None
    time: dt.time | None = None
    until_time: dt.time | None = None
    usual: str | None = None
    """The part of day of a time that does not tell its own."""

    def __init__(self) -> None:
        self.ask: set[str] = set()
        """Which of its gaps are ambiguous."""
        self.excluded: list[Excluded] = []


def combine(
    text: str, moments: Sequence[Moment], now: datetime, part: slice = WHOLE, *, usual: str | None = None
) -> When:
    """Return what the moments in a part of a text say together.

    ``now`` is the clinic's local time; ``usual`` the part of day of a time that does not tell its own.
    """
    when = When()
    when.usual = usual
    last: Moment | None = None
    start, stop, _ = part.indices(len(text))
    for moment in moments:
        if not start <= moment.start < stop:
            continue
        if moment.turn == "excluded":
            if last is not None and last.turn is None and last.kind == moment.kind:
                _exclude_with(when, text, last, moment)
            when.excluded.append(Excluded(moment.days, moment.part, weekly=moment.kind == "weekday"))
            if moment.part is None and moment.days is not None and moment.days.first == when.date:
                when.date = when.until = None
        else:
            if text[moment.end : moment.end + 1] not in RANGE and text[moment.start - 1 : moment.start] not in RANGE:
                _settle(text, moment, now, when.date)
            if last is None:
                _add(when, moment, is_next=False)
            else:
                _join(when, text, last, moment)
        last = moment
    return when


def _exclude_with(when: When, text: str, last: Moment, moment: Moment) -> None:
    """Exclude a day that stands joined before one that is excluded: 周二周三都没空."""
    link = JOINED.fullmatch(text, last.end, moment.start)
    if link is None or link["to"] or last.days is None or last.days.first != when.date or last.part is not None:
        return
    when.excluded.append(Excluded(last.days, None, weekly=last.kind == "weekday"))
    when.date = when.until = None


def _join(when: When, text: str, last: Moment, moment: Moment) -> None:
    """Put a moment to what was said before it, as the words between the two tell."""
    link = JOINED.fullmatch(text, last.end, moment.start)
    instead = moment.days is not None and UNABLE.search(text, last.end, moment.start) is not None
    rather = instead or ("还是" in text[last.end : moment.start] and "吧" in text[moment.end : moment.end + 2])
    if rather or CORRECTION.search(text, last.end, moment.start) is not None:
        _replace(when, moment)
    elif link is not None and link["to"]:
        _extend(when, moment)
    elif link is not None and link["or"] and _are_apart(last, moment):
        when.ask.add("date")
        when.date = when.until = when.part = None
    else:
        _add(when, moment, is_next=link is not None and bool(link[0] or last.kind == moment.kind))


def _are_apart(one: Moment, other: Moment) -> bool:
    """Tell whether one of two says only a day and the other only a part of one: 周末或者晚上 is no 周末晚上."""
    return (one.days is None) != (other.days is None) and (one.part is None) != (other.part is None)


def _settle(text: str, moment: Moment, now: datetime, said: dt.date | None) -> None:
    """Decide a weekday that is today's: that of a day said before, the coming one when today's time is over; or ask."""
    days = moment.days
    if days is None or days.first is None:
        return
    of_any_week = moment.kind == "weekday" and text[moment.start] in _WEEKLESS and days.first == days.last
    if said is not None and of_any_week and said.weekday() == days.first.weekday():
        moment.days = Days(said, said)
        return
    if not days.bare:
        return
    ends = _time_of(moment) or (ENDS.get(moment.part) if moment.part else None)
    if ends is not None and ends <= now.time():
        day = days.first + timedelta(days=WEEK)
        moment.days = Days(day, day)
    else:
        moment.days = OPEN


def _time_of(moment: Moment) -> dt.time | None:
    return None if moment.clock is None else resolve(moment.clock.hour, moment.clock.minute, moment.part)


def _replace(when: When, moment: Moment) -> None:
    """Take back what an earlier moment said of what this one says."""
    if moment.days is not None:
        when.date = when.until = None
        when.onward = False
        when.ask.discard("date")
    if moment.part is not None or moment.clock is not None:
        kept = when.part if moment.part is None and _lies_in(when.part, moment) else None
        when.part, when.time, when.until_time = kept, None, None
        when.ask.discard("time")
    _add(when, moment, is_next=False)


def _lies_in(part: str | None, moment: Moment) -> bool:
    """Tell whether a time said alone lies in a part of day said before."""
    said = _time_of(moment)
    ends = ENDS.get(part or "")
    return said is not None and ends is not None and (said < ends) and (part == MORNING or said >= ENDS[MORNING])


def _add(when: When, moment: Moment, *, is_next: bool) -> None:
    if moment.days is not None:
        _add_days(when, moment, is_next=is_next)
    if moment.part is not None:
        when.part = moment.part if when.part in {None, moment.part} else None
    if moment.clock is not None:
        _add_clock(when, moment, moment.clock)


def _add_days(when: When, moment: Moment, *, is_next: bool) -> None:
    days = moment.days or OPEN
    if not days.sure:
        when.ask.add("date")
        when.date = when.until = None
        when.onward = False
        return
    first, last, onward = _turned(days, moment)
    if when.date is None and when.until is None:
        if "date" not in when.ask:
            when.date, when.until, when.onward = first, last if last != first else None, onward
        return
    end = when.until or when.date
    if (first, last) in {(when.date, end), (when.date, when.until)}:
        return
    if is_next and first is not None and end is not None and last is not None and first == end + ONE:
        when.until = last
        return
    if (
        when.date is not None
        and first is not None
        and last is not None
        and when.until
        and when.date <= first <= last <= when.until
    ):
        when.date, when.until = first, last if last != first else None
        return
    when.date = when.until = None
    when.onward = False
    when.ask.add("date")


def _turned(days: Days, moment: Moment) -> tuple[dt.date | None, dt.date | None, bool]:
    """Return first and last day, and whether there is no last one. Before and after a day leave that day out."""
    turn = moment.turn if moment.clock is None else None
    if turn == "after" and moment.part is not None:  # 周五晌午过后
        turn = None
    if turn == "before" and days.first is not None:
        return None, days.first - ONE, False
    if turn == "after" and days.last is not None:
        return days.last + ONE, None, True
    if turn == "onward" and days.first is not None:
        return days.first, None, True
    return days.first, days.last, days.last is None


def _add_clock(when: When, moment: Moment, clock: Clock) -> None:
    part = moment.part or when.part
    said = resolve(clock.hour, clock.minute, part) or resolve(clock.hour, clock.minute, part or when.usual)
    since = None if clock.since is None else resolve(clock.since, 0, part)
    if said is None:
        when.ask.add("time")
    elif since is not None:
        when.time, when.until_time = since, said
    elif moment.turn == "before":
        when.until_time = said
    elif when.time is None:
        when.time = said
    elif when.time != said:
        when.time = None
        when.ask.add("time")


def _extend(when: When, moment: Moment) -> None:
    """Take a moment as the end of a range: 周三到周五, 两点到四点, 上午到下午."""
    if moment.days is not None:
        _extend_days(when, moment)
    if moment.part is not None and moment.part != when.part:
        when.part = moment.part if when.part is None and moment.days is not None else None
    if moment.clock is not None:
        when.until_time = resolve(moment.clock.hour, moment.clock.minute, moment.part or when.part)
        if when.until_time is None:
            when.ask.add("time")


def _extend_days(when: When, moment: Moment) -> None:
    last = moment.days.last if moment.days is not None and moment.days.sure else None
    if last is not None and when.date is not None and last < when.date and moment.kind == "weekday":
        last += timedelta(days=WEEK)
    if last is None or when.date is None or last < when.date:
        when.date = when.until = None
        when.ask.add("date")
    else:
        when.until = last
    when.onward = False
