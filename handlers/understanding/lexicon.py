"""All words that mean something here, found in one walk through a text."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Spanned(Protocol):
    """Anything that stands somewhere in a text."""

    @property
    def start(self) -> int:
        """The place of its first letter."""

    @property
    def end(self) -> int:
        """The place behind its last letter."""


class Mark(NamedTuple):
    """A word that stands in a text, and what it is. One word may be several things."""

    start: int
    end: int
    kind: str
    value: str


class _Ending(NamedTuple):
    """A word that ends where a walk has come to, or did before."""

    length: int
    is_latin: bool
    kind: str
    value: str


class _Node(NamedTuple):
    """How far a walk along a word has come: what may follow, and which words stand on the way, longer ones first."""

    children: dict[str, "_Node"]
    endings: tuple[_Ending, ...]


_mark = tuple.__new__
"""A named tuple without the cost of its constructor: a sentence has dozens of marks."""


class Lexicon:
    """A tree of words: from each letter of a text it is walked once, however many words there are."""

    def __init__(self, words: Iterable[tuple[str, str, str]]) -> None:
        """Take ``word, kind, value``."""
        meanings: defaultdict[str, dict[tuple[str, str], None]] = defaultdict(dict)
        for word, kind, value in words:
            for end in range(1, len(word)):
                meanings[word[:end]]  # a step on the way is a word without a meaning
            if word:
                meanings[word][kind, value] = None
        nodes = {"": _Node({}, ())}
        for word in sorted(meanings, key=len):
            before = nodes[word[:-1]]
            own = (_Ending(len(word), word.isascii(), kind, value) for kind, value in meanings[word])
            nodes[word] = before.children[word[-1]] = _Node({}, (*own, *before.endings))
        self._first = nodes[""].children

    def find(self, text: str) -> dict[str, list[Mark]]:
        """Return by kind every word that stands in the text, in its order, longer ones first."""
        marks: dict[str, list[Mark]] = {}
        first, last = self._first, len(text)
        for start, letter in enumerate(text):
            if letter not in first:
                continue
            children, endings = first[letter]
            place = start + 1
            while place < last and (letter := text[place]) in children:
                children, endings = children[letter]
                place += 1
            for length, is_latin, kind, value in endings:
                if is_latin and _inside_word(text, start, start + length):
                    continue
                mark = _mark(Mark, (start, start + length, kind, value))
                if kind in marks:
                    marks[kind].append(mark)
                else:
                    marks[kind] = [mark]
        return marks


def _inside_word(text: str, start: int, end: int) -> bool:
    """Tell whether Latin letters or figures go on before or behind: then it is a part of another word or number."""
    return (start > 0 and _go_on(text[start - 1], text[start])) or (
        end < len(text) and _go_on(text[end], text[end - 1])
    )


def _go_on(beside: str, letter: str) -> bool:
    return beside.isascii() and ((beside.isalpha() and letter.isalpha()) or (beside.isdigit() and letter.isdigit()))


def longest(marks: Iterable[Mark]) -> list[Mark]:
    """Leave out what lies inside a longer word, and of two that overlap the later."""
    kept: list[Mark] = []
    for mark in marks:
        if not kept or mark.start >= kept[-1].end or (mark.start, mark.end) == kept[-1][:2]:
            kept.append(mark)
    return kept
