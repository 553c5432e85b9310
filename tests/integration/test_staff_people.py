"""员工管理: managers add and remove staff in chat (R-B7)."""

import re
from datetime import datetime

import pytest

from booking.actors import Role
from booking.appointments import Appointments
from booking.staffing import StaffAccounts
from storage.database import SqlDatabase
from tests.support.staffing import manager_talk, staff_talk
from tests.support.talk import Talk

CODE = re.compile(r"绑定码：(\S+)")


@pytest.fixture
def database_kind() -> str:
    """What is said is the same on any database; the service is tested on both."""
    return "sqlite"


@pytest.fixture
async def talk(database: SqlDatabase, appointments: Appointments, now: datetime) -> Talk:
    """A manager."""
    return await manager_talk(database, appointments, now)


async def test_a_manager_adds_a_doctor_who_binds_by_the_code(talk: Talk, database: SqlDatabase) -> None:
    (await talk.says("员工管理")).offers("添加员工", "陈经理 管理员")
    (await talk.says("1")).shows("请输入员工姓名")
    (await talk.says("王芳")).offers("前台", "医生", "管理员")
    (await talk.says("医生")).offers("王芳 主任医师", "李强 副主任医师", "赵敏 主治医师")
    done = await talk.says("1")
    done.shows("已添加医生王芳", "24小时", "只能使用一次").ends("staff_added")
    code = CODE.search(done.text)
    assert code is not None
    doctor = Talk(talk.dialogue, talk.now, openid="o-wang")
    (await doctor.says(f"绑定 {code[1]}")).shows("绑定成功：王芳（医生）")
    bound = await StaffAccounts(database).of("o-wang")
    assert bound is not None
    assert bound.doctor == "wang"


async def test_a_manager_whose_bot_died_before_it_answered_adds_nobody_twice_and_gets_a_code_that_binds(
    talk: Talk, database: SqlDatabase
) -> None:
    await talk.says("员工管理", "1", "林前台")
    before = talk.chat
    lost = CODE.search((await talk.says("前台")).text)
    talk.chat = before  # what was done stands in the database, what was answered nowhere
    again = CODE.search((await talk.says("前台")).shows("已添加前台林前台").ends("staff_added").text)
    assert lost is not None
    assert again is not None
    accounts = StaffAccounts(database)
    assert await accounts.bind(lost[1], "o-lin", now=talk.now) is None
    assert await accounts.bind(again[1], "o-lin", now=talk.now) is not None
    assert len(await accounts.all()) == 2


async def test_who_is_bound_by_then_is_a_name_that_is_taken(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("员工管理", "1", "林前台")
    before = talk.chat
    code = CODE.search((await talk.says("前台")).text)
    assert code is not None
    assert await StaffAccounts(database).bind(code[1], "o-lin", now=talk.now) is not None
    talk.chat = before
    (await talk.says("前台")).shows("已有同名的员工", "请输入员工姓名")


async def test_wrong_names_are_asked_again(talk: Talk) -> None:
    await talk.says("员工管理", "1")
    (await talk.says("林" * 30)).shows("员工姓名应为1到20个字", "请输入员工姓名")
    (await talk.says("陈经理", "前台")).shows("已有同名的员工", "请输入员工姓名")
    (await talk.says("林前台")).shows("已添加前台林前台").ends()


async def test_a_manager_removes_somebody_and_not_themself(talk: Talk, database: SqlDatabase) -> None:
    desk = await staff_talk(database, talk.dialogue, talk, Role.FRONTDESK, name="林前台")
    await desk.says("号源")
    (await talk.says("员工管理", "陈经理")).shows("不能移除自己", "员工，选择可移除")
    (await talk.says("林前台")).shows("确认移除前台林前台").offers("确认", "返回")
    (await talk.says("1")).shows("已移除前台林前台").ends("staff_removed")
    (await desk.says("1")).hides("号源")
    assert [one.name for one in await StaffAccounts(database).all()] == ["陈经理"]


async def test_two_managers_remove_the_same_and_the_second_is_told(talk: Talk, database: SqlDatabase) -> None:
    await staff_talk(database, talk.dialogue, talk, Role.FRONTDESK, name="林前台")
    other = await staff_talk(database, talk.dialogue, talk, Role.MANAGER, name="孙经理")
    for one in (talk, other):
        await one.says("员工管理", "林前台")
    (await talk.says("1")).ends("staff_removed")
    (await other.says("1")).shows("没有这位员工，可能已经移除")
