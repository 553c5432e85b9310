"""Listings on standard output: a table for people, or one JSON array and nothing else."""

import json
import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

WIDE = 240
"""Columns where standard output is no terminal: nothing is cut off in a file or a pipe."""


def print_array(rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows as one JSON array."""
    sys.stdout.write(json.dumps(list(rows), ensure_ascii=False, indent=1) + "\n")
    sys.stdout.flush()


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str | int | None]]) -> None:
    """Print rows under their headings; numbers to the right."""
    console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, markup=False)
    table = Table(box=None, pad_edge=False)
    for index, column in enumerate(columns):
        numbers = bool(rows) and all(isinstance(row[index], int) for row in rows)
        table.add_column(column, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    console.print(table)
