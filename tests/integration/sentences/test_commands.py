"""Commands, taps, numbers and everything else that people send (R-B1, R-E3, contract "How the chat speaks")."""

import json
from datetime import timedelta

import pytest

from booking.errors import Unavailable
from booking.patients import Patients
from handlers.chat import Incoming
from handlers.state import VERSION
from storage.database import SqlDatabase
from tests.support.clinic import open_clinic
from tests.support.talk import Talk
from tests.support.talking import MENU, WAYS

TAP = "wwwwwwww.0"


async def test_the_guide_says_how_when_and_with_what_notes(talk: Talk) -> None:
    """R-B1."""
    seen = (await talk.says("帮助")).offers(*MENU)
    seen.shows("按科室、医生或时间", "提前7天", "就诊前1小时停止预约", "带好证件", "首次预约", "人工")


@pytest.mark.parametrize(
    ("change", "cancel", "said"),
    [
        (2, 2, "最晚可在就诊前2小时改约或取消。"),
        (24, 2, "最晚可在就诊前24小时改约，最晚可在就诊前2小时取消。"),
        (0, 2, "就诊开始前都可以改约，最晚可在就诊前2小时取消。"),
    ],
)
async def test_the_guide_says_until_when_and_not_from_when_on(
    talk: Talk, database: SqlDatabase, change: int, cancel: int, said: str
) -> None:
    """R-A12, R-A13."""
    await open_clinic(database, change_notice=timedelta(hours=change), cancel_notice=timedelta(hours=cancel))
    (await talk.says("帮助")).shows(said)


async def test_a_follower_is_welcomed_however_they_came(talk: Talk) -> None:
    (await talk.event("subscribe")).shows("欢迎关注示范门诊部").offers(*MENU)
    (await talk.event("subscribe", "dental")).shows("欢迎关注").offers(*MENU)
    (await talk.event("scan", "dental")).shows("您好，这里是示范门诊部").offers(*MENU)


async def test_a_scan_in_mid_dialogue_repeats_the_question(talk: Talk) -> None:
    await talk.says("预约")
    (await talk.event("scan", "dental")).offers(*WAYS)


async def test_a_follower_is_welcomed_even_when_noting_it_fails(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_args: object, **_kwargs: object) -> None:
        raise Unavailable

    monkeypatch.setattr(Patients, "follow", fail)
    (await talk.event("subscribe")).shows("欢迎关注").offers(*MENU)
    assert (await talk.event("unsubscribe")).turn.chat is None


async def test_who_unfollows_is_forgotten_in_silence(talk: Talk) -> None:
    await talk.says("预约")
    assert (await talk.event("unsubscribe")).turn.reply is None
    assert talk.chat is None


async def test_other_events_are_passed_over_in_silence(talk: Talk) -> None:
    await talk.says("预约")
    before = talk.chat
    for event in ("view", "location", "templatesendjobfinish"):
        seen = await talk.event(event)
        assert (seen.turn.reply, seen.turn.chat) == (None, before)


async def test_a_click_in_the_account_menu_is_read_as_its_word(talk: Talk) -> None:
    (await talk.event("click", "预约")).offers(*WAYS)
    (await talk.event("click", "我的预约")).shows("您还没有预约")
    (await talk.event("click", "")).shows("没有看懂")
    (await talk.event("click")).offers(*MENU)


async def test_speech_is_read_as_text(talk: Talk) -> None:
    (await talk.speaks("预约。")).offers(*WAYS)
    (await talk.speaks("按医生。")).shows("请选择医生")
    (await talk.speaks("第一个。")).shows("王芳 主任医师（口腔科")
    (await talk.speaks("")).shows("没有听清").offers("11月24日", "11月25日")


@pytest.mark.parametrize("kind", ["image", "video", "location", "link", "other"])
async def test_what_cannot_be_read_gets_a_friendly_line_and_the_question_again(talk: Talk, kind: str) -> None:
    incoming = Incoming("o-zhang", kind, "m-picture")
    (await talk.sends(incoming)).shows("暂时无法识别").offers(*MENU)
    await talk.says("预约")
    seen = (await talk.sends(incoming)).shows("暂时无法识别", "请选择预约方式").offers(*WAYS)
    assert seen.turn.outcome == "unreadable"


async def test_people_can_always_be_reached(talk: Talk) -> None:
    """人工 and 投诉 answer with telephone and hours, beside an open question as well."""
    said = ("010-00000000", "周一至周五 08:30-11:30、13:30-17:00；周六 08:30-11:30")
    (await talk.says("人工")).shows(*said, "示范路1号").offers(*MENU)
    (await talk.says("投诉")).shows(*said, "感谢您的反馈", "歉意").offers(*MENU)
    await talk.says("预约")
    (await talk.says("转人工")).shows(*said).offers(*WAYS)
    (await talk.says("我要投诉")).shows(*said).offers(*WAYS)


async def test_courtesies_are_returned_without_disturbing_the_dialogue(talk: Talk) -> None:
    (await talk.says("你好")).shows("您好，这里是示范门诊部").offers(*MENU)
    (await talk.says("谢谢！")).shows("不客气").offers(*MENU)
    await talk.says("预约")
    (await talk.says("你好")).offers(*WAYS)
    (await talk.says("菜单")).offers(*MENU)


@pytest.mark.parametrize(
    "text",
    [
        "预约",
        "挂号",
        "１",
        "1",
        "1.",
        "①",
        "1️⃣",
        "一",
        "第1个",
        " 1 ",
        "\u202e1\u202c",
        "预约挂号",
        "挂号！！",
        "預約",
        "我要第一个",
        "选1",
        "要1",
        "就第1个吧",
    ],
)
async def test_the_menu_is_answered_in_many_ways(talk: Talk, text: str) -> None:
    await talk.says("菜单")
    (await talk.says(text)).offers(*WAYS)


async def test_the_guide_is_a_choice_of_the_menu(talk: Talk) -> None:
    await talk.says("菜单")
    (await talk.says("4")).shows("【预约指南】").offers(*MENU)
    (await talk.says("3")).shows("就诊人（1/5）")


async def test_a_part_of_a_label_is_enough_when_only_one_has_it(talk: Talk) -> None:
    (await talk.says("预约", "科室")).shows("请选择科室")
    (await talk.says("返回", "按")).shows("有多个选项包含“按”").offers(*WAYS)


async def test_a_number_that_is_not_among_the_choices_is_said_and_asked_again(talk: Talk) -> None:
    for number in ("5", "9", "0", "88", "007"):
        seen = (await talk.says("预约", number)).shows(f"没有选项“{int(number)}”").offers(*WAYS)
        assert seen.turn.outcome == "not_understood"


@pytest.mark.parametrize(
    "text", ["今天天气不错", "a" * 10000, "😊", "   ", "\u202e\u200f", "<xml>]]></xml>", "{}", "99999", "%s{0}"]
)
async def test_anything_else_gets_the_question_again(talk: Talk, text: str) -> None:
    await talk.says("预约")
    (await talk.says(text)).shows("抱歉，没有看懂").offers(*WAYS)


@pytest.mark.parametrize("text", ["今天天气不错", "停诊", "号源", "代约", "绑定 123456"])
async def test_unknown_words_get_the_menu_and_staff_words_are_unknown(talk: Talk, text: str) -> None:
    """Nobody unbound can find out that staff commands exist."""
    seen = (await talk.says(text)).offers(*MENU)
    assert seen.text == (await talk.says("退出", "天书")).text


@pytest.mark.parametrize("text", ["好的", "收到。", "嗯嗯"])
async def test_who_says_no_more_than_that_they_have_read_is_not_apologised_to(talk: Talk, text: str) -> None:
    (await talk.says(text)).shows("好的，需要时请随时回复").hides("抱歉").offers(*MENU)


@pytest.mark.parametrize("text", ["好的", "知道了", "嗯嗯", "收到", "OK", "好的，谢谢"])
async def test_who_nods_at_a_question_is_asked_it_again_and_not_told_off(talk: Talk, text: str) -> None:
    await talk.says("预约")
    seen = (await talk.says(text)).shows("好的，请接着回答").hides("没有看懂").offers(*WAYS)
    assert seen.turn.outcome == "asked"
    (await talk.says("口腔科", text)).shows("好的，请接着回答").offers("王芳", "李强")
    (await talk.says("菜单", text)).shows("好的，需要时请随时回复").offers(*MENU)


@pytest.mark.parametrize("text", ["好的", "知道了", "ok", "嗯嗯"])
async def test_a_nod_is_nobodys_name(talk: Talk, text: str) -> None:
    await talk.says("就诊人", "添加")
    (await talk.says(text)).shows("好的，请接着回答", "请输入姓名")


@pytest.mark.parametrize(("text", "wished"), [("取消预约", "取消"), ("我想改约", "改约"), ("怎么退号", "取消")])
async def test_who_has_nothing_to_change_or_cancel_is_told_so(talk: Talk, text: str, wished: str) -> None:
    (await talk.says(text)).shows(f"您没有待就诊的预约，无需{wished}").ends("none")
    (await talk.says("菜单", text)).shows(f"您没有待就诊的预约，无需{wished}").ends("none")


async def test_who_speaks_of_a_change_in_mid_dialogue_learns_the_words_for_it(talk: Talk) -> None:
    (await talk.says("预约", "怎么退号啊")).shows("请回复“改约”或“取消预约”", "请选择预约方式")


async def test_a_digit_when_nothing_is_asked_is_explained(talk: Talk) -> None:
    (await talk.says("1")).shows("没有等待您选择的问题").offers(*MENU)
    (await talk.says("1")).offers(*WAYS)


async def test_back_and_leave_are_understood_when_nothing_is_open(talk: Talk) -> None:
    (await talk.says("返回")).offers(*MENU)
    (await talk.says("退出")).shows("已为您退出").ends("left")
    (await talk.says("退出")).shows("已为您退出").ends("left")


async def test_a_choice_from_an_earlier_message_is_recognised(talk: Talk) -> None:
    """The number 1 means something else by now; the tap tells."""
    ways = await talk.says("预约")
    await talk.taps(ways, "按医生")
    seen = (await talk.taps(ways, "按科室")).shows("之前消息里的选项", "请选择医生")
    assert seen.turn.outcome == "stale"
    await talk.says("退出")
    (await talk.taps(ways, "按科室")).shows("之前消息里的选项").offers(*MENU)


async def test_a_choice_of_an_ended_dialogue_does_not_answer_the_next_one(talk: Talk) -> None:
    """The serial goes on although the chat was forgotten."""
    confirm = await talk.says("赵敏", "1")
    talk.now += timedelta(seconds=1)
    await talk.taps(confirm, "确认")
    talk.now += timedelta(seconds=1)
    await talk.says("王芳", "后天", "09:00")
    (await talk.taps(confirm, "确认")).shows("之前消息里的选项", "请确认预约信息")


async def test_the_same_question_asked_again_takes_taps_in_either_message(talk: Talk) -> None:
    first = await talk.says("预约")
    await talk.says("什么")
    (await talk.taps(first, "按医生")).shows("请选择医生")


async def test_choices_of_the_menu_work_however_old(talk: Talk) -> None:
    menu = await talk.says("菜单")
    await talk.says("预约", "按医生")
    (await talk.taps(menu, "我的预约")).shows("您还没有预约")
    (await talk.taps(menu, "预约挂号")).offers(*WAYS)
    (await talk.taps(menu, "帮助")).shows("【预约指南】", "退出").offers(*WAYS)


@pytest.mark.parametrize("tap", ["", "?", "x.y", "1.-1", "go.nothing", "😊.1"])
async def test_a_tap_that_is_none_of_ours_is_read_by_its_text(talk: Talk, tap: str) -> None:
    await talk.says("预约")
    await talk.sends(Incoming("o-zhang", "text", "m", text="2", tapped=tap))
    assert b'"doctor"' in (talk.chat or b"")


async def test_a_dialogue_is_kept_for_thirty_minutes(talk: Talk) -> None:
    await talk.says("预约")
    talk.now += timedelta(minutes=30)
    (await talk.says("2")).shows("请选择医生")
    talk.now += timedelta(minutes=30, seconds=1)
    (await talk.says("1")).shows("已超过30分钟").offers(*MENU)
    talk.now += timedelta(hours=2)
    (await talk.says("预约")).hides("30分钟").offers(*WAYS)


def broken(chat: bytes | None) -> list[bytes]:
    """The document as other releases, or accidents, might leave it."""
    known = json.loads(chat or b"{}")
    return [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        json.dumps({**known, "version": VERSION + 1}).encode(),
        json.dumps({**known, "flow": "gone"}).encode(),
        json.dumps({**known, "asked": {**known["asked"], "gap": "gone"}}).encode(),
        json.dumps({**known, "asked": {**known["asked"], "options": [["x"]]}}).encode(),
    ]


async def test_a_chat_of_another_release_starts_over_politely(talk: Talk) -> None:
    await talk.says("预约")
    for document in broken(talk.chat)[1:]:
        talk.chat = document
        (await talk.says("1")).shows("系统刚刚升级", "已预约成功的不受影响").offers(*MENU)
        talk.chat = document
        (await talk.says("什么")).offers(*MENU)
    talk.chat = b'{"version": 0}'
    (await talk.says("预约")).shows("系统刚刚升级").offers(*WAYS)
