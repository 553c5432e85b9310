"""Which intents the words of a sentence tell, and which they deny."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from handlers.understanding import vocabulary as words
from handlers.understanding.lexicon import Mark
from handlers.understanding.sayings import INTENTS

CUE = "cue"
REACH = 8
"""Characters before a cue that may negate it."""
ALONE = frozenset((words.BOOK, words.GREETING))
"""Intents of which weak cues are looked at closer, beside nothing too."""
_NEGATIONS = frozenset("不别没甭勿莫未需")
_DESCRIBING = frozenset(("推荐", "介绍"))
_YIELDING = words.WEAK | words.QUITTING
"""Cues that count less than a saying of the same intent."""


class Around:
    """What else stands in a sentence, as far as the intent depends on it."""

    named = False
    """A department or a doctor."""
    complaint = False
    when = False
    past = False
    vague = False
    """Whether it speaks of times that are none to book."""
    elsewhere = False
    """Whether it speaks of something the clinic has nothing to do with."""
    spam = False
    """Whether it wants to sell."""
    sayings: Mapping[str, Mark] = MappingProxyType({})
    """What of no fixed words is said, and where."""
    prefers = False
    """Whether it says how soon, or that any will do."""

    def __init__(self, left: Callable[[], str]) -> None:
        """Take what nothing explains; it is asked for only where it matters."""
        self.left = left

    @property
    def loose(self) -> int:
        """How many characters nothing explains."""
        return len(self.left())


def cue_words() -> list[tuple[str, str, str]]:
    """Return what the lexicon must know."""
    return [(word, CUE, intent) for intent, said in words.CUES.items() for word in said.split()]


def told(text: str, cues: Sequence[Mark], around: Around) -> tuple[dict[str, Mark], set[str]]:
    """Return the word that tells each intent, and the intents that are denied."""
    meant: dict[str, Mark] = {}
    denied: set[str] = set()
    for cue in cues:
        intent = cue.value
        weak = text[cue.start : cue.end] in words.WEAK
        done = words.DONE.match(text, cue.end) is not None if intent == words.BOOK else _only_describes(text, cue)
        if done or (intent in meant and (weak or intent != words.BOOK)):
            continue
        if _is_negated(text, cue):
            denied.add(intent)
        elif not weak or _counts(text, cue, around):
            meant[intent] = cue
    for intent in denied:
        meant.pop(intent, None)
    for intent, saying in around.sayings.items():
        if intent in INTENTS and intent not in denied and not _is_negated(text, saying):
            _add(text, meant, saying, around)
    return meant, denied


def _only_describes(text: str, cue: Mark) -> bool:
    """Tell whether a cue belongs to a name: 爸爸推荐的陈主任."""
    return text[cue.start : cue.end] in _DESCRIBING and text.startswith("的", cue.end)


def _counts(text: str, cue: Mark, around: Around) -> bool:
    """Tell whether a weak cue stands beside something of the clinic."""
    if around.named or around.complaint or cue.value in ALONE:
        return True
    return around.when and text[cue.start : cue.end] not in words.OF_SOMEBODY


def _add(text: str, meant: dict[str, Mark], saying: Mark, around: Around) -> None:
    """Take a saying for what it tells, where no firm word tells it already."""
    intent = saying.value
    if intent == words.AVAILABILITY and not (around.named or around.when or words.OF_SEATS.search(text)):
        return
    if intent == words.MINE:
        meant.pop(words.AGAIN, None)
    known = meant.get(intent)
    if known is None or text[known.start : known.end] in _YIELDING:
        meant[intent] = saying


def _is_negated(text: str, cue: Mark) -> bool:
    before = text[max(0, cue.start - REACH) : cue.start]
    return not _NEGATIONS.isdisjoint(before) and words.NEGATION.search(before) is not None
