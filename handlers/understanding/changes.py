"""What of a wish for a change is the appointment as it is, and what the new one: 把周五的号改到下午."""

import datetime as dt
from bisect import bisect_left
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from handlers.understanding.moments import Moment
from handlers.understanding.numerals import numeral
from handlers.understanding.places import Mention
from handlers.understanding.reading import Wish
from handlers.understanding.vocabulary import (
    AIMS,
    CHANGE_PIVOT,
    MOVING,
    OLD_BEHIND,
    OLD_ONE,
    ONLY_OLD,
    RATHER,
    SHIFT,
    SHIFT_DAYS,
    UNABLE,
)

REACH = 8
"""Characters behind a day within which it is said that it cannot be kept."""


def shifted(text: str, old: Wish) -> tuple[dt.date | None, dt.time | None] | None:
    """Return the day and the time to which the old appointment is to be moved: 推迟一天; None where none is said."""
    found = SHIFT.search(text)
    if found is None:
        return None
    count = 1 if found["some"] == "半" else numeral(found["some"])
    count = -count if found["back"] else count
    if found["unit"] in SHIFT_DAYS:
        days = timedelta(days=count * SHIFT_DAYS[found["unit"]])
        return (old.date + days if old.date and found["some"] != "半" else None), old.time
    if old.time is None:
        return old.date, None
    minutes = 30 if found["some"] == "半" else count * 60
    minutes = -minutes if found["back"] and minutes > 0 else minutes
    moved = dt.datetime.combine(dt.date(2000, 1, 2), old.time) + timedelta(minutes=minutes)
    return old.date, moved.time() if moved.day == 2 else None  # noqa: PLR2004  # the same day


def is_moved(text: str, moments: Sequence[Moment], departments: Sequence[Mention], doctors: Sequence[Mention]) -> bool:
    """Tell whether one day, time or name is to become another: 外科改中医, 25号放到26号."""
    if len(moments) + len(departments) + len(doctors) < 2:  # noqa: PLR2004  # the one and the other
        return False
    named = (*departments, *doctors)
    places = [(place.start, place.end) for place in moments] + [(place.start, place.end) for place in named]
    starts = {start for start, _ in places}
    first = min(end for _, end in places)
    return any(not starts.isdisjoint(range(pivot.end(), pivot.end() + 3)) for pivot in MOVING.finditer(text, first))


def where_old_is(text: str, moments: Sequence[Moment], named: Sequence[Mention]) -> tuple[int, int]:
    """Return where what is said of the old begins and ends; nothing where it is not spoken of."""
    behind = OLD_BEHIND.search(text, 1)
    if behind is not None and CHANGE_PIVOT.search(text, 0, behind.start()) is not None:
        pivot = CHANGE_PIVOT.search(text, behind.end())
        if pivot is None:
            return behind.start(), len(text)
    shift = SHIFT.search(text)
    if shift is not None:
        places = [moment.start for moment in moments] + [name.start for name in named]
        if all(place < shift.start() for place in places):
            return 0, shift.start()
    new = _where_new_begins(text, moments, named)
    days = [moment for moment in moments if moment.days is not None]
    if not new and len(days) > 1:
        one, other = days[:2]
        if _cannot_be_kept(text, other) and not _cannot_be_kept(text, one, other.start):
            return one.end, len(text)
    return 0, new or _where_another_begins(text, days) or _where_another_begins(text, named)


def _where_another_begins(text: str, days: Sequence[Moment | Mention]) -> int:
    """Return where a second day, or name, is said behind one that does not suit: 周六我赶不回来,下周六吧."""
    for one, other in pairwise(days):
        if UNABLE.search(text, one.end, other.start) is not None or (
            isinstance(one, Moment) and one.turn == "excluded"
        ):
            return other.start
        if RATHER.search(text, one.end, other.start) is not None:
            return other.start
    if len(days) == 1 and _cannot_be_kept(text, days[0]):
        return len(text)
    return 0


def _cannot_be_kept(text: str, day: Moment | Mention, until: int | None = None) -> bool:
    """Tell whether behind a day stands that it cannot be kept."""
    return isinstance(day, Moment) and (
        day.turn == "excluded" or UNABLE.search(text, day.end, min(until or len(text), day.end + REACH)) is not None
    )


def _where_new_begins(text: str, moments: Sequence[Moment], named: Sequence[Mention]) -> int:
    """Return where the old ends and the new begins; 0 where nothing is said of the old."""
    places = sorted([(moment.start, moment.end) for moment in moments] + [(name.start, name.end) for name in named])
    starts = [start for start, _ in places]
    weak = 0
    for pivot in CHANGE_PIVOT.finditer(text):
        before = bisect_left(starts, pivot.start())
        aims = AIMS.search(pivot[0]) is not None
        if before and aims:
            return pivot.start()
        if weak or not places:
            continue
        only_old = before == len(places) and ONLY_OLD.match(pivot[0]) is not None
        if only_old or (before and (before < len(places) or OLD_ONE.match(text, places[before - 1][1]))):
            weak = pivot.start()
        elif before == 0 and not aims and OLD_ONE.match(text, places[0][1]):
            weak = places[0][1]
    return weak
