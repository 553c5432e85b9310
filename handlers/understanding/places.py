"""Which department and which doctor a sentence means: by name, else by what is to be done or what hurts."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from handlers.understanding.grammar import CORRECTION
from handlers.understanding.lexicon import Mark, longest
from handlers.understanding.naming import DEPARTMENT, DOCTOR, Names
from handlers.understanding.people import TITLES
from handlers.understanding.phrases import Hit
from handlers.understanding.reading import Reading
from handlers.understanding.vocabulary import CLOSED, NO_UNIT, PICK_OUT, REFUSING, UNIT, UNWANTED

REACH = 5
_SHORT = 2
_CALLED = "姓"
_OTHERS = re.compile(r"[我他她友人者子妈爸儿女]$|免贵$|我[是叫][^,。]{0,8},$|我,$")
"""Whose surname is no doctor's: 我姓刘."""
_PAEDIATRIC = "儿"


class Mention(NamedTuple):
    """A name in the text, and whom of the clinic it may mean."""

    start: int
    end: int
    codes: tuple[str, ...]


class Place(NamedTuple):
    """Where somebody wants to go; several codes are still to choose from."""

    departments: tuple[str, ...] = ()
    doctors: tuple[str, ...] = ()
    conflict: bool = False
    """Whether the doctor named does not work in the department named."""


NOWHERE = Place()


def mentions(text: str, marks: Sequence[Mark], kind: str, names: Names) -> list[Mention]:
    """Return the departments or the doctors named, without those that are refused."""
    found: list[Mention] = []
    refusing = REFUSING.search(text) is not None
    for start, end, of, code in marks if len(marks) == 1 else longest(marks):
        if of != kind or not code or text.startswith(NO_UNIT, end):
            continue
        if text[start] == _CALLED and _OTHERS.search(text, max(0, start - 11), start) is not None:
            continue
        if refusing and UNWANTED.search(text, max(0, start - REACH), start) is not None:
            continue
        if found and found[-1].start == start:
            found[-1] = Mention(start, end, (*found[-1].codes, code))
        else:
            found.append(Mention(start, end, (code,)))
    return [_titled(text, mention, names) if len(mention.codes) > 1 else mention for mention in found]


def _titled(text: str, mention: Mention, names: Names) -> Mention:
    """Take the title into account: of two 王, 王主任 is the one who bears it."""
    title = next((title for title in TITLES if text.startswith(title, mention.start + 1)), "")
    return mention._replace(codes=tuple(names.of_title(mention.codes, title)))


def misspelt(text: str, reading: Reading, names: Names) -> tuple[list[Mention], list[Mention]]:
    """Return departments and doctors by sound and look, where nothing is named as it is written."""
    sounds = names.sounds
    begun = sounds.begun(text)
    if not begun and UNIT not in text:
        return [], []
    taken = bytearray(len(text))
    for start, end, _ in reading.used:
        taken[start:end] = b"\1" * (end - start)
    found = sounds.heard(text, taken, begun) or (sounds.seen(text, taken) if UNIT in text else [])
    departments = [Mention(n.start, n.end, (n.code,)) for n in found if n.kind == DEPARTMENT and n.code]
    doctors = [
        Mention(n.start, n.end, (n.code,))
        for n in found
        if n.kind == DOCTOR and (n.end - n.start > _SHORT or _is_picked(text, n.start, n.end))
    ]
    return departments, doctors


def _is_picked(text: str, start: int, end: int) -> bool:
    """Tell whether what sounds like a doctor's short name stands where one is chosen."""
    if text.startswith(TITLES, end):
        return True
    chosen = PICK_OUT.search(text, max(0, start - 2), start) is not None and CLOSED.match(text, end) is not None
    return chosen and (start > 0 or end == len(text))


def last_meant(text: str, found: Sequence[Mention]) -> tuple[str, ...]:
    """Return whom the mentions mean together; what was taken back counts no more."""
    if len(found) == 1:
        return found[0].codes
    meant: tuple[str, ...] = ()
    end = 0
    for mention in found:
        common = tuple(code for code in meant if code in mention.codes)
        if not meant or common:
            meant = common or mention.codes
        elif CORRECTION.search(text, end, mention.start) is not None:
            meant = mention.codes
        else:
            meant = (*meant, *mention.codes)
        end = mention.end
    return meant


def settle(departments: tuple[str, ...], doctors: tuple[str, ...], names: Names) -> Place:
    """Put department and doctor together: a doctor fixes the department, a department narrows the doctors."""
    if not doctors:
        return Place(departments)
    if not departments:
        homes = tuple(dict.fromkeys(names.doctors[code].department for code in doctors))
        return Place(homes if len(homes) == 1 else (), doctors)
    there = tuple(code for code in doctors if names.doctors[code].department in departments)
    if not there:
        return Place(departments, doctors, conflict=True)
    homes = tuple(dict.fromkeys(names.doctors[code].department for code in there))
    return Place(homes, there)


def suited(hits: Sequence[Hit], names: Names, *, child: bool | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the departments for what is to be done or what hurts, and why; those for all of it where there are."""
    meant: tuple[str, ...] = ()
    reasons: list[str] = []
    for hit in hits:
        entry = hit.entry
        codes = names.called(entry.children if child and entry.children else entry.departments)
        if not codes:
            continue
        if entry.reason and entry.reason not in reasons:
            reasons.append(entry.reason)
        common = tuple(code for code in meant if code in codes)
        meant = common or tuple(dict.fromkeys((*meant, *codes)))
    return meant, tuple(reasons)


def skilled(marks: Sequence[Mark], names: Names, *, child: bool | None) -> tuple[str, ...]:
    """Return the departments of the doctors who have a skill named; paediatric ones only for children."""
    homes = dict.fromkeys(names.doctors[mark.value].department for mark in longest(marks))
    return tuple(code for code in homes if child or _PAEDIATRIC not in names.departments[code].name)
