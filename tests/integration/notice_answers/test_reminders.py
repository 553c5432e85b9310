"""Reminders and changed visits answered in chat (R-A8, R-B3)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from booking.current import CurrentCatalogue
from booking.notices import NoticeKind
from booking.reminders import Reminders
from storage.database import SqlDatabase
from storage.tables import claim
from tests.support.notice_desk import Desk


async def test_a_reminder_leads_to_the_cancellation_with_its_rule(desk: Desk) -> None:
    claim = await desk.book()
    reminder = await desk.remind(claim)
    (await desk.talk.says("2")).shows("请确认取消以下预约", "即11月24日 周二 07:00").offers("确认", "返回")
    (await desk.talk.says("1")).shows("取消成功").ends("cancelled")
    assert (await desk.get(reminder)).answer == "cancel"
    (await desk.tap(reminder, 1)).shows("这个预约已取消")


async def test_too_late_for_a_cancellation_says_the_rule_and_the_telephone(desk: Desk) -> None:
    claim = await desk.book()
    desk.talk.now += timedelta(hours=22)
    await desk.remind(claim, NoticeKind.REMINDER_SOON)
    desk.talk.now += timedelta(minutes=1)
    (await desk.talk.says("2")).shows("就诊前2小时停止取消", "07:00", "010-00000000").hides("请确认取消")


async def test_a_reminder_answered_after_the_visit_began_is_over(desk: Desk) -> None:
    claim = await desk.book()
    reminder = await desk.remind(claim)
    desk.talk.now += timedelta(hours=24)
    (await desk.tap(reminder, 1)).shows("就诊的时间已到", "010-00000000")
    (await desk.talk.says("1")).shows("没有等待您选择的问题")


async def test_a_cancellation_from_a_notice_puts_the_booking_aside_and_goes_on_with_it(desk: Desk) -> None:
    claim = await desk.book()
    reminder = await desk.remind(claim)
    desk.talk.now += timedelta(minutes=1)
    await desk.talk.says("李强", "1")
    (await desk.tap(reminder, 2)).shows("请确认取消以下预约").offers("确认", "返回")
    (await desk.talk.says("1")).shows("取消成功", "请确认预约信息").offers("确认", "返回")
    (await desk.talk.says("1")).shows("预约成功", "李强")


async def test_a_changed_visit_is_kept(desk: Desk) -> None:
    notice = await desk.change_room(await desk.book())
    seen = (await desk.talk.says("1")).shows("已为您保留预约").ends("kept")
    assert (await desk.tap(notice, 1)).text == seen.text
    assert (await desk.get(notice)).answer == "keep"


async def test_a_changed_visit_is_changed_or_cancelled(desk: Desk) -> None:
    notice = await desk.change_room(await desk.book())
    (await desk.talk.says("2")).shows("改约：", "请选择改到哪里")
    (await desk.tap(notice, 3)).shows("请确认取消以下预约")
    (await desk.talk.says("1")).shows("取消成功")


async def test_what_the_clinic_changed_may_be_cancelled_until_it_begins(desk: Desk, database: SqlDatabase) -> None:
    claim_id = await desk.book()
    async with database.begin() as unit:
        await unit.connection.execute(update(claim).where(claim.c.id == claim_id).values(waived=True))
    desk.talk.now += timedelta(hours=23)
    await desk.change_room(claim_id)
    (await desk.talk.says("3")).shows("门诊有变动，就诊开始前都可以取消").hides("最晚可在")
    (await desk.talk.says("1")).shows("取消成功")


async def test_reminders_are_stopped_and_started_in_chat(desk: Desk, database: SqlDatabase, now: datetime) -> None:
    await desk.book()
    reminders = Reminders(database, CurrentCatalogue(database))
    due = now.replace(hour=10)
    (await desk.talk.says("停止提醒")).shows("已为您停止就诊提醒", "开启提醒")
    (await desk.talk.says("取消提醒")).shows("已为您停止就诊提醒")
    assert await reminders.remind_day(due, now=due) == 0
    (await desk.talk.says("恢复提醒")).shows("已为您开启就诊提醒", "停止提醒")
    assert await reminders.remind_day(due, now=due) == 1


async def test_an_open_question_is_repeated_after_reminders_were_stopped(desk: Desk) -> None:
    await desk.talk.says("预约")
    (await desk.talk.says("停止提醒")).shows("已为您停止就诊提醒", "请选择预约方式")


async def test_a_reminder_of_no_appointment_of_the_account_is_unknown(desk: Desk) -> None:
    claim_id = await desk.book()
    reminder = await desk.remind(claim_id)
    async with desk.database.begin() as unit:
        await unit.connection.execute(update(claim).where(claim.c.id == claim_id).values(openid="o-else"))
    (await desk.tap(reminder, 1)).shows("没有找到这条通知").hides("王芳")


async def test_a_changed_visit_that_is_booked_no_longer_is_over(desk: Desk) -> None:
    notice = await desk.change_room(await desk.book())
    await desk.talk.says("3", "1")
    (await desk.tap(notice, 1)).shows("这个预约已取消")


@pytest.mark.parametrize(("words", "said"), [("谢谢", "不客气"), ("好的", "好的"), ("收到", "好的")])
async def test_a_nod_to_a_reminder_is_returned_and_the_next_digit_is_still_its_answer(
    desk: Desk, words: str, said: str
) -> None:
    """Nothing has to be read twice, and no menu takes the digit."""
    reminder = await desk.remind(await desk.book())
    (await desk.talk.says(words)).shows(said, "如需答复就诊提醒，请回复其中的数字").ends("courtesy")
    assert (await desk.get(reminder)).answer is None
    (await desk.talk.says("1")).shows("已记下您会来就诊")


async def test_a_nod_where_more_than_a_reminder_waits_shows_what_needs_an_answer(desk: Desk) -> None:
    claim = await desk.book()
    await desk.change_room(claim)
    desk.talk.now += timedelta(seconds=1)
    await desk.remind(claim)
    (await desk.talk.says("好的")).shows("等待您答复").offers("保留预约", "改约", "取消预约")
