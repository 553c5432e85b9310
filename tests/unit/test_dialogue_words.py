"""Reading what was typed: as a number, a command, an option, a name."""

from datetime import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.models import Catalogue, Clinic, Department, Doctor
from handlers.reading import Named, read_names
from handlers.state import Option
from handlers.texts import commands
from handlers.words import LONGEST_READ, clean, command, compact, matching, number

CATALOGUE = Catalogue(
    Clinic("demo", "示范门诊部", "示范路1号", "010-00000000", "Asia/Shanghai"),
    {
        "dental": Department("dental", "口腔科", ("牙科",)),
        "eye": Department("eye", "眼科"),
        "child": Department("child", "儿童口腔科"),
        "old": Department("old", "针灸科", active=False),
    },
    {
        "wang": Doctor("wang", "王芳", "主任医师", "dental", Decimal(50)),
        "wang2": Doctor("wang2", "王芳", "主治医师", "eye", Decimal(20)),
        "zhao": Doctor("zhao", "赵敏", "主治医师", "eye", Decimal(20), release_at=time(7)),
        "gone": Doctor("gone", "钱进", "主治医师", "eye", Decimal(20), active=False),
    },
    1,
)
ANSWERS = (Option("yes", "同意", ("好",)), Option("no", "不同意"))
TIMES = (Option("a", "09:00 余2", ("9点",)), Option("b", "19:00 余3", ("19点",)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("３", 3),
        (" 3。", 3),
        ("③", 3),
        ("3️⃣", 3),
        ("第3个", 3),
        ("选三", 3),
        ("第二个", 2),
        ("我要第二个", 2),
        ("我就要第2项吧", 2),
        ("选第二個", 2),
        ("要2", 2),
        ("想要2", 2),
        ("那就2吧", 2),
        ("我要两个", None),
        ("要2个", None),
        ("就2", 2),
        ("就第一个", 1),
        ("就选1个", 1),
        ("那就第2个吧", 2),
        ("就一个", None),
        ("就2个", None),
        ("那就一个", None),
        ("那就一个吧", None),
        ("要3号", None),
        ("要2点的", None),
        ("不要2", None),
        ("我2", None),
        ("第二天", None),
        ("2和3", None),
        ("十", None),
        ("3号", None),
        ("2020", None),
        ("1.", 1),
        ("-1", None),
        ("－1", None),
        ("~1", None),
        ("1.5", None),
        ("0.1", None),
        ("1/2", None),
    ],
)
def test_numbers_are_read_in_many_forms(text: str, value: int | None) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("帮助", "help"),
        ("？", "help"),
        ("?", "help"),
        ("【返回】", "back"),
        ("HELP", "help"),
        ("就诊人。", "patients"),
        ("我的预约单", None),
    ],
)
def test_commands_are_the_whole_text(text: str, value: str | None) -> None:
    assert command(text) == value


def test_every_command_word_is_written_as_it_is_compared() -> None:
    assert [word for word in commands.COMMANDS if compact(word) != word] == []


@pytest.mark.parametrize(
    ("options", "text", "places"),
    [
        (ANSWERS, "同意", [0]),
        (ANSWERS, "不同意", [1]),
        (ANSWERS, "我同意", [0]),
        (ANSWERS, "我不同意", [1]),
        (ANSWERS, "意", [0, 1]),
        (ANSWERS, "不", [1]),
        (ANSWERS, "好", [0]),
        (ANSWERS, "！", []),
        (TIMES, "9点", [0]),
        (TIMES, "我要9点的", [0]),
        (TIMES, "9:00", []),
        (TIMES, "00 余", [0, 1]),
        (TIMES, "9", []),
        (TIMES, "19:00 余", [1]),
        (TIMES, "八点", []),
    ],
)
def test_an_option_is_meant_by_its_label_its_words_or_a_part(
    options: tuple[Option, ...], text: str, places: list[int]
) -> None:
    assert matching(options, text) == places


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("口腔科", Named("dental")),
        ("牙科", Named("dental")),
        ("儿童口腔科", Named("child")),
        ("赵敏", Named("eye", ("zhao",))),
        ("我想约眼科赵敏医生", Named("eye", ("zhao",))),
        ("王芳", Named(None, ("wang", "wang2"))),
        ("眼科王芳", Named("eye", ("wang2",))),
        ("儿童口腔科赵敏", None),
        ("口腔科眼科", None),
        ("钱进", None),
        ("针灸科", None),
        ("口腔科不好", None),
        ("王", None),
        ("", None),
    ],
)
def test_names_are_read_only_where_nothing_else_is_said(text: str, named: Named | None) -> None:
    assert read_names(text, CATALOGUE) == named


@given(st.text(max_size=2000))
def test_no_text_breaks_reading_and_none_is_read_at_length(text: str) -> None:
    assert len(clean(text)) <= LONGEST_READ
    assert clean(clean(text)) == clean(text)
    for read in (number, command, lambda said: matching(ANSWERS, said), lambda said: read_names(said, CATALOGUE)):
        read(text)
