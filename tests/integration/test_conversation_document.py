"""The conversations in docs/conversation.md are what the dialogue says. ``ZHENYUE_WRITE_DOCS=1`` writes them anew."""

import os
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from booking.appointments import Appointments, Wish
from booking.models import SessionState
from storage.database import SqlDatabase
from tests.support.clinic import add_patient, add_session
from tests.support.notice_desk import LI, Desk
from tests.support.talk import Talk
from tests.support.talking import ID_NUMBER, dialogue_of, known, open_for_talk

DOCUMENT = Path(__file__).parents[2] / "docs" / "conversation.md"
HEADING = "## Read aloud"
Story = Callable[["Told"], Awaitable[None]]


class Told:
    """A story under way: the patient's side, and what happens behind the scene."""

    def __init__(self, talk: Talk, database: SqlDatabase, appointments: Appointments) -> None:
        self.talk = talk
        self.database = database
        self.appointments = appointments

    def aside(self, text: str) -> None:
        """Tell the reader what happens."""
        self.talk.transcript.append(f"（{text}）")

    async def desk(self) -> Desk:
        """Let the account be known, and the clinic have bad days."""
        await known(self.database, self.talk, "张三")
        return Desk(self.talk, self.database, self.appointments)

    async def sell(self, slot: str) -> None:
        """Somebody else books a seat."""
        stranger = await add_patient(self.database, "路人", openid="o-2", now=self.talk.now)
        claim = await self.appointments.hold(Wish(slot, stranger.id, "o-2", "wechat", slot), now=self.talk.now)
        await self.appointments.confirm(claim.id, openid="o-2", now=self.talk.now)


async def first_visit(told: Told) -> None:
    """A new patient, by numbers"""
    await told.talk.event("subscribe")
    await told.talk.says("1", "1", "张三", ID_NUMBER, "13812345678", "1", "1", "1", "1", "2", "1")


async def returning_patient(told: Told) -> None:
    """A returning patient, by words"""
    await known(told.database, told.talk, "张三")
    await told.talk.says("王芳", "明天", "9:30", "确认", "我的预约", "1", "退出")


async def by_time(told: Told) -> None:
    """By time, with a step back"""
    await known(told.database, told.talk, "张三")
    await told.talk.says("预约", "按时间", "11月24日", "上午", "王芳", "返回", "李强", "10:00", "返回", "10:30", "1")


async def family(told: Told) -> None:
    """For another member of the family, without an identity card"""
    await known(told.database, told.talk, "张三")
    await told.talk.says("预约", "4", "添加就诊人", "张小小", "其他证件", "儿童", ID_NUMBER, "13812345678", "女")
    await told.talk.says("2022-02-30", "2022-02-28", "眼科", "1", "1")


async def seat_gone(told: Told) -> None:
    """The choice has gone meanwhile"""
    await known(told.database, told.talk, "张三")
    await told.talk.says("赵敏")
    told.aside("此时，最后一个号被别人约走")
    await told.sell("zhao-20261124-1400-1400")
    await told.talk.says("1", "王芳", "明天")
    told.aside("此时，王芳明天的门诊停诊")
    async with told.database.begin() as unit:
        await unit.sessions.set_state("wang-20261124-0900", SessionState.STOPPED)
    await told.talk.says("1", "4", "1")


async def hold_expired(told: Told) -> None:
    """The patient was called away"""
    await known(told.database, told.talk, "张三")
    await told.talk.says("赵敏", "1")
    told.aside("六分钟后")
    told.talk.now += timedelta(minutes=6)
    await told.talk.says("1", "1", "1")


async def cancelling(told: Told) -> None:
    """Cancelling"""
    await known(told.database, told.talk, "张三")
    await told.talk.says("王芳", "明天", "09:00", "1", "我的预约", "1", "取消预约", "1", "取消预约")


async def changing(told: Told) -> None:
    """Changing, and the new choice goes meanwhile"""
    await known(told.database, told.talk, "张三")
    await told.talk.says("王芳", "明天", "09:00", "1", "改约", "3")
    told.aside("此时，眼科的最后一个号被别人约走")
    await told.sell("zhao-20261124-1400-1400")
    await told.talk.says("1", "李强", "1", "1")


async def too_late(told: Told) -> None:
    """Too late to change or cancel"""
    await known(told.database, told.talk, "张三")
    await told.talk.says("王芳", "明天", "09:00", "1")
    told.aside("第二天早上七点半")
    told.talk.now += timedelta(hours=22, minutes=30)
    await told.talk.says("取消预约", "返回")


async def rules(told: Told) -> None:
    """Rules"""
    await known(told.database, told.talk, "张三")
    await told.talk.says("王芳", "明天", "09:00", "1", "王芳", "明天", "09:30", "退出")


async def misunderstandings(told: Told) -> None:
    """Wrong details, odd messages, and ways out"""
    await told.talk.says(
        "在吗", "云是白的", "预约", "1", "张三", "110101199003074478", f"{ID_NUMBER} 1381234567", "13812345678"
    )
    await told.talk.says("帮助", "5", "按", "人工", "谢谢", "投诉", "退出")


async def patients(told: Told) -> None:
    """就诊人"""
    await known(told.database, told.talk, "张三", "李四")
    await told.talk.says("就诊人", "张三", "更正手机号", "139", "13912345678", "就诊人", "李四", "移除就诊人", "1")


async def stopped(told: Told) -> None:
    """A stoppage, answered with one character"""
    desk = await told.desk()
    await told.talk.says("王芳", "明天", "09:00", "1")
    told.aside("两小时后，王芳医生明天的门诊停诊")
    told.talk.now += timedelta(hours=2)
    notice = await desk.stop()
    await told.talk.says("1")
    told.aside("又点了一次同一条通知里的“1”")
    await desk.tap(notice, 1)


async def declined(told: Told) -> None:
    """A stoppage, in the middle of something else"""
    desk = await told.desk()
    await desk.book()
    await told.talk.says("眼科")
    told.talk.now += timedelta(minutes=1)
    await desk.stop()
    await told.talk.says("0", "1", "返回")


async def offer_expired(told: Told) -> None:
    """A stoppage, answered too late"""
    desk = await told.desk()
    await desk.book()
    await desk.stop()
    told.aside("第二天中午")
    told.talk.now += timedelta(hours=27)
    await told.talk.says("1", "1", "1")


async def two_notices(told: Told) -> None:
    """Two notices at once"""
    desk = await told.desk()
    other = await desk.book(f"{LI}-1000")
    await desk.book()
    await desk.stop()
    told.talk.now += timedelta(seconds=1)
    await desk.remind(other)
    await told.talk.says("1", "1", "1")


async def reminded(told: Told) -> None:
    """Reminders"""
    desk = await told.desk()
    claim = await desk.book()
    told.talk.now += timedelta(hours=9)
    reminder = await desk.remind(claim)
    await told.talk.says("1")
    told.aside("晚上，改变了主意")
    await desk.tap(reminder, 2)
    await told.talk.says("返回", "退出", "停止提醒", "开启提醒")


async def changed_by_clinic(told: Told) -> None:
    """A visit that the clinic changed"""
    desk = await told.desk()
    await desk.change_room(await desk.book())
    await told.talk.says("1")


async def template_only(told: Told) -> None:
    """A notice whose choices did not come with it"""
    desk = await told.desk()
    claim = await desk.book()
    await desk.remind(claim, shown=False)
    told.aside("收到的模板消息里没有选项")
    await told.talk.says("2", "1")


async def one_sentence(told: Told) -> None:
    """A returning patient, in one sentence"""
    await known(told.database, told.talk, "张三")
    await told.talk.says("明天上午九点口腔科王医生", "确认")


async def new_in_sentences(told: Told) -> None:
    """A new patient, in sentences"""
    await told.talk.says("明天下午眼科", "同意", f"张三 {ID_NUMBER} 13812345678", "多少钱", "确认")


async def symptom(told: Told) -> None:
    """What hurts, for whom, and a change of mind"""
    await known(told.database, told.talk, "张三")
    await told.talk.says(
        "牙疼挂什么科", "1", "王医生怎么样", "王医生后天上午", "还是明天吧", "九点半", "给我妈约的", "1", "退出"
    )


async def change_in_a_sentence(told: Told) -> None:
    """Changing and cancelling, in a sentence each"""
    await known(told.database, told.talk, "张三")
    await told.talk.says("王芳，明天九点", "1", "把明天的号改到后天", "1", "取消周三的预约", "1")


async def cancelling_meanwhile(told: Told) -> None:
    """An appointment cancelled in the middle of a booking"""
    await known(told.database, told.talk, "张三")
    await told.talk.says("王芳，明天九点", "1", "后天十点王芳", "取消明天的预约", "1", "1")


async def corrections(told: Told) -> None:
    """Wrong day, wrong doctor, wrong person"""
    await known(told.database, told.talk, "张三", "李四")
    await told.talk.says("皮肤科有号吗", "下周六眼科", "眼科王芳", "1", "明天九点", "1", "确认")
    await told.talk.says("后天十点王芳", "换成李四", "不看了")


async def again(told: Told) -> None:
    """Once more as last time"""
    await known(told.database, told.talk, "张三")
    await told.talk.says("明天九点半王芳", "1")
    told.aside("一周后")
    told.talk.now += timedelta(days=7)
    await add_session(told.database, told.talk.now + timedelta(days=1))
    await told.talk.says("老样子", "1")


async def emergency(told: Told) -> None:
    """An emergency, in the middle of a booking"""
    await known(told.database, told.talk, "张三")
    await told.talk.says("明天九点王芳", "我胸口疼得厉害还出冷汗", "退出", "我不想活了")


async def lost(told: Told) -> None:
    """Not understood, twice"""
    await known(told.database, told.talk, "张三")
    await told.talk.says("云是白的", "云还是白的", "人工")


STORIES: tuple[Story, ...] = (
    first_visit, returning_patient, by_time, family, seat_gone, hold_expired, cancelling, changing, too_late,
    rules, misunderstandings, patients,
    one_sentence, new_in_sentences, symptom, corrections, change_in_a_sentence, cancelling_meanwhile, again, emergency,
    lost,
    stopped, declined, offer_expired, two_notices, reminded, changed_by_clinic, template_only,
)  # fmt: skip


@pytest.fixture
def database_kind() -> str:
    """Stories are the same on any database; one will do."""
    return "sqlite"


@pytest.fixture(params=STORIES, ids=lambda story: story.__name__)
async def told(
    request: pytest.FixtureRequest, database: SqlDatabase, appointments: Appointments, now: datetime
) -> tuple[str, str]:
    """A story's title and its transcript."""
    await open_for_talk(database, now)
    story = Told(Talk(dialogue_of(database, appointments), now), database, appointments)
    await request.param(story)
    transcript = re.sub(r"预约号：\d+", "预约号：26112400000000", "\n\n".join(story.talk.transcript))
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
