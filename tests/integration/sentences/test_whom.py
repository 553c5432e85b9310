"""For whom a sentence books: who was seen last is proposed and never imposed, and anybody can be named at any time."""

from datetime import date, datetime, timedelta

import pytest

from booking.appointments import Appointments
from booking.models import ClaimState, Department, PaperKind, Patient, PatientDetails, Sex
from booking.ports import ClaimFilter
from storage.database import SqlDatabase
from tests.support.clinic import DEPARTMENTS, DOCTORS
from tests.support.talk import Talk
from tests.support.talking import ID_NUMBER, ROSTERS, WAYS, add_session, dialogue_of, known, open_for_talk


@pytest.fixture
async def family(database: SqlDatabase, talk: Talk) -> Talk:
    """An account with two patients, of whom 李四 was booked last."""
    await known(database, talk, "李四")
    (await talk.says("给李四约明天九点半的王芳", "1")).shows("预约成功", "李*")
    return talk


async def whose(database: SqlDatabase) -> list[str]:
    """For whom seats are held or booked, by start."""
    async with database.read() as unit:
        claims = await unit.claims.find(ClaimFilter(openid="o-zhang"))
    return [claim.patient for claim in claims if claim.state in (ClaimState.HELD, ClaimState.BOOKED)]


async def test_who_was_seen_last_is_proposed_where_nobody_is_named(family: Talk) -> None:
    seen = (await family.says("后天十点王芳")).offers("确认", "返回")
    seen.shows("就诊人：李* 女 36岁（上次），换人请回复“换就诊人”", "时间：10:00")
    (await family.says("1")).shows("预约成功", "李*")


async def test_it_is_not_imposed_where_the_menu_asks_nor_where_the_question_was_what_there_is(family: Talk) -> None:
    (await family.says("预约")).offers("李*", "张*", "添加就诊人")
    (await family.says("菜单", "后天王芳有号吗", "10:00")).offers("李*", "张*", "添加就诊人")
    (await family.says("菜单", "给我妈约后天十点王芳")).offers("李*", "张*", "添加就诊人")
    (await family.says("菜单", "给我自己约后天十点王芳")).offers("李*", "张*", "添加就诊人")


@pytest.mark.parametrize("text", ["换就诊人", "换个人", "给别人约", "我想换个就诊人"])
async def test_another_is_asked_for_and_the_time_stays(family: Talk, database: SqlDatabase, text: str) -> None:
    await family.says("后天十点王芳")
    (await family.says(text)).shows("请选择就诊人").offers("李*", "张*", "添加就诊人")
    (await family.says("张三")).shows("时间：10:00", "就诊人：张*").offers("确认", "返回")
    assert await whose(database) == ["p-李四", "p-张三"]


async def test_that_it_is_somebody_else_can_be_said_before(family: Talk) -> None:
    (await family.says("后天王芳", "不是我")).offers("李*", "张*", "添加就诊人")


@pytest.mark.parametrize("text", ["换成张三", "是张三", "给张三约的", "不对，是张三"])
async def test_a_patient_is_named_in_whatever_words(family: Talk, database: SqlDatabase, text: str) -> None:
    await family.says("后天十点王芳")
    (await family.says(text)).shows("时间：10:00", "就诊人：张*").offers("确认", "返回")
    assert await whose(database) == ["p-李四", "p-张三"]


async def test_a_patient_is_named_at_the_question_for_one(family: Talk) -> None:
    (await family.says("预约", "就是张三吧")).offers("按科室", "按医生", "按时间", "为其他人预约")


@pytest.mark.parametrize("text", ["给张三和李四约后天的王芳", "帮我和张三都约后天王芳"])
async def test_two_at_once_are_booked_one_after_the_other(family: Talk, text: str) -> None:
    (await family.says(text)).shows("每次预约一个号").offers("李*", "张*", "添加就诊人")


async def test_a_doctor_of_the_same_name_is_the_doctor(family: Talk, database: SqlDatabase) -> None:
    await known(database, family, "王芳")
    (await family.says("后天十点王芳")).shows("医生：王芳", "就诊人：李*")


async def test_somebody_not_registered_is_said_to_be(talk: Talk) -> None:
    (await talk.says("给王五约明天王芳")).shows("您说的就诊人还没有登记").offers("张*", "添加就诊人")
    (await talk.says("菜单", "给我爸约明天王芳")).shows("请选择就诊人").hides("没有登记")


async def test_who_was_removed_since_is_not_replaced_in_silence(family: Talk, database: SqlDatabase) -> None:
    family.now += timedelta(days=7)
    await add_session(database, family.now + timedelta(days=1))
    (await family.says("就诊人", "李四", "移除就诊人", "1")).hides("李*（上次）")
    seen = (await family.says("老样子")).shows("上次的就诊人已不在您的就诊人中", "就诊人：张*", "时间：09:30")
    seen.offers("确认", "返回")


async def add_child(database: SqlDatabase, talk: Talk) -> Patient:
    """A child of six."""
    details = PatientDetails("张小小", PaperKind.CHILD, ID_NUMBER, Sex.FEMALE, date(2020, 5, 1), "13800138000")
    async with database.begin() as unit:
        child = await unit.patients.add("p-child", details, now=talk.now)
        await unit.patients.link(talk.openid, child.id, mobile=details.mobile, now=talk.now)
    return child


@pytest.mark.parametrize("text", ["挂儿科", "明天的儿科", "给孩子约儿科"])
async def test_a_grown_up_is_not_taken_for_a_child(
    database: SqlDatabase, appointments: Appointments, now: datetime, text: str
) -> None:
    await open_for_talk(database, now)
    async with database.begin() as unit:
        clinic = (await unit.catalogue.load()).clinic
        children = [DEPARTMENTS[0], Department("eye", "儿科")]
        await unit.catalogue.replace(clinic, children, DOCTORS, ROSTERS, [])
    talk = Talk(dialogue_of(database, appointments), now)
    await known(database, talk, "张三")
    (await talk.says(text)).shows("请选择就诊的孩子").offers("张*", "添加就诊人")
    (await talk.says("1")).hides("就诊的孩子")
    (await talk.says("菜单", "给张三约儿科")).hides("请选择就诊")
    async with database.begin() as unit:
        await unit.patients.unlink(talk.openid, "p-张三", now=now)
    await add_child(database, talk)
    (await talk.says("菜单", "明天的儿科")).shows("就诊人：张* 女 6岁").offers("确认", "返回")


async def test_somebody_elses_wish_asks_for_whom(talk: Talk, database: SqlDatabase) -> None:
    """A relative is none that we know: the account's only patient is not taken for granted."""
    (await talk.says("帮我妈约个眼科")).shows("请选择就诊人").offers("张*", "添加就诊人")
    await known(database, talk, "李四")
    (await talk.says("菜单", "给李四挂明天下午的眼科")).offers("确认", "返回").shows("就诊人：李*")
    (await talk.says("菜单", "给王五挂明天下午的眼科")).offers("张*", "李*", "添加就诊人")
    (await talk.says("张三")).shows("就诊人：张*").offers("确认", "返回")


async def test_for_oneself_the_only_patient_is_meant(talk: Talk) -> None:
    (await talk.says("给我自己挂明天下午的眼科")).shows("就诊人：张*").offers("确认", "返回")


async def test_a_patient_can_be_added_after_one_was_registered(new: Talk) -> None:
    await new.says("预约", "同意", f"张三 {ID_NUMBER} 13812345678", "为其他人预约", "添加就诊人")
    (await new.says("李四 110101198506154466 13812345678")).shows("登记成功：李*").offers(*WAYS)
