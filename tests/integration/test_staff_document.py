"""The conversations in docs/staff.md are what the dialogue says. ``ZHENYUE_WRITE_DOCS=1`` writes them anew."""

import os
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from booking.actors import Role
from booking.appointments import Appointments
from booking.staffing import StaffAccounts
from handlers.dialogue import Dialogue
from storage.database import SqlDatabase
from storage.notice_tables import notice
from storage.pool import RedisPool
from tests.support.clinic import add_session
from tests.support.staffing import OPERATOR, bind
from tests.support.stopping import Ward
from tests.support.talk import Talk
from tests.support.talking import ID_NUMBER, dialogue_of, open_for_talk

DOCUMENT = Path(__file__).parents[2] / "docs" / "staff.md"
CODE = "K7PM-4QXR-9TBE"


class Told:
    """A story under way."""

    def __init__(self, dialogue: Dialogue, ward: Ward, now: datetime) -> None:
        self.dialogue = dialogue
        self.ward = ward
        self.now = now
        self.transcript: list[str] = []

    async def staff(self, role: Role, name: str, doctor: str | None = None) -> Talk:
        """A bound member of staff."""
        talk = self.talk(name)
        await bind(self.ward.database, talk, role, name=name, doctor=doctor)
        return talk

    def talk(self, name: str) -> Talk:
        """Anybody."""
        return Talk(self.dialogue, self.now, openid=f"o-{name}")

    async def says(self, talk: Talk, speaker: str, *texts: str) -> None:
        """Say something, and write down what was said."""
        for text in texts:
            seen = await talk.says(text)
            self.transcript.append(f"{speaker}：{text}\n诊约：{seen.text}")

    def aside(self, text: str) -> None:
        """Tell the reader what happens."""
        self.transcript.append(f"（{text}）")


Story = Callable[[Told], Awaitable[None]]


async def binding(told: Told) -> None:
    """Binding"""
    talk = told.talk("林小明")
    _, code = await StaffAccounts(told.ward.database).add("林小明", Role.FRONTDESK, by=OPERATOR, now=told.now)
    seen = await talk.says(f"绑定 {code}")
    told.transcript.append(f"林小明：绑定 {CODE}\n诊约：{seen.text}")
    await told.says(talk, "林小明", "帮助")


async def for_a_caller(told: Told) -> None:
    """Booking for a caller, and the wish is gone meanwhile"""
    desk = await told.staff(Role.FRONTDESK, "林前台")
    await told.says(desk, "前台", "代约", "电话", "张三", f"{ID_NUMBER} 13812345678", "赵敏")
    told.aside("此时，最后一个号被别人约走")
    await told.ward.book("zhao-20261124-1400-1400", "路人", now=told.now)
    await told.says(desk, "前台", "1", "李强", "1", "1")


async def looking_up(told: Told) -> None:
    """Looking somebody up, and cancelling for them"""
    await told.ward.book("wang-20261124-0900-0900", "李四", now=told.now)
    desk = await told.staff(Role.FRONTDESK, "林前台")
    await told.says(desk, "前台", "查 李四", "1", "2", "取消预约", "1")


async def the_day(told: Told) -> None:
    """今日 and 号源"""
    await add_session(told.ward.database, told.now + timedelta(hours=2))
    await add_session(told.ward.database, told.now + timedelta(hours=2), doctor="zhao")
    await told.ward.book("wang-20261123-1100-1100", "李四", now=told.now)
    await told.ward.book("zhao-20261123-1100-1130", "钱七", now=told.now)
    desk = await told.staff(Role.FRONTDESK, "林前台")
    await told.says(desk, "前台", "今日", "3", "1", "号源", "眼科")


async def doctor_ill(told: Told) -> None:
    """A doctor falls ill: stopped, called, lifted"""
    await told.ward.book("wang-20261124-0900-0900", "李四", now=told.now)
    await told.ward.book("wang-20261124-0900-0930", "王五", now=told.now + timedelta(seconds=1))
    manager = await told.staff(Role.MANAGER, "陈经理")
    await told.says(manager, "管理员", "停诊", "医生", "王芳", "明天", "医生身体不适", "不加说明", "1")
    told.aside("李四已取消关注，通知无法送达")
    await told.ward.finish(now=told.now)
    async with told.ward.database.begin() as unit:
        mine = notice.c.patient == "p-李四"
        await unit.connection.execute(update(notice).values(state="sent").where(~mine))
        await unit.connection.execute(update(notice).values(state="unreachable").where(mine))
    desk = await told.staff(Role.FRONTDESK, "林前台")
    await told.says(desk, "前台", "电话", "1", "4")
    await told.says(manager, "管理员", "停诊进度", "1", "恢复全部", "1")


async def request(told: Told) -> None:
    """A doctor asks, a manager approves"""
    doctor = await told.staff(Role.DOCTOR, "王芳", "wang")
    await told.says(doctor, "医生", "停诊", "一次门诊", "1", "9:30起", "临时手术", "不加说明", "1")
    manager = await told.staff(Role.MANAGER, "陈经理")
    await told.says(manager, "管理员", "停诊进度", "1", "批准申请", "1")


STORIES: tuple[Story, ...] = (binding, for_a_caller, looking_up, the_day, doctor_ill, request)


@pytest.fixture
def database_kind() -> str:
    """Stories are the same on any database; one will do."""
    return "sqlite"


@pytest.fixture(params=STORIES, ids=lambda story: story.__name__)
async def told(
    request: pytest.FixtureRequest, database: SqlDatabase, pool: RedisPool, appointments: Appointments, now: datetime
) -> tuple[str, str]:
    """A story's title and its transcript."""
    await open_for_talk(database, now)
    story = Told(dialogue_of(database, appointments), Ward.open(database, pool, appointments), now)
    await request.param(story)
    transcript = re.sub(r"预约号：\d+", "预约号：26112400000000", "\n\n".join(story.transcript))
    return request.param.__doc__, transcript


def test_the_document_reads_as_the_dialogue_speaks(told: tuple[str, str]) -> None:
    title, transcript = told
    section = f"### {title}\n\n```text\n{transcript}\n```\n"
    document = DOCUMENT.read_text(encoding="utf-8")
    if os.environ.get("ZHENYUE_WRITE_DOCS"):
        rest = re.sub(rf"### {re.escape(title)}\n\n```text\n.*?\n```\n\n?", "", document, flags=re.DOTALL)
        DOCUMENT.write_text(f"{rest.rstrip()}\n\n{section}", encoding="utf-8")
        return
    assert section in document
