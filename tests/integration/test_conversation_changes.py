"""Cancelling and changing by talking, on a real database and a real Valkey (R-A12, R-A13)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update

from booking.appointments import Appointments
from booking.models import ClaimState, SessionState
from booking.ports import ClaimFilter
from storage.database import SqlDatabase
from storage.tables import claim
from tests.support.clinic import open_clinic
from tests.support.talk import Talk
from tests.support.talking import dialogue_of, free, known, open_for_talk, sell

ZHAO, WANG = "zhao-20261124-1400-1400", "wang-20261124-0900-0900"


@pytest.fixture
async def talk(database: SqlDatabase, appointments: Appointments, now: datetime) -> Talk:
    """An account with one patient, who has booked at Wang's tomorrow at 9."""
    await open_for_talk(database, now)
    talk = Talk(dialogue_of(database, appointments), now)
    await known(database, talk, "张三")
    (await talk.says("王芳", "明天", "09:00", "1")).shows("预约成功")
    return talk


async def states(database: SqlDatabase, openid: str = "o-zhang") -> list[str]:
    """Slot and state of the account's claims, by start."""
    async with database.read() as unit:
        claims = await unit.claims.find(ClaimFilter(openid=openid))
    return [f"{claim.slot} {claim.state}" for claim in claims]


async def test_an_appointment_is_cancelled_from_the_list(talk: Talk, database: SqlDatabase) -> None:
    """R-A13: rule and deadline shown, confirmed once, the seat free at once."""
    seen = await talk.says("我的预约")
    seen = (await talk.picks(seen, "王芳")).shows("状态：待就诊").offers("改约", "取消预约", "返回列表")
    seen = (await talk.picks(seen, "取消预约")).offers("确认", "返回")
    seen.shows("最晚可在就诊前2小时取消，即11月24日 周二 07:00", "医生：王芳", "张*", "50元")
    (await talk.says("1")).shows("取消成功", "11月24日 周二（明天） 09:00-09:30 王芳").ends("cancelled")
    assert await states(database) == [f"{WANG} cancelled"]
    assert await free(database, WANG) == 2
    (await talk.says("我的预约")).offers("11月24日 周二 09:00 王芳 张* 已取消")
    (await talk.says("1")).shows("状态：已取消").offers("返回列表")


@pytest.mark.parametrize("words", ["取消预约", "我要退号", "请帮我取消明天的预约"])
async def test_the_only_appointment_is_meant_by_the_word(talk: Talk, database: SqlDatabase, words: str) -> None:
    (await talk.says(words)).shows("请确认取消以下预约", "王芳").offers("确认", "返回")
    (await talk.says("返回")).shows("状态：待就诊").offers("改约", "取消预约", "返回列表")
    (await talk.says("返回")).shows("待就诊1个")
    (await talk.says("返回")).offers("预约挂号", "我的预约", "就诊人", "帮助")
    assert await states(database) == [f"{WANG} booked"]


async def test_the_word_again_asks_again_and_cancels_nothing(talk: Talk, database: SqlDatabase) -> None:
    for words in ("取消预约", "取消预约", "取消"):
        (await talk.says(words)).shows("请确认取消以下预约").hides("没有看懂").offers("确认", "返回")
    assert await states(database) == [f"{WANG} booked"]
    (await talk.says("不取消")).shows("状态：待就诊")
    (await talk.says("退号", "确认取消")).shows("取消成功")


async def test_of_several_appointments_the_patient_chooses(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("赵敏", "1", "1")
    for words, question in (("取消预约", "请选择要取消的预约"), ("改约", "请选择要改约的预约")):
        (await talk.says("菜单", words)).shows(question).offers("11月24日 周二 09:00 王芳", "11月24日 周二 14:00 赵敏")
    (await talk.says("取消预约", "赵敏")).shows("请确认取消以下预约", "赵敏")
    (await talk.says("返回")).shows("请选择要取消的预约")
    (await talk.says("2", "1")).shows("取消成功")
    assert await states(database) == [f"{WANG} booked", f"{ZHAO} cancelled"]


async def test_after_the_deadline_the_rule_the_deadline_and_the_telephone_are_said(
    talk: Talk, database: SqlDatabase
) -> None:
    """R-A12, R-A13."""
    talk.now += timedelta(hours=22, seconds=1)
    seen = (await talk.says("我的预约", "1")).offers("返回列表")
    seen.shows("就诊前2小时停止改约和取消，这个预约最晚可在11月24日 周二 07:00 办理，现已超过", "010-00000000")
    for words, deed in (("取消预约", "取消"), ("改约", "改约")):
        (await talk.says("菜单", words)).shows(f"就诊前2小时停止{deed}", "07:00", "010-00000000").offers("返回列表")
    assert await states(database) == [f"{WANG} booked"]


async def test_two_notices_are_two_rules(talk: Talk, database: SqlDatabase, appointments: Appointments) -> None:
    await open_clinic(database, change_notice=timedelta(hours=30), cancel_notice=timedelta(0))
    talk.dialogue = dialogue_of(database, appointments)
    seen = await talk.says("我的预约", "1")
    seen.shows("就诊前30小时停止改约", "11月23日 周一 03:00").offers("取消预约", "返回列表")
    (await talk.says("取消预约")).shows("就诊开始前可以取消").offers("确认", "返回")
    await open_clinic(database, change_notice=timedelta(hours=30), cancel_notice=timedelta(hours=25))
    talk.dialogue = dialogue_of(database, appointments)
    (await talk.says("菜单", "我的预约", "1")).shows("停止改约", "停止取消").offers("返回列表")


async def test_a_deadline_that_passes_before_the_confirmation_is_said(talk: Talk, database: SqlDatabase) -> None:
    talk.now += timedelta(hours=21, minutes=58)
    await talk.says("取消预约")
    talk.now += timedelta(minutes=3)
    (await talk.says("1")).shows("停止取消", "07:00").offers("返回列表")
    assert await states(database) == [f"{WANG} booked"]


async def test_a_change_whose_deadline_passes_before_the_confirmation_leaves_everything(
    talk: Talk, database: SqlDatabase
) -> None:
    talk.now += timedelta(hours=21, minutes=58)
    for answer in ("1", "谢谢"):  # confirmed too late, and only looked at too late
        await talk.says("菜单", "改约", "赵敏", "14:00")
        assert f"{ZHAO} held" in await states(database)
        talk.now += timedelta(minutes=3)
        (await talk.says(answer)).shows("就诊前2小时停止改约").offers("返回列表")
        talk.now -= timedelta(minutes=3)
    assert await states(database) == [f"{WANG} booked", f"{ZHAO} released", f"{ZHAO} released"]


async def test_the_same_confirmation_again_finds_it_cancelled(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("取消预约")
    before = talk.chat
    first = (await talk.says("1")).shows("取消成功")
    talk.chat = before
    assert (await talk.says("1")).text == first.text
    talk.chat = before
    (await talk.says("什么")).shows("取消成功").ends()
    assert await states(database) == [f"{WANG} cancelled"]


async def test_an_appointment_is_changed_to_another_time_of_its_doctor(talk: Talk, database: SqlDatabase) -> None:
    """R-A12: the new seat is held first, then both are exchanged."""
    seen = await talk.says("我的预约", "1", "改约")
    seen.shows("改约：11月24日 周二（明天） 09:00-09:30 王芳")
    seen.offers("王芳的其他时间 余8", "口腔科其他医生 余4", "其他科室 余1")
    (await talk.says("1")).offers("11月24日", "11月25日")
    (await talk.says("明天")).offers("09:30 余2")  # not the time there is
    seen = (await talk.says("09:30")).shows("请确认改约信息", "原预约：11月24日 周二（明天） 09:00-09:30 王芳")
    seen.shows("改为", "时间：09:30-10:00", "确认后原预约自动取消", "剩余5分钟").offers("确认", "返回")
    assert await states(database) == [f"{WANG} booked", "wang-20261124-0900-0930 held"]
    seen = (await talk.says("1")).shows("改约成功", "\n预约号：", "时间：09:30-10:00", "原预约已取消").ends("changed")
    assert await states(database) == [f"{WANG} moved", "wang-20261124-0900-0930 booked"]
    assert await free(database, WANG) == 2
    (await talk.says("我的预约")).offers("11月24日 周二 09:30 王芳 张*", "11月24日 周二 09:00 王芳 张* 已改约")


async def test_an_appointment_is_changed_to_another_doctor(talk: Talk, database: SqlDatabase) -> None:
    (await talk.says("改约", "口腔科其他医生")).shows("李强 副主任医师").offers("10:00", "10:30")
    (await talk.says("1", "1")).shows("改约成功", "医生：李强", "30元").ends("changed")
    assert await states(database) == [f"{WANG} moved", "li-20261124-1000-1000 booked"]


async def test_an_appointment_is_changed_to_another_department(talk: Talk, database: SqlDatabase) -> None:
    (await talk.says("改约", "换科室")).shows("眼科", "赵敏").offers("14:00 余1")
    (await talk.says("1", "1")).shows("改约成功", "科室：眼科").ends("changed")
    assert await states(database) == [f"{WANG} moved", f"{ZHAO} booked"]


async def test_a_name_says_where_to_at_any_question(talk: Talk, database: SqlDatabase) -> None:
    (await talk.says("改约", "赵敏")).shows("赵敏 主治医师（眼科").offers("14:00 余1")
    (await talk.says("14:00")).shows("请确认改约信息", "赵敏")
    (await talk.says("李强")).offers("10:00", "10:30")
    assert await states(database) == [f"{WANG} booked", f"{ZHAO} released"]
    (await talk.says("什么")).shows("没有看懂").offers("10:00", "10:30")
    (await talk.says("返回", "1", "1")).shows("改约成功", "赵敏")


async def test_going_back_and_leaving_give_the_new_seat_back(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("改约", "换科室", "1")
    (await talk.says("2")).offers("14:00 余1")
    (await talk.says("返回")).offers("王芳的其他时间", "口腔科其他医生", "其他科室")
    (await talk.says("返回")).shows("状态：待就诊")
    await talk.says("改约", "赵敏", "1")
    (await talk.says("退出")).shows("已为您释放刚才保留的号").ends("left")
    assert set(await states(database)) == {f"{WANG} booked", f"{ZHAO} released"}


async def test_a_target_sold_meanwhile_leaves_the_old_one_and_leads_to_others(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    """R-A12: if the target is taken, say so."""
    await talk.says("改约", "口腔科其他医生")
    await sell(appointments, database, "li-20261124-1000-1000", 2, talk.now)
    seen = (await talk.says("1")).shows("刚刚被约走", "原来的预约不变", "为您找到相近的号")
    assert not [label for label in seen.choices if "王芳 11月24日 周二 09:00" in label]
    (await talk.says("李强", "10:30", "1")).shows("改约成功")


async def test_where_the_only_target_went_everything_else_is_offered(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    await talk.says("改约", "其他科室")
    await sell(appointments, database, ZHAO, 1, talk.now)
    seen = (await talk.says("1")).shows("刚刚被约走", "原来的预约不变", "科室：口腔科").offers("王芳", "李强")
    (await talk.picks(seen, "李强")).offers("10:00", "10:30")
    (await talk.says("1", "1")).shows("改约成功", "李强")


async def test_a_target_that_fills_up_in_mid_choice_widens_the_choice(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    await talk.says("改约", "口腔科其他医生")
    for slot in ("li-20261124-1000-1000", "li-20261124-1000-1030"):
        await sell(appointments, database, slot, 2, talk.now)
    (await talk.says("什么")).shows("请选择就诊日期", "王芳 主任医师").offers("11月24日", "11月25日")
    (await talk.says("明天", "09:30", "1")).shows("改约成功")


async def test_when_all_else_goes_in_mid_choice_the_appointment_stands(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("改约", "其他科室")
    async with database.begin() as unit:
        for session in await unit.sessions.sessions_from(talk.now.date()):
            await unit.sessions.set_state(session.id, SessionState.CLOSED)
    (await talk.says("什么")).shows("原来的预约不变", "近期的号已约满").ends("nothing_free")
    assert await states(database) == [f"{WANG} booked"]


async def test_a_target_closed_before_the_confirmation_leaves_the_old_one(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("改约", "口腔科其他医生", "1")
    async with database.begin() as unit:
        await unit.sessions.set_state("li-20261124-1000", SessionState.STOPPED)
    (await talk.says("1")).shows("该时段已停止预约", "原来的预约不变", "王芳 11月24日 周二 09:30")
    assert await states(database) == [f"{WANG} booked", "li-20261124-1000-1000 released"]
    (await talk.says("1", "1")).shows("改约成功")


async def test_a_new_seat_that_ran_out_is_offered_again(talk: Talk, database: SqlDatabase) -> None:
    for answer in ("1", "什么"):
        await talk.says("菜单", "改约", "赵敏", "14:00")
        talk.now += timedelta(minutes=6)
        (await talk.says(answer)).shows("为您保留的时间已过", "原来的预约不变", "这个号目前仍可预约").offers("赵敏")
    (await talk.says("1", "1")).shows("改约成功")
    assert (await states(database))[0] == f"{WANG} moved"


async def test_a_new_seat_gone_from_the_database_is_told_like_one_that_ran_out(
    talk: Talk, database: SqlDatabase
) -> None:
    await talk.says("改约", "赵敏", "14:00")
    async with database.begin() as unit:
        await unit.connection.execute(delete(claim).where(claim.c.slot == ZHAO))
    (await talk.says("什么")).shows("为您保留的时间已过", "原来的预约不变")
    assert await states(database) == [f"{WANG} booked"]


async def test_the_same_confirmation_again_finds_the_same_new_appointment(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("改约", "赵敏", "14:00")
    before = talk.chat
    first = (await talk.says("1")).shows("改约成功")
    for answer in ("1", "什么"):
        talk.chat = before
        assert (await talk.says(answer)).text.endswith(first.text)
    talk.chat = before
    (await talk.says("退出")).shows("刚才的号已经为您约好")
    assert await states(database) == [f"{WANG} moved", f"{ZHAO} booked"]


async def test_what_was_cancelled_elsewhere_meanwhile_is_not_changed(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    for answers in ((), ("赵敏",), ("赵敏", "14:00")):
        await set_state(database, ClaimState.BOOKED)
        await talk.says("菜单", "改约", *answers)
        await set_state(database, ClaimState.CANCELLED)
        seen = await talk.says("1" if answers else "赵敏", *([] if answers else ["1"]))
        seen.shows("这个预约已取消，不能改约").offers("返回列表")
    assert f"{ZHAO} booked" not in await states(database)


async def set_state(database: SqlDatabase, state: ClaimState) -> None:
    """The front desk writes what became of the appointment at Wang's."""
    async with database.begin() as unit:
        await unit.connection.execute(update(claim).where(claim.c.slot == WANG).values(state=state))


@pytest.mark.parametrize("words", [("取消预约",), ("改约",), ("改约", "赵敏", "14:00")])
async def test_an_appointment_gone_from_the_database_leads_to_the_list(
    talk: Talk, database: SqlDatabase, words: tuple[str, ...]
) -> None:
    await talk.says(*words)
    async with database.begin() as unit:
        await unit.connection.execute(delete(claim).where(claim.c.slot == WANG))
    (await talk.says("什么")).shows("没有找到这个预约")
    assert await states(database) in ([], [f"{ZHAO} released"])


async def test_a_cancellation_of_what_is_gone_leads_to_the_list(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("取消预约")
    async with database.begin() as unit:
        await unit.connection.execute(delete(claim))
    (await talk.says("1")).shows("没有找到这个预约", "您还没有预约")


async def test_an_appointment_stopped_before_the_word_shows_what_it_is(talk: Talk, database: SqlDatabase) -> None:
    seen = await talk.says("我的预约", "1")
    await set_state(database, ClaimState.STOPPED)
    for deed in ("改约", "取消"):
        (await talk.taps(seen, deed)).shows(f"这个预约已停诊，不能{deed}").offers("返回列表")
        await set_state(database, ClaimState.BOOKED)
        seen = await talk.says("菜单", "我的预约", "1")
        await set_state(database, ClaimState.STOPPED)


async def test_with_nothing_else_free_the_appointment_stands(talk: Talk, database: SqlDatabase) -> None:
    async with database.begin() as unit:
        for session in await unit.sessions.sessions_from(talk.now.date()):
            await unit.sessions.set_state(session.id, SessionState.CLOSED)
    (await talk.says("改约")).shows("目前没有其他可预约的号。原来的预约不变", "010-00000000").ends("nothing_free")
    assert await states(database) == [f"{WANG} booked"]


async def test_the_days_limit_counts_without_the_appointment_changed(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("李强", "10:00", "1")
    (await talk.says("赵敏", "14:00")).shows("每位就诊人每天最多预约2次")
    (await talk.says("改约", "王芳", "赵敏", "14:00", "1")).shows("改约成功")
    assert await states(database) == [f"{WANG} moved", "li-20261124-1000-1000 booked", f"{ZHAO} booked"]


@pytest.mark.parametrize("steps", [("1", "明天"), ("王芳", "明天")])
@pytest.mark.parametrize("said", ["09:00", "9点"])
async def test_the_time_there_is_already_is_said_to_be_that(talk: Talk, steps: tuple[str, ...], said: str) -> None:
    """R-A12: a change to the same slot is refused by its rule."""
    await talk.says("改约", *steps)
    seen = (await talk.says(said)).shows("这就是您现在预约的时间，请选择其他时间。").offers("09:30 余2")
    assert "没有" not in seen.text
    (await talk.says("09:30", "1")).shows("改约成功")


async def test_the_time_there_is_already_is_known_with_its_day_at_the_first_question(talk: Talk) -> None:
    (await talk.says("改约", "明天 09:00")).shows("这就是您现在预约的时间", "王芳的其他时间 余8")


async def test_the_same_time_on_another_day_or_at_a_colleague_is_not_the_one_there_is(talk: Talk) -> None:
    await talk.says("改约", "1", "11月25日")
    assert "现在预约的时间" not in (await talk.says("09:00")).text
    await talk.says("菜单", "改约", "李强", "明天")
    assert "现在预约的时间" not in (await talk.says("09:00")).text


@pytest.mark.parametrize("steps", [(), ("赵敏",), ("赵敏", "14:00")])
async def test_cancelling_said_in_a_change_cancels_that_appointment_and_gives_the_new_seat_back(
    talk: Talk, database: SqlDatabase, steps: tuple[str, ...]
) -> None:
    await talk.says("李强", "10:30", "1")
    await talk.says("改约", "王芳", *steps)
    (await talk.says("取消预约")).shows("请确认取消以下预约", "王芳").offers("确认", "返回")
    (await talk.says("1")).shows("取消成功", "王芳")
    seen = await states(database)
    assert {f"{WANG} cancelled", "li-20261124-1000-1030 booked"} <= set(seen)
    assert not [each for each in seen if each.endswith("held")]


async def test_changing_said_at_the_confirmation_of_a_cancellation_changes_that_appointment(talk: Talk) -> None:
    await talk.says("李强", "10:30", "1")
    await talk.says("取消预约", "王芳")
    (await talk.says("改约")).shows("改约：11月24日 周二（明天） 09:00-09:30 王芳")
    (await talk.says("返回")).shows("状态：待就诊", "王芳")


@pytest.mark.parametrize("words", ["不用", "不用了", "算了", "不", "不取消了", "别取消"])
async def test_a_no_to_the_cancellation_shows_that_the_appointment_stands(
    talk: Talk, database: SqlDatabase, words: str
) -> None:
    (await talk.says("取消预约", words)).shows("状态：待就诊").offers("改约", "取消预约", "返回列表")
    assert await states(database) == [f"{WANG} booked"]


@pytest.mark.parametrize("words", ["不要了", "嗯嗯", "知道了", "取消"])
async def test_what_may_mean_either_cancels_nothing_and_is_asked_again(
    talk: Talk, database: SqlDatabase, words: str
) -> None:
    """What is not wanted any more may be the cancellation or the appointment."""
    (await talk.says("取消预约", words)).shows("请确认取消以下预约").offers("确认", "返回")
    assert await states(database) == [f"{WANG} booked"]


@pytest.mark.parametrize("words", ["退出", "不约了"])
async def test_who_leaves_a_cancellation_or_a_change_is_told_that_the_appointment_stands(
    talk: Talk, database: SqlDatabase, words: str
) -> None:
    for deed in ("取消预约", "改约"):
        (await talk.says(deed, words)).shows("原来的预约不变", "已为您退出").ends("left")
    assert await states(database) == [f"{WANG} booked"]
