"""Words for a notice, and words that are none: courtesies, commands, the menu."""

from datetime import timedelta

import pytest

from handlers.chat import Incoming
from tests.support.notice_desk import LI, WANG, Desk


async def test_words_of_a_choice_answer_it_beside_an_open_question(desk: Desk) -> None:
    claim = await desk.book()
    reminder = await desk.remind(claim)
    desk.talk.now += timedelta(minutes=1)
    await desk.talk.says("预约")
    (await desk.talk.says("我会来")).shows("已记下您会来就诊", "请选择预约方式")
    assert (await desk.get(reminder)).answer == "come"


@pytest.mark.parametrize("words", ["改", "约", "不", "再", "改约吗", "王"])
async def test_a_part_of_a_choices_words_answers_nothing(desk: Desk, words: str) -> None:
    await desk.book()
    notice = await desk.stop()
    await desk.talk.says(words)
    assert (await desk.get(notice)).answer is None


async def test_words_of_a_choice_answer_it_and_begin_nothing(desk: Desk) -> None:
    await desk.book()
    await desk.stop()
    (await desk.talk.says("不再改约")).shows("已为您登记不再改约").ends("declined")


async def test_words_that_mean_nothing_else_show_what_was_never_read(desk: Desk) -> None:
    claim = await desk.book()
    await desk.remind(claim, shown=False)
    (await desk.talk.says("什么事")).offers("我会来", "取消预约")
    (await desk.talk.says("什么事")).shows("没有看懂", "就诊提醒", "菜单").offers("我会来", "取消预约")
    (await desk.talk.says("菜单")).offers("预约挂号", "我的预约", "就诊人", "帮助")


async def test_words_of_a_choice_that_no_notice_has_are_words(desk: Desk) -> None:
    await desk.talk.says("预约")
    (await desk.talk.says("我会来")).shows("没有看懂", "请选择预约方式")


async def test_words_of_a_choice_that_two_notices_have_are_asked_about(desk: Desk) -> None:
    for slot in (f"{WANG}-0900", f"{LI}-1000"):
        await desk.remind(await desk.book(slot))
    desk.talk.now += timedelta(seconds=1)
    await desk.talk.says("预约")
    seen = await desk.talk.says("我会来")
    assert len(seen.choices) == 3
    (await desk.talk.picks(seen, "王芳")).shows("已记下您会来就诊", "王芳", "请选择预约方式")


@pytest.mark.parametrize("words", ["第二个", "我要第二个", "选第二个", "要2", "就第二个吧"])
async def test_a_choice_is_taken_however_its_number_is_put(desk: Desk, words: str) -> None:
    await desk.book()
    notice = await desk.stop()
    (await desk.talk.says(words)).shows("改约成功").ends("rebooked")
    assert (await desk.get(notice)).answer == "2"


@pytest.mark.parametrize("words", ["谢谢", "知道了", "好的", "怎么办啊", "我要2个号", "不要2"])
async def test_words_that_take_no_choice_leave_the_notice_to_the_next_digit(desk: Desk, words: str) -> None:
    """Else the digit would go to a menu that nobody asked for."""
    await desk.book()
    notice = await desk.stop()
    seen = (await desk.talk.says(words)).shows("通知", "停诊").offers("王芳", "王芳", "王芳", "不再改约")
    assert seen.turn.chat is None
    (await desk.talk.says("2")).shows("改约成功").ends("rebooked")
    assert (await desk.get(notice)).answer == "2"


async def test_a_picture_leaves_the_notice_to_the_next_digit(desk: Desk) -> None:
    await desk.book()
    await desk.stop()
    picture = Incoming(desk.talk.openid, "image", desk.talk.next_id())
    (await desk.talk.sends(picture)).shows("图片", "停诊").offers("王芳", "王芳", "王芳", "不再改约")
    (await desk.talk.says("👌")).shows("没有看懂", "停诊").offers("王芳", "王芳", "王芳", "不再改约")
    (await desk.talk.says("1")).shows("改约成功")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("菜单", "预约挂号"),
        ("帮助", "【预约指南】"),
        ("预约", "请选择预约方式"),
        ("我的预约", "已停诊"),
        ("眼科", "赵敏"),
    ],
)
async def test_commands_and_beginnings_are_no_words_for_a_notice(desk: Desk, words: str, said: str) -> None:
    await desk.book()
    notice = await desk.stop()
    (await desk.talk.says(words)).shows(said).hides("以下通知")
    assert (await desk.get(notice)).answer is None


async def test_a_notice_that_came_after_the_menu_has_the_digit_after_thanks(desk: Desk) -> None:
    await desk.book()
    await desk.talk.says("菜单")
    desk.talk.now += timedelta(seconds=10)
    notice = await desk.stop()
    (await desk.talk.says("谢谢")).shows("不客气", "停诊").offers("王芳", "王芳", "王芳", "不再改约")
    (await desk.talk.says("1")).shows("改约成功")
    assert (await desk.get(notice)).answer == "1"


async def test_a_menu_asked_for_after_the_notice_is_answered_before_it(desk: Desk) -> None:
    await desk.book()
    await desk.stop()
    desk.talk.now += timedelta(seconds=10)
    await desk.talk.says("菜单")
    desk.talk.now += timedelta(seconds=10)
    (await desk.talk.says("谢谢")).shows("不客气").offers("预约挂号", "我的预约", "就诊人", "帮助")
    (await desk.talk.says("1")).shows("请选择预约方式")
