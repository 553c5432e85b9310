"""A day on which nothing can be booked is told with the true reason, and the days that there are (R-A3)."""

from datetime import date, timedelta

import pytest

from booking.appointments import Appointments
from booking.models import CalendarDay, SessionState
from storage.database import SqlDatabase
from tests.support.clinic import DEPARTMENTS, DOCTORS
from tests.support.talk import Talk
from tests.support.talking import ROSTERS, add_session, sell


async def close(database: SqlDatabase, *days: CalendarDay) -> None:
    """Write into the calendar."""
    async with database.begin() as unit:
        await unit.catalogue.replace((await unit.catalogue.load()).clinic, DEPARTMENTS, DOCTORS, ROSTERS, list(days))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("周六王芳", "11月28日 周六王芳医生不出诊"),
        ("周四眼科", "11月26日 周四眼科不出诊"),
        ("周日", "11月29日 周日不出诊"),
        ("下周四王芳", "12月3日 周四还未开放预约（11月26日 周四开放）"),
        ("下周六下午眼科", "12月5日 周六还未开放预约（12月2日 周三开放）"),
        ("周四王芳", "11月26日 周四还未开放预约，"),
    ],
)
async def test_a_day_without_sessions_is_not_said_to_be_full(talk: Talk, text: str, says: str) -> None:
    seen = (await talk.says(text)).shows(says, "请改选其他日期").hides("已没有", "就诊日期：1")
    assert any(day in seen.text for day in ("11月24日", "11月25日"))


async def test_a_day_that_is_full_is_said_to_be(talk: Talk, database: SqlDatabase, appointments: Appointments) -> None:
    for start in ("0900", "0930"):
        await sell(appointments, database, f"wang-20261124-0900-{start}", 2, talk.now)
    (await talk.says("明天王芳")).shows("11月24日 周二已没有可预约的号", "仅11月25日 周三（后天）有号")


async def test_a_day_that_is_stopped_is_said_to_be(talk: Talk, database: SqlDatabase) -> None:
    async with database.begin() as unit:
        await unit.sessions.set_state("zhao-20261124-1400", SessionState.STOPPED)
    (await talk.says("明天眼科")).shows("11月24日 周二眼科停诊")


async def test_a_day_that_opens_later_is_told_with_its_hour(talk: Talk, database: SqlDatabase) -> None:
    day = talk.now + timedelta(days=4)
    await add_session(database, day, opens_at=day - timedelta(days=2, hours=2))
    (await talk.says("周五王芳")).shows("11月27日 周五还未开放预约（11月25日 周三 07:00 开放）")


async def test_a_day_for_which_it_is_too_late_is_told_with_the_rule(talk: Talk, database: SqlDatabase) -> None:
    await add_session(database, talk.now + timedelta(minutes=30), doctor="zhao", capacities=(1,))
    (await talk.says("今天眼科")).shows("11月23日 周一已过预约时间（就诊前1小时停止预约）")


async def test_a_closed_day_is_told_with_its_reason_unless_that_is_the_doctors_own(
    talk: Talk, database: SqlDatabase
) -> None:
    await close(
        database,
        CalendarDay(date(2026, 11, 26), closed=True, reason="院庆"),
        CalendarDay(date(2026, 11, 27), closed=True, reason="年假", doctor="wang"),
        CalendarDay(date(2026, 11, 30), closed=True, reason="装修", department="dental"),
    )
    (await talk.says("周四王芳")).shows("11月26日 周四王芳医生不出诊（院庆）")
    (await talk.says("菜单", "周五王芳")).shows("11月27日 周五王芳医生不出诊，").hides("年假")
    (await talk.says("菜单", "11月30号口腔科")).shows("11月30日 周一口腔科不出诊（装修）")
    (await talk.says("菜单", "11月30号")).hides("装修")


async def test_without_a_doctor_the_days_are_asked_first(talk: Talk) -> None:
    seen = (await talk.says("周六口腔科")).shows("口腔科不出诊").offers("11月24日", "11月25日")
    (await talk.picks(seen, "11月24日")).offers("王芳", "李强")


async def test_the_part_of_day_is_kept_for_the_other_days(talk: Talk, database: SqlDatabase) -> None:
    await add_session(database, talk.now + timedelta(days=4, hours=5))
    seen = (await talk.says("周六下午王芳")).shows("11月28日 周六王芳医生不出诊", "仅11月27日 周五有号")
    seen.offers("14:00", "14:30")
