"""What somebody wants, from the words that tell it and what else stands in the sentence."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from handlers.understanding import vocabulary as words
from handlers.understanding.lexicon import Mark

CUE = "cue"
REACH = 8
"""Characters before a cue that may negate it."""
BARE = 4
"""Characters of a text that may say no more than 约."""
NAMED_LOOSE = 2
"""Characters not understood beside a bare name that may still be a wish to book."""
LOOSE = 0
"""Characters not understood beside a bare day that may still be a wish to book: none, or 明天见 would be one."""
_OPENING = frozenset(("上班吗", "上班么", "上不上班", "上班不", "上班没", "开门不", "开诊"))
_THERE_IS = frozenset(("有没有", "有吗"))
_NEGATIONS = frozenset("不别没甭勿莫未需")
_ALONE = frozenset((words.BOOK, words.GREETING))
"""Intents of which weak cues are looked at closer, beside nothing too."""
_RANK = {intent: rank for rank, intent in enumerate(words.PRIORITY)}


class Around(NamedTuple):
    """What else stands in a sentence, as far as the intent depends on it."""

    named: bool
    """A department or a doctor."""
    complaint: bool
    when: bool
    past: bool
    elsewhere: bool
    """Whether it speaks of something the clinic has nothing to do with."""
    prefers: bool
    """Whether it says how soon, or that any will do."""
    left: Callable[[], str]
    """What nothing explains; asked for only where it matters."""

    @property
    def loose(self) -> int:
        """How many characters nothing explains."""
        return len(self.left())


def cue_words() -> list[tuple[str, str, str]]:
    """Return what the lexicon must know."""
    return [(word, CUE, intent) for intent, said in words.CUES.items() for word in said.split()]


def read_intent(text: str, cues: Sequence[Mark], around: Around) -> str:
    """Return the intent that the cues tell; without any, what is said may still be a wish to book."""
    something = around.named or around.complaint
    if around.elsewhere and not something:
        return words.UNKNOWN
    meant: dict[str, Mark] = {}
    denied: set[str] = set()
    for cue in cues:
        intent = cue.value
        said = text[cue.start : cue.end]
        weak = said in words.WEAK
        if intent in meant and (weak or intent != words.BOOK):
            continue
        if intent == words.BOOK and text.startswith(words.DONE, cue.end):
            continue
        if _is_negated(text, cue):
            denied.add(intent)
        elif not weak or something or intent in _ALONE or (around.when and said not in words.OF_SOMEBODY):
            meant[intent] = cue
    for intent in denied:
        meant.pop(intent, None)
    found = min(meant, key=_RANK.__getitem__) if meant else None
    return _decided(text, found, meant, denied, around)


def _decided(text: str, found: str | None, meant: dict[str, Mark], denied: set[str], around: Around) -> str:
    if found is None:
        wishes_other = denied <= {words.BOOK} and (around.named or not denied)
        return _unsaid(text, around) if wishes_other else words.UNKNOWN
    said = text[meant[found].start : meant[found].end]
    if found == words.BOOK:
        return _booking(text, meant[words.BOOK], around)
    if found in {words.THANKS, words.GREETING}:
        return _polite(found, meant[found], around)
    return _corrected(text, found, said, around)


def _unsaid(text: str, around: Around) -> str:
    """Tell what is wished where no word says it: naming something of the clinic is a wish to book, unless it tells."""
    if around.named and words.HAS.search(text) is not None:
        return words.AVAILABILITY if around.when else words.INFO
    if around.named and not around.complaint and around.loose > NAMED_LOOSE:
        return words.UNKNOWN
    if around.named or around.complaint:
        return words.UNKNOWN if around.past and around.loose > LOOSE else words.BOOK
    bare = around.when and not around.past and (around.prefers or around.loose <= LOOSE)
    return words.BOOK if bare else words.UNKNOWN


def _corrected(text: str, found: str, said: str, around: Around) -> str:
    """Tell what words mean that depend on what they are said of."""
    if found == words.CANCEL and said in words.QUITTING:
        there_is_one = around.named or around.when or words.OF_AN_APPOINTMENT.search(text) is not None
        return words.CANCEL if there_is_one else words.UNKNOWN
    if found == words.HELP and around.named and said.startswith(words.HOW):
        return words.BOOK
    asks_for_none = said in _OPENING and not around.named
    asks_what_is_there = said in _THERE_IS and not around.when and words.SEATS.search(text) is None
    if found == words.AVAILABILITY and (asks_for_none or asks_what_is_there):
        return words.INFO
    return found


def _booking(text: str, cue: Mark, around: Around) -> str:
    """Tell whether words that may mean booking do: 约 does in 约明天, hardly in 约了朋友明天吃饭."""
    if text[cue.start : cue.end] not in words.WEAK:
        return words.BOOK
    if around.named or around.complaint:
        return words.UNKNOWN if around.past and not around.when else words.BOOK
    if around.when:
        return words.BOOK if around.prefers or around.loose <= LOOSE else words.UNKNOWN
    return words.BOOK if around.loose == 0 and len(text) <= BARE and cue.end - cue.start == 1 else words.UNKNOWN


def _polite(found: str, cue: Mark, around: Around) -> str:
    """Tell thanks and greetings from a wish that only begins or ends with them."""
    if not (around.named or around.complaint or around.when):
        return found
    if found == words.THANKS and (cue.start <= 1 or around.past) and not around.when and not around.complaint:
        return words.THANKS
    return words.BOOK if around.named or around.complaint or around.loose <= LOOSE else found


def _is_negated(text: str, cue: Mark) -> bool:
    before = text[max(0, cue.start - REACH) : cue.start]
    return not _NEGATIONS.isdisjoint(before) and words.NEGATION.search(before) is not None
