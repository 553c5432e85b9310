"""For whom: 我妈, 孩子, a full name behind 帮, 给 or 替; and whether it is a child."""

from collections.abc import Sequence
from typing import NamedTuple

from handlers.understanding import people as words
from handlers.understanding.lexicon import Mark
from handlers.understanding.numerals import numeral

KIN_MARK, HINT = "kin", "hint"
INTRODUCED, MYSELF, AGED = "introduced", "myself", "aged"
CHILD, DISTANT, PARENT = "child", "distant", "parent"


_OWN = ("我", "俺", "咱")


class Person(NamedTuple):
    """Who is to be seen, as it was said; ``child`` is None where nothing tells."""

    said: str | None = None
    start: int = -1
    end: int = -1
    child: bool | None = None


def person_words() -> list[tuple[str, str, str]]:
    """Return what the lexicon must know."""
    kin = [(word, KIN_MARK, kind) for kind, said in words.KIN.items() for word in said.split()]
    hints = {INTRODUCED: words.INTRODUCE, MYSELF: words.MYSELF, AGED: words.AGED}
    return kin + [(word, HINT, hint) for hint, said in hints.items() for word in said.split()]


def read_person(text: str, kin: Sequence[Mark], hints: Sequence[Mark]) -> Person:
    """Return for whom a sentence asks."""
    hinted = {hint.value for hint in hints}
    kin = [mark for mark in kin if words.ADDRESSED.match(text, mark.end) is None]
    said = (_named(text) if INTRODUCED in hinted else None) or _leading(text) or _related(text, kin)
    if said is None:
        own = words.SELF.search(text) if MYSELF in hinted else None
        said = Person(own[1] or own[0][-2:], own.start(), own.end()) if own else Person()
    age = _age(text) if AGED in hinted else None
    if age is not None:
        return said._replace(child=age <= words.CHILD_AGE)
    adult = any(mark.end == said.end and mark.value != CHILD for mark in kin)
    if said.child is None and not adult and any(mark.value == CHILD for mark in kin):
        return said._replace(child=True)
    return said


def _named(text: str) -> Person | None:
    found = words.NAMED_BY_RANK.search(text)
    if found is not None:
        return Person(found["name"], found.start("name"), found.end("name"))
    found = words.NAME_OF_PATIENT.search(text)
    if found is None or words.NO_NAME.match(found["name"]) is not None:
        return None
    return Person(found["name"], found.start("name"), found.end("name"))


def _leading(text: str) -> Person | None:
    found = words.LEADING.match(text)
    if found is None or words.NO_LEADING.match(text) is not None:
        return None
    return Person(found["name"], found.start("name"), found.end("name"))


def _related(text: str, kin: Sequence[Mark]) -> Person | None:
    """Return whom an appointment is to be for from now on, else the first relative."""
    taking = next((mark for mark in kin if _is_handed_to(text, mark)), None)
    for mark in kin if taking is None else (taking,):
        of_child = words.PARENT_OF.match(text, mark.end) if mark.value == CHILD else None
        whole = mark if of_child is None else Mark(mark.start, of_child.end(), KIN_MARK, PARENT)
        person = None if _is_no_patient(text, whole) else _of_family(text, whole)
        if person is not None:
            return person
    return None


def _of_family(text: str, mark: Mark) -> Person | None:
    """Return a relative as said; 妈 only with whose it is: 我妈; others only where they are brought, or are ill."""
    said = text[mark.start : mark.end]
    own = words.MINE_OF.search(text, max(0, mark.start - 3), mark.start)
    if mark.value == DISTANT:
        ill = mark.start <= 1 and words.ILL.match(text, mark.end) is not None
        brought = ill or words.INTRODUCING.search(text, max(0, mark.start - 5), mark.start) is not None
        return Person(said, mark.start, mark.end) if brought or (own and said in words.OWN_DISTANT) else None
    if mark.value:
        return Person(said, mark.start, mark.end, True if mark.value == CHILD else None)
    return Person(text[own.start() : mark.end], own.start(), mark.end) if own is not None else None


def _is_no_patient(text: str, mark: Mark) -> bool:
    """Tell whether a relative only speaks, comes along, is waited for, or is another word."""
    if words.ADDRESSED.match(text, mark.end) is not None and not text.startswith(_OWN, max(0, mark.start - 1)):
        return True
    if words.ONLY_SPEAKS.match(text, mark.end) is not None:
        return True
    if words.ONLY_NEAR.search(text, max(0, mark.start - 5), mark.start) is not None:
        return True
    menses = words.MENSES.search(text, max(0, mark.start - 1), mark.end + 8)
    return menses is not None and menses.start() <= mark.start < menses.end()


def _is_handed_to(text: str, mark: Mark) -> bool:
    """Tell whether an appointment is to be this one's from now on: 儿子的号改给我老婆."""
    return words.HANDED_TO.search(text, max(0, mark.start - 5), mark.start) is not None


def _age(text: str) -> int | None:
    """Return the age in years that is said."""
    found = words.AGE.search(text)
    if found is None:
        said = words.THIS_YEAR.search(text)
        return int(said[1]) if said else None
    if found[3]:
        return 0
    years = int(found[1]) if found[1].isdigit() else numeral(found[1])
    return years if years >= 0 else None
