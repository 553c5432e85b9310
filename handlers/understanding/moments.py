"""Days and times as they stand in a text, put together to moments: 下周三 + 上午 + 九点."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from handlers.understanding.clock import Clock, read_clock
from handlers.understanding.days import Days, read_days
from handlers.understanding.grammar import (
    AFTER_TIME,
    BEFORE_TIME,
    BEGIN,
    BOOKED_THEN,
    FROM_TIME,
    LOOK_BACK,
    PART_OF,
    RELEASED,
    TURNING,
    WAKING,
    WAS_THERE,
    times,
)
from handlers.understanding.holidays import Holidays
from handlers.understanding.lexicon import Spanned

REACH = 8
"""Characters before a time that may take it back."""
_EVERY = "每"
TOLD_WITHIN = 12
"""Characters behind a day in the past within which a time may be one of it."""
_GLUE = re.compile(r"[的,、 ]?(?:大约|大概|差不多|在|约)?")
_TELLING = re.compile(r"[^,。!?;想要挂约改换预]*")
"""What may stand between a day in the past and a time of it."""
_ABOUT_COMPLAINT = re.compile(r"[^,。!?;看挂约号吗能来有预]{0,4}")
_DAY_KINDS = frozenset(
    (
        "iso",
        "pair",
        "relative",
        "within",
        "later",
        "weekday",
        "weekend",
        "week",
        "date",
        "days",
        "day",
        "holiday",
        "month_end",
        "dotted",
    )
)


@dataclass(slots=True)
class Moment:
    """What stands together: a day or several, a part of day, a time; and what stands right around it."""

    start: int
    end: int
    days: Days | None = None
    part: str | None = None
    clock: Clock | None = None
    turn: str | None = None
    """``excluded``, ``before``, ``after`` or ``onward``."""
    kind: str = ""
    """Of the word for the day, as the grammar calls it."""


class Moments:
    """Reads the moments of one text, one after the other."""

    def __init__(self, text: str, today: date, holidays: Holidays, complaints: Sequence[Spanned]) -> None:
        """``complaints``: symptoms, in order; 晚上咳嗽 does not ask for an evening."""
        self.found: list[Moment] = []
        self.others: list[Moment] = []
        """Where times stand that are none to book: 昨天, 上周三, 改天."""
        begun = BEGIN.search(text)
        if begun is None:
            return
        self._past_end = self._every_end = -1
        self._text, self._today, self._holidays, self._complaints = text, today, holidays, complaints
        for match in times(text, begun.start()):
            self._read(match, match.lastgroup or "")
        for moment in self.found:
            _take_turn(text, moment)
            if moment.turn == "onward" and self._only_describes(moment.end):
                moment.turn = "past"
            if moment.turn == "past":
                self.others.append(moment)
        if self.others:
            self.found = [moment for moment in self.found if moment.turn != "past"]

    def _read(self, match: re.Match[str], kind: str) -> None:
        start, end = match.span()
        last = self.found[-1] if self.found else None
        if last is not None and last.end != start and _GLUE.fullmatch(self._text, last.end, start) is None:
            last = None
        if kind == "part":
            self._read_part(start, end, PART_OF[match[0]], last)
        elif kind == "clock":
            self._read_clock(match, last)
        elif kind in _DAY_KINDS:
            self._read_days(match, kind, last)
        else:
            self.others.append(Moment(start, end))
            if match[0].startswith(_EVERY):
                self._every_end = end
            elif kind == "past":
                self._past_end = end

    def _read_clock(self, match: re.Match[str], last: Moment | None) -> None:
        start, end = match.span()
        clock = read_clock(match, bound=last is not None and last.end == start)
        if self._is_past(start):
            self.others.append(Moment(start, end))
        elif clock is not None and last is not None and last.clock is None:
            last.clock, last.end = clock, end
        elif clock is not None:
            self.found.append(Moment(start, end, clock=clock))

    def _is_past(self, start: int) -> bool:
        """Tell whether a time of day is that of a day in the past: 昨晚看到两点."""
        if start == self._every_end:
            return True
        if not 0 <= start - self._past_end <= TOLD_WITHIN or self._past_end < 0:
            return False
        return _TELLING.fullmatch(self._text, self._past_end, start) is not None

    def _read_part(self, start: int, end: int, part: str, last: Moment | None) -> None:
        if last is None and (self._only_describes(end) or self._is_past(start)):
            self.others.append(Moment(start, end))
        elif last is not None and last.part is None and last.clock is None:
            last.part, last.end = part, end
        else:
            self.found.append(Moment(start, end, part=part))

    def _read_days(self, match: re.Match[str], kind: str, last: Moment | None) -> None:
        today = self._today
        days = self._holidays.read(match, today) if kind == "holiday" else read_days(match, kind, today)
        if days is None:
            return
        start, end = match.span()
        if kind == "relative" and days.first == today and self._only_describes(end):
            self.others.append(Moment(start, end))
        elif last is not None and last.days is None and last.end == start and last.clock is None:
            last.days, last.end, last.kind = days, end, kind
        else:
            self.found.append(Moment(start, end, days=days, kind=kind))

    def _only_describes(self, end: int) -> bool:
        """Tell whether a time that ends here only says when it hurts: 晚上咳嗽, 今天头疼."""
        if WAKING.match(self._text, end) is not None:
            return True
        following = bisect_left(self._complaints, end, key=_start)
        if following and self._complaints[following - 1].end > end:
            return True
        if following == len(self._complaints):
            return False
        return _ABOUT_COMPLAINT.fullmatch(self._text, end, self._complaints[following].start) is not None


_start = attrgetter("start")


def _take_turn(text: str, moment: Moment) -> None:
    """Read what stands right around a moment and turns it: 除了…, …之前, …不行."""
    start, end = moment.start, moment.end
    looks_back = start > 0 and text[start - 1] in LOOK_BACK
    if looks_back and BEFORE_TIME.search(text, max(0, start - REACH), start) is not None:
        moment.turn = "excluded"
        return
    if (moment.days is None and BOOKED_THEN.match(text, end)) or RELEASED.match(text, end):
        moment.turn = "past"
        return
    behind = text[end : end + REACH]
    if ("过" in behind or "的" in behind or "刚" in behind) and WAS_THERE.match(text, end) is not None:
        moment.turn = "past"
        return
    found = AFTER_TIME.match(text, end) if behind and behind[0] in TURNING else None
    if found is not None:
        moment.end = found.end()
        moment.turn = found.lastgroup if found.lastgroup != "about" else None
    if looks_back and moment.turn is None and FROM_TIME.search(text, max(0, start - REACH), start) is not None:
        moment.turn = "onward"
