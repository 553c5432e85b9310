"""One text on its way through the understanding, and what the steps note down of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from handlers.understanding import vocabulary as words
from handlers.understanding.changes import shifted
from handlers.understanding.lexicon import Lexicon, Mark
from handlers.understanding.moments import Moment
from handlers.understanding.naming import DEPARTMENT, DOCTOR
from handlers.understanding.normal import Normal, mended
from handlers.understanding.phrases import Hit, Phrases
from handlers.understanding.places import Mention, Place
from handlers.understanding.reading import Reading, Wish
from handlers.understanding.when import When

SLIP = "slip"


class Named(NamedTuple):
    """Who and what is named, in the order of the text."""

    departments: Sequence[Mention]
    doctors: Sequence[Mention]


class Text:
    """One text on its way through the understanding."""

    new: tuple[int, int]
    """Where in a wish for a change the new is said."""
    patient = (-1, -1)
    """Where the patient is named."""

    def __init__(self, normal: Normal, lexicon: Lexicon, now: datetime) -> None:
        marks = lexicon.find(normal.text)
        if SLIP in marks:
            normal = mended(normal)
            marks = lexicon.find(normal.text)
        self.text = normal.text
        self.new = (0, len(normal.text))
        self.now = now
        self.reading = Reading(normal, marks)
        self.marks = marks

    def hits(self, phrases: Phrases) -> list[Hit]:
        """Return the entries of a table that stand in the text."""
        alone, anchors = self.marks.get(phrases.alone), self.marks.get(phrases.anchor)
        if alone is None and anchors is None:
            return []
        return phrases.find(self.text, [*(alone or ()), *(anchors or ())])

    def use(self, found: Sequence[Mark | Hit | Mention | Moment], what: str) -> None:
        """Note what letters were understood as."""
        if found:
            self.reading.found.append((what, found))


def move(text: Text, when: When) -> None:
    """Read 推迟一天 as from the old day, and a day on which somebody cannot come as that of the old appointment."""
    reading = text.reading
    if reading.old is None and words.CANNOT.search(text.text) is not None and when.excluded:
        reading.old = Wish()
        reading.old.take_old(when)
        reading.old.until, when.excluded = None, []
        when.date = when.until = when.part = when.time = None
    old = reading.old
    if old is None:
        old = Wish()
        old.take_old(when)
    moved = shifted(text.text, old)
    if moved is not None:
        reading.old = old if old.row() else None
        when.date, when.time = moved
        when.until = None
        if when.date is not None and when.date < text.now.date():  # 把明天的号提前三天
            when.date = None
            when.ask.add("date")


def take_place(wish: Wish, place: Place) -> set[str]:
    """Take over where somebody wants to go; return the gaps in which several are still to choose from."""
    ask: set[str] = set()
    if len(place.departments) == 1:
        wish.department = place.departments[0]
    elif place.departments:
        wish.departments = place.departments
        ask.add(DEPARTMENT)
    if len(place.doctors) == 1 and not place.conflict:
        wish.doctor = place.doctors[0]
    elif place.doctors:
        wish.doctors = place.doctors
        ask.add(DOCTOR)
    return ask
