"""How rows stand in a backup: a line of JSON each, alike for both databases, so that one is restored into the other.

First a line that tells what it is (``Made``), for each table a line with its columns and then its rows, and at the end
a line with what there must be (``Sum``). A column's kind is written with it: an older backup needs no older code.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, cast

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    LargeBinary,
    Numeric,
    Text,
    Time,
    null,
)
from sqlalchemy.types import TypeEngine

from storage.columns import Instant

FORMAT = 1
Cell = object
_KINDS: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (Instant, "instant"),
    (JSON, "json"),
    (Boolean, "bool"),
    (Numeric, "decimal"),
    (LargeBinary, "bytes"),
    (Date, "date"),
    (Time, "time"),
)
TYPES: dict[str, TypeEngine[object]] = {
    "instant": cast("TypeEngine[object]", Instant()),
    "json": cast("TypeEngine[object]", JSON()),
    "bool": cast("TypeEngine[object]", Boolean()),
    "decimal": cast("TypeEngine[object]", Numeric(10, 2)),
    "bytes": cast("TypeEngine[object]", LargeBinary()),
    "date": cast("TypeEngine[object]", Date()),
    "time": cast("TypeEngine[object]", Time()),
    "text": cast("TypeEngine[object]", Text()),
    "int": cast("TypeEngine[object]", BigInteger()),
}


@dataclass(frozen=True, slots=True)
class Made:
    """From what a backup was made: schema, moment, kind of database."""

    schema: str
    at: datetime
    database: str


@dataclass(frozen=True, slots=True)
class Sum:
    """What a backup holds: rows of each table, and where the audit trail's chain ended."""

    rows: Mapping[str, int]
    links: int
    head: str

    @property
    def total(self) -> int:
        """Return the number of all rows."""
        return sum(self.rows.values())


@dataclass(frozen=True, slots=True)
class TableHead:
    """A table and its columns with their kinds, in the order of its rows' cells."""

    name: str
    columns: tuple[tuple[str, str], ...]


Record = Made | TableHead | Sum | list[Cell]


def kind_of(column: Column[object]) -> str:
    """Return the name that a backup has for a column's type."""
    for known, kind in _KINDS:
        if isinstance(column.type, known):
            return kind
    return "int" if column.type.python_type is int else "text"


def line_of(record: Record | Sequence[Cell]) -> bytes:
    """Return a record as it is written."""
    if isinstance(record, Made):
        return _line({"backup": FORMAT, "schema": record.schema, "at": record.at, "database": record.database})
    if isinstance(record, TableHead):
        return _line({"table": record.name, "columns": record.columns})
    if isinstance(record, Sum):
        return _line({"end": dict(record.rows), "links": record.links, "head": record.head})
    return _line(list(record))


def records(pieces: Iterator[bytes]) -> Iterator[Record]:
    """Yield the records of a stream; rows as they stand there, to be read with ``row_of``."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from map(_record, lines)


def row_of(head: TableHead, cells: Sequence[Cell]) -> dict[str, object]:
    """Return a row as it is inserted."""
    return {
        name: (_NONE[kind] if cell is None else _READ[kind](cell))
        for (name, kind), cell in zip(head.columns, cells, strict=True)
    }


_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS  # SQLAlchemy's names are strings of a kind of their own


def _line(value: object) -> bytes:
    return orjson.dumps(value, default=_plain, option=_OPTIONS)


def _plain(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def _record(line: bytes) -> Record:
    read = orjson.loads(line)
    if isinstance(read, list):
        return read
    if "backup" in read:
        return Made(read["schema"], datetime.fromisoformat(read["at"]), read["database"])
    if "table" in read:
        return TableHead(read["table"], tuple((name, kind) for name, kind in read["columns"]))
    return Sum(read["end"], read["links"], read["head"])


def _json(cell: object) -> object:
    value = json.loads(cast("str", cell))
    return JSON.NULL if value is None else value


_NONE: dict[str, object] = dict.fromkeys(TYPES) | {"json": null()}
"""What stands for an absent value; a JSON column tells that from JSON's own null."""
_READ: dict[str, Callable[[object], object]] = {
    "instant": lambda cell: datetime.fromisoformat(cast("str", cell)),
    "json": _json,
    "bool": bool,
    "decimal": lambda cell: Decimal(cast("str", cell)),
    "bytes": lambda cell: base64.b64decode(cast("str", cell)),
    "date": lambda cell: date.fromisoformat(cast("str", cell)),
    "time": lambda cell: time.fromisoformat(cast("str", cell)),
    "text": lambda cell: cell,
    "int": lambda cell: cell,
}
