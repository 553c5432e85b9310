"""What holds for any text: nothing raises, writing things differently changes nothing, the work stays linear."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.understanding.grammar import SLIPS
from handlers.understanding.lexicon import Lexicon
from handlers.understanding.normal import Normal, normalise
from handlers.understanding.people import TITLES
from handlers.understanding.phrases import Phrases
from handlers.understanding.reading import Reading
from handlers.understanding.vocabulary import CUES
from handlers.words import LONGEST_READ
from tests.support.understood import MONDAY, sample_understanding, understood

PIECES = (
    *"周三 下周五 上午 9点 九点半 12月3日 30号 三天后 到 之前 以后 不对 不行 除了 国庆 节后 口腔科 王医生 wangfang 牙疼 孩子 我妈 帮张三 胸痛 没有 去年 改到 取消 的号 1 、 , 。".split(),
    *(word for words in CUES.values() for word in words.split()),
    *SLIPS,
    *TITLES,
)
spoken = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
moments = st.datetimes(timezones=st.just(UTC)).filter(lambda moment: 2000 <= moment.year <= 2100)


def row(text: str) -> dict[str, object]:
    return understood(text).as_row("")


@given(st.text(max_size=400), moments)
def test_no_text_raises(text: str, now: datetime) -> None:
    reading = sample_understanding().read(text, now)
    assert reading.as_row(text)["intent"]
    assert all(0 <= start < end <= len(text) for start, end, _ in reading.spans)


@given(spoken, moments)
def test_nothing_said_raises(text: str, now: datetime) -> None:
    reading = sample_understanding().read(text, now)
    assert reading.date is None or reading.date >= now.astimezone(MONDAY.tzinfo).date() - timedelta(days=1)
    assert reading.until is None or reading.date is None or reading.until >= reading.date


@given(st.one_of(st.text(max_size=60), spoken))
def test_a_text_reads_like_its_normal_form(text: str) -> None:
    normal = normalise(text).text
    assert normalise(normal).text == normal
    assert row(normal) == row(text)


@given(spoken)
def test_spaces_pictures_and_wide_letters_change_nothing(text: str) -> None:
    normal = normalise(text).text
    wide = "".join(chr(ord(letter) + 0xFEE0) if "a" <= letter <= "z" else letter for letter in normal)
    assert row(f" 🙏{wide}😭 ") == row(normal)


@given(st.text(alphabet="周三下午 １２月 😀約\n王ab.号", max_size=40))
def test_each_letter_knows_where_it_stood(text: str) -> None:
    normal = normalise(text)
    places = [normal.place(index) for index in range(len(normal.text))]
    assert places == sorted(places)
    for letter, place in zip(normal.text, places, strict=True):
        assert letter in normalise(text[place]).text or letter in {" ", ","} or letter in "".join(SLIPS.values())


def test_what_is_understood_and_what_is_left_make_up_the_text() -> None:
    text = "帮我妈约 下周三 上午口腔科 蓝色的大象"
    reading = understood(text)
    parts = {what: text[start:end] for start, end, what in reading.spans}
    assert (parts["patient"], parts["when"], parts["department"]) == ("我妈", "下周三 上午", "口腔科")
    assert reading.left == "蓝色大象"


def test_a_space_between_figures_stays_one() -> None:
    assert normalise("12  3").text == "12 3"
    assert normalise("周 三\n下午").text == "周三,下午"


@pytest.mark.parametrize(
    ("said", "otherwise"),
    [
        ("睇牙", "看牙"),
        ("胃痛", "胃疼"),
        ("俺娘看眼科", "我娘看眼科"),
        ("咋挂号", "怎么挂号"),
        ("挂啥科", "挂什么科"),
        ("周五上班么", "周五上班吗"),
        ("牙疼[捂脸][吐]", "牙疼"),
        ("周五的号→周六", "周五的号改周六"),
        ("周五的号 --> 周六", "周五的号改周六"),
        ("有木有号", "有没有号"),
    ],
)
def test_what_is_written_in_two_ways_reads_alike(said: str, otherwise: str) -> None:
    assert row(said) == row(otherwise)


def test_a_reading_tells_all_it_found() -> None:
    assert row("孩子15岁感冒")["departments"] == ["general", "internal"]
    assert row("王医生或者李医生")["doctors"] == ["wang-fang", "li-qiang"]
    assert row("喘不上气")["flags"] == ["呼吸困难"]
    assert row("除了周三上午都行")["except"] == [{"date": "2026-11-25", "part": "morning", "weekly": True}]


def test_a_long_text_is_cut() -> None:
    assert len(normalise("牙" * 5000).text) == LONGEST_READ
    assert understood("啊" * LONGEST_READ + "口腔科").department is None


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count the marks and the searches of a reading, and the letters each search may look at."""
    steps: Counter[str] = Counter()
    find, around = Lexicon.find, Phrases._around

    def counting_find(self: Lexicon, text: str) -> object:
        found = find(self, text)
        steps["marks"] += len(found)
        return found

    def counting_around(self: Phrases, text: str, index: int, start: int, end: int) -> object:
        steps["searches"] += 1
        return around(self, text, index, start, end)

    with mock.patch.object(Lexicon, "find", counting_find), mock.patch.object(Phrases, "_around", counting_around):
        yield steps


@pytest.mark.parametrize(
    "piece", ["胸口疼", "周三不行", "王医生", "口强科", "把周五的号改到下午,", "孩子3岁发烧", "没有不", "1", "的"]
)
def test_work_grows_with_the_length_and_no_faster(piece: str) -> None:
    work = []
    for times in (10, 20, 40):
        with counted() as steps:
            understood((piece * times)[:LONGEST_READ])
        work.append(steps.total() / min(times, LONGEST_READ / len(piece)))
    assert max(work) <= 1.2 * min(work) + 1


def test_each_search_looks_at_a_bounded_part_of_the_text() -> None:
    looked: list[int] = []
    reading = understood("胸口疼" * 90)
    assert isinstance(reading, Reading)
    assert isinstance(reading.normal, Normal)
    for start, end, _ in reading.used:
        looked.append(end - start)
    assert max(looked) <= 60


@settings(max_examples=20)
@given(st.text(max_size=40))
def test_a_pattern_of_any_slip_is_of_one_length(text: str) -> None:
    assert len(re.sub("|".join(map(re.escape, SLIPS)), lambda slip: SLIPS[slip[0]], text)) == len(text)
    assert all(len(slip) == len(meant) for slip, meant in SLIPS.items())
