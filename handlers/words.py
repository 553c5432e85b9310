"""Reading what was typed, tapped or said: as a number, a command, or a choice by its name."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from handlers.state import Option
from handlers.texts import commands

LONGEST_READ = 300
"""Characters of a message that are read at all."""
_NO_CHOICE = re.compile(r"[-+~−±]\s?\d|\d\s?[.,:/]\s?\d")
"""``-1``, ``1.5``: read without what stands between, they would choose what nobody meant."""
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me")


def clean(text: str) -> str:
    """Return a text as it looks: narrow digits and letters, no invisible marks, single spaces."""
    seen = (
        " " if letter.isspace() else letter
        for letter in unicodedata.normalize("NFKC", text[: LONGEST_READ * 4])
        if letter.isspace() or unicodedata.category(letter) not in _UNSEEN
    )
    return " ".join("".join(seen).split())[:LONGEST_READ]


def compact(text: str) -> str:
    """Return a text as it is compared: letters and digits only, in one case; a lone question mark stays."""
    cleaned = clean(text).casefold()
    letters = "".join(letter for letter in cleaned if letter.isalnum())
    return letters or ("？" if "?" in cleaned else "")


def command(text: str) -> str | None:
    """Return the command that the whole text is."""
    return commands.COMMANDS.get(compact(text))


def number(text: str) -> int | None:
    """Return the number that the whole text is: ``３``, ``第3个``, ``三``; none with a sign or a fraction."""
    if _NO_CHOICE.search(clean(text)):
        return None
    found = commands.NUMBER.fullmatch(compact(text))
    if found is None:
        return None
    digits = found["number"]
    return commands.NUMERALS[digits] if digits in commands.NUMERALS else int(digits)


def wish(text: str) -> str | None:
    """Return what words wish of an appointment: the command for changing or cancelling it."""
    said = compact(text)
    return next((deed for deed, words in commands.WISHES.items() if words.search(said)), None)


def acknowledges(text: str) -> bool:
    """Tell whether a text says no more than that the reader has read."""
    return compact(text) in commands.ACKNOWLEDGED


def page_turn(text: str) -> int:
    """Return 1 for the next page, -1 for the one before, 0 for anything else."""
    return commands.PAGE_WORDS.get(compact(text), 0)


def matching(options: Sequence[Option], text: str) -> list[int]:
    """Return the indexes of the options meant: one by its label or another of its words, else all it is a part of."""
    said = compact(text)
    if not said:
        return []
    exact = [index for index, option in enumerate(options) if said in _names(option)]
    if exact:
        return exact
    bare = without_fillers(said)
    exact = [index for index, option in enumerate(options) if bare and bare in _names(option)]
    if exact or said.isdigit():  # a number is a choice or nothing: every label has digits somewhere
        return exact
    return [index for index, option in enumerate(options) if said in _name(option.label)]


def is_named(options: Sequence[Option], text: str) -> bool:
    """Tell whether a text is the whole of an option's label or of another of its words."""
    said = compact(text)
    return any(said in _names(option) for option in options)


def without_fillers(said: str) -> str:
    """Take away what people put around a name."""
    return commands.AROUND_NAMES.sub("", said)


def _names(option: Option) -> Iterable[str]:
    return (_name(option.label), *map(_name, option.words))


_name = lru_cache(maxsize=2048)(compact)
"""For what we offer, which is the same again and again; what people write is nothing to be kept."""
