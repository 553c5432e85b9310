"""What of a wish for a change is the appointment as it is, and what the new one: 把周五的号改到下午."""

from bisect import bisect_left
from collections.abc import Sequence

from handlers.understanding.moments import Moment
from handlers.understanding.places import Mention
from handlers.understanding.vocabulary import AIMS, CHANGE_PIVOT, OLD_ONE


def where_new_begins(text: str, moments: Sequence[Moment], named: Sequence[Mention]) -> int:
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
        if before and (before < len(places) or OLD_ONE.match(text, places[before - 1][1])):
            weak = pivot.start()
        elif before == 0 and not aims and OLD_ONE.match(text, places[0][1]):
            weak = places[0][1]
    return weak
