"""今日, 号源, 查, 代约 as staff use them (R-A1, R-A3, R-A11)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from booking.actors import Role
from booking.appointments import Appointments
from booking.erasure import Erasure
from booking.models import ClaimState
from booking.ports import ClaimFilter
from storage.database import SqlDatabase
from storage.patient_tables import access_log
from storage.staff_tables import audit
from tests.support.clinic import add_session
from tests.support.notice_desk import Desk
from tests.support.staffing import OPERATOR, bind, booked, staff_talk
from tests.support.talk import Talk
from tests.support.talking import ID_NUMBER, dialogue_of, known, open_for_talk

DETAILS = ("张三", f"{ID_NUMBER} 13812345678")


@pytest.fixture
def database_kind() -> str:
    """What is said is the same on any database; the services are tested on both."""
    return "sqlite"


@pytest.fixture
async def talk(database: SqlDatabase, appointments: Appointments, now: datetime) -> Talk:
    """A member of the front desk."""
    await open_for_talk(database, now)
    talk = Talk(dialogue_of(database, appointments), now, openid="o-lin")
    await bind(database, talk, Role.FRONTDESK)
    return talk


async def log_of(database: SqlDatabase) -> list[tuple[str, str, str]]:
    async with database.read() as unit:
        rows = await unit.connection.execute(select(access_log).order_by(access_log.c.id))
        return [(row.actor, row.purpose, row.subject) for row in rows]


async def test_the_days_list_by_department_and_doctor(
    talk: Talk, database: SqlDatabase, appointments: Appointments, now: datetime
) -> None:
    await add_session(database, now + timedelta(hours=2))
    await add_session(database, now + timedelta(hours=2), doctor="li")
    await add_session(database, now + timedelta(hours=2), doctor="zhao")
    (await talk.says("今日")).shows("没有预约").ends()
    await booked(database, appointments, talk, "wang-20261123-1100-1100")
    await booked(database, appointments, talk, "li-20261123-1100-1130", name="赵六", openid="o-6")
    await booked(database, appointments, talk, "zhao-20261123-1100-1100", name="钱七", openid="o-7")
    (await talk.says("今日")).offers("口腔科 2人", "眼科 1人", "全部科室 3人")
    (await talk.says("口腔科")).offers("王芳 1人", "李强 1人", "全部医生 2人")
    both = await talk.says("3")
    both.shows("共2人").offers("11:00 李* 王芳 待就诊", "11:30 赵* 李强 待就诊").hides("李四", "赵六")
    shown = await talk.says("1")
    shown.shows("李*", "可微信通知").offers("改约", "取消预约", "返回").hides("李四", "13800138000")
    (await talk.says("返回")).shows("共2人")
    assert ("day_list", "date=2026-11-23 doctors=wang,li count=2") in {entry[1:] for entry in await log_of(database)}


async def test_a_doctor_sees_the_own_day_only(
    talk: Talk, database: SqlDatabase, appointments: Appointments, now: datetime
) -> None:
    await add_session(database, now + timedelta(hours=2))
    await add_session(database, now + timedelta(hours=2), doctor="zhao")
    await booked(database, appointments, talk, "wang-20261123-1100-1100")
    await booked(database, appointments, talk, "zhao-20261123-1100-1100", name="钱七", openid="o-7")
    doctor = await staff_talk(database, talk.dialogue, talk, Role.DOCTOR, name="王芳", doctor="wang")
    (await doctor.says("今日")).offers("11:00 李* 待就诊")
    (await doctor.says("1")).offers("返回")
    (await doctor.says("号源")).shows("王芳 主任医师号源", "11月23日 周一（今天） 余3 锁定0 已约1").ends("shown")


async def test_the_list_of_another_day_or_of_one_doctor_is_named_behind_the_word(
    talk: Talk, database: SqlDatabase, appointments: Appointments, now: datetime
) -> None:
    await add_session(database, now + timedelta(hours=2))
    await booked(database, appointments, talk, "wang-20261123-1100-1100")
    await booked(database, appointments, talk, "li-20261124-1000-1030", name="赵六", openid="o-6")
    await booked(database, appointments, talk, "zhao-20261124-1400-1400", name="钱七", openid="o-7")
    for words in ("今日名单 明天", "今日明天", "今日 11月24日"):
        (await talk.says(words)).offers("口腔科 1人", "眼科 1人", "全部科室 2人")
    (await talk.says("眼科")).shows("11月24日 周二（明天），共1人").offers("14:00 钱*")
    (await talk.says("今日 王芳")).shows("王芳 主任医师：", "11月23日 周一（今天），共1人").offers("11:00 李*")
    (await talk.says("今日名单 眼科")).shows("眼科：", "11月23日 周一（今天）没有预约")
    (await talk.says("今日 11月20日")).shows("11月20日 周五已过", "11月23日 周一（今天），共1人")
    (await talk.says("今日 天气不错")).shows("“天气不错”没有看懂，已略过", "11月23日 周一（今天），共1人")
    (await talk.says("今日 明天上午")).shows("“明天上午”没有看懂", "11月23日 周一（今天），共1人")


async def test_the_figures_of_a_doctor_or_department_are_named_behind_the_word(talk: Talk) -> None:
    (await talk.says("号源 赵敏")).shows("赵敏 主治医师号源", "11月24日 周二（明天） 余1").ends("shown")
    (await talk.says("号源口腔科")).shows("口腔科号源").offers("王芳", "李强")
    (await talk.says("号源 周敏")).shows("“周敏”没有看懂，已略过", "全院号源").offers("口腔科", "眼科")
    (await talk.says("代约 张三")).shows("“张三”没有看懂，已略过", "代约：患者通过什么方式预约")


async def test_a_doctor_who_names_another_sees_the_own_day_and_is_told_so(
    talk: Talk, database: SqlDatabase, appointments: Appointments, now: datetime
) -> None:
    """R-A11."""
    await add_session(database, now + timedelta(hours=2))
    await add_session(database, now + timedelta(hours=2), doctor="zhao")
    await booked(database, appointments, talk, "wang-20261123-1100-1100")
    await booked(database, appointments, talk, "zhao-20261123-1100-1100", name="钱七", openid="o-7")
    doctor = await staff_talk(database, talk.dialogue, talk, Role.DOCTOR, name="王芳", doctor="wang")
    for words in ("今日 赵敏", "今日 眼科"):
        (await doctor.says(words)).shows("只能查看本人（王芳）").offers("11:00 李* 待就诊")
    (await doctor.says("今日 王芳")).hides("只能查看").offers("11:00 李* 待就诊")
    (await doctor.says("今日 明天")).shows("没有预约").ends()
    (await doctor.says("号源 赵敏")).shows("只能查看本人（王芳）", "王芳 主任医师号源").ends("shown")
    (await doctor.says("号源 王芳")).hides("只能查看").shows("王芳 主任医师号源").ends("shown")


async def test_who_was_erased_reads_as_that_in_the_days_list(
    talk: Talk, database: SqlDatabase, appointments: Appointments, now: datetime
) -> None:
    """R-C6."""
    session = await add_session(database, now + timedelta(hours=2))
    await booked(database, appointments, talk, f"{session}-1100")
    patient = Talk(talk.dialogue, now, openid="o-li")
    await Desk(patient, database, appointments).stop(session)
    await patient.says("不再改约")
    await Erasure(database).erase("o-li", reason="本人申请", by=OPERATOR, now=now)
    (await talk.says("今日")).offers("11:00 已注销 已停诊")
    (await talk.says("1")).shows("就诊人：已注销").hides("-*")


async def test_the_days_list_turns_pages(
    talk: Talk, database: SqlDatabase, appointments: Appointments, now: datetime
) -> None:
    session = await add_session(database, now + timedelta(hours=2), capacities=(12,))
    for n, surname in enumerate("赵钱孙李周吴郑王冯陈褚卫"):
        await booked(database, appointments, talk, f"{session}-1100", name=f"{surname}一", openid=f"o-{n}")
    first = await talk.says("今日")
    assert len(first.choices) == 9
    (await talk.says("9")).shows("共12人")
    assert len((await talk.says("上一页", "下一页")).choices) == 5


async def test_figures_of_clinic_department_and_doctor(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    await booked(database, appointments, talk, "wang-20261124-0900-0900")
    clinic = await talk.says("号源")
    clinic.shows("全院号源", "11月24日 周二（明天） 余8 锁定0 已约1", "11月23日 周一（今天） 无号")
    clinic.offers("口腔科", "眼科")
    department = await talk.says("牙科")
    department.shows("口腔科号源", "11月24日 周二（明天） 余7 锁定0 已约1").offers("王芳", "李强")
    (await talk.says("1")).shows("王芳 主任医师号源", "余3 锁定0 已约1", "11月25日 周三（后天） 余6").ends("shown")


async def test_a_patient_is_looked_up_by_name_and_the_reason_is_asked_first(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    await booked(database, appointments, talk, "wang-20261124-0900-0900")
    (await talk.says("查 李四")).offers("来电咨询", "现场办理", "停诊通知", "其他").hides("李*")
    assert await log_of(database) == []
    card = await talk.says("1")
    card.shows("李* 女 36岁", "档案号 F00000001", "138****8000", "待就诊1个").hides("李四", "13800138000")
    card.offers("代约", "11月24日 周二 09:00 王芳 李*")
    reasons = {(purpose, subject) for _, purpose, subject in await log_of(database)}
    assert reasons == {("来电咨询", "p-李四")}
    (await talk.says("2")).shows("预约号", "09:00-09:30").offers("改约", "取消预约", "返回")


@pytest.mark.parametrize("clue", ["13800138000", "F00000001", "查询"])
async def test_a_patient_is_looked_up_by_numbers_and_with_a_reason_in_words(
    talk: Talk, database: SqlDatabase, appointments: Appointments, clue: str
) -> None:
    await booked(database, appointments, talk, "wang-20261124-0900-0900")
    if clue == "查询":
        (await talk.says("查询")).shows("请输入患者姓名、手机号、证件号、档案号或预约号")
        await talk.says("李四")
    else:
        await talk.says(f"查{clue}")
    (await talk.says("其他")).shows("请输入查询原因")
    (await talk.says("核对" * 30)).shows("请不超过50字")
    (await talk.says("核对病历")).shows("李* 女 36岁")
    assert {purpose for _, purpose, _ in await log_of(database)} == {"核对病历"}


async def test_nobody_found_is_said_and_logged(talk: Talk, database: SqlDatabase) -> None:
    (await talk.says("查 无此人", "1")).shows("没有找到“无此人”", "代约").shows("请输入患者姓名")
    ((_, purpose, subject),) = await log_of(database)
    assert purpose == "来电咨询"
    assert subject.startswith("nobody")
    assert "无此人" not in subject


async def test_several_of_one_name_are_told_apart_by_number(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("代约", "1", "李四", f"{ID_NUMBER} 13812345678", "退出")
    other = Talk(talk.dialogue, talk.now, openid="o-other")
    await known(database, other, "李四")
    found = await talk.says("查 李四", "2")
    found.shows("找到2位")
    assert {label[-9:] for label in found.choices} == {"F00000001", "F00000002"}
    (await talk.says("F00000002")).shows("档案号 F00000002")


async def test_staff_book_for_a_caller_who_has_no_account(talk: Talk, database: SqlDatabase, now: datetime) -> None:
    """R-A1: the appointment records its channel, and who booked it stands in the audit trail."""
    (await talk.says("代约")).offers("电话预约", "现场预约")
    (await talk.says("电话")).shows("征得同意").shows("请输入姓名")
    (await talk.says(*DETAILS)).shows("登记成功：张*").offers("按科室", "按医生", "按时间")
    (await talk.says("王芳", "明天", "09:30")).shows("请确认预约信息", "就诊人：张* 男 36岁")
    done = await talk.says("1")
    done.shows("预约成功", "预约号：", "请告知患者").hides("张三").ends("booked")
    async with database.read() as unit:
        (claim,) = await unit.claims.find(ClaimFilter(states=(ClaimState.BOOKED,)))
        staff = await unit.staff.of("o-lin")
        rows = list(await unit.connection.execute(select(audit).where(audit.c.entity == "appointment")))
    assert (claim.channel, claim.openid) == ("phone", None)
    assert staff is not None
    assert [(row.actor_kind, row.actor) for row in rows] == [("staff", staff.id)]


async def test_who_is_registered_already_is_found_by_the_papers(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("代约", "现场", *DETAILS, "退出")
    (await talk.says("代约", "2", *DETAILS)).shows("档案号 F00000001")


async def test_a_wrong_name_for_known_papers_is_refused(talk: Talk) -> None:
    await talk.says("代约", "1", *DETAILS, "退出")
    refused = await talk.says("代约", "1", "李四", f"{ID_NUMBER} 13812345678")
    refused.shows("姓名、性别或出生日期与登记的不一致").shows("请输入姓名")


async def test_whatever_is_refused_comes_with_alternatives(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    """R-A3."""
    await talk.says("代约", "1", *DETAILS, "王芳", "明天")
    for n in range(2):
        await booked(database, appointments, talk, "wang-20261124-0900-0900", name=f"路人{n}", openid=f"o-{n}")
    refused = await talk.says("1")
    refused.shows("刚刚被约走").shows("为您找到相近的号")
    assert any("李强" in label for label in refused.choices)
    (await talk.says("1", "1")).shows("预约成功")


async def test_from_a_look_up_staff_book_change_and_cancel(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    claim = await booked(database, appointments, talk, "wang-20261124-0900-0900")
    await talk.says("查 李四", "1", "代约", "现场", "赵敏", "1")
    (await talk.says("1")).shows("预约成功", "就诊人：李* 女 36岁")
    await talk.says("查 李四", "1")
    (await talk.says("11月24日 周二 09:00")).offers("改约", "取消预约", "返回")
    (await talk.says("改约", "1")).shows("王芳")
    (await talk.says("1", "1")).shows("请确认改约信息", "原预约")
    (await talk.says("1")).shows("改约成功", "预约号：", "请告知患者新的预约号").ends("changed")
    await talk.says("查 李四", "1", "2")
    (await talk.says("取消预约")).shows("请先与患者确认").hides("最晚可在")
    (await talk.says("1")).shows("取消成功", "请告知患者已取消").ends("cancelled")
    async with database.read() as unit:
        moved = await unit.claims.get(claim)
        (left,) = await unit.claims.find(ClaimFilter(patient="p-李四", states=(ClaimState.BOOKED,)))
    assert moved is not None
    assert moved.state is ClaimState.MOVED
    assert left.channel == "onsite"


async def test_the_patients_deadlines_do_not_bind_staff(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    """R-A12: staff may always act for a patient; until the visit begins."""
    await booked(database, appointments, talk, "wang-20261124-0900-0900")
    talk.now += timedelta(hours=23)
    (await talk.says("查 李四", "1", "2")).offers("改约", "取消预约", "返回")
    talk.now += timedelta(hours=1)
    (await talk.says("查 李四", "1", "2")).offers("返回")


async def test_back_leads_step_by_step_to_the_menu_of_staff(talk: Talk) -> None:
    await talk.says("代约", "1", "张三")
    (await talk.says("返回")).shows("请输入姓名")
    (await talk.says("返回")).shows("代约：患者通过什么方式预约")
    (await talk.says("返回")).shows("林前台（前台）").offers("今日名单", "号源情况", "代约", "查询患者", "电话名单")


@pytest.mark.parametrize(
    "said", ["？？？", "99", "<a href='x'>x</a>", "1" * 400, "😀", "查", "返回返回", "0", "　", "绑定"]
)
@pytest.mark.parametrize("steps", [(), ("今日",), ("号源",), ("代约",), ("代约", "1"), ("查 李四",), ("查 李四", "4")])
async def test_no_input_breaks_a_dialogue_of_staff(
    talk: Talk, database: SqlDatabase, steps: tuple[str, ...], said: str
) -> None:
    if steps:
        await talk.says(*steps)
    seen = await talk.says(said)
    assert seen.text
    assert (await talk.says("员工")).choices
