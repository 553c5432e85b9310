"""What sentences want is learned: from these sentences as they are, and from nothing that scores it."""

from collections import Counter

import orjson
import pytest
from rapidfuzz import fuzz, process

from handlers.understanding import vocabulary as words
from handlers.understanding.wishes import LANE, Wishes, pieces
from tests.support.understanding import HELD_OUT, NEARLY_THE_SAME, load_set, plain
from tests.understanding.learn import SCALE, SHORT, TEACHING, WEIGHTS, cut_lessons, fingerprint, lessons

INTENTS = {
    words.HUMAN, words.COMPLAINT, words.HELP, words.CHANGE, words.CANCEL, words.AGAIN, words.MINE, words.AVAILABILITY,
    words.INFO, words.BOOK, words.THANKS, words.GREETING, words.UNKNOWN,
}  # fmt: skip


def test_the_weights_were_learned_from_the_sentences_as_they_are() -> None:
    taught = [(lesson.intent, cut) for lesson, cut in cut_lessons()]
    assert orjson.loads(WEIGHTS.read_bytes())["learned_from"] == fingerprint(taught), "run make learn"


def test_every_lesson_teaches_an_intent_and_every_intent_is_taught_often() -> None:
    taught = Counter(lesson.intent for lesson in lessons())
    assert set(taught) == INTENTS
    assert min(taught.values()) >= 80
    assert taught[words.UNKNOWN] >= 1500


def test_no_lesson_stands_twice_and_none_is_nearly_a_sentence_that_scores() -> None:
    """What is so short that everybody says it (取消, 我的预约) may stand in both."""
    lines = TEACHING.read_text(encoding="utf-8").splitlines()
    texts = Counter(plain(line.partition("\t")[2]) for line in lines)
    assert [text for text, count in texts.items() if count > 1] == []
    taught = [text for lesson in lessons() if len(text := plain(lesson.text)) > SHORT]
    held_out = [text for entry in load_set(HELD_OUT) if len(text := plain(entry.text)) > SHORT]
    near = (process.extractOne(one, taught, scorer=fuzz.ratio, score_cutoff=NEARLY_THE_SAME) for one in held_out)
    assert [found for found in near if found] == []


def test_the_likeliest_intent_is_taken_where_it_is_sure_and_asked_where_it_is_not() -> None:
    wishes = Wishes(["book", "cancel"], [0, 0], {"牙": [0, 3 * SCALE], "退": [0, -3 * SCALE, 1, 3 * SCALE]})
    assert wishes.judge("牙", ["牙"]) == ("book",)
    assert wishes.judge("退", ["退"]) == ("cancel",)
    several = Wishes(["book", "cancel", "info"], [0, 1, 2], {})
    assert several.judge("云", []) == ("info", "cancel", "book")


@pytest.mark.parametrize(
    ("weight", "wanted"),
    [(2 ** (LANE - 2), ("cancel",)), (-(2 ** (LANE - 2)), ("book",)), (-1, ("info", "book", "cancel"))],
)
def test_lanes_do_not_run_into_each_other(weight: int, wanted: tuple[str, ...]) -> None:
    wishes = Wishes(["book", "cancel", "info"], [0, 0, 0], {"牙": [1, weight]})
    assert wishes.judge("牙", ["牙"]) == wanted


@pytest.mark.parametrize("text", ["", "？？？", "😀", "。。。", " "])
def test_what_says_nothing_wants_nothing(text: str) -> None:
    wishes = Wishes(["book"], [0], {})
    assert wishes.judge(text, []) == (words.UNKNOWN,)


def test_the_pieces_of_a_text_are_at_most_three_for_each_letter() -> None:
    text = "牙疼" * 200
    assert len(pieces(text, (), (), moved=False)) <= 3 * (len(text) + 2)
