"""All words that mean something here, found in one walk through a text."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple


class Mark(NamedTuple):
    """A word that stands in a text, and what it is. One word may be several things."""

    start: int
    end: int
    kind: str
    value: str


class Lexicon:
    """Words by their first two letters. Each letter of a text is looked up once, however many words there are."""

    def __init__(self, words: Iterable[tuple[str, str, str]]) -> None:
        """Take ``word, kind, value``."""
        pairs: defaultdict[str, dict[str, list[tuple[str, str]]]] = defaultdict(dict)
        self._singles: dict[str, list[tuple[str, str]]] = {}
        for word, kind, value in words:
            if not word:
                continue
            meanings = pairs[word[:2]].setdefault(word, []) if len(word) > 1 else self._singles.setdefault(word, [])
            if (kind, value) not in meanings:
                meanings.append((kind, value))
        self._pairs = {
            pair: sorted(((word, len(word), tuple(meant)) for word, meant in found.items()), key=lambda item: -item[1])
            for pair, found in pairs.items()
        }

    def find(self, text: str) -> list[Mark]:
        """Return every word that stands in the text, in its order, longer ones first."""
        marks: list[Mark] = []
        pairs, singles = self._pairs, self._singles
        for start in range(len(text)):
            for word, length, meant in pairs.get(text[start : start + 2], ()):
                if length == 2 or text.startswith(word, start):  # noqa: PLR2004  # the pair itself
                    end = start + length
                    if word.isascii() and _inside_word(text, start, end):
                        continue
                    for kind, value in meant:
                        marks.append(Mark(start, end, kind, value))
            if text[start] in singles:
                for kind, value in singles[text[start]]:
                    marks.append(Mark(start, start + 1, kind, value))
        return marks


def _inside_word(text: str, start: int, end: int) -> bool:
    """Tell whether Latin letters go on before or behind: then it is a part of another word."""
    return (start > 0 and text[start - 1].isascii() and text[start - 1].isalpha()) or (
        end < len(text) and text[end].isascii() and text[end].isalpha()
    )


def longest(marks: Iterable[Mark]) -> list[Mark]:
    """Leave out what lies inside a longer word, and of two that overlap the later."""
    kept: list[Mark] = []
    for mark in marks:
        if not kept or mark.start >= kept[-1].end or (mark.start, mark.end) == kept[-1][:2]:
            kept.append(mark)
    return kept
