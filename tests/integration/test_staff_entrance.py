"""Nobody who is not bound can find out that there are words for staff; roles bound what staff may (R-A11, R-B7)."""

from datetime import datetime, timedelta

import pytest

from booking.actors import Role
from booking.appointments import Appointments
from booking.notice_payloads import visit
from booking.notices import NoticeKind, new_notice
from booking.staffing import StaffAccounts
from handlers.chat import Incoming
from handlers.dialogue import Dialogue
from storage.database import SqlDatabase
from tests.support.staffing import OPERATOR, bind, booked
from tests.support.talk import Talk
from tests.support.talking import dialogue_of, known, open_for_talk

NONSENSE = "叽里咕噜"
WORDS = (
    "员工", "今日", "号源", "代约", "查 张三", "查13812345678", "停诊", "恢复", "停诊进度", "未通知", "名单",
    "员工管理", "绑定 K7PM-4QXR-9TBE", "绑定 0000", "绑定",
)  # fmt: skip
STATES: dict[str, tuple[str, ...]] = {
    "nothing": (),
    "menu": ("菜单",),
    "consent": (),
    "entrances": ("预约",),
    "departments": ("预约", "1"),
    "doctors": ("口腔科",),
    "days": ("王芳",),
    "times": ("王芳", "明天"),
    "confirmation": ("王芳", "明天", "1"),
    "patients": ("就诊人",),
    "details": ("就诊人", "1"),
    "number": ("就诊人", "2", "李四"),
    "mobile": ("就诊人", "1", "更正手机号"),
    "mine": ("我的预约",),
}
ROLES = {
    Role.FRONTDESK: {"今日", "号源", "代约", "查 张三", "电话"},
    Role.DOCTOR: {"今日", "号源", "停诊"},
    Role.MANAGER: {"今日", "号源", "代约", "查 张三", "电话", "停诊", "恢复", "员工管理"},
}
COMMANDS = ("今日", "号源", "代约", "查 张三", "电话", "停诊", "恢复", "员工管理")


@pytest.fixture
def database_kind() -> str:
    """What is said is the same on any database; one will do."""
    return "sqlite"


@pytest.fixture
async def talk(database: SqlDatabase, appointments: Appointments, now: datetime) -> Talk:
    await open_for_talk(database, now)
    return Talk(dialogue_of(database, appointments), now)


def nonsense_like(word: str) -> str:
    """Return the word with other Chinese characters."""
    return "".join(NONSENSE[n % len(NONSENSE)] if ord(char) > 0x3400 else char for n, char in enumerate(word))


async def reply_in(dialogue: Dialogue, database: SqlDatabase, now: datetime, state: str, said: str) -> str:
    """Bring a stranger into a state, and return what a text gets there."""
    talk = Talk(dialogue, now, openid=f"o-{state}")
    if state != "consent":
        await known(database, talk, "张三")
    if state == "consent":
        await talk.says("预约")
    for step in STATES[state]:
        await talk.says(step)
    seen = await talk.says(said)
    return f"{seen.text}|{seen.turn.outcome}|{seen.turn.flow}|{seen.turn.rule}"


@pytest.mark.parametrize("state", STATES)
async def test_in_no_state_do_words_of_staff_get_a_stranger_more_than_nonsense_does(
    talk: Talk, database: SqlDatabase, state: str, now: datetime
) -> None:
    """Byte for byte, what any word of its shape gets: other characters, the same digits and letters."""
    for word in WORDS:
        expected = await reply_in(talk.dialogue, database, now, state, nonsense_like(word))
        assert await reply_in(talk.dialogue, database, now, state, word) == expected, word


async def test_a_stranger_with_a_tap_of_staffs_menu_gets_what_any_unknown_tap_gets(talk: Talk) -> None:
    replies = []
    for tap in ("go.nothing", "go.staff_stop"):
        stranger = Talk(talk.dialogue, talk.now, openid=f"o-{tap}")
        replies.append((await stranger.sends(Incoming(stranger.openid, "text", "1", text="1", tapped=tap))).text)
    assert replies[0] == replies[1]


async def test_the_right_code_is_answered_with_name_role_and_menu(talk: Talk, database: SqlDatabase) -> None:
    _, code = await StaffAccounts(database).add("林小明", Role.FRONTDESK, by=OPERATOR, now=talk.now)
    seen = await talk.says(f"绑定 {code}")
    seen.shows("绑定成功", "林小明", "前台").offers("今日名单", "号源情况", "代约", "查询患者", "电话名单")
    (await talk.says(f"绑定{code}")).shows("您已绑定为林小明（前台）").hides("绑定成功")
    stranger = Talk(talk.dialogue, talk.now, openid="o-stranger")
    expected = (await stranger.says(NONSENSE)).text
    stranger.chat = None
    assert (await stranger.says(f"绑定 {code}")).text == expected


async def test_a_right_code_is_understood_in_the_middle_of_anything(talk: Talk, database: SqlDatabase) -> None:
    _, code = await StaffAccounts(database).add("林小明", Role.FRONTDESK, by=OPERATOR, now=talk.now)
    await known(database, talk, "张三")
    await talk.says("王芳", "明天", "1")
    (await talk.says(f"绑定 {code.lower()}")).shows("绑定成功", "已为您释放刚才保留的号")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("word", COMMANDS)
async def test_each_role_may_begin_what_it_may_and_nothing_else(
    talk: Talk, database: SqlDatabase, role: Role, word: str
) -> None:
    await bind(database, talk, role, doctor="wang" if role is Role.DOCTOR else None)
    seen = await talk.says(word)
    if word in ROLES[role]:
        seen.hides("不能办理", "没有看懂")
    elif word == "电话":  # anybody's word for the clinic's number
        seen.shows("010-00000000").hides("不能办理")
    else:
        seen.shows("不能办理")
        assert (seen.turn.outcome, seen.turn.rule) == ("refused", "not_allowed")


@pytest.mark.parametrize("role", Role)
async def test_the_menu_offers_what_the_role_may_and_every_choice_begins_it(
    talk: Talk, database: SqlDatabase, role: Role
) -> None:
    await bind(database, talk, role, doctor="wang" if role is Role.DOCTOR else None)
    menu = await talk.says("员工")
    assert len(menu.choices) == len(ROLES[role])
    for label in list(menu.choices):
        (await talk.taps(menu, label)).hides("没有看懂", "不能办理")


async def test_what_a_role_may_not_leads_to_its_menu_where_nothing_is_open(talk: Talk, database: SqlDatabase) -> None:
    await bind(database, talk, Role.FRONTDESK)
    await talk.says("退出")
    (await talk.says("停诊")).shows("不能办理").offers("今日名单", "号源情况", "代约", "查询患者", "电话名单")


async def test_what_a_role_may_not_leaves_the_open_question(talk: Talk, database: SqlDatabase) -> None:
    await bind(database, talk, Role.FRONTDESK)
    await known(database, talk, "张三")
    asked = await talk.says("王芳")
    again = await talk.says("停诊")
    again.shows("您的角色是前台，不能办理“停诊”")
    assert list(again.choices) == list(asked.choices)


async def test_a_member_of_staff_books_for_themselves_as_anybody_does(talk: Talk, database: SqlDatabase) -> None:
    await bind(database, talk, Role.FRONTDESK)
    await known(database, talk, "张三")
    (await talk.says("王芳", "明天", "1", "1")).shows("预约成功", "可随时回复“我的预约”查看")
    (await talk.says("我的预约")).shows("待就诊1个")
    (await talk.says("帮助")).shows("预约指南").hides("员工")


async def test_who_is_removed_is_a_stranger_with_the_next_message(talk: Talk, database: SqlDatabase) -> None:
    staff = await bind(database, talk, Role.MANAGER)
    stranger = Talk(talk.dialogue, talk.now, openid="o-stranger")
    await talk.says("号源")
    await StaffAccounts(database).remove(staff.id, by=OPERATOR, now=talk.now)
    for said in ("1", "停诊", "今日"):
        assert (await talk.says(said)).text == (await stranger.says(said)).text
    (await talk.says("帮助")).hides("员工")


async def test_who_is_removed_in_the_middle_of_booking_books_nothing(talk: Talk, database: SqlDatabase) -> None:
    staff = await bind(database, talk, Role.FRONTDESK)
    await talk.says("代约", "1", "张三", "110101199003074477", "13812345678", "王芳", "明天")
    (await talk.says("1")).shows("请确认预约信息")
    await StaffAccounts(database).remove(staff.id, by=OPERATOR, now=talk.now)
    (await talk.says("1")).hides("预约成功", "张")


async def test_staff_words_are_no_obstacle_to_names_and_help(talk: Talk, database: SqlDatabase) -> None:
    """查 is a surname, too."""
    await bind(database, talk, Role.FRONTDESK)
    await talk.says("代约", "1")
    (await talk.says("查良镛")).shows("请输入身份证号")
    (await talk.says("帮助")).shows("员工指南", "查 姓名或号码").shows("请输入身份证号")
    (await talk.says("退出")).ends("left")


async def test_a_chat_of_staff_is_forgotten_after_half_an_hour(talk: Talk, database: SqlDatabase) -> None:
    await bind(database, talk, Role.MANAGER)
    await talk.says("号源")
    talk.now += timedelta(minutes=31)
    (await talk.says("1")).hides("号源：")


async def test_a_dialogue_of_staff_waits_while_a_notice_is_answered(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    """And is nobody's any more when its member of staff was removed meanwhile."""
    staff = await bind(database, talk, Role.FRONTDESK)
    await known(database, talk, "张三")
    claim = await booked(database, appointments, talk, "wang-20261124-0900-0900", name="张三", openid=talk.openid)
    async with database.begin() as unit:
        found = await unit.claims.get(claim)
        assert found is not None
        session = await unit.sessions.get(found.session)
        assert session is not None
        told = new_notice(
            NoticeKind.REMINDER_DAY,
            dedupe_key="reminder_day:x",
            payload={"visit": visit(found, session[0], "张三")},
            now=talk.now,
            openid=talk.openid,
            claim=claim,
            visit_at=found.starts_at,
            asks_until=found.starts_at,
        )
        await unit.notices.add([told])
    for removed in (False, True):
        await talk.says("代约", "1")
        if removed:
            await StaffAccounts(database).remove(staff.id, by=OPERATOR, now=talk.now)
        tap = Incoming(talk.openid, "text", talk.next_id(), text="1", tapped=f"n.{told.id}.1")
        answered = await talk.sends(tap)
        assert ("请输入姓名" in answered.text) is not removed


async def test_the_menu_is_answered_by_number_and_by_name(talk: Talk, database: SqlDatabase) -> None:
    await bind(database, talk, Role.MANAGER)
    (await talk.says("员工", "2")).shows("全院号源")
    (await talk.says("员工", "6")).shows("停诊：请选择范围")
    (await talk.says("员工", "员工管理")).shows("员工，选择可移除")
