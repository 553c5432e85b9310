"""Times of day in a sentence, and days beside them, read on Monday 2026-11-23 at ten unless another is given."""

import pytest

from tests.support.understood import BOOK, moment, understood, when


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("上午", "morning"),
        ("早上", "morning"),
        ("早晨", "morning"),
        ("一大早", "morning"),
        ("中午", "noon"),
        ("下午", "afternoon"),
        ("夏午", "afternoon"),
        ("午后", "afternoon"),
        ("傍晚", "evening"),
        ("晚上", "evening"),
        ("下班后", "evening"),
    ],
)
def test_a_part_of_day_is_read(text: str, part: str) -> None:
    assert when(f"明天{text}{BOOK}") == {"date": "2026-11-24", "part": part}
    assert when(f"{text}{BOOK}") == {"part": part}


@pytest.mark.parametrize(
    ("text", "part", "time"),
    [
        ("九点", None, "09:00"),
        ("9点", None, "09:00"),
        ("9点钟", None, "09:00"),
        ("九点半", None, "09:30"),
        ("九点一刻", None, "09:15"),
        ("九点三刻", None, "09:45"),
        ("九点二十", None, "09:20"),
        ("9点05", None, "09:05"),
        ("9:30", None, "09:30"),
        ("９：３０", None, "09:30"),
        ("14:30", None, "14:30"),
        ("14点", None, "14:00"),
        ("三点半", None, "15:30"),
        ("两点", None, "14:00"),
        ("十二点", None, "12:00"),
        ("十一点", None, "11:00"),
        ("上午10点", "morning", "10:00"),
        ("下午三点", "afternoon", "15:00"),
        ("下午一点", "afternoon", "13:00"),
        ("下午2点40", "afternoon", "14:40"),
        ("中午一点", "noon", "13:00"),
        ("中午12点", "noon", "12:00"),
        ("晚上7点", "evening", "19:00"),
        ("晚上七点半", "evening", "19:30"),
        ("早8点", "morning", "08:00"),
    ],
)
def test_a_time_is_read(text: str, part: str | None, time: str) -> None:
    found = when(f"明天{text}{BOOK}")
    assert (found.get("part"), found.get("time")) == (part, time)


def test_digits_of_other_scripts_are_no_minutes() -> None:
    found = when(f"明天上午9点2᱗{BOOK}")
    assert (found.get("part"), found.get("time")) == ("morning", None)


def test_a_range_of_times_is_read() -> None:
    for text in ("两点到四点", "2点-4点", "2-4点", "14:00-16:00", "两到四点"):
        found = when(f"明天{text}{BOOK}")
        assert (found.get("time"), found.get("until_time")) == ("14:00", "16:00"), text
    assert when(f"下午三四点{BOOK}") == {"part": "afternoon", "time": "15:00", "until_time": "16:00"}
    assert when(f"下午5点前{BOOK}") == {"part": "afternoon", "until_time": "17:00"}
    assert when(f"上午10点以后{BOOK}") == {"part": "morning", "time": "10:00"}


def test_a_time_alone_may_say_what_it_is() -> None:
    assert when(f"两点半{BOOK}") == {"time": "14:30"}
    assert when(f"一点钟{BOOK}") == {"time": "13:00"}
    assert when(f"下午周三{BOOK}") == {"date": "2026-11-25", "part": "afternoon"}
    assert when(f"上午到下午都行{BOOK}") == {}
    assert when(f"九点，9点{BOOK}") == {"time": "09:00"}
    reading = understood(f"三点到七点{BOOK}")
    assert (reading.ask, reading.until_time) == (("time",), None)


def test_tonight_and_tomorrow_morning_are_two_things() -> None:
    assert when(f"今晚8点{BOOK}") == {"date": "2026-11-23", "part": "evening", "time": "20:00"}
    assert when(f"明早{BOOK}") == {"date": "2026-11-24", "part": "morning"}


@pytest.mark.parametrize(
    "text",
    [
        "3号楼",
        "头疼三天了",
        "二胎",
        "一直疼",
        "上周三看过",
        "昨天来过",
        "我孩子3岁",
        "138-1234-5678",
        "电话13812345678",
        "血糖12.3",
        "50.5元",
        "一点都不疼",
        "有一点疼",
        "好一点了",
        "一周三次",
        "每周三",
        "第3号",
        "去3号诊室",
        "两点建议",
        "三个月了",
        "体温38.5",
        "怀孕12周了",
        "一天三顿",
        "排到8号",
        "改天再说",
        "25点",
        "三五点",
        "11月初看过",
        "差十分九点",
        "13.45号",
        "正月初五",
        "腊月二十号",
        "农历八月十五",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    reading = understood(f"{text}，{BOOK}")
    assert (reading.date, reading.until, reading.time, reading.ask) == (None, None, None, ())


@pytest.mark.parametrize(
    ("text", "gap"),
    [
        ("周一上午", "date"),
        ("周二和周四", "date"),
        ("周一三五", "date"),
        ("明天周五", "date"),
        ("那就12.3", "date"),
        ("2月30号", "date"),
        ("13月1号", "date"),
        ("2025-12-08", "date"),
        ("7点", "time"),
        ("上午15点", "time"),
        ("晚上12点", "time"),
        ("九点或者十点", "time"),
        ("周末或者晚上", "date"),
        ("晚上或者周三", "date"),
        ("半周后", "date"),
        ("这个月5号", "date"),
        ("这个月初", "date"),
        ("32号到35号", "date"),
        ("周三到2月30号", "date"),
        ("2月30号，周三", "date"),
    ],
)
def test_what_may_mean_two_things_is_asked(text: str, gap: str) -> None:
    reading = understood(f"{text}{BOOK}")
    assert reading.ask == (gap,)
    assert getattr(reading, gap) is None


def test_a_weekday_that_is_todays_is_the_next_when_its_time_is_over() -> None:
    noon = moment("2026-11-23T13:00")
    assert when(f"周一上午{BOOK}", noon)["date"] == "2026-11-30"
    assert when(f"周一9点{BOOK}", noon)["date"] == "2026-11-30"
    assert understood(f"周一下午{BOOK}", noon).ask == ("date",)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("周三,不对,周四", "2026-11-26"),
        ("周三，不是，是周四", "2026-11-26"),
        ("周三说错了周四", "2026-11-26"),
        ("不是周三，是周四", "2026-11-26"),
        ("明天不行，后天吧", "2026-11-25"),
        ("不要周三，周四", "2026-11-26"),
        ("周三没空周四可以", "2026-11-26"),
    ],
)
def test_a_correction_counts(text: str, day: str) -> None:
    assert when(f"{text}{BOOK}") == {"date": day}


def test_a_day_in_a_sentence_that_wishes_nothing_is_kept_aside() -> None:
    reading = understood("我那天要上班周四吧")
    assert (reading.intent, reading.date) == ("unknown", None)
    assert reading.aside is not None
    assert str(reading.aside.date) == "2026-11-26"


def test_a_corrected_time_keeps_the_part_of_day_it_lies_in() -> None:
    assert when(f"周三上午10点，不对，11点{BOOK}") == {"date": "2026-11-25", "part": "morning", "time": "11:00"}
    assert when(f"周三下午3点，不对，10点{BOOK}") == {"date": "2026-11-25", "time": "10:00"}


@pytest.mark.parametrize("text", ["最快", "尽快", "越早越好", "最早的号", "最近的号"])
def test_as_soon_as_possible_leaves_the_day_open(text: str) -> None:
    reading = understood(f"{text}{BOOK}")
    assert (reading.prefer, reading.date, reading.ask) == ("soonest", None, ())


@pytest.mark.parametrize("text", ["随便", "都行", "哪天都行", "什么时候都可以"])
def test_any_time_leaves_the_day_open(text: str) -> None:
    reading = understood(f"{text}{BOOK}")
    assert (reading.prefer, reading.date, reading.ask) == ("any", None, ())


@pytest.mark.parametrize("text", ["晚上咳嗽", "早上头晕", "今天头疼", "今天孩子发烧", "晚上老是睡不着"])
def test_when_it_hurts_is_not_when_to_come(text: str) -> None:
    reading = understood(text)
    assert (reading.date, reading.part) == (None, None)


def test_a_letter_typed_for_a_figure_is_read_as_one() -> None:
    assert when(f"12月2O号{BOOK}") == {"date": "2026-12-20"}


def test_the_beginning_of_an_illness_is_no_day_to_come() -> None:
    assert when("从周三开始牙疼，约周五的") == {"date": "2026-11-27"}


def test_the_second_of_a_question_and_a_wish_stands_for_itself() -> None:
    assert when(f"这样可以不 周五{BOOK}") == {"date": "2026-11-27"}


@pytest.mark.parametrize(
    "text", ["夜里老咳", "凌晨三点就醒了，失眠", "昨晚追剧追到两点，眼睛疼", "早上起来眼睛肿", "早上挂的明天的号"]
)
def test_the_time_of_something_else_is_no_time_to_come(text: str) -> None:
    reading = understood(text)
    assert (reading.part, reading.time) == (None, None)
