"""Red flags come before everything (issue 6): where help is, in one short message, and what was open stays open."""

import pytest

from booking.actors import Role
from booking.models import ClaimState
from booking.ports import ClaimFilter
from storage.database import SqlDatabase
from tests.support.staffing import bind
from tests.support.talk import Talk
from tests.support.talking import ID_NUMBER

EMERGENCY = "我胸口疼得厉害还出冷汗"
CRISIS = "我不想活了"


async def test_an_emergency_is_sent_to_120_and_nothing_is_booked_first(talk: Talk) -> None:
    seen = await talk.says(f"{EMERGENCY}，帮我约明天的口腔科")
    seen.shows("120", "急诊").hides("12356", "口腔科", "挂号").ends("urgent")


async def test_a_crisis_is_told_of_the_hotline_as_well(talk: Talk) -> None:
    (await talk.says(CRISIS)).shows("12356", "120").hides("急诊").ends("urgent")


async def test_an_emergency_is_heard_from_speech_too(talk: Talk) -> None:
    (await talk.speaks(EMERGENCY)).shows("120").ends("urgent")


async def test_the_open_dialogue_is_kept_with_its_seat(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("赵敏", "1")
    seen = (await talk.says(EMERGENCY)).shows("120", "可以继续", "请确认预约信息").offers("确认", "返回")
    assert seen.text.startswith("您说的情况可能很紧急")
    assert seen.turn.outcome == "urgent"
    (await talk.says("1")).shows("预约成功")
    async with database.read() as unit:
        assert [c.state for c in await unit.claims.find(ClaimFilter(openid="o-zhang"))] == [ClaimState.BOOKED]


async def test_registration_is_interrupted_and_goes_on(database: SqlDatabase, talk: Talk) -> None:
    stranger = Talk(talk.dialogue, talk.now, openid="o-new")
    await stranger.says("眼科", "同意")
    seen = (await stranger.says("孩子抽搐了怎么办")).shows("120")
    assert seen.last_line() == "请输入姓名"
    (await stranger.says(f"张三 {ID_NUMBER} 13812345678")).shows("登记成功").offers("14:00")


async def test_the_menu_is_no_dialogue_to_go_back_to(talk: Talk) -> None:
    await talk.says("菜单")
    (await talk.says(EMERGENCY)).shows("120", "再回复“预约”").hides("我的预约")
    (await talk.says("1")).offers("按科室", "按医生", "按时间", "为其他人预约")


@pytest.mark.parametrize("text", ["没有胸痛", "我爸去年中风过，想约口腔科"])
async def test_what_is_none_is_not_taken_for_one(talk: Talk, text: str) -> None:
    (await talk.says(text)).hides("120")


async def test_who_works_here_is_warned_as_a_patient_and_not_in_their_own_dialogues(
    talk: Talk, database: SqlDatabase
) -> None:
    await bind(database, talk, Role.FRONTDESK)
    (await talk.says(EMERGENCY)).shows("120")
    (await talk.says("代约", "1", EMERGENCY)).hides("120")
