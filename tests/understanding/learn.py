"""``make learn``: teaches what sentences want, and writes ``bot/language/wishes.json``.

Taught from ``teaching.tsv``, what was tuned on (``development.yaml``, ``practice.yaml``) and the sentences of the unit
tests; never from what scores it. Afterwards ``make understand`` tells how well it does.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from rapidfuzz import fuzz, process

from handlers.understanding.wishes import SCALE
from tests.support.understanding import DEVELOPMENT, HELD_OUT, NEARLY_THE_SAME, PRACTICE, load_set, plain
from tests.understanding.__main__ import reader

HERE = Path(__file__).parent
TEACHING = HERE / "teaching.tsv"
SENTENCES = HERE.parent / "unit" / "understanding" / "sentences.txt"
WEIGHTS = HERE.parents[1] / "bot" / "language" / "wishes.json"
SAID_AT = datetime.fromisoformat("2026-05-13T09:30:00+08:00")
STRENGTH = 0.5
"""The inverse of the regularisation: chosen on what nothing was tuned on."""
SEEN = 3
"""In how many sentences a piece must stand to count."""
SHORT = 5
"""Letters up to which a sentence is what everybody says: 取消, 我的预约."""
PROMISED = 8.0
"""How much a sentence counts that the unit tests promise to read."""
SLIGHT = 0.05
"""Weights below this are left out: they change no reading and make most of the file."""


class Lesson(NamedTuple):
    """A sentence, what it wants, when it was said, and how much it counts."""

    intent: str
    text: str
    at: datetime
    counts: float = 1.0


def lessons() -> list[Lesson]:
    """Return all sentences that are taught; none is nearly one that scores, unless it is so short that all say it."""
    written = list(_written())
    texts = [plain(lesson.text) for lesson in written]
    scoring = [text for entry in load_set(HELD_OUT) if len(text := plain(entry.text)) > SHORT]
    found = (process.extract_iter(one, texts, scorer=fuzz.ratio, score_cutoff=NEARLY_THE_SAME) for one in scoring)
    near = {place for matches in found for text, _, place in matches if len(text) > SHORT}
    return [lesson for place, lesson in enumerate(written) if place not in near]


def _written() -> Iterator[Lesson]:
    for line in TEACHING.read_text(encoding="utf-8").splitlines():
        intents, _, text = line.partition("\t")
        counts = PROMISED if intents.endswith("!") else 1.0
        yield Lesson(intents.rstrip("!").split("|")[0], text, SAID_AT, counts)
    for line in SENTENCES.read_text(encoding="utf-8").splitlines():
        intents, text, *_ = line.split("|")
        yield Lesson(intents.split("/")[0], text, SAID_AT, PROMISED)
    for entry in (*load_set(DEVELOPMENT), *load_set(PRACTICE)):
        intent = next((intent for intent in entry.expect.intent if intent), None)
        if intent is not None and not entry.expect.urgent:
            yield Lesson(intent, entry.text, entry.at)


def fingerprint(taught: Sequence[tuple[str, Iterable[str]]]) -> str:
    """Return what tells whether the weights were learned from the sentences, cut into pieces, as they are now."""
    lines = (f"{intent} {' '.join(sorted(cut))}" for intent, cut in taught)
    return sha256("\n".join(lines).encode()).hexdigest()


def cut_lessons() -> list[tuple[Lesson, set[str]]]:
    """Return all lessons with the pieces of their sentences."""
    understanding = reader()
    return [(lesson, understanding.pieces_of(lesson.text, lesson.at)) for lesson in lessons()]


def main() -> None:
    """Teach, and write what was learned."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    learned_from = cut_lessons()
    taught, cut = [lesson for lesson, _ in learned_from], [pieces for _, pieces in learned_from]
    counting = CountVectorizer(analyzer=sorted, binary=True, min_df=SEEN)
    learning = LogisticRegression(C=STRENGTH, max_iter=3000)
    counts = [lesson.counts for lesson in taught]
    learning.fit(counting.fit_transform(cut), [lesson.intent for lesson in taught], sample_weight=counts)
    pieces = {}
    for piece, column in sorted(counting.vocabulary_.items()):
        weights = [(place, row[column]) for place, row in enumerate(learning.coef_)]
        kept = [(place, round(weight * SCALE)) for place, weight in weights if abs(weight) >= SLIGHT]
        if kept:
            pieces[piece] = [number for pair in kept for number in pair]
    bias = [round(one * SCALE) for one in learning.intercept_]
    learned = {
        "learned_from": fingerprint([(lesson.intent, of) for lesson, of in learned_from]),
        "intents": [*learning.classes_],
        "bias": bias,
        "pieces": "PIECES",
    }
    lines = ",\n".join(f"{json.dumps(piece, ensure_ascii=False)}: {row}" for piece, row in pieces.items())
    WEIGHTS.write_text(json.dumps(learned).replace('"PIECES"', f"{{\n{lines}\n}}") + "\n", encoding="utf-8")
    print(f"{len(taught)} sentences taught {len(pieces)} pieces")  # noqa: T201  # what was asked for


if __name__ == "__main__":
    main()
