"""Whole sentences as patients of all ages and regions write them, of every kind, on the clinic of the evaluation sets.

A line of ``sentences.txt`` is ``intents|text|field=values …``: ``/`` between values that are all right, ``-`` for none,
``*`` for any; a field that is not named must be absent. A department follows from a doctor, a part of day from a time.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tests.understanding.__main__ import reader

LINES = (Path(__file__).parent / "sentences.txt").read_text(encoding="utf-8").splitlines()
NOW = datetime.fromisoformat("2026-05-13T09:30:00+08:00")
FIELDS = ("department", "doctor", "date", "until", "part", "time", "patient")


def said(row: dict[str, object]) -> dict[str, str]:
    """Return what a reading says, those of the old appointment as ``from.…``."""
    old = row.get("from")
    found = {f"from.{key}": str(value) for key, value in old.items()} if isinstance(old, dict) else {}
    found |= {key: str(row[key]) for key in FIELDS if row.get(key)}
    asked = row["ask"]
    return found | ({"ask": ",".join(map(str, asked))} if isinstance(asked, list) and asked else {})


def faults(intents: str, row: dict[str, object], wanted: dict[str, str]) -> Iterator[str]:
    """Say what of a reading is not as wanted."""
    if row["intent"] not in intents.split("/"):
        yield f"intent {row['intent']}"
    if row["urgent"]:
        yield f"urgent: {row['flags']}"
    found = said(row)
    for key in {**wanted, **found}:
        follows = (key == "part" and "time" in wanted) or (key == "department" and "doctor" in wanted)
        right = wanted.get(key, "*" if follows else "-").split("/")
        if "*" not in right and found.get(key, "-").removeprefix("我" if key == "patient" else "") not in right:
            yield f"{key}={found.get(key)}"


def test_sentences_are_read_as_they_are_meant() -> None:
    understanding = reader()
    wrong = []
    for line in LINES:
        intents, text, *fields = line.split("|")
        row = understanding.read(text, NOW).as_row(text)
        wanted = dict(field.split("=") for field in " ".join(fields).split())
        wrong += [f"{text}: {fault}" for fault in faults(intents, row, wanted)]
    assert len(LINES) > 500
    assert wrong == []
