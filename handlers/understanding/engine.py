"""The understanding of a clinic: built once of its catalogue and the tables, it reads any sentence."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from booking.models import Catalogue
from handlers.understanding import vocabulary as words
from handlers.understanding.changes import where_new_begins
from handlers.understanding.flags import CRISIS, standing
from handlers.understanding.holidays import Holidays, NameOf
from handlers.understanding.intents import CUE, Around, cue_words, read_intent
from handlers.understanding.lexicon import Lexicon, Mark
from handlers.understanding.moments import Moment, Moments
from handlers.understanding.naming import DEPARTMENT, DOCTOR, Names
from handlers.understanding.normal import Normal, normalise
from handlers.understanding.persons import HINT, KIN_MARK, person_words, read_person
from handlers.understanding.phrases import Hit, Phrases, outside, widest
from handlers.understanding.places import (
    NOWHERE,
    Mention,
    Place,
    last_meant,
    mentions,
    misspelt,
    settle,
    skilled,
    suited,
)
from handlers.understanding.reading import Reading, Wish
from handlers.understanding.tables import Tables
from handlers.understanding.when import combine

EVERYDAY, SYMPTOM, FLAG, SKILL, PREFER, PAST = "everyday", "symptom", "flag", "skill", "prefer", "past"
ELSEWHERE = "elsewhere"
EVERYDAY_ALONE = "everyday_alone"
NEAR, FAR = 5, 18
"""Characters apart that words of a symptom, and of a red flag, may stand."""


class Understanding:
    """Reads sentences on one catalogue. Built once, then unchanged; its work grows with the length of what is read."""

    def __init__(self, catalogue: Catalogue, tables: Tables, name_of: NameOf) -> None:
        """Build what is looked up. ``name_of`` names a day's public holiday; ``LookupError`` for unknown years."""
        self.version = catalogue.version
        self._zone = catalogue.clinic.zone
        self._holidays = Holidays(name_of)
        self._names = Names(catalogue, tables.everyday.entries)
        self._everyday = Phrases(EVERYDAY, tables.everyday.entries, NEAR)
        self._symptoms = Phrases(SYMPTOM, tables.symptoms.entries, NEAR)
        self._flags = Phrases(FLAG, tables.red_flags.entries, FAR, back=FAR)
        self._lexicon = Lexicon(
            [
                *self._names.words(),
                *self._everyday.words(),
                *self._symptoms.words(),
                *self._flags.words(),
                *self._skills(),
                *cue_words(),
                *person_words(),
                *((word, PREFER, prefer) for prefer, said in words.PREFERENCES.items() for word in said.split()),
                *((word, PAST, "") for word in words.PAST.split()),
                *((word, ELSEWHERE, "") for word in words.ELSEWHERE.split()),
            ]
        )

    def _skills(self) -> Iterator[tuple[str, str, str]]:
        for doctor in self._names.doctors.values():
            for skill in doctor.skills:
                yield normalise(skill).text, SKILL, doctor.code

    def read(self, said: str, now: datetime) -> Reading:
        """Return what a text says at a moment. Whatever it is, this raises nothing."""
        text = _Text(normalise(said), self._lexicon, now.astimezone(self._zone))
        reading = text.reading
        self._read_flags(text)
        complaints = self._complaints(text)
        moments = Moments(text.text, text.now.date(), self._holidays, [hit.start for hit in complaints])
        text.use_moments(moments)
        self._read_person(text)
        prefer = text.marks.get(PREFER, ())
        text.use(prefer, PREFER)
        named = self._named(text)
        cues = outside(text.marks.get(CUE, ()), complaints)
        reading.intent = read_intent(text.text, cues, _around(text, moments, complaints, named))
        wished = moments.found or reading.intent == words.CHANGE
        ask = self._read_when(text, moments.found, named) if wished else set()
        if prefer:
            reading.prefer = prefer[0].value
        place = self._place(text, named, text.cut, len(text.text))
        if not place.departments and not place.doctors and reading.old is None:
            place = self._suited(text, complaints)
        ask |= _settle(reading, place)
        if ask:
            reading.ask = tuple(sorted(ask))
        return reading

    def _read_flags(self, text: "_Text") -> None:
        hits = text.hits(self._flags)
        if not hits:
            return
        hits = standing(text.text, hits)
        text.use(hits, FLAG)
        text.reading.urgent = bool(hits)
        text.reading.crisis = any(hit.entry.kind == CRISIS for hit in hits)
        text.reading.flags = tuple(dict.fromkeys(hit.entry.name for hit in hits))

    def _complaints(self, text: "_Text") -> list[Hit]:
        hits = widest(text.hits(self._symptoms))
        text.use(hits, SYMPTOM)
        return hits

    @staticmethod
    def _read_person(text: "_Text") -> None:
        kin, hints = text.marks.get(KIN_MARK, ()), text.marks.get(HINT, ())
        if not kin and not hints:
            return
        person = read_person(text.text, kin, hints)
        text.reading.patient, text.reading.child = person.said, person.child
        if person.said is not None:
            text.patient = (person.start, person.end)
            text.use([Mention(person.start, person.end, ())], "patient")

    def _named(self, text: "_Text") -> "_Named":
        """Return what is named; where nothing is, what sounds or looks like a part of the text."""
        text.use(text.marks.get(CUE, ()), CUE)
        departments: list[Mention] = []
        doctors: list[Mention] = []
        everyday = text.marks.get(EVERYDAY_ALONE, [])
        if DEPARTMENT in text.marks:
            marks = sorted(text.marks[DEPARTMENT] + everyday, key=_longest_first)
            departments = mentions(text.text, marks, DEPARTMENT, self._names)
        if DOCTOR in text.marks:
            first, last = text.patient
            doctors = mentions(text.text, text.marks[DOCTOR], DOCTOR, self._names)
            doctors = [doctor for doctor in doctors if doctor.end <= first or doctor.start >= last]
        if not everyday and DEPARTMENT not in text.marks and not _names_somebody(text.marks.get(DOCTOR, ())):
            departments, doctors = misspelt(text.text, text.reading, self._names)
        text.use(text.marks.get(DEPARTMENT, departments), DEPARTMENT)
        text.use(text.marks.get(DOCTOR, doctors), DOCTOR)
        text.use(everyday, EVERYDAY)
        return _Named(departments, doctors)

    def _read_when(self, text: "_Text", moments: Sequence[Moment], named: "_Named") -> set[str]:
        """Take over when; for a change, first what of it is the old. Of a sentence that wants nothing no day counts."""
        reading = text.reading
        if reading.intent == words.UNKNOWN:
            reading.aside = combine(text.text, moments, text.now)
            return set()
        if reading.intent == words.CHANGE:
            text.cut = where_new_begins(text.text, moments, [*named.departments, *named.doctors])
        if text.cut:
            old = Wish()
            old.take_old(combine(text.text, moments, text.now, 0, text.cut))
            _settle(old, self._place(text, named, 0, text.cut))
            reading.old = old if old.row() else None
        when = combine(text.text, moments, text.now, text.cut)
        reading.take(when)
        reading.excluded = when.excluded
        return when.ask

    def _place(self, text: "_Text", named: "_Named", first: int, last: int) -> Place:
        """Return where somebody wants to go by the names between two places of the text."""
        if not named.departments and not named.doctors:
            return NOWHERE
        return settle(
            last_meant(text.text, [mention for mention in named.departments if first <= mention.start < last]),
            last_meant(text.text, [mention for mention in named.doctors if first <= mention.start < last]),
            self._names,
        )

    def _suited(self, text: "_Text", complaints: Sequence[Hit]) -> Place:
        """Return where to go with what is to be done or what hurts."""
        hits = [*text.hits(self._everyday), *complaints]
        skills = text.marks.get(SKILL)
        if hits:
            meant, text.reading.reasons = suited(hits, self._names, child=text.reading.child)
            return Place(meant)
        return Place(skilled(skills, self._names, child=text.reading.child)) if skills else NOWHERE


class _Named(NamedTuple):
    departments: Sequence[Mention]
    doctors: Sequence[Mention]


class _Text:
    """One text on its way through the understanding."""

    cut = 0
    """Where in a wish for a change the new begins."""
    patient = (-1, -1)
    """Where the patient is named."""

    def __init__(self, normal: Normal, lexicon: Lexicon, now: datetime) -> None:
        self.text = normal.text
        self.now = now
        self.reading = Reading(normal)
        self.marks = lexicon.find(self.text)

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

    def use_moments(self, moments: Moments) -> None:
        """Note where times stand."""
        self.use(moments.others, "other")
        self.use(moments.found, "when")

    def left(self) -> str:
        """Return what was not understood yet."""
        return self.reading.left


def _around(text: _Text, moments: Moments, complaints: Sequence[Hit], named: _Named) -> Around:
    marks = text.marks
    return Around(
        named=bool(named.departments or named.doctors or EVERYDAY_ALONE in marks),
        complaint=bool(complaints) or SKILL in marks,
        when=bool(moments.found),
        past=bool(moments.others) or PAST in marks,
        elsewhere=ELSEWHERE in marks,
        prefers=PREFER in marks,
        left=text.left,
    )


def _names_somebody(marks: Sequence[Mark]) -> bool:
    """Tell whether a doctor is named, not only a title said."""
    return any(mark.value for mark in marks)


def _longest_first(mark: Mark) -> tuple[int, int]:
    return mark.start, -mark.end


def _settle(wish: Wish, place: Place) -> set[str]:
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
