"""Names of people: how they are checked, written, and recognised as the same."""

import re
import unicodedata

from booking.detail_words import (
    COPULAS,
    DOTS,
    NAME_DOT,
    NAME_LABELS,
    NOT_IN_NAMES,
    NOT_NAMES,
    SELDOM_IN_NAMES,
    SURNAMES_AMONG_THEM,
)
from booking.refusals import InvalidDetail

_HAN = r"〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_CHINESE = re.compile(rf"[{_HAN}]+(?:{NAME_DOT}[{_HAN}]+)*")
_CHINESE_LENGTH = range(2, 21)
_LATIN_LENGTH = range(2, 61)
_LATIN_MARKS = " -'."
_SHORT = 3
_DOTS = re.compile(rf"\s*(?:[{DOTS}{NAME_DOT}]|(?<=[{_HAN}])\.(?=[{_HAN}]))\s*")
_SURROUNDING = ',;!。、"“”《》()[]'
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "‐": "-", "‑": "-"})
_NAMED = "|".join(sorted(NAME_LABELS, key=len, reverse=True))
_LABEL = re.compile(rf"^(?:{_NAMED})\s*(?:{'|'.join(COPULAS)})?\s*[:,]?\s*")


def check_name(text: str) -> str:
    """Return a name in its usual form: Chinese of 2 to 20 characters, ``·`` included, or Latin letters.

    Raises ``InvalidDetail("name", …)`` with ``empty``, ``length`` or ``characters``: digits, emoji, control and
    direction marks and other scripts are not letters of a name here (R-A10).
    """
    name = tidy_name(text)
    if not name:
        raise InvalidDetail("name", "empty")
    if _CHINESE.fullmatch(name):
        lengths = _CHINESE_LENGTH
    elif is_latin(name):
        lengths = _LATIN_LENGTH
    else:
        raise InvalidDetail("name", "characters")
    if len(name) not in lengths:
        raise InvalidDetail("name", "length")
    return name


def check_said_name(text: str) -> str:
    """Check what was answered to the question for a name; what reads as a sentence is ``empty`` of a name."""
    name = check_name(text)
    if is_sentence(name):
        raise InvalidDetail("name", "empty")
    return name


def may_be_name(text: str) -> bool:
    """Tell whether a text could be no more than a name."""
    try:
        check_said_name(text)
    except InvalidDetail:
        return False
    return True


def tidy_name(text: str) -> str:
    """Take away a label and surplus spaces, and write dots and wide letters in one way."""
    name = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES)
    name = _LABEL.sub("", name.strip().strip(_SURROUNDING).strip())
    name = _DOTS.sub(NAME_DOT, re.sub(r"[ \t\u3000]+", " ", name)).strip()
    return re.sub(rf"(?<=[{_HAN}]) (?=[{_HAN}])", "", name)


def is_sentence(name: str) -> bool:
    """Tell whether what could be a name by its letters says something instead: 不知道, 为什么要姓名; 李想 does not."""
    if NOT_IN_NAMES & set(name) or any(word in name for word in NOT_NAMES):
        return True
    if not SELDOM_IN_NAMES & set(name):
        return False
    return len(name) > _SHORT or name[0] in SELDOM_IN_NAMES - SURNAMES_AMONG_THEM


def is_latin(name: str) -> bool:
    """Tell whether a text is of Latin letters with the marks that names have between them."""
    if not name or not name[0].isalpha() or any(mark * 2 in name for mark in _LATIN_MARKS):
        return False
    return all(letter in _LATIN_MARKS or _is_latin_letter(letter) for letter in name)


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are one person's: capitals, spaces and marks do not count."""
    return name_key(one) == name_key(other)


def name_key(name: str) -> str:
    """Return what identifies a name, for comparing and for hashing beside other details."""
    return "".join(letter for letter in tidy_name(name).casefold() if letter.isalnum())


def _is_latin_letter(letter: str) -> bool:
    return letter.isalpha() and unicodedata.name(letter, "").startswith("LATIN ")
