"""Messages that are taken up again, or come twice: the same answer, and no other notice is meant."""

from datetime import timedelta

import pytest

from handlers.chat import Incoming
from tests.support.notice_desk import LI, Desk


async def test_the_same_message_again_says_the_same_and_means_no_other_notice(desk: Desk) -> None:
    """As when the process died before it could answer, and another notice came before the message did again."""
    other = await desk.book(f"{LI}-1000")
    await desk.book()
    await desk.stop()
    incoming = Incoming(desk.talk.openid, "text", "same", text="1")
    first = (await desk.talk.sends(incoming)).shows("改约成功")
    reminder = await desk.remind(other)
    before = await desk.states()
    desk.talk.chat = None
    assert (await desk.talk.sends(incoming)).text == first.text
    assert await desk.states() == before
    assert (await desk.get(reminder)).answer is None


async def test_the_same_words_again_beside_a_question_say_the_same(desk: Desk) -> None:
    await desk.remind(await desk.book())
    desk.talk.now += timedelta(minutes=1)
    await desk.talk.says("预约")
    chat, incoming = desk.talk.chat, Incoming(desk.talk.openid, "text", "same", text="我会来")
    first = await desk.talk.sends(incoming)
    desk.talk.chat = chat
    assert (await desk.talk.sends(incoming)).text == first.text


async def test_an_old_message_that_nobody_answered_passes_neither_the_menu_nor_to_the_notice(desk: Desk) -> None:
    """Taken up after its process died, it is older than the menu that was asked for meanwhile."""
    await desk.book()
    sent_at = desk.talk.now.timestamp()
    desk.talk.now += timedelta(seconds=10)
    await desk.talk.says("菜单")
    desk.talk.now += timedelta(seconds=10)
    await desk.stop()
    late = Incoming(desk.talk.openid, "text", "old", text="谢谢", first_taken=sent_at)
    (await desk.talk.sends(late)).shows("较早的一条消息没能及时答复").offers("预约挂号", "我的预约", "就诊人", "帮助")


async def test_a_digit_of_which_nobody_knows_what_it_answers_shows_a_notice_first(desk: Desk) -> None:
    await desk.book()
    await desk.stop()
    before = await desk.states()
    unsure = Incoming(desk.talk.openid, "text", "unsure", text="1", unsure=True)
    (await desk.talk.sends(unsure)).shows("系统刚才中断过", "停诊")
    assert await desk.states() == before
    await desk.talk.says("1")
    assert await desk.states() != before


def _old(desk: Desk, text: str) -> Incoming:
    """A message that is sent now, and whose process dies over it."""
    return Incoming(desk.talk.openid, "text", f"old {text}", text=text, first_taken=desk.talk.now.timestamp())


async def _pause(desk: Desk) -> None:
    desk.talk.now += timedelta(seconds=10)


@pytest.mark.parametrize("text", ["1", "不再改约"])
async def test_an_old_message_that_nobody_answered_is_no_answer_to_a_notice_that_came_after_it(
    desk: Desk, text: str
) -> None:
    await desk.book()
    await desk.talk.says("预约")
    old = _old(desk, text)
    await _pause(desk)
    (await desk.talk.says("退出")).ends()
    await _pause(desk)
    await desk.stop()
    before = await desk.states()
    await _pause(desk)
    late = await desk.talk.sends(old)
    late.shows("较早的一条消息没能及时答复，可能已经办理", "停诊").hides("没有选项")
    assert await desk.states() == before
    (await desk.talk.picks(late, "11月25日 周三 09:00")).shows("改约成功")


async def test_an_old_digit_may_have_answered_a_question_that_is_over_and_not_the_notice_before_it(desk: Desk) -> None:
    await desk.book()
    await desk.stop()
    before = await desk.states()
    await _pause(desk)
    await desk.talk.says("预约")
    await _pause(desk)
    old = _old(desk, "1")
    await _pause(desk)
    await desk.talk.says("退出")
    (await desk.talk.sends(old)).shows("较早的一条消息没能及时答复", "停诊")
    assert await desk.states() == before


async def test_old_words_that_mean_nothing_but_a_notice_answer_the_one_before_them(desk: Desk) -> None:
    await desk.book()
    await desk.stop()
    await _pause(desk)
    old = _old(desk, "不再改约")
    await _pause(desk)
    (await desk.talk.sends(old)).shows("已为您登记不再改约").hides("没能及时答复")


@pytest.mark.parametrize("text", ["1", "不再改约"])
async def test_an_old_message_means_the_question_before_it_and_no_notice_after_it(desk: Desk, text: str) -> None:
    await desk.book()
    await desk.talk.says("预约")
    await _pause(desk)
    old = _old(desk, text)
    await _pause(desk)
    await desk.stop()
    before = await desk.states()
    late = await desk.talk.sends(old)
    late.shows("请选择科室" if text == "1" else "回到刚才的对话").hides("答复哪一条", "已为您登记")
    assert await desk.states() == before


async def test_an_old_digit_with_nothing_left_to_answer_is_told_that_it_may_have_done_something(desk: Desk) -> None:
    await desk.talk.says("预约")
    old = _old(desk, "1")
    await _pause(desk)
    await desk.talk.says("退出")
    late = await desk.talk.sends(old)
    late.shows("可能已经办理", "回复“我的预约”可以核对").offers("预约挂号", "我的预约", "就诊人", "帮助")
    late.hides("没有等待您选择的问题", "回到刚才的对话")
