"""The tables a clinic can edit, symptoms, everyday words and red flags: from the content of a file to values.

An entry is found by any of its ``words``, or where a word of each group of ``together`` stands near the others; not
where a word of ``unless`` stands in the same sentence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from handlers.understanding.wishes import Wishes

NAMES = ("everyday", "symptoms", "red_flags")
REQUIRED = ("source", "reviewed", "entries")
LISTS = ("words", "unless", "departments", "children")
TEXTS = ("name", "reason", "kind")
KINDS = ("emergency", "crisis")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a table. Of each of ``departments`` the clinic has, the first counts; ``A/B`` are both offered."""

    words: tuple[str, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    unless: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    """Departments where the patient is a child."""
    name: str = ""
    reason: str = ""
    kind: str = ""
    """Of a red flag: ``emergency`` or ``crisis``."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with where it comes from and when somebody last read it through."""

    source: str
    reviewed: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables. Empty ones understand nothing of their kind."""

    everyday: Table = field(default_factory=lambda: Table("", "", ()))
    symptoms: Table = field(default_factory=lambda: Table("", "", ()))
    red_flags: Table = field(default_factory=lambda: Table("", "", ()))
    wishes: Wishes = field(default_factory=Wishes)
    """What words want; learned, so no clinic edits it."""


class TableError(ValueError):
    """Raised for the content of a table that makes no sense; ``where`` is the place in it."""

    def __init__(self, *where: str | int) -> None:
        super().__init__(*where)
        self.where = where


def read_table(content: object) -> Table:
    """Make a table of the content of a file. Raises ``TableError``."""
    if not isinstance(content, Mapping) or any(key not in content for key in REQUIRED):
        raise TableError
    entries = content["entries"]
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise TableError("entries")
    return Table(
        source=str(content["source"]),
        reviewed=str(content["reviewed"]),
        entries=tuple(_entry(entry, index) for index, entry in enumerate(entries)),
    )


def _entry(content: object, index: int) -> Entry:
    if not isinstance(content, Mapping):
        raise TableError("entries", index)
    for key in content:
        if key not in (*LISTS, *TEXTS, "together"):
            raise TableError("entries", index, str(key))
    words, unless, departments, children = (_words(content.get(key) or (), index, key) for key in LISTS)
    groups = content.get("together") or ()
    if not isinstance(groups, Sequence) or isinstance(groups, str):
        raise TableError("entries", index, "together")
    together = tuple(_words(group, index, "together") for group in groups)
    if (not words and len(together) < 2) or not all(together):  # noqa: PLR2004  # one group alone would be words
        raise TableError("entries", index)
    name, reason, kind = (str(content.get(key) or "") for key in TEXTS)
    if kind and kind not in KINDS:
        raise TableError("entries", index, "kind")
    return Entry(words, together, unless, departments, children, name, reason, kind)


def _words(content: object, index: int, key: str) -> tuple[str, ...]:
    if not isinstance(content, Sequence) or isinstance(content, str):
        raise TableError("entries", index, key)
    words = tuple(word for word in content if isinstance(word, str) and word)
    if len(words) != len(content):
        raise TableError("entries", index, key)
    return words
