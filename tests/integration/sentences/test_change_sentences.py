"""Changing and cancelling said in one sentence: matched against what the account has booked."""

from datetime import datetime, timedelta

import pytest

from booking.appointments import Appointments
from booking.ports import ClaimFilter
from storage.database import SqlDatabase
from tests.support.talk import Talk
from tests.support.talking import add_session, dialogue_of, known, open_for_talk


@pytest.fixture
async def talk(database: SqlDatabase, appointments: Appointments, now: datetime) -> Talk:
    """An account with one patient, who has booked at Wang's tomorrow, Tuesday, at 9; Wang is here till Friday."""
    await open_for_talk(database, now, advance_days=14)
    await add_session(database, now + timedelta(days=4))
    await add_session(database, now + timedelta(days=4, hours=5), capacities=(1,))
    talk = Talk(dialogue_of(database, appointments), now)
    await known(database, talk, "张三")
    (await talk.says("明天九点王芳", "1")).shows("预约成功")
    return talk


async def states(database: SqlDatabase) -> list[str]:
    """Day, hour and state of the account's claims, by start."""
    async with database.read() as unit:
        claims = await unit.claims.find(ClaimFilter(openid="o-zhang"))
    return [f"{claim.slot[-18:]} {claim.state}" for claim in claims]


async def open_further(database: SqlDatabase, talk: Talk) -> None:
    """Wang is here this Thursday too, and on the next Wednesday and Thursday."""
    for ahead in (3, 9, 10):
        await add_session(database, talk.now + timedelta(days=ahead), capacities=(1, 1, 1))


@pytest.mark.parametrize(
    ("text", "day", "time"),
    [
        ("改到周五下午", "11月27日 周五", "14:00-14:30"),
        ("把明天的号改到后天", "11月25日 周三", "09:00-09:30"),
        ("周二的预约改成周五下午", "11月27日 周五", "14:00-14:30"),
        ("改到后天十点", "11月25日 周三", "10:00-10:30"),
        ("明天的号改到九点半", "11月24日 周二", "09:30-10:00"),
        ("王医生的号改到周五", "11月27日 周五", "09:00-09:30"),
        ("我明天来不了，改到后天吧", "11月25日 周三", "09:00-09:30"),
        ("把明天的号换成李强医生十点半", "11月24日 周二", "10:30-11:00"),
    ],
)
async def test_an_appointment_is_changed_in_two_messages(talk: Talk, text: str, day: str, time: str) -> None:
    seen = (await talk.says(text)).offers("确认", "返回")
    seen.shows("请确认改约信息", "原预约：11月24日 周二（明天） 09:00-09:30 王芳", f"日期：{day}", f"时间：{time}")
    (await talk.says("1")).shows("改约成功", f"时间：{time}").ends("changed")


async def test_of_a_part_of_day_the_first_time_is_proposed_and_the_others_are_a_step_back(talk: Talk) -> None:
    seen = (await talk.says("把号改到周五上午")).offers("确认", "返回")
    seen.shows("请确认改约信息", "11月27日 周五", "时间：09:00")
    (await talk.says("返回")).offers("09:00", "09:30")
    (await talk.says("2")).shows("请确认改约信息", "时间：09:30").offers("确认", "返回")


async def test_a_question_for_seats_in_mid_change_holds_none(talk: Talk, database: SqlDatabase) -> None:
    seen = (await talk.says("改约", "王芳后天有号吗")).shows("11月25日 周三")
    seen.offers("09:00", "09:30", "10:00")
    assert [state.split()[-1] for state in await states(database)] == ["booked"]


async def test_a_time_that_is_left_open_is_asked(talk: Talk) -> None:
    seen = (await talk.says("明天的改到后天九点以后或者十点")).shows("没有听准是几点")
    seen.offers("09:00", "09:30", "10:00")


async def test_a_part_of_day_that_only_another_day_has_is_looked_for_there(talk: Talk) -> None:
    """The afternoon was said, the day was not: it gives way first."""
    seen = (await talk.says("改到下午")).shows("11月24日 周二下午没有可预约的号，最近的下午如下")
    seen.shows("就诊日期：11月27日 周五").offers("14:00")
    (await talk.says("返回")).offers("改约", "取消预约", "返回列表")


async def test_a_part_of_day_that_no_day_has_leads_to_other_times(talk: Talk) -> None:
    (await talk.says("改到晚上")).shows("11月24日 周二晚上没有可预约的号，其他时间如下").offers("09:30")
    (await talk.says("退出", "改到明天下午")).shows("11月24日 周二下午没有可预约的号，其他时间如下").offers("09:30")


async def test_a_weekday_is_the_one_in_the_week_of_the_appointment(talk: Talk, database: SqlDatabase) -> None:
    await open_further(database, talk)
    (await talk.says("下周三九点王芳", "1")).shows("预约成功")
    for text in ("把下周三的号改到周四", "把下周三的号改到下周四"):
        (await talk.says(text)).shows("原预约：12月2日 周三", "日期：12月3日 周四").offers("确认", "返回")
        await talk.says("退出")
    for text in ("把下周三的号改到这周四", "把下周三的号改到11月26号", "把明天的号改到周四"):
        (await talk.says(text)).shows("日期：11月26日 周四").offers("确认", "返回")
        await talk.says("退出")
    (await talk.says("我的预约", "2", "改到周四")).shows("日期：12月3日 周四").offers("确认", "返回")
    (await talk.says("改到周三十点")).shows("日期：12月2日 周三", "时间：10:00").offers("确认", "返回")


async def test_a_weekday_that_is_over_in_that_week_is_the_next(talk: Talk, database: SqlDatabase) -> None:
    await open_further(database, talk)
    (await talk.says("周五九点王芳", "1")).shows("预约成功")
    talk.now += timedelta(days=3)
    (await talk.says("把明天的号改到周三")).shows("日期：12月2日 周三").offers("确认", "返回")


async def test_back_from_the_confirmation_leads_to_the_other_times(talk: Talk, database: SqlDatabase) -> None:
    (await talk.says("把明天的号改到后天", "返回")).shows("11月25日 周三").offers("09:00", "09:30", "10:00")
    (await talk.says("改成周五吧")).shows("请确认改约信息", "11月27日 周五").offers("确认", "返回")
    (await talk.says("换一天")).offers("11月24日", "11月25日", "11月27日")
    assert (await states(database))[0].endswith("booked")


async def test_in_mid_change_another_day_is_taken_at_the_first_question(talk: Talk) -> None:
    (await talk.says("改约")).offers("王芳的其他时间", "口腔科其他医生", "其他科室")
    (await talk.says("改到后天十点")).shows("请确认改约信息", "时间：10:00").offers("确认", "返回")


async def test_another_department_is_taken_with_its_days(talk: Talk) -> None:
    (await talk.says("把明天的号改成眼科")).shows("请确认改约信息", "赵敏").offers("确认", "返回")


async def test_of_several_appointments_the_one_described_is_meant(talk: Talk, database: SqlDatabase) -> None:
    (await talk.says("后天十点王芳", "1")).shows("预约成功")
    (await talk.says("把周三的号改到周五")).shows("改约：11月25日 周三（后天） 10:00", "最近的时间")
    (await talk.says("退出", "取消明天九点的预约")).shows("请确认取消", "11月24日").offers("确认", "返回")
    (await talk.says("1")).shows("取消成功")
    assert [state.split()[-1] for state in await states(database)] == ["cancelled", "booked"]


async def test_where_several_may_be_meant_they_are_asked_for(talk: Talk) -> None:
    (await talk.says("后天十点王芳", "1")).shows("预约成功")
    seen = (await talk.says("王医生的号改到周五")).shows("请选择要改约的预约")
    seen.offers("11月24日 周二 09:00 王芳", "11月25日 周三 10:00 王芳")
    (await talk.says("2")).shows("改约：11月25日 周三（后天） 10:00", "11月27日 周五", "最近的时间")
    (await talk.says("菜单", "取消王医生的号")).shows("请选择要取消的预约").offers("11月24日", "11月25日")


async def test_one_that_is_not_there_is_said_and_none_is_taken_instead(talk: Talk, database: SqlDatabase) -> None:
    (await talk.says("取消周五的预约")).shows("没有找到您说的那个预约").offers("11月24日 周二 09:00 王芳")
    (await talk.says("菜单", "把李强的号改到后天")).shows("没有找到您说的那个预约").offers("11月24日 周二 09:00 王芳")
    assert (await states(database))[0].endswith("booked")


@pytest.mark.parametrize("text", ["取消明天的预约", "明天的号不要了", "我明天去不了了，取消吧", "帮张三取消明天的号"])
async def test_an_appointment_is_cancelled_in_two_messages(talk: Talk, text: str) -> None:
    (await talk.says(text)).shows("请确认取消以下预约", "11月24日 周二").offers("确认", "返回")
    (await talk.says("确认")).shows("取消成功").ends("cancelled")


async def test_who_has_booked_nothing_is_told_so(talk: Talk) -> None:
    stranger = Talk(talk.dialogue, talk.now, openid="o-new")
    (await stranger.says("把周五的号改到下午")).shows("您没有待就诊的预约").ends("none")
    (await stranger.says("取消明天的预约")).shows("您没有待就诊的预约").ends("none")


async def test_a_sentence_in_the_list_of_appointments_is_understood(talk: Talk) -> None:
    (await talk.says("我的预约", "取消明天的")).shows("请确认取消以下预约").offers("确认", "返回")
    (await talk.says("我的预约", "后天上午王芳")).shows("11月25日 周三").offers("09:00", "09:30", "10:00")


async def test_another_appointment_is_cancelled_in_the_middle_of_a_booking_which_waits_with_its_seat(
    talk: Talk, database: SqlDatabase
) -> None:
    await talk.says("后天十点王芳")
    seen = (await talk.says("取消明天的预约")).shows("刚才的预约稍后继续", "请确认取消", "11月24日")
    seen.offers("确认", "返回")
    assert [state.split()[-1] for state in await states(database)] == ["booked", "held"]
    seen = (await talk.says("1")).shows("取消成功", "回到刚才的对话", "请确认预约信息", "时间：10:00")
    (await talk.says("1")).shows("预约成功")
    assert [state.split()[-1] for state in await states(database)] == ["cancelled", "booked"]


async def test_an_appointment_is_changed_in_the_middle_of_a_booking_and_that_goes_on(talk: Talk) -> None:
    await talk.says("李强")
    (await talk.says("把明天的号改到周五")).shows("刚才的预约稍后继续", "请确认改约信息").offers("确认", "返回")
    (await talk.says("1")).shows("改约成功", "回到刚才的对话").offers("10:00", "10:30")
    (await talk.says("取消周五的预约", "返回", "返回")).shows("待就诊1个")
    (await talk.says("返回")).offers("10:00", "10:30")


async def test_a_second_booking_is_not_put_aside_beside_the_first(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("后天十点王芳", "取消明天的预约", "返回", "返回", "王芳，周五九点半")
    (await talk.says("取消明天的预约")).shows("已为您释放刚才保留的号", "请确认取消").offers("确认", "返回")
    (await talk.says("1")).shows("取消成功", "回到刚才的对话", "这个号目前仍可预约").hides("09:30-10:00")
    assert [state.split()[-1] for state in await states(database)] == ["cancelled", "released", "released"]


async def test_an_appointment_that_is_not_there_disturbs_no_booking(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("后天十点王芳")
    (await talk.says("取消周五的预约")).shows("没有找到您说的那个预约", "请确认预约信息").offers("确认", "返回")
    (await talk.says("1")).shows("预约成功")


async def test_what_is_being_booked_is_corrected_and_no_appointment(talk: Talk) -> None:
    (await talk.says("王芳", "明天", "把周二改成周三")).shows("就诊日期：11月25日 周三").offers(
        "09:00", "09:30", "10:00"
    )
    (await talk.says("菜单", "王芳", "明天", "把明天的号改到后天")).shows("请确认改约信息").offers("确认", "返回")


async def test_in_mid_change_it_can_be_cancelled_instead_and_the_other_way_round(
    talk: Talk, database: SqlDatabase
) -> None:
    await talk.says("把明天的号改到后天")
    (await talk.says("不改了，取消吧")).shows("已为您释放刚才保留的号", "请确认取消").offers("确认", "返回")
    assert [state.split()[-1] for state in await states(database)] == ["booked", "released"]
    (await talk.says("不取消了，改到周五吧")).shows("请确认改约信息", "日期：11月27日 周五").offers("确认", "返回")
    (await talk.says("1")).shows("改约成功")


async def test_in_mid_change_another_appointment_can_be_named(talk: Talk) -> None:
    (await talk.says("后天十点王芳", "1")).shows("预约成功")
    (await talk.says("把明天的号改到周五", "把后天的号改到周五")).shows("改约：11月25日").offers(
        "09:30", "09:00", "14:00"
    )
    (await talk.says("取消明天的号")).shows("请确认取消", "日期：11月24日").offers("确认", "返回")


@pytest.mark.parametrize("text", ["后天的", "周三的", "25号那个", "后天王医生的", "王医生十点的"])
async def test_which_appointment_is_said_in_words(talk: Talk, text: str) -> None:
    (await talk.says("后天十点王芳", "1")).shows("预约成功")
    (await talk.says("取消预约", text)).shows("请确认取消", "日期：11月25日").offers("确认", "返回")
    (await talk.says("菜单", "取消预约", "王医生的")).shows("请选择要取消的预约").offers("11月24日", "11月25日")


async def test_one_that_is_none_of_those_asked_for_begins_no_booking_unless_that_is_said(talk: Talk) -> None:
    (await talk.says("后天十点王芳", "1")).shows("预约成功")
    (await talk.says("取消预约", "云是白的")).shows("没有看懂").offers("11月24日", "11月25日")
    (await talk.says("取消预约", "周五的")).shows("没有找到您说的那个预约").offers("11月24日", "11月25日")
    (await talk.says("我想约周五的王芳")).shows("11月27日 周五").offers("09:00", "09:30", "14:00")


@pytest.mark.parametrize("text", ["不取消了", "别取消", "不要取消"])
async def test_who_says_not_to_cancel_is_asked_nothing_of_the_kind(talk: Talk, text: str) -> None:
    (await talk.says(text)).hides("请确认取消")
    (await talk.says("取消明天的号", text)).hides("请确认取消")


async def test_in_mid_change_a_bare_weekday_stays_in_the_week_too_and_nothing_said_is_not_understood(
    talk: Talk, database: SqlDatabase
) -> None:
    await open_further(database, talk)
    await talk.says("下周三九点王芳", "1", "我的预约", "2", "改约", "王芳的其他时间")
    (await talk.says("那就周四呗")).shows("12月3日 周四").hides("11月26日")
    (await talk.says("想改改")).shows("没有看懂")


@pytest.mark.parametrize("text", ["不改了", "先不改了", "算了不改了"])
async def test_who_gives_a_change_up_reads_that_all_stays(talk: Talk, text: str) -> None:
    (await talk.says("改约", text)).shows("原来的预约不变").ends("left")


async def test_what_one_has_booked_is_shown(talk: Talk) -> None:
    (await talk.says("我约了什么时候来着")).shows("待就诊1个")


async def test_the_patient_named_narrows_the_choice(talk: Talk, database: SqlDatabase) -> None:
    await known(database, talk, "李四")
    (await talk.says("给李四挂明天九点半王芳", "1")).shows("预约成功")
    (await talk.says("把李四明天的号取消")).shows("请确认取消以下预约", "李*").offers("确认", "返回")
    (await talk.says("菜单", "取消明天的号")).shows("请选择要取消的预约").offers("11月24日", "11月24日")
    (await talk.says("李四的")).shows("请确认取消以下预约", "李*").offers("确认", "返回")
    (await talk.says("菜单", "取消李四的号")).shows("请确认取消以下预约", "李*").offers("确认", "返回")
    (await talk.says("菜单", "把李四的号改到后天")).shows("请确认改约信息", "李*", "日期：11月25日").offers(
        "确认", "返回"
    )
    (await talk.says("菜单", "赵敏", "取消李四的号")).shows("请确认取消以下预约", "李*", "稍后继续")


async def test_nobody_elses_appointment_is_taken_for_the_patients_named(talk: Talk, database: SqlDatabase) -> None:
    await known(database, talk, "李四")
    (await talk.says("把李四明天的号改到后天")).shows("没有找到您说的那个预约").offers("11月24日")
    (await talk.says("菜单", "取消李四的号")).shows("没有找到您说的那个预约").offers("11月24日")


async def test_of_several_without_a_date_said_no_week_is_guessed(talk: Talk, database: SqlDatabase) -> None:
    await open_further(database, talk)
    (await talk.says("下周三九点王芳", "1")).shows("预约成功")
    (await talk.says("改到周四", "2")).shows("11月26日 周四").offers("确认", "返回")
