"""What patients write and how it is to be read: loads the sets in ``tests/understanding`` and scores a reader on them.

The conventions stand in ``tests/understanding/README.md``.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal, TypeVar, get_args

import yaml
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

FOLDER = Path(__file__).parents[1] / "understanding"
DEVELOPMENT = FOLDER / "development.yaml"
HELD_OUT = FOLDER / "held_out.yaml"
PRACTICE = FOLDER / "practice.yaml"
SAMPLE = Path(__file__).parents[2] / "bot" / "sample" / "clinic.yaml"
ADDITIONS = FOLDER / "additions.yaml"

Kind = Literal[
    "dates", "times", "holidays", "loose", "doctors", "departments", "symptoms", "patients", "change", "cancel",
    "mine", "again", "availability", "info", "service", "nothing", "red", "lookalike",
]  # fmt: skip
Intent = Literal[
    "book", "availability", "mine", "change", "cancel", "again", "info", "complaint", "human", "help", "greeting",
    "thanks", "unknown",
]  # fmt: skip
Part = Literal["morning", "noon", "afternoon", "evening"]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Gap = Literal["intent", "department", "doctor", "date", "until", "part", "time", "patient", "from"]

KINDS: tuple[str, ...] = get_args(Kind)
GAPS: tuple[str, ...] = get_args(Gap)
FIELDS = (*GAPS, "ask", "urgent")
WITHOUT_FROM = tuple(gap for gap in GAPS if gap != "from")

NEARLY_THE_SAME = 80
"""Of 100: two sentences this alike would let one half tell of the other."""

Reading = Mapping[str, object]
"""What a reader made of a sentence, in the shape that the contract gives to ``zhenyue understand``."""

Reader = Callable[[str, datetime], Reading]

OWNERS = re.compile(r"^(我们?家?|俺家?|咱家?|家里)(?=.)")


class SetError(Exception):
    """Raised for a file of utterances that cannot be used; names the entry and what is wrong with it."""


def _listed(value: object) -> object:
    values = value if isinstance(value, list | tuple) else (value,)
    return tuple(None if each == "null" else each for each in values)


T = TypeVar("T")
Day = date
Allowed = Annotated[tuple[T | None, ...], BeforeValidator(_listed), Field(min_length=1)]
"""The values that are right; written singly when there is one, None where the field may be absent as well."""


class Frame(BaseModel):
    """Which values are right, field by field; a field that is not named must be absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    department: Allowed[str] = (None,)
    doctor: Allowed[str] = (None,)
    date: Allowed[Day] = (None,)
    until: Allowed[Day] = (None,)
    part: Allowed[Part] = (None,)
    time: Allowed[Clock] = (None,)
    patient: Allowed[str] = (None,)

    def allowed(self, gap: str) -> tuple[str | None, ...]:
        """Return the right values of a field as a reading would show them."""
        values: tuple[object, ...] = getattr(self, gap, (None,))
        return tuple(None if value is None else str(value) for value in values)


class Expected(Frame):
    """The frame of a whole sentence."""

    intent: Allowed[Intent] = (None,)
    origin: Frame | None = Field(default=None, alias="from")
    ask: tuple[Gap, ...] = ()
    urgent: bool = False

    @model_validator(mode="after")
    def _has_an_intent(self) -> "Expected":
        if not self.urgent and None in self.intent:
            raise ValueError("intent is missing; only a red flag may go without")
        return self


class Entry(BaseModel):
    """One utterance, when it was said, and how it is to be read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    number: int
    kind: Kind
    text: str = Field(min_length=1)
    at: AwareDatetime
    expect: Expected
    open: tuple[Gap, ...] = ()
    why: str | None = None


class Verdict(Enum):
    """How one field of one reading is judged."""

    RIGHT = "right"
    MISSING = "left open"
    WRONG = "wrong in silence"


@dataclass(frozen=True)
class Failure:
    """A field that was not read as expected."""

    entry: Entry
    gap: str
    verdict: Verdict
    got: object

    def __str__(self) -> str:
        entry = self.entry
        return (
            f"{entry.source} {entry.number} ({entry.kind}) {entry.text} @ {entry.at:%Y-%m-%d %a %H:%M}: "
            f"{self.gap} {self.verdict.value}: expected {_wanted(entry, self.gap)}, got {self.got}"
        )


@dataclass
class Score:
    """What a reader got right; ``str`` of it is the report."""

    entries: int = 0
    judged: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    of_kind: Counter[str] = field(default_factory=Counter)
    right_of_kind: Counter[str] = field(default_factory=Counter)
    wrong_in_silence: list[Entry] = field(default_factory=list)
    red_found: int = 0
    red_missed: list[Entry] = field(default_factory=list)
    false_alarms: list[Entry] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def accuracy(self, gap: str) -> float:
        """Return the share of right readings among those where a value was expected or given."""
        return _share(self.right[gap], self.judged[gap], when_none=1.0)

    @property
    def silence(self) -> float:
        """The share of entries that are wrong in silence."""
        return _share(len(self.wrong_in_silence), self.entries, when_none=0.0)

    @property
    def red_flags(self) -> int:
        """How many entries hold a red flag."""
        return self.red_found + len(self.red_missed)

    @property
    def alarm_rate(self) -> float:
        """The share of false alarms among the entries without a red flag."""
        return _share(len(self.false_alarms), self.entries - self.red_flags, when_none=0.0)

    def __str__(self) -> str:
        lines = [f"{self.entries} utterances"]
        lines += [
            f"  {gap:<14}{self.right[gap]:>5} of {self.judged[gap]:<5}{self.accuracy(gap):>8.1%}" for gap in FIELDS
        ]
        lines += [
            f"wrong in silence: {len(self.wrong_in_silence)} ({self.silence:.2%})",
            f"red flags: {self.red_found} of {self.red_flags} found, {len(self.red_missed)} missed",
            f"false alarms: {len(self.false_alarms)} ({self.alarm_rate:.2%})",
            "wholly right, by kind:",
        ]
        lines += [f"  {kind:<14}{self.right_of_kind[kind]:>5} of {self.of_kind[kind]}" for kind in self.of_kind]
        lines += [f"failures: {len(self.failures)}", *(f"  {failure}" for failure in self.failures)]
        return "\n".join(lines)


def load_set(path: Path) -> list[Entry]:
    """Return the utterances of a file.

    Raises:
        SetError: an entry is not as it should be.
    """
    try:
        # Everything as it is written: 14:30 is no number, and a day that does not exist is found with its entry.
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  # builds no objects
    except yaml.YAMLError as refused:
        raise SetError(f"{path.name}: {refused}") from None
    if (
        not isinstance(document, dict)
        or set(document) != {"at", "entries"}
        or not isinstance(document["entries"], list)
    ):
        raise SetError(f"{path.name}: expected the keys at and entries, and a list of entries")
    return [_entry(path, number, document["at"], raw) for number, raw in enumerate(document["entries"], 1)]


def _entry(path: Path, number: int, at: object, raw: object) -> Entry:
    if not isinstance(raw, dict):
        raise SetError(f"{path.name}: entry {number}: expected keys and values, found {raw!r}")
    try:
        return Entry.model_validate({"source": path.stem, "number": number, "at": at, **raw})
    except ValidationError as refused:
        first = refused.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "entry"
        raise SetError(f"{path.name}: entry {number} ({raw.get('text', '')}): {place}: {first['msg']}") from None


def whole_clinic() -> dict[str, list[dict[str, object]]]:
    """Return the catalogue that the sets are about: the sample's, with the additions."""
    clinic: dict[str, list[dict[str, object]]] = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
    for part, more in yaml.safe_load(ADDITIONS.read_text(encoding="utf-8")).items():
        clinic[part] += more
    return clinic


def whole_clinic_text() -> str:
    """Return that catalogue as a file that can be loaded."""
    return yaml.safe_dump(whole_clinic(), allow_unicode=True, sort_keys=False)


def score(entries: Sequence[Entry], read: Reader) -> Score:
    """Let a reader read every utterance and judge what it made of them."""
    result = Score()
    for entry in entries:
        _judge_entry(result, entry, read(entry.text, entry.at))
    return result


def _judge_entry(result: Score, entry: Entry, reading: Reading) -> None:
    verdicts = {gap: verdict for gap, verdict in _verdicts(entry, reading) if verdict}
    result.entries += 1
    result.of_kind[entry.kind] += 1
    result.judged.update(verdicts.keys())
    result.right.update(gap for gap, verdict in verdicts.items() if verdict is Verdict.RIGHT)
    failures = [Failure(entry, gap, v, reading.get(gap)) for gap, v in verdicts.items() if v is not Verdict.RIGHT]
    result.failures += failures
    result.right_of_kind[entry.kind] += not failures
    if any(failure.verdict is Verdict.WRONG and failure.gap != "urgent" for failure in failures):
        result.wrong_in_silence.append(entry)
    _count_red_flag(result, entry, found=bool(reading.get("urgent")))


def _count_red_flag(result: Score, entry: Entry, *, found: bool) -> None:
    if entry.expect.urgent and found:
        result.red_found += 1
    elif entry.expect.urgent:
        result.red_missed.append(entry)
    elif found:
        result.false_alarms.append(entry)


def _verdicts(entry: Entry, reading: Reading) -> Iterator[tuple[str, Verdict | None]]:
    """Judge field by field; None where nothing was expected and nothing given."""
    asked = _asked(reading)
    for gap in GAPS:
        if entry.expect.urgent and not _is_expected(entry.expect, gap):
            continue  # whoever is told to call 120 is asked nothing else
        if gap in entry.expect.ask and gap in asked:
            yield gap, Verdict.RIGHT
            continue
        verdict = _judge_value(entry.expect, gap, reading)
        if verdict in {None, Verdict.RIGHT}:
            yield gap, verdict
        elif gap in asked or verdict is Verdict.MISSING:
            yield gap, Verdict.RIGHT if gap in entry.open else Verdict.MISSING
        else:
            yield gap, verdict
    if not entry.expect.urgent:
        yield "ask", _judge_asking(entry, asked)
    yield "urgent", _judge_urgency(expected=entry.expect.urgent, got=bool(reading.get("urgent")))


def _is_expected(expected: Expected, gap: str) -> bool:
    return expected.origin is not None if gap == "from" else any(expected.allowed(gap))


def _judge_value(expected: Expected, gap: str, reading: Reading) -> Verdict | None:
    if gap == "from":
        return _judge_origin(expected.origin or Frame(), reading.get("from"))
    verdict = _judge_gap(expected.allowed(gap), reading.get(gap), gap)
    if verdict is None and gap in expected.ask:
        return Verdict.MISSING
    return verdict


def _judge_origin(expected: Frame, got: object) -> Verdict | None:
    reading: Reading = got if isinstance(got, Mapping) else {}
    verdicts = {_judge_gap(expected.allowed(gap), reading.get(gap), gap) for gap in WITHOUT_FROM}
    worst_first = (Verdict.WRONG, Verdict.MISSING, Verdict.RIGHT)
    return next((verdict for verdict in worst_first if verdict in verdicts), None)


def _judge_gap(allowed: tuple[str | None, ...], got: object, gap: str) -> Verdict | None:
    if gap == "intent" and got == "unknown" and "unknown" not in allowed:
        got = None  # a reader that says it does not know leaves the intent open
    if got is None or got == "":
        return None if None in allowed else Verdict.MISSING
    alike = _person if gap == "patient" else str
    return Verdict.RIGHT if alike(str(got)) in {alike(value) for value in allowed if value} else Verdict.WRONG


def _person(word: str) -> str:
    """Read alike what names the same person, by whatever owner and however doubled."""
    word = OWNERS.sub("", word)
    return word[0] if len(word) == 2 and word[0] == word[1] else word


def _asked(reading: Reading) -> set[str]:
    """Return the gaps a reading asks about, those of the old appointment as ``from``."""
    ask = reading.get("ask")
    return {str(gap).partition(".")[0] for gap in ask} if isinstance(ask, Sequence) else set()


def _judge_asking(entry: Entry, asked: set[str]) -> Verdict | None:
    if not asked and not entry.expect.ask:
        return None
    must = set(entry.expect.ask)
    return Verdict.RIGHT if must <= asked <= must | set(entry.open) else Verdict.MISSING


def _judge_urgency(*, expected: bool, got: bool) -> Verdict | None:
    if expected:
        return Verdict.RIGHT if got else Verdict.MISSING
    return Verdict.WRONG if got else None


def _wanted(entry: Entry, gap: str) -> str:
    if gap == "ask":
        return f"{list(entry.expect.ask)} (allowed: {list(entry.open)})"
    if gap == "from":
        return str(entry.expect.origin.model_dump(exclude_defaults=True, mode="json") if entry.expect.origin else None)
    if gap == "urgent":
        return str(entry.expect.urgent)
    wanted = " or ".join(str(value) for value in entry.expect.allowed(gap))
    return f"{wanted} (or left open)" if gap in entry.open else wanted


def _share(part: int, whole: int, *, when_none: float) -> float:
    return part / whole if whole else when_none


def plain(text: str) -> str:
    """Only letters and digits, of one width and case: what two sentences have in common but for dress."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return "".join(letter for letter in folded if letter.isalnum()) or text
