"""停诊, 停诊进度 and 恢复 in chat (R-A14, R-A15)."""

import asyncio
from datetime import datetime, timedelta

import pytest

from booking.actors import Role
from booking.appointments import Appointments
from booking.models import ClaimState
from booking.ports import SlotFilter
from booking.stoppage_models import StoppageState
from handlers.chat import Incoming
from storage.database import SqlDatabase
from storage.pool import RedisPool
from tests.support.staffing import booked, manager_talk, staff_talk
from tests.support.stopping import Ward
from tests.support.talk import Talk


@pytest.fixture
def database_kind() -> str:
    """What is said is the same on any database; the services are tested on both."""
    return "sqlite"


@pytest.fixture
async def talk(database: SqlDatabase, appointments: Appointments, now: datetime) -> Talk:
    """A manager."""
    return await manager_talk(database, appointments, now)


@pytest.fixture
async def ward(database: SqlDatabase, pool: RedisPool, appointments: Appointments) -> Ward:
    return Ward.open(database, pool, appointments)


async def states(ward: Ward, now: datetime) -> list[StoppageState]:
    return [stoppage.state for stoppage, _ in await ward.stoppages.all()]


async def test_a_doctors_day_is_stopped_after_a_preview_and_one_confirmation(
    talk: Talk, database: SqlDatabase, appointments: Appointments, ward: Ward
) -> None:
    claim = await booked(database, appointments, talk, "wang-20261124-0900-0900")
    (await talk.says("停诊")).offers("一次门诊", "医生", "科室", "全院")
    (await talk.says("医生")).offers("王芳 主任医师 口腔科", "李强 副主任医师 口腔科", "赵敏 主治医师 眼科")
    (await talk.says("王芳")).shows("请选择停诊时间")
    (await talk.says("明天")).offers("医生身体不适", "医生临时有事", "设备检修", "恶劣天气")
    (await talk.says("1")).shows("另加说明").offers("不加说明")
    preview = await talk.says("请留意后续通知")
    preview.shows("请确认停诊", "王芳 主任医师", "11月24日 周二 00:00 至 11月24日 周二 24:00", "原因：医生身体不适")
    preview.shows("说明：请留意后续通知", "门诊1场，预约1个，患者1人", "可通知1人").offers("确认", "返回")
    assert await states(ward, talk.now) == []
    done = await talk.says("1")
    done.shows("停诊已生效").ends("stopped")
    await ward.finish(now=talk.now)
    assert await states(ward, talk.now) == [StoppageState.DONE]
    async with database.read() as unit:
        stopped = await unit.claims.get(claim)
    assert stopped is not None
    assert stopped.state is ClaimState.STOPPED


async def test_the_preview_says_how_many_must_be_telephoned(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    for slot in ("0900", "0930"):
        await booked(database, appointments, talk, f"wang-20261124-0900-{slot}", name=f"李{slot}", openid=f"o-{slot}")
    async with database.begin() as unit:
        await unit.patients.follow("o-0930", following=False, now=talk.now)
    preview = await talk.says("停诊", "医生", "王芳", "明天", "1", "1")
    preview.shows("患者2人：可通知1人，其余1人需电话联系，可提供替代号")


async def test_one_session_is_stopped_from_a_time_on(
    talk: Talk, database: SqlDatabase, appointments: Appointments, ward: Ward
) -> None:
    for slot in ("0900", "0930"):
        await booked(database, appointments, talk, f"wang-20261124-0900-{slot}", name=f"李{slot}", openid=f"o-{slot}")
    await talk.says("停诊", "1", "王芳")
    (await talk.says("11月24日")).shows("整场停诊，还是从某个时间起").offers("整场")
    preview = await talk.says("9:30起", "设备故障", "1")
    preview.shows("王芳 主任医师 11月24日 周二 09:00-10:00", "预约1个")
    (await talk.says("确认")).shows("停诊已生效")
    await ward.finish(now=talk.now)
    wanted = SlotFilter(session="wang-20261124-0900")
    async with database.read() as unit:
        counts = {count.slot.id[-4:]: count.booked for count in await unit.sessions.slots(wanted)}
    assert counts == {"0900": 1, "0930": 0}


@pytest.mark.parametrize(
    ("steps", "whom"),
    [
        (("全院", "从现在起，直至恢复"), "范围：全院"),
        (("科室", "牙科", "明天全天"), "范围：口腔科"),
        (("科室", "眼科", "明天下午"), "范围：眼科"),
    ],
)
async def test_departments_and_the_whole_clinic_are_stopped(
    talk: Talk, ward: Ward, steps: tuple[str, ...], whom: str
) -> None:
    (await talk.says("停诊", *steps, "恶劣天气", "不用")).shows(whom)
    (await talk.says("1")).ends("stopped")
    assert await states(ward, talk.now) == [StoppageState.STOPPING]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("11月1日", "已经过去"),
        ("12月3日到12月1日", "结束时间应晚于开始时间"),
        ("下个月吧", "没有看懂停诊时间"),
        ("99", "没有看懂停诊时间"),
        ("2月30日", "没有看懂停诊时间"),
    ],
)
async def test_a_wrong_period_is_said_and_asked_again(talk: Talk, said: str, told: str) -> None:
    (await talk.says("停诊", "医生", "王芳", said)).shows(told, "请选择停诊时间")


async def test_a_period_without_sessions_is_refused(talk: Talk, ward: Ward) -> None:
    (await talk.says("停诊", "科室", "眼科", "今天", "1", "1")).shows("11月23日 周一 24:00没有可停诊的门诊")
    assert await states(ward, talk.now) == []


async def test_a_doctor_is_stopped_for_days_that_are_not_published_yet_and_lifted(talk: Talk, ward: Ward) -> None:
    preview = await talk.says("停诊", "医生", "王芳", "12月20日到12月27日", "医生临时有事", "不用")
    preview.shows("12月20日 周日 00:00 至 12月27日 周日 24:00", "门诊0场", "该时段尚未放号，放号时自动停诊")
    (await talk.says("确认")).shows("停诊已生效").ends("stopped")
    await ward.finish(now=talk.now)
    assert await states(ward, talk.now) == [StoppageState.DONE]
    (await talk.says("停诊进度", "1")).shows("停诊编号：T000001", "患者：无")
    (await talk.says("恢复全部", "确认")).shows("已恢复出诊")
    await ward.finish(now=talk.now)
    assert await states(ward, talk.now) == [StoppageState.LIFTED]


async def test_what_is_stopped_already_is_said_to_be(talk: Talk, ward: Ward) -> None:
    await talk.says("停诊", "医生", "王芳", "明天", "1", "1", "1")
    again = await talk.says("停诊", "医生", "王芳", "明天", "1", "1")
    again.shows("已经停诊")
    assert len(await states(ward, talk.now)) == 1


async def test_a_confirmation_delivered_twice_or_sent_twice_stops_once(talk: Talk, ward: Ward) -> None:
    await talk.says("停诊", "医生", "王芳", "明天", "1", "1")
    chat = talk.chat
    first = await talk.sends(Incoming(talk.openid, "text", "confirm", text="1"))
    talk.chat = chat  # the answer was lost before the chat was saved
    redelivered = await talk.sends(Incoming(talk.openid, "text", "confirm", text="1"))
    talk.chat = chat
    repeated = await talk.sends(Incoming(talk.openid, "text", "confirm again", text="1"))
    assert first.text == redelivered.text == repeated.text
    assert len(await states(ward, talk.now)) == 1


async def test_two_managers_stop_the_same_at_once_and_one_does_it(
    talk: Talk, database: SqlDatabase, ward: Ward
) -> None:
    other = await staff_talk(database, talk.dialogue, talk, Role.MANAGER, name="孙经理")
    for one in (talk, other):
        await one.says("停诊", "医生", "王芳", "明天", "1", "1")
    seen = await asyncio.gather(talk.says("1"), other.says("1"))
    assert sorted("停诊已生效" in one.text for one in seen) == [False, True]
    assert any("已经停诊" in one.text for one in seen)
    assert len(await states(ward, talk.now)) == 1


async def test_a_doctor_asks_and_a_manager_approves(
    talk: Talk, database: SqlDatabase, appointments: Appointments, ward: Ward
) -> None:
    await booked(database, appointments, talk, "wang-20261124-0900-0900")
    doctor = await staff_talk(database, talk.dialogue, talk, Role.DOCTOR, name="王芳", doctor="wang")
    (await doctor.says("停诊")).shows("申请停诊").offers("一次门诊", "一段时间")
    (await doctor.says("1")).offers("11月24日 周二 09:00-10:00 已约1", "11月25日 周三 09:00-10:30 已约0")
    (await doctor.says("1", "整场", "发烧", "1")).shows("请确认停诊申请，提交后由管理员批准")
    (await doctor.says("1")).shows("申请已提交", "待管理员批准").ends("requested")
    assert await states(ward, talk.now) == [StoppageState.REQUESTED]
    (await talk.says("停诊进度")).offers("待批准 王芳 11月24日 09:00起")
    (await talk.says("1")).shows("发起人：王芳", "原因：发烧").offers("批准申请", "不批准", "返回")
    (await talk.says("1")).shows("请确认批准停诊").offers("确认", "返回")
    (await talk.says("1")).shows("已批准").ends("approved")
    assert await states(ward, talk.now) == [StoppageState.STOPPING]


@pytest.mark.parametrize(
    ("steps", "shown"), [(("科室", "口腔科"), "口腔科"), (("全院",), "全院"), (("医生", "王芳"), "王芳")]
)
async def test_the_list_says_whom_each_stoppage_is_about(talk: Talk, steps: tuple[str, ...], shown: str) -> None:
    (await talk.says("停诊", *steps, "明天", "1", "1", "1")).ends("stopped")
    listed = await talk.says("停诊进度")
    assert shown in next(iter(listed.choices))


async def test_a_request_is_refused_once(talk: Talk, database: SqlDatabase, ward: Ward) -> None:
    doctor = await staff_talk(database, talk.dialogue, talk, Role.DOCTOR, name="王芳", doctor="wang")
    await doctor.says("停诊", "2", "明天", "开会", "1", "1")
    other = await staff_talk(database, talk.dialogue, talk, Role.MANAGER, name="孙经理")
    for one in (talk, other):
        await one.says("停诊进度", "1", "不批准")
    (await talk.says("1")).shows("已记录：不批准").ends()
    (await other.says("1")).ends()
    assert await states(ward, talk.now) == [StoppageState.REFUSED]


async def test_a_stoppage_is_lifted_for_one_session_and_then_wholly(
    talk: Talk, database: SqlDatabase, appointments: Appointments, ward: Ward
) -> None:
    claim = await booked(database, appointments, talk, "wang-20261124-0900-0900")
    await talk.says("停诊", "医生", "王芳", "从现在起，直至恢复", "1", "1", "1")
    await ward.finish(now=talk.now)
    (await talk.says("恢复")).offers("停诊中 王芳 11月23日 09:00起")
    shown = await talk.says("1")
    shown.shows("患者：", "通知：", "发起人：陈经理").offers("恢复全部", "恢复其中一次门诊", "返回")
    (await talk.says("2")).offers("11月24日 周二 09:00-10:00 王芳", "11月25日 周三 09:00-10:30 王芳")
    (await talk.says("1")).shows("请确认恢复出诊：11月24日 周二 09:00-10:00 王芳").offers("确认", "返回")
    (await talk.says("1")).shows("已恢复出诊").ends("lifted")
    await ward.finish(now=talk.now)
    async with database.read() as unit:
        restored = await unit.claims.get(claim)
    assert restored is not None
    assert restored.state is ClaimState.BOOKED
    (await talk.says("恢复", "1")).offers("恢复全部", "返回")
    (await talk.says("恢复全部", "1")).ends("lifted")
    await ward.finish(now=talk.now)
    assert await states(ward, talk.now) == [StoppageState.LIFTED]
    (await talk.says("恢复", "1")).shows("已恢复").offers("返回")


async def test_two_managers_lift_the_same_and_the_second_is_told(talk: Talk, database: SqlDatabase, ward: Ward) -> None:
    await talk.says("停诊", "医生", "王芳", "明天", "1", "1", "1")
    await ward.finish(now=talk.now)
    other = await staff_talk(database, talk.dialogue, talk, Role.MANAGER, name="孙经理")
    for one in (talk, other):
        await one.says("恢复", "1", "恢复全部")
    (await talk.says("1")).ends("lifted")
    (await other.says("1")).shows("已经恢复出诊")


async def test_back_in_the_dialogue_and_words_too_long(talk: Talk) -> None:
    await talk.says("停诊", "医生", "王芳", "明天")
    (await talk.says("理由" * 40)).shows("请不要超过60个字")
    (await talk.says("查房")).shows("另加说明")
    (await talk.says("返回")).offers("医生身体不适", "医生临时有事", "设备检修", "恶劣天气")
    (await talk.says("返回", "返回", "返回", "返回")).offers(
        "今日名单", "号源情况", "代约", "查询患者", "电话名单", "停诊", "进度与恢复", "员工管理"
    )


async def test_a_manager_who_loses_the_right_meanwhile_stops_nothing(
    talk: Talk, database: SqlDatabase, ward: Ward
) -> None:
    await talk.says("停诊", "医生", "王芳", "明天", "1", "1")
    async with database.begin() as unit:
        staff = await unit.staff.of(talk.openid)
        assert staff is not None
        await unit.staff.remove(staff.id, now=talk.now)
    (await talk.says("1")).hides("停诊")
    assert await states(ward, talk.now) == []


async def test_a_preview_that_waited_past_its_time_is_refused(talk: Talk, ward: Ward) -> None:
    await talk.says("停诊", "一次门诊", "王芳", "1", "整场", "1", "1")
    talk.now += timedelta(minutes=20)
    (await talk.says("1")).shows("停诊已生效")
    assert len(await states(ward, talk.now)) == 1


@pytest.mark.parametrize("said", ["？？？", "99", "<b>", "1" * 400, "😀", "。", "停诊 王芳", "0"])
@pytest.mark.parametrize(
    "steps",
    [
        (), ("1",), ("1", "王芳"), ("1", "王芳", "1"), ("2",), ("2", "王芳"), ("2", "王芳", "明天"),
        ("2", "王芳", "明天", "1"), ("2", "王芳", "明天", "1", "1"), ("3",),
    ],
)  # fmt: skip
async def test_no_input_breaks_the_dialogue(talk: Talk, ward: Ward, steps: tuple[str, ...], said: str) -> None:
    await talk.says("停诊", *steps)
    assert (await talk.says(said)).text
    assert (await talk.says("停诊")).choices
    assert await states(ward, talk.now) == []


async def test_the_doctor_may_be_named_with_the_command(talk: Talk) -> None:
    for said in ("停诊 王芳", "停诊王芳医生"):
        (await talk.says(said)).shows("停诊医生：王芳 主任医师", "请选择停诊时间")
    (await talk.says("明天", "1", "不加说明")).shows("请确认停诊", "王芳 主任医师")
    await talk.says("停诊 王芳", "返回")
    (await talk.says("返回")).shows("请选择范围")


@pytest.mark.parametrize("said", ["停诊王芳明天", "停诊 口腔科", "停诊 查无此人"])
async def test_other_words_after_the_command_open_its_flow_and_are_said_to_be_passed_over(
    talk: Talk, said: str
) -> None:
    (await talk.says(said)).shows("没有看懂，已略过", "请选择范围").offers("一次门诊", "医生", "科室", "全院")


async def test_a_doctor_may_name_themself_with_the_command(talk: Talk, database: SqlDatabase) -> None:
    doctor = await staff_talk(database, talk.dialogue, talk, Role.DOCTOR, name="王芳", doctor="wang")
    (await doctor.says("停诊 王芳")).hides("没有看懂")
    (await doctor.says("停诊 赵敏")).shows("“赵敏”没有看懂，已略过")


async def test_a_reason_may_begin_like_a_command(talk: Talk) -> None:
    await talk.says("停诊", "医生", "王芳", "明天")
    (await talk.says("停诊检修")).shows("另加说明")


@pytest.mark.parametrize("said", ["1", "确认"])
async def test_a_confirmation_said_again_leads_to_the_menu_of_staff(talk: Talk, ward: Ward, said: str) -> None:
    (await talk.says("停诊 王芳", "明天", "1", "不加说明", "1")).shows("停诊已生效")
    (await talk.says(said)).offers(
        "今日名单", "号源情况", "代约", "查询患者", "电话名单", "停诊", "进度与恢复", "员工管理"
    )
    assert len(await states(ward, talk.now)) == 1
