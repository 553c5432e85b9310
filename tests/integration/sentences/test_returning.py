"""Who comes again: the last appointment is proposed once more, and never imposed."""

from datetime import timedelta

import pytest

from storage.database import SqlDatabase
from tests.support.clinic import add_session
from tests.support.talk import Talk
from tests.support.talking import known


@pytest.fixture
async def talk(database: SqlDatabase, new: Talk) -> Talk:
    """An account with two patients; 李四 was at Wang's on Tuesday at 9:30, six days ago."""
    await known(database, new, "张三", "李四")
    (await new.says("给李四约明天九点半的王芳", "1")).shows("预约成功", "李*")
    new.now += timedelta(days=7)
    return new


async def open_again(database: SqlDatabase, talk: Talk, *days: int) -> None:
    """Wang works again, days from now at ten to eleven and, half an hour of them, at the usual time."""
    for ahead in days:
        await add_session(database, talk.now + timedelta(days=ahead), capacities=(1, 1, 1))


@pytest.mark.parametrize("text", ["再约一次", "老样子", "我要复诊", "跟上次一样，再约一个"])
async def test_the_last_appointment_is_repeated_in_two_messages(talk: Talk, database: SqlDatabase, text: str) -> None:
    await open_again(database, talk, 1, 2)
    seen = (await talk.says(text)).offers("确认", "返回")
    seen.shows("王芳", "12月1日 周二（明天）", "09:30-10:00", "就诊人：李*")
    (await talk.says("1")).shows("预约成功")


async def test_without_the_same_weekday_the_days_at_the_same_time_are_offered(
    talk: Talk, database: SqlDatabase
) -> None:
    await open_again(database, talk, 2, 3)
    seen = (await talk.says("老样子")).shows("上次预约：11月24日 周二 09:30 王芳").offers("12月2日", "12月3日")
    (await talk.picks(seen, "12月3日")).shows("时间：09:30").offers("确认", "返回")


async def test_the_day_of_a_visit_still_to_come_is_not_offered_again(talk: Talk, database: SqlDatabase) -> None:
    talk.now -= timedelta(days=7)
    await open_again(database, talk, 3)
    (await talk.says("再约一个")).offers("11月25日", "11月26日")


async def test_what_is_said_otherwise_counts(talk: Talk, database: SqlDatabase) -> None:
    await open_again(database, talk, 1, 2)
    (await talk.says("再约一次，周三")).shows("12月2日 周三", "时间：09:30").offers("确认", "返回")
    (await talk.says("菜单", "老样子，明天九点")).shows("12月1日 周二", "时间：09:00").offers("确认", "返回")
    (await talk.says("菜单", "复诊，给张三约")).shows("就诊人：张*").offers("确认", "返回")


async def test_another_doctor_at_the_usual_time(talk: Talk, database: SqlDatabase) -> None:
    await open_again(database, talk, 1)
    await add_session(database, talk.now + timedelta(days=1), doctor="li")
    (await talk.says("老样子，找李强医生")).shows("医生：李强", "时间：09:30", "就诊人：李*").offers("确认", "返回")


async def test_it_can_be_said_at_any_question_of_a_booking(talk: Talk, database: SqlDatabase) -> None:
    await open_again(database, talk, 1)
    (await talk.says("预约", "张三", "还是老样子吧")).shows("09:30-10:00").offers("确认", "返回")


async def test_who_was_never_here_begins_at_the_beginning(talk: Talk, database: SqlDatabase) -> None:
    await open_again(database, talk, 1)
    other = Talk(talk.dialogue, talk.now, openid="o-other")
    await known(database, other, "王五")
    (await other.says("再约一次")).shows("没有找到您以往的预约").offers("按科室", "按医生", "按时间", "为其他人预约")


async def test_the_patient_of_the_last_time_is_the_first_choice(talk: Talk, database: SqlDatabase) -> None:
    await open_again(database, talk, 1)
    seen = (await talk.says("预约")).offers("李*", "张*", "添加就诊人")
    seen.shows("（上次）")
    (await talk.says("1")).offers("按科室", "按医生", "按时间", "为其他人预约")


async def test_the_usual_part_of_day_is_recalled(talk: Talk, database: SqlDatabase) -> None:
    await open_again(database, talk, 1)
    await add_session(database, talk.now + timedelta(days=1, hours=6), doctor="li")
    (await talk.says("预约", "李四", "按时间")).shows("您上次约的是上午").offers("上午", "下午")
