"""Names by their sound and by their look: 皮夫科, wangfang, 口控科. A hit must be close, and the only one."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from sys import intern
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from handlers.understanding.people import COMPOUND, UNUSUAL
from handlers.understanding.vocabulary import BEFORE_SHORT, UNIT

_TONES = str.maketrans({tone: plain for plain, tones in {
    "a": "āáǎà", "o": "ōóǒò", "e": "ēéěèê", "i": "īíǐì", "u": "ūúǔù", "v": "ǖǘǚǜü", "n": "ńňǹ", "m": "ḿ",
}.items() for tone in tones})  # fmt: skip
_LONG = 3
"""Characters from which on a name is recognised by its sound alone; a shorter one must keep one of its own."""


class Named(NamedTuple):
    """Where a name was heard, and whose it may be: ``kind`` is department or doctor."""

    start: int
    end: int
    kind: str
    code: str


@cache
def _plain() -> dict[str, tuple[str, ...]]:
    """Return the readings of each character without tones, the usual one first."""
    # Its data without the package: to import that reads its phrases as well, which take 45 MB.
    package = find_spec("pypinyin")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("pypinyin")
    known = json.loads((Path(package.origin).parent / "pinyin_dict.json").read_text(encoding="utf-8"))
    return {
        chr(int(code)): tuple(intern(one.translate(_TONES)) for one in said.split(","))
        for code, said in known.items()
        if 0x4E00 <= int(code) < 0xA000  # noqa: PLR2004  # what the text is made of
    }


def readings(name: str) -> list[frozenset[str]]:
    """Return how each character of a name may read; a surname only as surnames do."""
    plain = _plain()
    sounds = [frozenset(plain.get(letter, letter)) for letter in name]
    for surname in (name[:2], name[:1]):
        if surname in UNUSUAL and (len(surname) == 1 or surname in COMPOUND):
            own = [frozenset((reading,)) for reading in UNUSUAL[surname].split()]
            return own + sounds[len(own) :]
    return sounds


def spellings(name: str, *, surname: bool = False, most: int = 8) -> list[str]:
    """Return a name in pinyin, in each way it may be read. ``surname``: it begins with one."""
    found = [""]
    sounds = readings(name) if surname else [frozenset(_plain().get(letter, letter)) for letter in name]
    for sound in sounds:
        found = [begun + one for begun in found for one in sorted(sound)][:most]
    return found


class Sounds:
    """Names that are recognised although no character need be right."""

    def __init__(self, names: Iterable[tuple[str, str, str]]) -> None:
        """Take ``name, kind, code``."""
        self._names = [
            (name, kind, code, readings(name) if kind == "doctor" else spelled(name)) for name, kind, code in names
        ]
        self._usual = usual = {letter: said[0] for letter, said in _plain().items()}
        pairs: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for index, (name, _, _, sounds) in enumerate(self._names):
            first, second = (sounds[place] | {usual.get(name[place], name[place])} for place in (0, 1))
            for pair in product(first, second):
                pairs[pair].append(index)
        self._pairs = dict(pairs)
        begins = {first for first, _ in pairs}
        letters = [letter for letter, sound in usual.items() if sound in begins] + [name[0] for name, *_ in self._names]
        self._begins = re.compile(f"[{re.escape(''.join(letters))}]" if self._names else "(?!)")

    def begun(self, text: str) -> list[tuple[int, int]]:
        """Return where the first two letters of a name may be heard, and which name's."""
        found: list[tuple[int, int]] = []
        usual, pairs, last = self._usual, self._pairs, len(text) - 1
        for begun in self._begins.finditer(text):
            start = begun.start()
            if start < last:
                one, other = text[start], text[start + 1]
                names = pairs.get((usual.get(one, one), usual.get(other, other)))
                if names is not None:
                    found += [(start, index) for index in names]
        return found

    def heard(self, text: str, taken: Sequence[int], begun: Sequence[tuple[int, int]]) -> list[Named]:
        """Return the names that sound like a part of the text where nothing else was understood."""
        found: list[Named] = []
        for start, index in begun:
            name, kind, code, sounds = self._names[index]
            end = start + len(name)
            said = text[start:end]
            if len(said) < len(name) or any(taken[start:end]):
                continue
            if len(name) < _LONG and not _may_be_short(text, start, said, name, kind):
                continue
            if all(map(self._sounds_like, said, name, sounds)):
                found.append(Named(start, end, kind, code))
        widest = max((one.end - one.start for one in found), default=0)
        return [one for one in found if one.end - one.start == widest]

    def _sounds_like(self, said: str, name: str, sounds: frozenset[str]) -> bool:
        return said == name or self._usual.get(said) in sounds

    def seen(self, text: str, taken: Sequence[int]) -> list[Named]:
        """Return the department whose name differs in one character from a part of the text that ends like it."""
        found: list[Named] = []
        ends = [place for place, letter in enumerate(text) if letter == UNIT and not taken[place]]
        for name, kind, code, _ in self._names:
            if kind == "doctor" or len(name) < _LONG or not name.endswith(UNIT):
                continue
            for end in ends:
                found += [Named(start, end + 1, kind, code) for start in _alike(text, end, name, taken)]
        return found


def _alike(text: str, end: int, name: str, taken: Sequence[int]) -> list[int]:
    """Return where what ends here begins, if it is this name but for one character."""
    starts = range(max(0, end - len(name)), max(0, end - len(name) + 3))
    return [
        start
        for start in starts
        if text[start] == name[0]
        and not any(taken[start : end + 1])
        and Levenshtein.distance(text[start : end + 1], name, score_cutoff=1) <= 1
    ]


def _may_be_short(text: str, start: int, said: str, name: str, kind: str) -> bool:
    """Tell whether two characters may be a name that one of them does not write."""
    if not any(map(str.__eq__, said, name)):
        return False
    return kind == "doctor" or BEFORE_SHORT.search(text, max(0, start - 1), start) is not None


def spelled(name: str) -> list[frozenset[str]]:
    """Return how each character of a name that is no person's may read."""
    return [frozenset(_plain().get(letter, letter)) for letter in name]
