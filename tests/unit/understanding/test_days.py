"""Days and holidays in a sentence, read on Monday 2026-11-23 at ten unless another moment is given."""

import pytest

from bot.language_tables import language_tables
from handlers.understanding.engine import Understanding
from handlers.understanding.tables import Tables
from tests.support.understood import BOOK, MONDAY, moment, sample_catalogue, understood, when


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("今天", "11-23"),
        ("今日", "11-23"),
        ("今儿", "11-23"),
        ("明天", "11-24"),
        ("明日", "11-24"),
        ("明儿", "11-24"),
        ("名天", "11-24"),
        ("听日", "11-24"),
        ("明朝上午", "11-24"),
        ("后天", "11-25"),
        ("後天", "11-25"),
        ("大后天", "11-26"),
        ("大大后天", "11-27"),
        ("周三", "11-25"),
        ("星期三", "11-25"),
        ("礼拜三", "11-25"),
        ("禮拜三", "11-25"),
        ("周3", "11-25"),
        ("周３", "11-25"),
        ("周衫", "11-25"),
        ("周日", "11-29"),
        ("周天", "11-29"),
        ("礼拜天", "11-29"),
        ("这周三", "11-25"),
        ("本周五", "11-27"),
        ("这个星期五", "11-27"),
        ("这周一", "11-23"),
        ("下周一", "11-30"),
        ("下周三", "12-02"),
        ("下个礼拜天", "12-06"),
        ("下星期五", "12-04"),
        ("下下周一", "12-07"),
        ("下下个星期二", "12-08"),
        ("30号", "11-30"),
        ("三十号", "11-30"),
        ("23号", "11-23"),
        ("5号", "12-05"),
        ("31号", "12-31"),
        ("廿五号", "11-25"),
        ("12月3日", "12-03"),
        ("12月3号", "12-03"),
        ("十二月三号", "12-03"),
        ("12月3", "12-03"),
        ("１２月３日", "12-03"),
        ("下个月5号", "12-05"),
        ("下月5号", "12-05"),
        ("这个月30号", "11-30"),
        ("本月28日", "11-28"),
        ("2026-12-03", "12-03"),
        ("2026/12/3", "12-03"),
        ("2026年12月3日", "12-03"),
        ("12.3号", "12-03"),
        ("12.3上午", "12-03"),
        ("12.3", "12-03"),
        ("12.3周四", "12-03"),
        ("三天后", "11-26"),
        ("3天之后", "11-26"),
        ("过三天以后", "11-26"),
        ("两周后", "12-07"),
        ("2周后", "12-07"),
        ("一个星期后", "11-30"),
        ("半个月后", "12-08"),
        ("一个月后", "12-23"),
        ("周五一早", "11-27"),
        ("改一下约周五", "11-27"),
    ],
)
def test_a_day_is_read(text: str, day: str) -> None:
    assert when(f"{text}{BOOK}").get("date") == f"2026-{day}"
    assert "until" not in when(f"{text}{BOOK}")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1月5号", "2027-01-05"),
        ("元月五号", "2027-01-05"),
        ("明年1月5号", "2027-01-05"),
        ("2027年2月1日", "2027-02-01"),
    ],
)
def test_a_day_of_the_coming_year_is_read(text: str, day: str) -> None:
    assert when(f"{text}{BOOK}")["date"] == day


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("周三到周五", "11-25", "11-27"),
        ("周三至周五", "11-25", "11-27"),
        ("从周三到周五", "11-25", "11-27"),
        ("周五到下周二", "11-27", "12-01"),
        ("下周一至三", "11-30", "12-02"),
        ("下周二到周四", "12-01", "12-03"),
        ("周一到周五", "11-23", "11-27"),
        ("12月1日到12月5日之间", "12-01", "12-05"),
        ("3号到5号", "12-03", "12-05"),
        ("3-5号", "12-03", "12-05"),
        ("12月3号到5号", "12-03", "12-05"),
        ("12月3日至12月5日", "12-03", "12-05"),
        ("明天或后天", "11-24", "11-25"),
        ("明天或者后天", "11-24", "11-25"),
        ("明后天", "11-24", "11-25"),
        ("今明两天", "11-23", "11-24"),
        ("周三周四都可以", "11-25", "11-26"),
        ("周三、周四、周五", "11-25", "11-27"),
        ("周六日", "11-28", "11-29"),
        ("周六周日", "11-28", "11-29"),
        ("周末", "11-28", "11-29"),
        ("本周末", "11-28", "11-29"),
        ("下周末", "12-05", "12-06"),
        ("本周", "11-23", "11-29"),
        ("下周", "11-30", "12-06"),
        ("下个星期", "11-30", "12-06"),
        ("下下周", "12-07", "12-13"),
        ("下个月", "12-01", "12-31"),
        ("12月", "12-01", "12-31"),
        ("一周内", "11-23", "11-30"),
        ("三天之内", "11-23", "11-26"),
        ("周二三", "11-24", "11-25"),
    ],
)
def test_a_range_of_days_is_read(text: str, first: str, last: str) -> None:
    found = when(f"{text}{BOOK}")
    assert (found.get("date"), found.get("until")) == (f"2026-{first}", f"2026-{last}")


def test_before_and_after_a_day_leave_that_day_out() -> None:
    assert when(f"周五之前{BOOK}") == {"until": "2026-11-26"}
    assert when(f"周五前{BOOK}") == {"until": "2026-11-26"}
    assert when(f"周五以后{BOOK}") == {"date": "2026-11-28", "onward": True}
    assert when(f"从周三开始{BOOK}") == {"date": "2026-11-25", "onward": True}


def test_a_day_within_a_range_narrows_it() -> None:
    assert when(f"下周有空，下周三{BOOK}") == {"date": "2026-12-02"}


def test_a_weekday_of_this_week_that_is_over_is_asked() -> None:
    assert understood(f"这周一{BOOK}", moment("2026-11-25T10:00")).ask == ("date",)


def test_a_holiday_that_nobody_has_is_asked() -> None:
    nobodys = Understanding(sample_catalogue(), Tables(wishes=language_tables().wishes), lambda _: None)
    assert nobodys.read(f"国庆期间{BOOK}", MONDAY).ask == ("date",)


@pytest.mark.parametrize(
    ("at", "text", "found"),
    [
        ("2026-09-20T10:00", "国庆", {"date": "2026-10-01", "until": "2026-10-07"}),
        ("2026-09-20T10:00", "国庆节当天", {"date": "2026-10-01"}),
        ("2026-09-20T10:00", "国庆后第一天", {"date": "2026-10-08"}),
        ("2026-09-20T10:00", "十一假期后第一天", {"date": "2026-10-08"}),
        ("2026-09-20T10:00", "中秋", {"date": "2026-09-25", "until": "2026-09-27"}),
        ("2025-09-20T10:00", "中秋当天", {"date": "2025-10-06"}),
        ("2025-09-20T10:00", "中秋", {"date": "2025-10-01", "until": "2025-10-08"}),
        ("2026-09-20T10:00", "国庆前", {"until": "2026-09-30"}),
        ("2026-09-20T10:00", "国庆之后", {"date": "2026-10-08", "onward": True}),
        ("2026-10-03T10:00", "国庆", {"date": "2026-10-03", "until": "2026-10-07"}),
        ("2026-10-03T10:00", "节后", {"date": "2026-10-08", "onward": True}),
        ("2026-09-28T10:00", "节前", {"until": "2026-09-30"}),
        ("2026-04-20T10:00", "五一", {"date": "2026-05-01", "until": "2026-05-05"}),
        ("2026-04-20T10:00", "劳动节当天", {"date": "2026-05-01"}),
        ("2026-06-01T10:00", "端午节", {"date": "2026-06-19", "until": "2026-06-21"}),
        ("2026-03-20T10:00", "清明", {"date": "2026-04-04", "until": "2026-04-06"}),
        ("2026-01-20T10:00", "春节后第一天", {"date": "2026-02-24"}),
        ("2026-01-20T10:00", "过完年", {"date": "2026-02-24", "onward": True}),
        ("2025-12-20T10:00", "元旦", {"date": "2026-01-01", "until": "2026-01-03"}),
    ],
)
def test_a_holiday_is_its_free_days(at: str, text: str, found: dict[str, object]) -> None:
    assert when(f"{text}{BOOK}", moment(at)) == found


def test_a_holiday_of_a_year_that_is_not_announced_is_asked() -> None:
    for text in ("元旦期间", "元旦后第一天", "元旦后"):
        reading = understood(f"{text}{BOOK}")
        assert (reading.date, reading.ask) == (None, ("date",))


def test_a_festival_is_on_its_day_though_its_holiday_is_not_announced() -> None:
    for text in ("元旦", "元旦当天", "元旦那天"):
        assert when(f"{text}{BOOK}") == {"date": "2027-01-01"}
    assert when(f"春节当天{BOOK}") == {"date": "2027-02-06"}
    assert when(f"除夕{BOOK}") == {"date": "2027-02-05"}
    assert when(f"元旦前{BOOK}") == {"until": "2026-12-31"}


def test_days_that_do_not_suit_are_kept_apart() -> None:
    (no,) = understood(f"周三不行{BOOK}").excluded
    assert no.days is not None
    assert (str(no.days.first), no.weekly) == ("2026-11-25", True)
    reading = understood(f"除了周一都行{BOOK}")
    assert (len(reading.excluded), reading.date, reading.prefer) == (1, None, "any")
    (no,) = understood(f"周三上午不行，下午可以{BOOK}").excluded
    assert no.part == "morning"
    assert "except" in understood(f"周末不行{BOOK}").as_row("")


def test_days_joined_before_a_refusal_are_refused_with_it() -> None:
    reading = understood(f"周四周五都没空{BOOK}")
    assert [one.days and one.days.first and one.days.first.day for one in reading.excluded] == [26, 27]
    assert reading.date is None
    assert when(f"周四没空，周五{BOOK}") == {"date": "2026-11-27"}


def test_a_weekday_beside_a_date_is_that_days_or_asked() -> None:
    assert str(understood("1月12号周二看牙").date) == "2027-01-12"
    assert str(understood("12号周六看牙").date) == "2026-12-12"
    assert understood("12/12周日看牙").ask == ("date",)


def test_to_ask_about_next_week_is_not_the_week_after() -> None:
    assert understood("问下下周三眼科有号吗").date == understood("下周三眼科有号吗").date
    assert understood("下下周三眼科有号吗").date != understood("下周三眼科有号吗").date
