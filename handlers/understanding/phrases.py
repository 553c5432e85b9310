"""Entries of the tables as they are found in a text: by a word, or by words that stand together."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from handlers.understanding.lexicon import Mark
from handlers.understanding.normal import plain
from handlers.understanding.tables import Entry
from handlers.understanding.vocabulary import CLAUSE

VERBS = frozenset("拔补洗镶种上取拆换打做查测开配看验拍抽缝割祛点扎正")
_DENYING = frozenset("不没")
MEASURES = ("一次", "次", "个", "点", "一下", "下", "一个", "了", "完", "颗", "一颗", "几颗", "两颗")
"""What stands within a verb and its object: 拆个线."""


class Hit(NamedTuple):
    """An entry found in a text, and where."""

    start: int
    end: int
    entry: Entry


class Phrases:
    """The entries of one table. Words and one group of ``together`` are looked up, the rest is sought near it."""

    def __init__(
        self, kind: str, entries: Sequence[Entry], reach: int, back: int = 0, *, measured: bool = False
    ) -> None:
        """Take the table's ``kind`` of marks; how far behind and before the first word the others may be."""
        self.alone, self.anchor, self._reach = f"{kind}_alone", f"{kind}_anchor", reach
        self._back = back
        self._measured = measured
        self._entries = entries
        self._anchors = [_anchor(entry.together, self._back) for entry in entries]
        self._groups = [
            [_any_of(group) for place, group in enumerate(entry.together) if place != anchor]
            for entry, anchor in zip(entries, self._anchors, strict=True)
        ]
        self._unless = [_any_of(entry.unless) if entry.unless else None for entry in entries]

    def words(self) -> Iterator[tuple[str, str, str]]:
        """Return what the lexicon must know: word, kind and the entry's number."""
        for index, entry in enumerate(self._entries):
            for word in entry.words:
                yield plain(word), self.alone, str(index)
                if self._measured and word[0] in VERBS and len(word) > 1:
                    for measure in MEASURES:
                        yield word[0] + measure + word[1:], self.alone, str(index)
            for word in entry.together[self._anchors[index]] if entry.together else ():
                yield plain(word), self.anchor, str(index)

    def find(self, text: str, marks: Iterable[Mark]) -> list[Hit]:
        """Return the entries that these marks of this table belong to and that are there in full."""
        hits: list[Hit] = []
        excepted: dict[int, bool] = {}
        for mark in marks:
            index = int(mark.value)
            start, end = mark.start, mark.end
            if mark.kind == self.anchor:
                around = self._around(text, index, start, end)
                if around is None:
                    continue
                start, end = around
            if index not in excepted:
                unless = self._unless[index]
                excepted[index] = unless is not None and unless.search(text) is not None
            if excepted[index]:
                continue
            hits.append(Hit(start, end, self._entries[index]))
        return hits

    def _around(self, text: str, index: int, start: int, end: int) -> tuple[int, int] | None:
        first, last = start, end
        back = self._back
        for group in self._groups[index]:
            found = group.search(text, end, end + self._reach)
            if found is None and back:
                found = group.search(text, max(0, start - back), start)
            if found is None or (not back and _is_apart(text, end, found.start())):
                return None
            first, last = min(first, found.start()), max(last, found.end())
        return first, last


def _is_apart(text: str, end: int, start: int) -> bool:
    """Tell whether what stands behind a word does not belong to it, or is denied: 胸口也不闷."""
    return (text[start - 1] in _DENYING and start > end) or CLAUSE.search(text, end, start) is not None


def _anchor(groups: Sequence[Sequence[str]], back: int) -> int:
    """Return which group is looked up: the rarest, or the first where the others are sought behind it only."""
    return (
        min(range(len(groups)), key=lambda place: sum(len(word) == 1 for word in groups[place]), default=0)
        if back
        else 0
    )


def widest(hits: list[Hit]) -> list[Hit]:
    """Return the hits in the text's order without those inside another: 舌头疼 is no 头疼."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=_widest_first):
        if not kept or hit.end > kept[-1].end or (hit.start, hit.end) == kept[-1][:2]:
            kept.append(hit)
    return kept


def _widest_first(hit: Hit) -> tuple[int, int]:
    return hit.start, -hit.end


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, map(plain, words)), key=len, reverse=True)))
