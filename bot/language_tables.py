"""The tables of words: built in, each replaced by the clinic's own in the data folder where it has one."""

import json
from functools import cache
from pathlib import Path

from booking.staff_refusals import CatalogueError
from bot import texts_understanding as texts
from bot.catalogue_yaml import read_yaml
from handlers.understanding.tables import NAMES, Table, TableError, Tables, read_table
from handlers.understanding.wishes import Wishes

BUILT_IN = Path(__file__).parent / "language"
MAX_BYTES = 5 * 1024 * 1024


def language_tables(data_dir: Path | None = None) -> Tables:
    """Return all tables.

    Raises ``CatalogueError`` when the clinic's own cannot be understood, and ``OSError`` when it cannot be read.
    """
    tables: dict[str, Table] = {}
    for name in NAMES:
        own = data_dir / f"{name}.yaml" if data_dir is not None else None
        tables[name] = _read(own) if own is not None and own.exists() else _built_in(name)
    return Tables(**tables, wishes=_wishes())


@cache
def _built_in(name: str) -> Table:
    return _read(BUILT_IN / f"{name}.yaml")


@cache
def _wishes() -> Wishes:
    learned = json.loads((BUILT_IN / "wishes.json").read_text(encoding="utf-8"))
    return Wishes(learned["intents"], learned["bias"], learned["pieces"])


def _read(path: Path) -> Table:
    with path.open("rb") as file:
        document = read_yaml(file.read(MAX_BYTES), path.name)
    where: tuple[str | int, ...] = ()
    try:
        if not document.mistakes:
            return read_table(document.content)
    except TableError as error:
        where = error.where
    line = next((document.lines[where[:n]] for n in range(len(where), -1, -1) if where[:n] in document.lines), "1")
    raise CatalogueError([f"{path.name}:{line}: {texts.TABLE_WRONG}"])
