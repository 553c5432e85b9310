"""Results as figures with goals, as a table in the terminal, as JSON, and inside ``docs/performance.md``."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

RESULTS = ("<!-- results: written by `make bench` -->", "<!-- end of results -->")
"""Between which marks the results stand in a document."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; ``value`` is a median where there are several runs, ``spread`` their least and greatest.

    ``value`` is None, and ``unit`` says why, where nothing could be measured.
    ``goal`` is the least value that is good enough, or the greatest with ``at_most``; None: for information.
    """

    name: str
    value: float | None
    unit: str = ""
    spread: tuple[float, float] | None = None
    goal: float | None = None
    at_most: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without one, or when nothing was measured."""
        if self.goal is None or self.value is None:
            return None
        return self.value <= self.goal if self.at_most else self.value >= self.goal

    def words(self) -> tuple[str, str, str, str, str]:
        """Return the figure as a row: name, value, spread, goal, met."""
        spread = f"{short(self.spread[0])} to {short(self.spread[1])}" if self.spread else ""
        goal = "" if self.goal is None else f"{'≤' if self.at_most else '≥'} {short(self.goal)}{self.unit}"
        met = {None: "", True: "yes", False: "NO"}[self.met]
        value = "" if self.value is None else short(self.value)
        return self.name, f"{value}{self.unit}", spread, goal, met

    def as_json(self) -> dict[str, object]:
        """Return name, value, unit, spread, goal, met."""
        goal = None if self.goal is None else {("at_most" if self.at_most else "at_least"): self.goal}
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit.strip(),
            "spread": self.spread,
            "goal": goal,
            "met": self.met,
        }


def at_most(
    name: str, value: float, goal: float, unit: str = "", *, spread: tuple[float, float] | None = None
) -> Figure:
    """Return a figure that should be no greater than its goal."""
    return Figure(name, value, unit, spread, goal=goal, at_most=True)


HEADS = ("what", "median", "spread", "goal", "met")


def show(figures: Sequence[Figure], facts: Mapping[str, object]) -> None:
    """Print the table, and plainly what was not reached."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    table = Table(*HEADS, title="zhenyue: one run, one machine")
    for figure in figures:
        table.add_row(*figure.words(), style="bold red" if figure.met is False else None)
    console.print(table)
    console.print(", ".join(f"{name} {value}" for name, value in facts.items()), style="dim")
    missed = [figure.name for figure in figures if figure.met is False]
    console.print(f"Goals not met: {'; '.join(missed)}" if missed else "All goals are met.")


def write(path: Path, figures: Sequence[Figure], facts: Mapping[str, object], measured: Mapping[str, object]) -> None:
    """Write everything as JSON, each round included."""
    whole = {"machine": facts, "figures": [figure.as_json() for figure in figures], "measured": measured}
    path.write_bytes(orjson.dumps(whole, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def tell(
    document: Path,
    figures: Sequence[Figure],
    facts: Mapping[str, object],
    when: str,
    *,
    plots: Mapping[str, str],
    marks: tuple[str, str] = RESULTS,
) -> None:
    """Replace what stands between the marks of a document; ``plots`` are paths of pictures, each with its words."""
    pictures = [f"![{words}]({path})\n" for path, words in plots.items()]
    machine = ", ".join(f"{name} {value}" for name, value in facts.items())
    said = (f"Measured {when}.", "", *pictures, *table(HEADS, [figure.words() for figure in figures]), "")
    put(document, [*said, f"On: {machine}."], marks)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table in a document."""
    return ["| " + " | ".join(row) + " |" for row in (heads, ("---",) * len(heads), *rows)]


def put(document: Path, lines: Sequence[str], marks: tuple[str, str]) -> None:
    """Put lines between the marks of a document; raises ``ValueError`` when it has none."""
    before, begin, rest = document.read_text().partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not (begin and end):
        raise ValueError(f"{document} has no place for {marks[0]}")
    document.write_text(before + "\n".join((begin, "", *lines, "", end)) + after)


def short(value: float) -> str:
    """Return a number as people read it."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
