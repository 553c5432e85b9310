"""What staff read when somebody changed it meanwhile: said, and asked anew (R-B7, R-A14)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Executable, delete, select, update

from booking.actors import Role
from booking.appointments import Appointments
from booking.models import ClaimState
from booking.notices import NoticeState
from booking.staffing import StaffAccounts
from booking.stoppage_models import Scope
from storage.database import SqlDatabase
from storage.notice_tables import notice
from storage.patient_tables import patient
from storage.pool import RedisPool
from storage.stoppage_tables import stoppage, stoppage_session
from storage.tables import claim, doctor, slot
from tests.support.clinic import add_patient, add_session
from tests.support.staffing import OPERATOR, booked, manager_talk, staff_talk
from tests.support.stopping import MANAGER, Ward, order
from tests.support.talk import Talk

TUESDAY = "wang-20261124-0900"


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


async def run(database: SqlDatabase, *statements: Executable) -> None:
    """Change rows behind the dialogue's back."""
    async with database.begin() as unit:
        for statement in statements:
            await unit.connection.execute(statement)


async def a_call(talk: Talk, database: SqlDatabase, ward: Ward) -> None:
    """A displaced patient whom no channel reached."""
    await ward.book(f"{TUESDAY}-0900", "李四", now=talk.now)
    await ward.stop(order(Scope("session", TUESDAY)), now=talk.now)
    await run(database, update(notice).values(state=str(NoticeState.UNREACHABLE)).where(notice.c.kind == "stopped"))


@pytest.mark.parametrize("said", [("1",), ("1", "已改约"), ("1", "代约其他时间")])
async def test_a_call_whose_notice_is_gone_is_said_to_be_and_the_list_comes_again(
    talk: Talk, database: SqlDatabase, ward: Ward, said: tuple[str, ...]
) -> None:
    await a_call(talk, database, ward)
    await talk.says("电话", *said[:-1])
    await run(database, delete(notice))
    (await talk.says(said[-1])).shows("没有找到这位需电话通知的患者", "没有需要电话通知的患者").ends()


async def test_a_member_of_staff_removed_meanwhile_is_on_the_list_no_more(talk: Talk, database: SqlDatabase) -> None:
    await staff_talk(database, talk.dialogue, talk, Role.FRONTDESK, name="林前台")
    await talk.says("员工管理")
    await StaffAccounts(database).remove("林前台", by=OPERATOR, now=talk.now)
    (await talk.says("林前台")).hides("确认移除")


async def test_who_is_removed_between_the_list_and_the_choice_is_said_to_be(talk: Talk, database: SqlDatabase) -> None:
    await staff_talk(database, talk.dialogue, talk, Role.FRONTDESK, name="林前台")
    listed = await talk.says("员工管理")
    await StaffAccounts(database).remove("林前台", by=OPERATOR, now=talk.now)
    (await talk.picks(listed, "林前台")).shows("没有这位员工", "员工，选择可移除")


async def test_a_doctor_who_left_meanwhile_is_added_by_nobody(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("员工管理", "1", "王芳")
    doctors = await talk.says("医生")
    await run(database, update(doctor).values(active=False).where(doctor.c.code == "wang"))
    asked = await talk.picks(doctors, "王芳")
    asked.shows("请选择角色").offers("前台", "医生", "管理员")


@pytest.mark.parametrize("state", ["refused", "stopping"])
async def test_a_request_decided_meanwhile_is_said_to_be(talk: Talk, ward: Ward, state: str) -> None:
    await ward.stoppages.request(order(Scope("session", TUESDAY)), by=MANAGER, now=talk.now)
    await talk.says("停诊进度", "1")
    await talk.says("批准申请" if state == "refused" else "不批准")
    decide = ward.stoppages.refuse if state == "refused" else ward.stoppages.approve
    await decide("T000001", by=MANAGER, now=talk.now)
    (await talk.says("确认")).shows("已经处理过了")


@pytest.mark.parametrize("depth", [1, 2])
async def test_a_stoppage_nobody_knows_any_more_leads_back_to_the_list(
    talk: Talk, database: SqlDatabase, ward: Ward, depth: int
) -> None:
    """As after a database brought back from yesterday."""
    await ward.stop(order(Scope("session", TUESDAY)), now=talk.now)
    steps = ["停诊进度", "1", "恢复"]
    await talk.says(*steps[:depth])
    await run(database, update(slot).values(stoppage=None), delete(stoppage_session), delete(stoppage))
    (await talk.says(steps[depth])).shows("没有找到这次停诊")


async def test_where_the_other_sessions_were_lifted_meanwhile_none_is_offered(
    talk: Talk, database: SqlDatabase, ward: Ward
) -> None:
    await ward.stop(order(Scope("doctor", "wang")), now=talk.now)
    shown = await talk.says("停诊进度", "1")
    await ward.stoppages.lift("T000001", by=MANAGER, now=talk.now)
    await ward.finish(now=talk.now)
    (await talk.picks(shown, "其中一次")).shows("已恢复").hides("请选择恢复")


async def test_a_day_whose_last_appointment_is_cancelled_meanwhile_is_empty(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    for code, name in (("wang", "李四"), ("li", "赵六"), ("zhao", "钱七")):
        await add_session(database, talk.now + timedelta(hours=2), doctor=code)
        await booked(database, appointments, talk, f"{code}-20261123-1100-1100", name=name, openid=f"o-{name}")
    gone = update(claim).values(state=str(ClaimState.CANCELLED))
    await talk.says("今日")
    before = talk.chat
    await talk.says("口腔科")
    doctors = talk.chat
    await run(database, gone)
    (await talk.says("1")).shows("没有预约").ends()
    for chat, said in ((before, "口腔科"), (doctors, "3")):
        talk.chat = chat
        (await talk.says(said)).shows("没有预约").ends()


async def test_an_appointment_nobody_knows_any_more_is_asked_for_again(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    await add_session(database, talk.now + timedelta(hours=2))
    for name in ("李四", "赵六"):
        one = await booked(database, appointments, talk, "wang-20261123-1100-1100", name=name, openid=f"o-{name}")
    listed = await talk.says("今日")
    await run(database, delete(notice), delete(claim).where(claim.c.id == one))
    (await talk.picks(listed, "赵*")).shows("没有找到这个预约", "共1人")


async def test_a_doctor_without_sessions_has_none_to_stop(talk: Talk) -> None:
    talk.now += timedelta(days=60)
    (await talk.says("停诊", "1", "王芳")).shows("没有").ends("none")


async def test_from_now_to_the_end_of_the_day(talk: Talk, database: SqlDatabase) -> None:
    await add_session(database, talk.now + timedelta(hours=2))
    asked = await talk.says("停诊", "医生", "王芳")
    first = next(iter(asked.choices))
    (await talk.picks(asked, first)).shows("停诊原因会告知患者")
    (await talk.says("1", "1")).shows("11月23日 周一 09:00 至 11月23日 周一 24:00")


async def test_the_period_passes_while_a_reason_is_thought_of(talk: Talk, database: SqlDatabase) -> None:
    await add_session(database, talk.now + timedelta(minutes=5))
    await talk.says("停诊", "医生", "王芳", "今天9:00到9:10", "1")
    talk.now += timedelta(minutes=20)
    (await talk.says("1")).shows("已经过去", "请选择停诊时间")


async def test_a_clinic_that_is_stopped_already_is_asked_for_anew(talk: Talk, ward: Ward) -> None:
    await ward.stop(order(Scope("clinic", "")), now=talk.now)
    (await talk.says("停诊", "全院", "明天", "1", "1")).shows("已经停诊").offers("一次门诊", "医生", "科室", "全院")


async def test_of_two_of_one_name_one_is_corrected_meanwhile_and_the_other_is_shown(
    talk: Talk, database: SqlDatabase
) -> None:
    for name in ("李四", "赵六"):
        await add_patient(database, name, openid="o-1", now=talk.now)
    theirs = select(patient.c.name_hash).where(patient.c.id == "p-李四").scalar_subquery()
    await run(database, update(patient).values(name_hash=theirs))
    found = await talk.says("查 李四", "1")
    await run(database, update(patient).values(name_hash="x").where(patient.c.id == "p-赵六"))
    (await talk.picks(found, "赵*")).shows("李*", "档案号")
