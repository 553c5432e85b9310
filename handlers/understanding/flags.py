"""Red flags: what must be said before anything else. What is not there, was once, or is only talked about is none."""

from collections.abc import Iterable

from handlers.understanding.phrases import Hit
from handlers.understanding.vocabulary import CLAUSE, FOLLOWED_UP, NOT_SO, NOW, ONCE, SINCE, TOLD

CRISIS = "crisis"
REACH = 10
"""Characters before a flag that may deny it."""


def standing(text: str, hits: Iterable[Hit]) -> list[Hit]:
    """Return the flags that are meant, here and now."""
    followed_up = FOLLOWED_UP.search(text) is not None and NOW.search(text) is None
    return [hit for hit in hits if not _is_none(text, hit, followed_up=followed_up)]


def _is_none(text: str, hit: Hit, *, followed_up: bool) -> bool:
    if NOT_SO.search(text, max(0, hit.start - REACH), hit.start) is not None:
        return True
    first, last = _clause(text, hit)
    if hit.entry.kind == CRISIS:
        return TOLD.search(text, first, last) is not None and NOW.search(text, first, last) is None
    if followed_up or SINCE.match(text, hit.end) is not None:
        return True
    return ONCE.search(text, first, last) is not None and NOW.search(text, first, last) is None


def _clause(text: str, hit: Hit) -> tuple[int, int]:
    """Return where the clause of a flag begins and ends."""
    first = hit.start
    while first > 0 and CLAUSE.match(text, first - 1) is None:
        first -= 1
    behind = CLAUSE.search(text, hit.end)
    return first, behind.start() if behind else len(text)
