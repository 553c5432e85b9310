"""What a sentence was understood to say: the values of the contract, and which characters say them."""

import datetime as dt
from collections.abc import Mapping, Sequence

from handlers.understanding.lexicon import Mark, Spanned
from handlers.understanding.normal import Normal
from handlers.understanding.vocabulary import FILLERS
from handlers.understanding.when import Excluded, When

_GAP = ","
"""Stands for what was understood, so that what is left around it makes no word."""
OF_THEMSELVES = ("cue", "prefer", "department", "doctor", "everyday_alone")
"""Kinds of words that are understood wherever they stand; others only as a part of something."""


class Wish:
    """Who, where and when, as far as it is said; codes of the catalogue.

    What is not said stands in the class, so that making one costs nothing.
    """

    department: str | None = None
    doctor: str | None = None
    date: dt.date | None = None
    until: dt.date | None = None
    onward: bool = False
    part: str | None = None
    time: dt.time | None = None
    until_time: dt.time | None = None
    patient: str | None = None
    departments: tuple[str, ...] = ()
    """Which may be meant, where several may."""
    doctors: tuple[str, ...] = ()

    def take(self, when: When) -> None:
        """Take over when it is wished."""
        self.date, self.until, self.onward = when.date, when.until, when.onward
        self.part, self.time, self.until_time = when.part, when.time, when.until_time

    def take_old(self, when: When) -> None:
        """Take over when an appointment is; a day that cannot be kept is that day: 周五来不了，改到下周一."""
        self.take(when)
        self.onward = self.onward and self.date is None
        refused = when.excluded[-1] if when.excluded else None
        if refused is not None and refused.days is not None and self.date is None:
            self.date, self.part = refused.days.first, self.part or refused.part

    def row(self) -> dict[str, object]:
        """Return what is said, by the contract's names."""
        said: dict[str, object] = {
            "department": self.department,
            "doctor": self.doctor,
            "date": self.date and self.date.isoformat(),
            "until": self.until and self.until.isoformat(),
            "part": self.part,
            "time": self.time and f"{self.time:%H:%M}",
            "until_time": self.until_time and f"{self.until_time:%H:%M}",
            "patient": self.patient,
            "onward": self.onward or None,
        }
        return {name: value for name, value in said.items() if value is not None}


class Reading(Wish):
    """A whole sentence. ``ask`` names gaps that are ambiguous; ``spans`` where in it what was found stands."""

    intent: str = "unknown"
    intents: tuple[str, ...] = ()
    """Which may be meant where it is to be asked, the most probable first."""
    old: Wish | None = None
    """For a change: the appointment as it is now."""
    ask: tuple[str, ...] = ()
    urgent: bool = False
    flags: tuple[str, ...] = ()
    """Names of the red flags."""
    crisis: bool = False
    patient_aside: str | None = None
    """For whom a sentence that wishes nothing may be: 是帮我妈约的 counts where a question is open."""
    aside: When | None = None
    """What a sentence that wishes nothing says of days and times: none of it counts, unless a question is open."""
    excluded: Sequence[Excluded] = ()
    prefer: str | None = None
    """``soonest`` or ``any``."""
    child: bool | None = None
    reasons: tuple[str, ...] = ()
    """Why these departments, where symptoms told."""

    def __init__(self, normal: Normal, marks: Mapping[str, Sequence[Mark]]) -> None:
        """Take the text as it was read, and the words that stand in it."""
        self.normal = normal
        self.marks = marks
        self.found: list[tuple[str, Sequence[Spanned]]] = []
        """What else was found in it, by what it says."""

    def forget(self) -> None:
        """Keep whom a sentence names that wishes nothing only aside."""
        self.patient, self.patient_aside = None, self.patient

    @property
    def used(self) -> list[tuple[int, int, str]]:
        """Which letters of the text as it was read say what."""
        return sorted((one.start, one.end, what) for what, found in self._told for one in found)

    @property
    def _told(self) -> list[tuple[str, Sequence[Spanned]]]:
        marks = self.marks
        return [(kind, marks[kind]) for kind in OF_THEMSELVES if kind in marks] + self.found

    @property
    def spans(self) -> list[tuple[int, int, str]]:
        """First character, the one behind the last, and what they say: of the text as it was written."""
        place = self.normal.place
        return [(place(start), place(end - 1) + 1, what) for start, end, what in self.used if end > start]

    @property
    def left(self) -> str:
        """What nothing was made of, without what says nothing of its own."""
        letters = list(self.normal.text)
        for _, found in self._told:
            for one in found:
                start, end = one.start, one.end
                letters[start:end] = _GAP * (end - start)
        return FILLERS.sub("", "".join(letters))

    def as_row(self, text: str) -> dict[str, object]:
        """Return the reading as the contract has it."""
        row: dict[str, object] = {"text": text, "intent": self.intent, **self.row()}
        old = self.old.row() if self.old is not None else {}
        if old:
            row["from"] = old
        if self.excluded:
            row["except"] = [_excluded_row(one) for one in self.excluded]
        if self.prefer:
            row["prefer"] = self.prefer
        row["ask"] = list(self.ask)
        several = (("intents", self.intents), ("departments", self.departments), ("doctors", self.doctors))
        row |= {name: list(codes) for name, codes in several if codes}
        row["urgent"] = self.urgent
        if self.urgent:
            row["flags"] = list(self.flags)
        if self.left:
            row["left"] = self.left
        return row


def _excluded_row(excluded: Excluded) -> dict[str, object]:
    days = excluded.days
    said = {
        "date": days.first.isoformat() if days and days.first else None,
        "until": days.last.isoformat() if days and days.last and days.last != days.first else None,
        "part": excluded.part,
        "weekly": excluded.weekly or None,
    }
    return {name: value for name, value in said.items() if value is not None}
