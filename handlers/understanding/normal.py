"""One way to write things: simplified, narrow, lower case, without spaces and pictures; and where each letter stood."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from handlers.understanding.grammar import FIGURE, SLIPS
from handlers.words import LONGEST_READ

ENDS = frozenset("不吗么没吧呢")
SENTENCE = 2
"""Letters after which one of these and a space end a question, where a comma should stand."""
CUT = LONGEST_READ * 4
"""Characters of a message that are looked at, before what cannot be seen is taken out."""
_PUNCTUATION = {
    "，": ",", "！": "!", "？": "?", "：": ":", "；": ";",
    "（": "(", "）": ")", "～": "~", "〜": "~", "—": "-", "–": "-",
    "－": "-", "．": ".", "／": "/", "％": "%", "＋": "+",
}  # fmt: skip
_KEPT = ",.?!:;()~/%+-。、"
_PLAIN = re.compile(rf"[0-9a-z\u4e00-\u9fff{re.escape(_KEPT)}]*")
_SLIP = re.compile("|".join(sorted(map(re.escape, SLIPS), key=len, reverse=True)))


class Normal(NamedTuple):
    """A text as it is read; ``places[i]`` is where its letter ``i`` stood, None when each stands where it stood."""

    text: str
    places: Sequence[int] | None = None

    def place(self, index: int) -> int:
        """Return where a letter stood in the text as it was written."""
        return index if self.places is None else self.places[index]


def normalise(said: str) -> Normal:
    """Return a text as it is read; what is too long is cut."""
    if len(said) <= LONGEST_READ and _as_it_is().fullmatch(said) is not None:
        text, places = said, None
    else:
        text, places = _rewritten(said)
    if ("o" in text or "l" in text) and FIGURE.search(text) is not None:
        text = FIGURE.sub(lambda letter: "0" if letter[0] == "o" else "1", text)
    return Normal(text, places)


def mended(normal: Normal) -> Normal:
    """Return a text with the slips of voice input mended; each is as long as what was meant."""
    return normal._replace(text=_SLIP.sub(lambda slip: SLIPS[slip[0]], normal.text))


def _rewritten(said: str) -> tuple[str, list[int] | None]:
    """Rewrite letter for letter; what is more than that is gone through."""
    text = said.translate(_table())
    if len(text) > LONGEST_READ or _PLAIN.fullmatch(text) is None:
        return _spelled_out(said[:CUT])
    return text, None


def _spelled_out(said: str) -> tuple[str, list[int]]:
    """Go through a text letter by letter."""
    table = _table()
    letters: list[str] = []
    places: list[int] = []
    gap = False
    run = 0
    for place, written in enumerate(said):
        seen = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", written).casefold()).translate(table)
        if written in "\r\n":
            seen = ","
        for letter in seen:
            if letter.isspace():
                gap = True
            elif letter.isalnum() or letter in _KEPT:
                if gap and letters:
                    between = " " if letter.isdigit() and letters[-1].isdigit() else ""
                    if run > SENTENCE and letters[-1] in ENDS:
                        between = ","
                    letters += between
                    places += [place] * len(between)
                run = 1 if gap else run + 1
                gap = False
                letters.append(letter)
                places.append(place)
    return "".join(letters[:LONGEST_READ]).rstrip(), places[:LONGEST_READ]


@cache
def _as_it_is() -> re.Pattern[str]:
    """Match what is written as it is read: most messages."""
    kept = "".join(chr(code) for code in range(0x4E00, 0xA000) if code not in _table())
    return re.compile(rf"[0-9a-z{kept}{re.escape(_KEPT)}]*")


@cache
def _table() -> Mapping[int, str]:
    """Return what each letter becomes. Traditional characters go one by one, so that every letter keeps its place."""
    from opencc import OpenCC

    simplify = OpenCC("t2s").convert
    table = {code: simplify(chr(code)) for code in range(0x4E00, 0xA000)}
    table = {code: letter for code, letter in table.items() if letter != chr(code) and len(letter) == 1}
    table |= {code: table.get(ord(letter), letter) for code, letter in table.items()}
    table |= {ord(wide): narrow for wide, narrow in _PUNCTUATION.items()}
    table |= {code: chr(code - 0xFEE0).lower() for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B))}
    table |= {code: chr(code - 0xFEE0) for code in range(0xFF41, 0xFF5B)}
    return table | {code: chr(code).lower() for code in range(ord("A"), ord("Z") + 1)}
