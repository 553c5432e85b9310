"""What a sentence wants."""

import pytest

from tests.support.understood import understood

INTENTS = {
    "book": (
        "预约 挂号 我要挂号 我想预约 挂个号 約診掛號 帮我挂个号 约个眼科 想看牙 口腔科 王医生 明天上午 帮我妈约个眼科 不想看王医生，换李医生 明天晚点 你好，我想挂号 牙疼 挂好 "
        "口腔科，谢谢 你好，口腔科 怎么约王医生 我要看中医 想约王主任 周三下午口腔科 看病 預約"
    ),
    "availability": (
        "王医生有号吗 还有号吗 口腔科有没有号 周三还有号没 明天能约吗 王医生周三上班吗 王医生什么时候出诊 眼科约满了吗 号源 陈主任周三坐诊吗 "
        "哪天有号 王医生下周在不在 还剩几个号 女医生有吗 有没有周末的号 周三有没有眼科 下周的号放了吗"
    ),
    "mine": "我的预约 我的号 查下我预约 我啥时候的号 查一下我的预约 我约了什么时候 我挂的号是几点 预约成功了吗 我有没有预约 我明天几点的号",
    "change": (
        "改约 我要改期 改时间 把周五的号改到下午 周三的改周四 换个时间 能不能改到明天 推迟到下周 想提前到周二 把王医生换成李医生 预约改一下 挪到周五 "
        "周五来不了，改下周一"
    ),
    "cancel": "取消预约 取消 退号 我要退号 明天去不了了 周五的号不要了 帮我把号退了 取消周五的号 怎么取消预约 周三的预约不去了 能退号吗 周五不约了 刚挂的号能退吗",
    "again": "再约一次 老样子 复诊 跟上次一样 还是上次那个医生 再挂一次王医生 再帮我约一次上次的 我爸去年中风过想复查",
    "info": (
        "多少钱 挂号费多少 你们在哪 地址 几点上班 几点关门 有哪些科室 有什么医生 怎么走 能用医保吗 王医生怎么样 牙疼挂什么科 电话多少 停车方便吗 "
        "抽血要空腹吗 在几楼 这里有妇科吗 有没有皮肤科 挂号要钱吗 哪位好 周末你们上班吗"
    ),
    "complaint": "投诉 我要投诉 你们态度太差了 意见建议",
    "human": "人工 转人工 客服 找个真人 人工客服",
    "help": "帮助 怎么用 怎么预约 怎么挂号 停止提醒 别再提醒我了 取消提醒",
    "greeting": "你好 您好 hi 在吗 早上好 hello",
    "thanks": "谢谢 多谢 谢谢你 感谢 王医生真好，谢谢",
    "unknown": (
        "我不想预约 不取消了 不改了 算了不约了 今天天气真好 二胎 哈哈哈 啊 123 ？？？ 阿司匹林怎么吃 想死你了 吃了吗 红烧肉怎么做 不用人工 我不挂号 "
        "股票涨了 周末去哪玩 明天见 周一见 今天好累 五点起床 国庆快乐 明天开会到三点 取消外卖订单 王医生微信多少 明天天气怎么样 周五我要去上班 上周挂的王医生 我不挂口腔科 今天星期几 我12月3号来看过"
    ),
}


@pytest.mark.parametrize(
    ("text", "intent"), [(text, intent) for intent, texts in INTENTS.items() for text in texts.split()]
)
def test_an_intent_is_read(text: str, intent: str) -> None:
    assert understood(text).intent == intent


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("把周五的号改到下午", {"date": "2026-11-27"}, {"part": "afternoon"}),
        ("周三的改周四", {"date": "2026-11-25"}, {"date": "2026-11-26"}),
        ("我周五来不了，想改到下周一", {"date": "2026-11-27"}, {"date": "2026-11-30"}),
        ("我约了周三的号想改到周四上午", {"date": "2026-11-25"}, {"date": "2026-11-26", "part": "morning"}),
        ("想改一下周五的号", {"date": "2026-11-27"}, {}),
        ("周五的预约改一下", {"date": "2026-11-27"}, {}),
        ("改到明天下午三点", {}, {"date": "2026-11-24", "part": "afternoon", "time": "15:00"}),
        (
            "把王医生换成李医生",
            {"doctor": "wang-fang", "department": "dental"},
            {"doctor": "li-qiang", "department": "dental"},
        ),
        (
            "王医生周三的号换到周五",
            {"doctor": "wang-fang", "department": "dental", "date": "2026-11-25"},
            {"date": "2026-11-27"},
        ),
        (
            "明天上午的号挪到后天下午",
            {"date": "2026-11-24", "part": "morning"},
            {"date": "2026-11-25", "part": "afternoon"},
        ),
    ],
)
def test_a_change_tells_the_old_from_the_new(text: str, old: dict[str, object], new: dict[str, object]) -> None:
    reading = understood(text)
    assert reading.intent == "change"
    assert (reading.old.row() if reading.old else {}) == old
    assert reading.row() == new


def test_a_cancellation_says_which() -> None:
    assert understood("取消周五的号").row() == {"date": "2026-11-27"}
    assert understood("把王医生的号退了").row() == {"doctor": "wang-fang", "department": "dental"}


def test_what_wants_nothing_has_no_day() -> None:
    assert understood("今天天气真好").row() == {}


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("周五下午三点的号推迟一小时", {"time": "15:00"}, {"time": "16:00"}),
        ("周五下午三点的号提前半小时", {"time": "15:00"}, {"time": "14:30"}),
        ("周五下午三点的号晚两天", {"date": "2026-11-27"}, {"date": "2026-11-29"}),
        ("下周五的号提前一周", {"date": "2026-12-04"}, {"date": "2026-11-27"}),
        ("下周五的号推迟一小时", {"date": "2026-12-04"}, {"date": "2026-12-04"}),
    ],
)
def test_a_shift_counts_from_the_old_appointment(text: str, old: dict[str, object], new: dict[str, object]) -> None:
    reading = understood(text)
    assert reading.intent == "change"
    assert reading.old is not None
    assert old.items() <= reading.old.row().items()
    assert new.items() <= reading.row().items()


def test_a_shift_from_nowhere_is_left_open() -> None:
    assert understood("推迟一天").row() == understood("提前一小时").row() == {}


def test_no_appointment_is_moved_into_the_past() -> None:
    moved = understood("把明天的号提前三天")
    assert moved.date is None
    assert "date" in moved.ask
    assert moved.old is not None


def test_thanks_for_what_was_and_a_greeting_of_what_was_wish_nothing() -> None:
    assert understood("昨天晚上好累").intent == "unknown"
    assert understood("不疼了").intent == "unknown"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("周三放到周五", "11-27"),
        ("能延期吗，周三的眼科我赶不回来，周五吧", "11-27"),
        ("能不能提前到周三，周五有事", "11-25"),
        ("我约的是周三，其实要的是周五，更正一下", "11-27"),
    ],
)
def test_one_day_for_another_is_a_change(text: str, day: str) -> None:
    reading = understood(text)
    assert (reading.intent, str(reading.date)) == ("change", f"2026-{day}")
    assert reading.old is not None and reading.old.date not in {None, reading.date}


def test_a_new_time_lies_in_the_part_of_day_of_the_old() -> None:
    assert str(understood("今晚六点半的号能改七点半吗").time) == "19:30:00"


@pytest.mark.parametrize("text", ["周四李强留不留号", "李强周四放号了没", "李强周四哪个时间段有空", "口腔科周四号多不"])
def test_a_question_with_a_day_asks_for_seats(text: str) -> None:
    assert understood(text).intent == "availability"


@pytest.mark.parametrize(
    "text", ["针灸是不是玄学", "口腔科医生年薪多少", "外科口罩哪里买", "还没想好看哪个科", "我家猫牙掉了"]
)
def test_a_question_nobody_here_can_answer_wishes_nothing(text: str) -> None:
    assert understood(text).intent == "unknown"
