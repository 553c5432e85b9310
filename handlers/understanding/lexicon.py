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


class _Word(NamedTuple):
    word: str
    length: int
    is_latin: bool
    meanings: tuple[tuple[str, str], ...]


_mark = tuple.__new__
"""A named tuple without the cost of its constructor: a sentence has dozens of marks."""


class Lexicon:
    """Words by their first two letters. Each letter of a text is looked up once, however many words there are."""

    def __init__(self, words: Iterable[tuple[str, str, str]]) -> None:
        """Take ``word, kind, value``."""
        meanings: defaultdict[str, dict[tuple[str, str], None]] = defaultdict(dict)
        for word, kind, value in words:
            if word:
                meanings[word][kind, value] = None
        self._followers: defaultdict[str, defaultdict[str, list[_Word]]] = defaultdict(lambda: defaultdict(list))
        for word in sorted(meanings, key=len, reverse=True):
            self._followers[word[0]][word[1:2]].append(_Word(word, len(word), word.isascii(), tuple(meanings[word])))

    def find(self, text: str) -> dict[str, list[Mark]]:
        """Return by kind every word that stands in the text, in its order, longer ones first."""
        marks: dict[str, list[Mark]] = {}
        followers = self._followers
        for start, letter in enumerate(text):
            if letter in followers:
                following = followers[letter]
                second = text[start + 1 : start + 2]
                if second in following:
                    _take(text, start, following[second], marks)
                if second and "" in following:
                    _take(text, start, following[""], marks)
        return marks


def _take(text: str, start: int, words: Iterable[_Word], marks: dict[str, list[Mark]]) -> None:
    """Add those of the words that stand here."""
    for word, length, is_latin, meanings in words:
        if text.startswith(word, start) and not (is_latin and _inside_word(text, start, start + length)):
            for kind, value in meanings:
                mark = _mark(Mark, (start, start + length, kind, value))
                if kind in marks:
                    marks[kind].append(mark)
                else:
                    marks[kind] = [mark]


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
