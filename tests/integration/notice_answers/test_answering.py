"""Answering notices by talking, on a real database and a real Valkey (contract, "How the chat speaks")."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking.answers import Answers
from booking.errors import Unavailable
from handlers.chat import Incoming
from handlers.notices import tap_id
from storage.database import SqlDatabase
from storage.notice_answers import SqlNoticeAnswers
from storage.staff_tables import audit
from tests.support.notice_desk import LI, Desk
from tests.support.notice_talk import unavailable
from tests.support.talk import Talk
from tests.support.talking import known


async def test_one_character_takes_a_replacement(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    assert len(notice.payload["offers"]) == 3
    desk.talk.now += timedelta(hours=1)
    seen = (await desk.talk.says("1")).shows("改约成功", "预约号：", "原预约已停诊：", "王芳").ends("rebooked")
    assert [state for state in await desk.states() if "booked" in state] == ["wang-20261125-0900-0900 booked"]
    assert (await desk.get(notice)).answer == "1"
    assert (await desk.tap(notice, 1)).text == seen.text


async def test_zero_declines_and_says_so_again(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    seen = (await desk.talk.says("０")).shows("已为您登记不再改约").ends("declined")
    assert (await desk.tap(notice, 0)).text == seen.text
    (await desk.tap(notice, 1)).shows("您已选择不再改约", "回复“预约”")


async def test_a_tap_answers_its_notice_in_the_middle_of_a_booking_which_goes_on(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    (await desk.talk.says("李强", "1")).shows("请确认预约信息")
    seen = await desk.tap(notice, 1)
    seen.shows("改约成功", "请确认预约信息").offers("确认", "返回")
    (await desk.talk.says("1")).shows("预约成功", "李强").ends("booked")
    assert len([state for state in await desk.states() if state.endswith(" booked")]) == 2


async def test_a_digit_answers_the_question_that_was_asked_after_the_notice(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    desk.talk.now += timedelta(minutes=1)
    await desk.talk.says("预约")
    (await desk.talk.says("1")).shows("请选择科室").hides("改约成功")
    assert (await desk.get(notice)).answer is None


async def test_a_digit_is_asked_about_when_a_notice_came_after_the_question(desk: Desk) -> None:
    await desk.book()
    await desk.talk.says("预约")
    desk.talk.now += timedelta(minutes=1)
    notice = await desk.stop()
    seen = await desk.talk.says("1")
    seen.shows("“1”").offers("停诊通知 王芳 11月24日 09:00 张*", "继续刚才的对话")
    assert (await desk.get(notice)).answer is None
    (await desk.talk.picks(seen, "停诊通知")).shows("改约成功", "请选择预约方式")
    (await desk.talk.says("1")).shows("科室")


async def test_going_on_takes_the_digit_for_the_question(desk: Desk) -> None:
    await desk.book()
    await desk.talk.says("预约")
    desk.talk.now += timedelta(minutes=1)
    notice = await desk.stop()
    seen = await desk.talk.says("2")
    (await desk.talk.picks(seen, "继续")).shows("请选择医生").hides("王芳 主任医师（")
    assert (await desk.get(notice)).answer is None
    (await desk.talk.says("返回")).shows("请选择预约方式")


async def test_the_seat_of_a_dialogue_put_aside_stays_held(desk: Desk) -> None:
    await desk.book()
    await desk.talk.says("李强", "1")
    desk.talk.now += timedelta(seconds=10)
    await desk.stop()
    seen = await desk.talk.says("1")
    (await desk.talk.picks(seen, "继续")).shows("预约成功", "李强")


async def test_leaving_gives_back_the_seat_of_what_was_put_aside(desk: Desk) -> None:
    await desk.book()
    await desk.talk.says("李强", "1")
    desk.talk.now += timedelta(seconds=10)
    await desk.stop()
    (await desk.talk.says("1")).shows("“1”")
    (await desk.talk.says("退出")).shows("已为您释放").ends("left")
    assert not [state for state in await desk.states() if state.endswith(" held")]


async def test_back_from_the_question_which_is_the_dialogue_as_it_was(desk: Desk) -> None:
    await desk.book()
    await desk.talk.says("预约")
    desk.talk.now += timedelta(seconds=10)
    await desk.stop()
    await desk.talk.says("1")
    (await desk.talk.says("返回")).shows("请选择预约方式")


async def test_with_two_open_notices_the_bot_asks_which(desk: Desk) -> None:
    stopped, other = await desk.book(), await desk.book(f"{LI}-1000")
    notice = await desk.stop()
    desk.talk.now += timedelta(seconds=1)
    reminder = await desk.remind(other)
    seen = await desk.talk.says("1")
    seen.offers("就诊提醒 李强 11月24日 10:00 张*", "停诊通知 王芳 11月24日 09:00 张*")
    assert (await desk.get(notice)).answer is None
    (await desk.talk.picks(seen, "就诊提醒")).shows("已记下您会来就诊", "李强").ends("coming")
    assert (await desk.get(reminder)).answer == "come"
    (await desk.talk.says("1")).shows("改约成功")
    assert stopped


async def test_a_digit_that_only_one_of_two_has_is_clear(desk: Desk) -> None:
    await desk.book()
    other = await desk.book(f"{LI}-1000")
    notice = await desk.stop()
    await desk.remind(other)
    (await desk.talk.says("0")).shows("不再改约").ends("declined")
    assert (await desk.get(notice)).answer == "0"


async def test_the_menu_too_may_be_what_a_digit_means(desk: Desk) -> None:
    await desk.book()
    await desk.talk.says("谢谢")
    desk.talk.now += timedelta(seconds=10)
    notice = await desk.stop()
    seen = (await desk.talk.says("1")).offers("停诊通知 王芳", "继续刚才的对话")
    (await desk.talk.picks(seen, "继续")).shows("请选择预约方式")
    assert (await desk.get(notice)).answer is None
    await desk.talk.says("退出", "谢谢")
    (await desk.tap(notice, 1)).shows("改约成功").ends("rebooked")


async def test_what_is_kept_is_found_under_my_appointments(desk: Desk) -> None:
    await desk.book()
    await desk.stop()
    seen = await desk.talk.says("我的预约", "1")
    seen.shows("状态：已停诊").offers("查看为我保留的号", "返回列表")
    (await desk.talk.picks(seen, "查看")).shows("已为您保留以下号").offers("王芳", "王芳", "王芳", "不再改约")
    (await desk.talk.says("2")).shows("改约成功")
    (await desk.talk.says("我的预约", "已停诊")).shows("状态：已停诊").offers("返回列表")


async def test_a_notice_whose_choices_were_never_read_is_shown_not_answered(desk: Desk) -> None:
    claim = await desk.book()
    reminder = await desk.remind(claim, shown=False)
    seen = await desk.talk.says("2")
    seen.shows("就诊提醒").offers("我会来", "取消预约")
    assert (await desk.get(reminder)).answer is None
    assert seen.turn.chat is None
    (await desk.talk.says("1")).shows("已记下您会来就诊")


async def test_who_follows_again_reads_what_could_not_be_brought(desk: Desk) -> None:
    claim = await desk.book()
    await desk.remind(claim, shown=False)
    (await desk.talk.event("subscribe")).shows("欢迎关注", "就诊提醒").offers("我会来", "取消预约")
    (await desk.talk.says("1")).shows("已记下您会来就诊")
    (await desk.talk.event("subscribe")).shows("欢迎关注").offers("预约挂号", "我的预约", "就诊人", "帮助")


async def test_a_number_that_no_notice_has_shows_the_notice_again(desk: Desk) -> None:
    claim = await desk.book()
    await desk.remind(claim)
    (await desk.talk.says("7")).shows("没有选项“7”").offers("我会来", "取消预约")


async def test_a_choice_of_an_old_question_is_no_answer_to_a_notice(desk: Desk) -> None:
    claim = await desk.book()
    seen = await desk.talk.says("预约")
    await desk.talk.says("退出")
    reminder = await desk.remind(claim)
    (await desk.talk.taps(seen, "按科室")).shows("之前消息")
    assert (await desk.get(reminder)).answer is None


async def test_a_tap_on_somebody_elses_notice_shows_nothing(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    thief = Talk(desk.talk.dialogue, desk.talk.now, openid="o-thief")
    seen = await thief.sends(Incoming("o-thief", "text", "t1", text="1", tapped=tap_id(notice.id, 1)))
    seen.shows("没有找到这条通知").hides("王芳", "张")
    assert (await desk.get(notice)).answer is None


@pytest.mark.parametrize(
    ("tap", "said"), [("n.nothing.1", "没有找到这条通知"), ("n.x.99", "之前消息"), (f"n.x.{'9' * 5000}", "之前消息")]
)
async def test_a_forged_tap_is_answered_politely(desk: Desk, tap: str, said: str) -> None:
    (await desk.talk.sends(Incoming(desk.talk.openid, "text", "f1", text="1", tapped=tap))).shows(said)


async def test_what_is_shown_instead_of_answered_leaves_the_open_dialogue_waiting(desk: Desk) -> None:
    claim_id = await desk.book()
    await desk.talk.says("李强")
    desk.talk.now += timedelta(seconds=10)
    reminder = await desk.remind(claim_id, shown=False)
    seen = (await desk.talk.says("1")).offers("就诊提醒 王芳", "继续刚才的对话")
    (await desk.talk.picks(seen, "就诊提醒")).offers("我会来", "取消预约").hides("请选择就诊")
    seen = (await desk.talk.says("1")).offers("就诊提醒 王芳", "继续刚才的对话")
    (await desk.talk.picks(seen, "就诊提醒")).shows("已记下您会来就诊", "请选择就诊时间")
    assert (await desk.get(reminder)).answer == "come"


async def test_a_choice_that_a_notice_does_not_have_is_none(desk: Desk) -> None:
    claim = await desk.book()
    reminder = await desk.remind(claim)
    (await desk.tap(reminder, 9)).shows("没有这个选项")


async def test_an_answer_is_in_the_audit_trail_once(desk: Desk, database: SqlDatabase) -> None:
    reminder = await desk.remind(await desk.book())
    for _ in range(2):
        await desk.tap(reminder, 1)
    await desk.tap(reminder, 2)
    async with database.read() as unit:
        rows = await unit.connection.execute(
            select(audit.c.before, audit.c.after).where(audit.c.action == "notice_answered").order_by(audit.c.id)
        )
        found = [(before and before["answer"], after["answer"]) for before, after in rows.all()]
    assert found == [(None, "come"), ("come", "cancel")]


async def test_a_tap_on_the_open_question_is_its_answer_though_a_notice_came(desk: Desk) -> None:
    await desk.book()
    seen = await desk.talk.says("预约")
    desk.talk.now += timedelta(minutes=1)
    notice = await desk.stop()
    (await desk.talk.taps(seen, "按科室")).shows("请选择科室")
    assert (await desk.get(notice)).answer is None


async def test_a_database_that_does_not_answer_is_asked_again_by_the_next_message(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Answers(desk.database)
    with monkeypatch.context() as broken:
        broken.setattr(SqlNoticeAnswers, "newest_asking", unavailable)
        with pytest.raises(Unavailable):
            await answers.newest()
    assert await answers.newest() is None


async def test_notices_that_read_alike_are_told_apart_by_their_numbers(desk: Desk, database: SqlDatabase) -> None:
    await known(database, desk.talk, "张四")
    claims = [await desk.book(patient="p-张三"), await desk.book(patient="p-张四")]
    for claim_id in claims:
        desk.talk.now += timedelta(seconds=1)
        await desk.remind(claim_id)
    seen = await desk.talk.says("1")
    assert len(seen.choices) == 2
    assert all("尾号" in label for label in seen.choices)
