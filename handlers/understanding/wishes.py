"""What a sentence wants, as other sentences have taught it.

A text is cut into pieces of one to three characters, with names, times and complaints replaced by what they are, so
that 周三上午王医生有号吗 and 明天口腔科有号吗 are nearly the same. Each piece speaks for some intents and against
others; how much, ``make learn`` has found out from thousands of sentences (multinomial logistic regression).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from math import exp
from struct import Struct

from handlers.understanding import vocabulary as words
from handlers.understanding.lexicon import Mark, Spanned

CUE = "cue"
LONGEST = 3
SURE = 0.4
"""How probable an intent must be to be taken without asking."""
DOUBT = 0.15
"""How probable it must be that nothing is wanted, for a wish to be asked about: else talk would begin something."""
POSSIBLE, MOST_READINGS = 0.25, 3
"""How probable a reading must be, beside the likeliest, to be offered; and how many are."""
SCALE = 100
"""Weights are kept as whole numbers, hundred times what they are."""
LANE = 32
"""Bits of a lane; sums of weights stay far below its half."""
_ZERO = 1 << LANE - 1
"""What stands for zero in a lane, so that no sum is negative."""
_FIGURES = re.compile(r"\d+")
_AGAIN = re.compile(r"([A-Z])\1+")
_SPOKEN = re.compile(r"[0-9a-z\u4e00-\u9fff]")


class Wishes:
    """The weights of the pieces. Without any, nothing is ever wanted.

    All weights of a piece, one for each intent, are lanes of one large whole number, so that they are added at once.
    """

    def __init__(
        self, intents: Sequence[str] = (), bias: Sequence[int] = (), pieces: Mapping[str, Sequence[int]] | None = None
    ) -> None:
        """Take the intents, what speaks for each beforehand, and of each piece ``place, weight, place, weight …``."""
        self._intents = intents
        self._bias = _in_lanes(enumerate(bias)) + _in_lanes((place, _ZERO) for place in range(len(bias)))
        self._pieces = {
            piece: _in_lanes(zip(row[::2], row[1::2], strict=True)) for piece, row in (pieces or {}).items()
        }
        self._nothing = intents.index(words.UNKNOWN) if words.UNKNOWN in intents else None
        self._unpack = Struct(f"<{len(bias)}I").unpack

    def judge(self, text: str, pieces: Iterable[str]) -> tuple[str, ...]:
        """Return the intent of a text; where it is not sure, those that it may have, the most probable first."""
        if not self._intents or _SPOKEN.search(text) is None:
            return (words.UNKNOWN,)
        known = self._pieces
        lanes = sum([known[piece] for piece in pieces if piece in known], self._bias)
        sums = self._unpack(lanes.to_bytes(LANE * len(self._intents) // 8, "little"))
        most = max(sums)
        odds = [exp((one - most) / SCALE) for one in sums]
        whole, likeliest = sum(odds), self._intents[sums.index(most)]
        doubt = 0.0 if self._nothing is None or likeliest == words.UNKNOWN else odds[self._nothing] / whole
        if 1 / whole >= SURE and doubt < DOUBT:
            return (likeliest,)
        ranked = sorted(zip(odds, self._intents, strict=True), reverse=True)
        possible = tuple(intent for odd, intent in ranked[:MOST_READINGS] if odd >= POSSIBLE)
        return possible if len(possible) > 1 else (likeliest, words.UNKNOWN)


def _in_lanes(weights: Iterable[tuple[int, int]]) -> int:
    return sum(weight << LANE * place for place, weight in weights)


def pieces(text: str, cues: Iterable[Mark], told: Iterable[tuple[str, Iterable[Spanned]]], *, moved: bool) -> set[str]:
    """Return the pieces of a text. ``told``: letters that stand for what was understood, and where it stands."""
    letters = list(text)
    for letter, spans in told:
        for one in spans:
            start, end = one.start, one.end
            if start < end:
                letters[start:end] = letter, *[""] * (end - start - 1)
    short = _AGAIN.sub(r"\1", _FIGURES.sub("0", "".join(letters)))
    whole = f"^{short}$"
    length = len(whole)
    found = {whole[start : start + size] for size in range(1, LONGEST + 1) for start in range(length - size + 1)}
    found.update(f"{CUE} {cue.value}" for cue in cues)
    if moved:
        found.add("moved")
    return found
