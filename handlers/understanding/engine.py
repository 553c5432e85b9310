"""The understanding of a clinic: built once of its catalogue and the tables, it reads any sentence."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from booking.models import Catalogue
from handlers.understanding import vocabulary as words
from handlers.understanding.changes import is_moved, where_old_is
from handlers.understanding.flags import CRISIS, EMERGENCY, is_exaggerated, standing
from handlers.understanding.grammar import SLIPS
from handlers.understanding.holidays import Holidays, NameOf
from handlers.understanding.lexicon import Lexicon, Mark, Spanned, longest
from handlers.understanding.moments import Moment, Moments
from handlers.understanding.naming import DEPARTMENT, DOCTOR, Names
from handlers.understanding.normal import normalise, plain
from handlers.understanding.people import LEADING, NAMED_TOO
from handlers.understanding.persons import HINT, KIN_MARK, person_words, read_person
from handlers.understanding.phrases import Hit, Phrases, widest
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
from handlers.understanding.progress import SLIP, Named, Text, move, take_place
from handlers.understanding.reading import Reading, Wish
from handlers.understanding.tables import Tables
from handlers.understanding.when import combine
from handlers.understanding.wishes import CUE, pieces

EVERYDAY, SYMPTOM, FLAG = "everyday", "symptom", "flag"
EVERYDAY_ALONE = "everyday_alone"
PREFER, SKILL = "prefer", "skill"
NEAR, FAR = 8, 18
"""Characters apart that words of a symptom, and of a red flag, may stand."""


class _Heard(NamedTuple):
    """What a text speaks of."""

    complaints: list[Hit]
    moments: Moments
    named: Named


class Understanding:
    """Reads sentences on one catalogue. Built once, then unchanged; its work grows with the length of what is read."""

    def __init__(self, catalogue: Catalogue, tables: Tables, name_of: NameOf) -> None:
        """Build what is looked up. ``name_of`` names a day's public holiday; ``LookupError`` for unknown years."""
        self.version = catalogue.version
        self._zone = catalogue.clinic.zone
        self._holidays = Holidays(name_of)
        self._names = Names(catalogue, tables.everyday.entries)
        self._everyday = Phrases(EVERYDAY, tables.everyday.entries, NEAR, measured=True)
        self._symptoms = Phrases(SYMPTOM, tables.symptoms.entries, NEAR)
        self._flags = Phrases(FLAG, tables.red_flags.entries, FAR, back=FAR)
        words_known = [
            *self._names.words(),
            *self._everyday.words(),
            *self._symptoms.words(),
            *self._flags.words(),
            *self._skills(),
            *((word, CUE, intent) for intent, said in words.CUES.items() for word in said.split()),
            *person_words(),
            *((word, PREFER, prefer) for prefer, said in words.PREFERENCES.items() for word in said.split()),
            *((word, SLIP, "") for word in SLIPS),
        ]
        self._wishes = tables.wishes
        self._lexicon = Lexicon((plain(word), kind, value) for word, kind, value in words_known)

    def _skills(self) -> Iterator[tuple[str, str, str]]:
        for doctor in self._names.doctors.values():
            for skill in doctor.skills:
                yield normalise(skill).text, SKILL, doctor.code

    def read(self, said: str, now: datetime, *, meant: str = "") -> Reading:
        """Return what a text says at a moment. Whatever it is, this raises nothing.

        ``meant`` is the intent, where whoever said it was asked.
        """
        text = Text(normalise(said), self._lexicon, now.astimezone(self._zone))
        heard = self._hear(text)
        complaints, moments, named = heard
        reading = text.reading
        ask = self._read_intent(text, heard, meant)
        if reading.intent in words.TELLS:
            reading.patient = None
            moments.found.clear()
            complaints = []
        wished = moments.found or reading.intent == words.CHANGE
        ask |= self._read_when(text, moments.found, named) if wished else set()
        if reading.intent == words.UNKNOWN:
            reading.forget()
        else:
            place = self._place(text, named, *text.new)
            if not place.departments and not place.doctors and reading.old is None:
                place = self._suited(text, complaints)
            ask |= take_place(reading, place)
        if ask:
            reading.ask = tuple(sorted(ask))
        return reading

    def pieces_of(self, said: str, now: datetime) -> set[str]:
        """Return the pieces of a text that tell what it wants, as they are taught and judged."""
        text = Text(normalise(said), self._lexicon, now.astimezone(self._zone))
        return _pieces(text, self._hear(text))

    def _hear(self, text: Text) -> "_Heard":
        """Find what a text speaks of, whatever it wants of it."""
        self._read_flags(text)
        complaints = self._complaints(text)
        moments = Moments(text.text, text.now.date(), self._holidays, complaints)
        text.use(moments.others, "other")
        text.use(moments.found, "when")
        self._read_person(text)
        if PREFER in text.marks:
            text.reading.prefer = text.marks[PREFER][0].value
        return _Heard(complaints, moments, self._named(text))

    def _read_intent(self, text: Text, heard: "_Heard", meant: str) -> set[str]:
        """Judge what a text wants; where that is not sure, it is to be asked, and these are the readings."""
        reading = text.reading
        if meant:
            reading.intent = meant
            return set()
        judged = self._wishes.judge(text.text, _pieces(text, heard))
        reading.intent = judged[0]
        if len(judged) == 1:
            return set()
        reading.intents = judged
        return {"intent"}

    def alarm(self, said: str, now: datetime) -> str:
        """Return the kind of a red flag in a text, empty without one: what every message is looked through for."""
        text = Text(normalise(said), self._lexicon, now)
        self._read_flags(text)
        return (CRISIS if text.reading.crisis else EMERGENCY) if text.reading.urgent else ""

    def _read_flags(self, text: Text) -> None:
        hits = text.hits(self._flags)
        if not hits:
            return
        hits = standing(text.text, hits)
        text.use(hits, FLAG)
        text.reading.urgent = bool(hits)
        text.reading.crisis = any(hit.entry.kind == CRISIS for hit in hits)
        text.reading.flags = tuple(dict.fromkeys(hit.entry.name for hit in hits))

    def _complaints(self, text: Text) -> list[Hit]:
        hits = text.hits(self._symptoms)
        if hits:
            hits = [hit for hit in hits if not is_exaggerated(text.text, hit.start)]
        if len(hits) > 1:
            hits = widest(hits)
        text.use(hits, SYMPTOM)
        return hits

    @staticmethod
    def _read_person(text: Text) -> None:
        kin, hints = text.marks.get(KIN_MARK, ()), text.marks.get(HINT, ())
        if kin and DOCTOR in text.marks:
            named_before = {mark.end for mark in text.marks[DOCTOR] if mark.value}
            kin = [mark for mark in kin if mark.start not in named_before]
        kin = longest(kin) if len(kin) > 1 else kin
        if not kin and not hints and LEADING.match(text.text) is None:
            return
        person = read_person(text.text, kin, hints)
        text.reading.patient, text.reading.child = person.said, person.child
        if person.said is not None:
            text.patient = (person.start, person.end)
            named = NAMED_TOO.match(text.text, person.end)
            text.use([Mention(person.start, named.end() if named else person.end, ())], "patient")

    def _named(self, text: Text) -> Named:
        """Return what is named; where nothing is, what sounds or looks like a part of the text."""
        marks = text.marks
        departments: list[Mention] = []
        doctors: list[Mention] = []
        if DEPARTMENT in marks:
            found = marks[DEPARTMENT]
            if EVERYDAY_ALONE in marks:
                found = sorted(found + marks[EVERYDAY_ALONE], key=_longest_first)
            departments = mentions(text.text, found, DEPARTMENT, self._names)
        if DOCTOR in marks:
            first, last = text.patient
            doctors = mentions(text.text, marks[DOCTOR], DOCTOR, self._names)
            doctors = [doctor for doctor in doctors if doctor.end <= first or doctor.start >= last]
        if DEPARTMENT not in marks and EVERYDAY_ALONE not in marks and not _names_somebody(marks.get(DOCTOR, ())):
            departments, doctors = misspelt(text.text, text.reading, self._names)
            text.use(departments, DEPARTMENT)
            text.use(doctors, DOCTOR)
        return Named(departments, doctors)

    def _read_when(self, text: Text, moments: Sequence[Moment], named: Named) -> set[str]:
        """Take over when; for a change, first what of it is the old. Of a sentence that wants nothing no day counts."""
        reading = text.reading
        if reading.intent == words.UNKNOWN:
            reading.aside = combine(text.text, moments, text.now)
            return set()
        if reading.intent == words.CHANGE:
            first, last = where_old_is(text.text, moments, [*named.departments, *named.doctors])
            text.new = (0, first) if first else (last, len(text.text))
            if last:
                old = Wish()
                old.take_old(combine(text.text, moments, text.now, slice(first, last)))
                take_place(old, self._place(text, named, first, last))
                reading.old = old if old.row() else None
        if reading.intent == words.CANCEL:
            moments = [moment for moment in moments if words.NOT_NOW.match(text.text, moment.end) is None]
        when = combine(text.text, moments, text.now, slice(*text.new), usual=reading.old.part if reading.old else None)
        if reading.intent == words.CHANGE:
            move(text, when)
        if reading.intent == words.CANCEL:
            reading.take_old(when)
        else:
            reading.take(when)
            reading.excluded = when.excluded
        return when.ask

    def _place(self, text: Text, named: Named, first: int, last: int) -> Place:
        """Return where somebody wants to go by the names between two places of the text."""
        if not named.departments and not named.doctors:
            return NOWHERE
        departments, doctors = named
        if last - first < len(text.text):
            departments = [mention for mention in departments if first <= mention.start < last]
            doctors = [mention for mention in doctors if first <= mention.start < last]
        return settle(last_meant(text.text, departments), last_meant(text.text, doctors), self._names)

    def _suited(self, text: Text, complaints: Sequence[Hit]) -> Place:
        """Return where to go with what is to be done or what hurts."""
        if text.reading.intent in words.TELLS:
            return NOWHERE
        hits = text.hits(self._everyday)
        if text.reading.intent not in words.OF_ONE_BOOKED:
            hits = [*hits, *complaints]
        skills = text.marks.get(SKILL)
        if hits:
            meant, text.reading.reasons = suited(hits, self._names, child=text.reading.child)
            return Place(meant)
        return Place(skilled(skills, self._names, child=text.reading.child)) if skills else NOWHERE


def _pieces(text: Text, heard: _Heard) -> set[str]:
    marks, (complaints, moments, named) = text.marks, heard
    told: list[tuple[str, Sequence[Spanned]]] = [
        ("E", marks.get(EVERYDAY_ALONE, ())),
        ("S", complaints),
        ("K", marks.get(KIN_MARK, ())),
        ("D", marks.get(DEPARTMENT, ())),
        ("P", marks.get(DOCTOR, ())),
        ("D", named.departments),
        ("P", named.doctors),
        ("T", moments.found),
        ("X", [moment for moment in moments.found if moment.turn == "excluded"]),
        ("O", moments.others),
    ]
    return pieces(text.text, marks.get(CUE, ()), told, moved=is_moved(text.text, moments.found, *named))


def _names_somebody(marks: Sequence[Mark]) -> bool:
    """Tell whether a doctor is named, not only a title said."""
    return any(mark.value for mark in marks)


def _longest_first(mark: Mark) -> tuple[int, int]:
    return mark.start, -mark.end
