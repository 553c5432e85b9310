"""What was kept for somebody and is over is never shown as if it could still be chosen (R-A14)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from booking.appointments import Appointments
from booking.notices import NoticeFilter, NoticeState
from storage.database import SqlDatabase
from storage.notice_tables import notice
from tests.support.notice_desk import CLI, Desk
from tests.support.talk import Talk
from tests.support.talking import dialogue_of, known, open_for_talk

KEPT = "已为您保留以下号"


@pytest.fixture
async def desk(database: SqlDatabase, appointments: Appointments, now: datetime) -> Desk:
    """An account with one patient, and a clinic with sessions tomorrow."""
    await open_for_talk(database, now)
    talk = Talk(dialogue_of(database, appointments), now)
    await known(database, talk, "张三")
    return Desk(talk, database, appointments)


async def lift(desk: Desk) -> None:
    """Lift the only stoppage, after its notice was sent, with all that follows."""
    async with desk.database.begin() as unit:
        await unit.connection.execute(update(notice).values(state=str(NoticeState.SENT)))
    ((stoppage, _),) = await desk.stoppages.all()
    await desk.stoppages.lift(stoppage.id, by=CLI, now=desk.talk.now)
    while await desk.stoppages.work(now=desk.talk.now):
        pass


async def test_what_was_kept_is_not_shown_after_the_visit_was_given_back(desk: Desk) -> None:
    await desk.book()
    await desk.stop()
    (await desk.talk.says("我的预约", "1")).offers("查看为我保留的号", "返回列表")
    await lift(desk)
    seen = (await desk.talk.says("1")).shows("原来的预约继续有效", "当前预约：")
    assert KEPT not in seen.text


async def test_a_number_that_no_notice_has_shows_no_offers_that_are_over(desk: Desk) -> None:
    await desk.book()
    await desk.stop()
    (await desk.talk.says("5")).shows("没有选项“5”", KEPT)
    await lift(desk)
    assert KEPT not in (await desk.talk.says("5")).text


async def test_what_is_over_is_no_choice_of_the_stopped_appointment(desk: Desk) -> None:
    await desk.book()
    told = await desk.stop()
    desk.talk.now = datetime.fromisoformat(told.payload["deadline"]) + timedelta(hours=1)
    seen = (await desk.talk.says("我的预约", "1")).shows("已停诊")
    assert "查看为我保留的号" not in seen.text


@pytest.mark.parametrize("wish", ["改约", "取消预约"])
async def test_who_wants_to_change_what_was_stopped_sees_what_is_kept(desk: Desk, wish: str) -> None:
    await desk.book()
    await desk.stop()
    (await desk.talk.says(wish)).shows(KEPT, "不再改约")
    (await desk.talk.says("1")).shows("改约成功").ends("rebooked")


async def test_who_has_nothing_left_to_change_is_told_so_once_the_time_is_over(desk: Desk) -> None:
    await desk.book()
    told = await desk.stop()
    desk.talk.now = datetime.fromisoformat(told.payload["deadline"]) + timedelta(hours=1)
    (await desk.talk.says("改约")).shows("您没有待就诊的预约")


async def test_a_notice_that_was_never_read_says_what_was_stopped_and_that_the_time_is_over(desk: Desk) -> None:
    await desk.book()
    told = await desk.stop(shown=False)
    desk.talk.now = datetime.fromisoformat(told.payload["deadline"]) + timedelta(hours=1)
    seen = (await desk.talk.says("你说什么")).shows("很抱歉，您预约的门诊停诊了", "为您保留的时间已过", "回复“预约”")
    assert KEPT not in seen.text


async def test_nobody_is_to_be_telephoned_about_a_stoppage_that_was_lifted(desk: Desk) -> None:
    await desk.book()
    told = await desk.stop()
    async with desk.database.begin() as unit:
        await unit.connection.execute(update(notice).values(state=str(NoticeState.UNREACHABLE)))
    async with desk.database.read() as unit:
        assert told.id in {each.id for each in await unit.notices.find(NoticeFilter(None, unreached=True))}
    ((stoppage, _),) = await desk.stoppages.all()
    await desk.stoppages.lift(stoppage.id, by=CLI, now=desk.talk.now)
    while await desk.stoppages.work(now=desk.talk.now):
        pass
    async with desk.database.read() as unit:
        assert told.id not in {each.id for each in await unit.notices.find(NoticeFilter(None, unreached=True))}


async def test_a_digit_means_the_living_notice_and_a_tap_on_the_settled_one_is_explained(desk: Desk) -> None:
    claim = await desk.book()
    told = await desk.stop()
    await lift(desk)
    desk.talk.now += timedelta(minutes=1)
    await desk.remind(claim)
    (await desk.talk.says("1")).shows("已记下您会来就诊").ends("coming")
    (await desk.tap(told, 1)).shows("原来的预约继续有效")


async def test_a_settled_notice_is_what_a_digit_means_where_no_other_waits(desk: Desk) -> None:
    await desk.book()
    await desk.stop()
    await lift(desk)
    (await desk.talk.says("1")).shows("原来的预约继续有效")


async def test_the_list_says_that_seats_are_kept_while_they_are(desk: Desk) -> None:
    await desk.book()
    told = await desk.stop()
    seen = await desk.talk.says("我的预约")
    seen.shows("已停诊，有保留号")
    (await desk.talk.says("1")).shows("状态：已停诊，有保留号")
    desk.talk.now = datetime.fromisoformat(told.payload["deadline"]) + timedelta(hours=1)
    (await desk.talk.says("我的预约")).shows("已停诊").hides("有保留号")
