"""Answering notices by talking, on a real database and a real Valkey (contract, "How the chat speaks")."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from booking.answers import Answers
from booking.appointments import Appointments
from booking.errors import Unavailable
from booking.models import ClaimState
from booking.ports import ClaimFilter
from booking.stoppage_models import Scope, StopOrder
from handlers.chat import Incoming
from handlers.notices import tap_id
from storage.database import SqlDatabase
from storage.notice_answers import SqlNoticeAnswers
from storage.staff_tables import audit
from tests.support.notice_desk import CLI, LI, WANG, Desk
from tests.support.notice_talk import unavailable
from tests.support.talk import Talk
from tests.support.talking import dialogue_of, known, open_for_talk


@pytest.fixture
async def desk(database: SqlDatabase, appointments: Appointments, now: datetime) -> Desk:
    """An account with one patient, and a clinic with sessions tomorrow."""
    await open_for_talk(database, now)
    talk = Talk(dialogue_of(database, appointments), now)
    await known(database, talk, "张三")
    return Desk(talk, database, appointments)


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


async def test_another_answer_after_the_first_changes_nothing(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    await desk.tap(notice, 2)
    before = await desk.states()
    (await desk.tap(notice, 1)).shows("改约已完成", "当前预约：")
    assert await desk.states() == before


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


async def test_words_of_a_choice_answer_it_and_begin_nothing(desk: Desk) -> None:
    await desk.book()
    await desk.stop()
    (await desk.talk.says("不再改约")).shows("已为您登记不再改约").ends("declined")


async def test_a_notice_whose_choices_were_never_read_is_shown_not_answered(desk: Desk) -> None:
    claim = await desk.book()
    reminder = await desk.remind(claim, shown=False)
    seen = await desk.talk.says("2")
    seen.shows("就诊提醒").offers("我会来", "取消预约")
    assert (await desk.get(reminder)).answer is None
    assert seen.turn.chat is None
    (await desk.talk.says("1")).shows("已记下您会来就诊")


async def test_words_that_mean_nothing_else_show_what_was_never_read(desk: Desk) -> None:
    claim = await desk.book()
    await desk.remind(claim, shown=False)
    (await desk.talk.says("什么事")).offers("我会来", "取消预约")
    (await desk.talk.says("什么事")).shows("没有看懂", "就诊提醒", "菜单").offers("我会来", "取消预约")
    (await desk.talk.says("菜单")).offers("预约挂号", "我的预约", "就诊人", "帮助")


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


async def test_an_offer_past_its_deadline_is_explained_and_what_is_free_is_offered(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    desk.talk.now += timedelta(hours=25)
    seen = await desk.talk.says("1")
    seen.shows("为您保留的时间已过")
    assert seen.choices
    await desk.talk.says("1", "1")
    assert (await desk.get(notice)).answer is None


async def test_an_offer_after_the_stoppage_was_lifted_says_that_the_old_one_stands(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    await desk.lift(notice)
    (await desk.tap(notice, 1)).shows("原来的预约继续有效", "当前预约：11月24日")
    assert f"{WANG}-0900 booked" in await desk.states()


async def test_an_offer_that_was_stopped_too_is_explained(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    order = StopOrder(Scope("doctor", "wang"), "生病", "again")
    await desk.stoppages.stop(order, by=CLI, now=desk.talk.now)
    while await desk.stoppages.work(now=desk.talk.now):
        pass
    (await desk.tap(notice, 1)).shows("停诊")
    assert not [state for state in await desk.states() if state.endswith(" booked")]


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


async def test_notices_that_read_alike_are_told_apart_by_their_numbers(desk: Desk, database: SqlDatabase) -> None:
    await known(database, desk.talk, "张四")
    claims = [await desk.book(patient="p-张三"), await desk.book(patient="p-张四")]
    for claim_id in claims:
        desk.talk.now += timedelta(seconds=1)
        await desk.remind(claim_id)
    seen = await desk.talk.says("1")
    assert len(seen.choices) == 2
    assert all("尾号" in label for label in seen.choices)


async def test_a_replacement_that_a_rule_forbids_leaves_the_others(desk: Desk) -> None:
    await desk.book()
    await desk.stop()
    await desk.talk.says("王芳", "10:00", "1")
    desk.talk.now += timedelta(minutes=1)
    seen = await desk.talk.says("1")
    seen.shows("同一时段只能预约一次", "已为您保留以下号").offers("王芳", "王芳", "王芳", "不再改约")
    (await desk.talk.says("0")).shows("不再改约")


async def test_a_tap_on_the_open_question_is_its_answer_though_a_notice_came(desk: Desk) -> None:
    await desk.book()
    seen = await desk.talk.says("预约")
    desk.talk.now += timedelta(minutes=1)
    notice = await desk.stop()
    (await desk.talk.taps(seen, "按科室")).shows("请选择科室")
    assert (await desk.get(notice)).answer is None


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


async def test_a_database_that_does_not_answer_is_asked_again_by_the_next_message(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Answers(desk.database)
    with monkeypatch.context() as broken:
        broken.setattr(SqlNoticeAnswers, "newest_asking", unavailable)
        with pytest.raises(Unavailable):
            await answers.newest()
    assert await answers.newest() is None


async def test_what_was_chosen_and_cancelled_since_is_not_said_to_stand(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    await desk.tap(notice, 1)
    await desk.talk.says("取消预约", "1")
    for place in (1, 2):
        (await desk.tap(notice, place)).shows("这个预约已取消").hides("改约成功", "当前预约")


async def test_what_was_chosen_and_stopped_since_is_not_said_to_stand(desk: Desk) -> None:
    await desk.book()
    first = await desk.stop()
    await desk.tap(first, 1)
    async with desk.database.read() as unit:
        [chosen] = await unit.claims.find(ClaimFilter(states=(ClaimState.BOOKED,)))
    await desk.stop(chosen.session)
    (await desk.tap(first, 1)).shows("这个预约已停诊").hides("改约成功", "当前预约")


async def test_what_was_given_back_and_cancelled_since_is_not_said_to_stand(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    await desk.lift(notice)
    await desk.talk.says("取消预约", "1")
    (await desk.tap(notice, 1)).shows("这个预约已取消").hides("继续有效", "当前预约")


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


async def test_what_can_be_chosen_no_longer_is_not_asked_about_again(desk: Desk) -> None:
    await desk.book()
    await desk.stop()
    desk.talk.now += timedelta(hours=25)
    (await desk.talk.says("知道了")).shows("好的，需要时请随时回复").offers("预约挂号", "我的预约", "就诊人", "帮助")


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
