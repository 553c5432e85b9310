"""电话: whom no channel reached and who is silent, what the call led to, two who call at once (R-A14, R-A11)."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from booking.actors import Role
from booking.appointments import Appointments
from booking.call_models import Why
from booking.calls import Calls
from booking.models import ClaimState
from booking.notice_payloads import visit
from booking.notices import CallOutcome, NoticeKind, NoticeState, new_notice
from booking.ports import ClaimFilter
from booking.staff_refusals import CallSettled, UnknownCall
from booking.stoppage_models import DisplacementState, Scope
from storage.database import SqlDatabase
from storage.notice_tables import notice
from storage.patient_tables import access_log
from storage.pool import RedisPool
from storage.staff_tables import audit
from tests.support.staffing import OPERATOR, bind, staff_talk
from tests.support.stopping import MANAGER, Ward, order
from tests.support.talk import Talk
from tests.support.talking import dialogue_of, open_for_talk

WANG = Scope("session", "wang-20261124-0900")


@pytest.fixture
async def talk(database: SqlDatabase, appointments: Appointments, now: datetime) -> Talk:
    """A member of the front desk."""
    await open_for_talk(database, now)
    talk = Talk(dialogue_of(database, appointments), now, openid="o-lin")
    await bind(database, talk, Role.FRONTDESK, name="林前台")
    return talk


@pytest.fixture
async def ward(database: SqlDatabase, pool: RedisPool, appointments: Appointments) -> Ward:
    return Ward.open(database, pool, appointments)


async def stopped(ward: Ward, database: SqlDatabase, now: datetime, *names: str, state: NoticeState) -> str:
    """Stop a session with these patients; their notices end in a state. Returns the stoppage."""
    for place, name in enumerate(names):
        await ward.book(f"wang-20261124-0900-{('0900', '0930')[place % 2]}", name, now=now)
    stoppage = await ward.stop(order(WANG), now=now)
    async with database.begin() as unit:
        await unit.connection.execute(update(notice).values(state=str(state)).where(notice.c.kind == "stopped"))
    return stoppage


async def test_whom_no_channel_reached_stands_in_the_list_with_the_whole_number(
    talk: Talk, database: SqlDatabase, ward: Ward
) -> None:
    await stopped(ward, database, talk.now, "李四", state=NoticeState.UNREACHABLE)
    (await talk.says("电话")).shows("需电话通知1人").offers("李* 13800138000 11月24日 09:00 未送达")
    shown = await talk.says("1")
    shown.shows("患者：李*", "电话：13800138000", "停诊（医生生病）", "已保留替代号").hides("李四")
    assert list(shown.choices)[:3] == ["已改约", "已取消", "未接"]
    assert any(label.startswith("改到11月2") for label in shown.choices)
    async with database.read() as unit:
        log = [tuple(row) for row in await unit.connection.execute(select(access_log.c.purpose, access_log.c.subject))]
    assert ("call_list", "count=1") in log
    assert ("call", "p-李四") in log


@pytest.mark.parametrize(
    ("said", "outcome", "state"),
    [
        ("1", CallOutcome.CHANGED, DisplacementState.DECLINED),
        ("2", CallOutcome.CANCELLED, DisplacementState.DECLINED),
        ("3", CallOutcome.NO_ANSWER, DisplacementState.OFFERED),
    ],
)
async def test_the_outcome_is_recorded_and_what_follows_is_done(
    talk: Talk, database: SqlDatabase, ward: Ward, said: str, outcome: CallOutcome, state: DisplacementState
) -> None:
    stoppage = await stopped(ward, database, talk.now, "李四", state=NoticeState.UNREACHABLE)
    done = await talk.says("电话", "1", said)
    done.shows("已记录：李*")
    staff = await talk.dialogue._services.staff.of(talk.openid)
    assert staff is not None
    async with database.read() as unit:
        row = (await unit.connection.execute(select(notice).where(notice.c.kind == "stopped"))).mappings().one()
        displaced = await unit.displaced.get(row["displacement"])
        actions = list((await unit.connection.execute(select(audit.c.action, audit.c.actor))).all())
    assert (row["outcome"], row["called_by"], row["called_at"]) == (outcome, staff.id, talk.now)
    assert displaced is not None
    assert displaced.state is state
    assert ("notice_called", staff.id) in [tuple(action) for action in actions]
    _, figures = await ward.stoppages.get(stoppage)
    assert figures.open == (1 if outcome is CallOutcome.NO_ANSWER else 0)
    if outcome is CallOutcome.NO_ANSWER:
        done.offers("李* 13800138000 11月24日 09:00 曾未接")
        (await talk.says("1")).shows("上次拨打：11月23日 周一 09:00，未接")
    else:
        done.shows("没有需要电话通知的患者").ends()


async def test_a_replacement_is_chosen_for_the_patient_on_the_telephone(
    talk: Talk, database: SqlDatabase, ward: Ward
) -> None:
    stoppage = await stopped(ward, database, talk.now, "李四", state=NoticeState.FAILED)
    shown = await talk.says("电话", "1")
    offer = next(label for label in shown.choices if label.startswith("改到"))
    done = await talk.picks(shown, offer)
    done.shows("改约成功", "预约号：", "请告知患者").ends("changed")
    async with database.read() as unit:
        (claim,) = await unit.claims.find(ClaimFilter(patient="p-李四", states=(ClaimState.BOOKED,)))
    assert claim.openid == "o-李四"
    _, figures = await ward.stoppages.get(stoppage)
    assert (figures.open, figures.displaced) == (0, {"rebooked": 1})
    (await talk.says("电话")).shows("没有需要电话通知的患者")


async def test_another_time_is_booked_on_the_telephone_and_settles_the_call(
    talk: Talk, database: SqlDatabase, ward: Ward
) -> None:
    stoppage = await stopped(ward, database, talk.now, "李四", state=NoticeState.UNREACHABLE)
    await talk.says("电话", "1", "代约其他时间")
    (await talk.says("电话预约", "赵敏", "1", "1")).shows("预约成功").ends("booked")
    _, figures = await ward.stoppages.get(stoppage)
    assert figures.open == 0
    async with database.read() as unit:
        live = await unit.claims.find(
            ClaimFilter(patient="p-李四", states=(ClaimState.BOOKED, ClaimState.OFFERED, ClaimState.HELD))
        )
    assert [claim.channel for claim in live] == ["phone"]  # and nothing is kept for them any more


async def test_who_is_silent_near_the_deadline_comes_second(talk: Talk, database: SqlDatabase, ward: Ward) -> None:
    await stopped(ward, database, talk.now, "李四", "王五", state=NoticeState.SENT)
    (await talk.says("电话")).shows("没有需要电话通知的患者")
    async with database.begin() as unit:
        first = select(notice.c.id).where(notice.c.patient == "p-王五")
        await unit.connection.execute(
            update(notice).values(state="unreachable").where(notice.c.id.in_(first), notice.c.kind == "stopped")
        )
    (await talk.says("电话")).offers("王* 13800138000 11月24日 09:30 未送达")
    talk.now += timedelta(hours=21)
    (await talk.says("电话")).offers("王* 13800138000 11月24日 09:30 未送达", "李* 13800138000 11月24日 09:00 未答复")
    (await talk.says("2")).shows("已保留替代号，最晚答复11月24日 周二 09:00")
    await ward.offers.expire(now=talk.now + timedelta(hours=4))
    (await talk.says("电话", "2")).shows("保留的替代号已过期")


async def test_two_who_call_the_same_patient_the_second_is_told(talk: Talk, database: SqlDatabase, ward: Ward) -> None:
    await stopped(ward, database, talk.now, "李四", state=NoticeState.UNREACHABLE)
    other = await staff_talk(database, talk.dialogue, talk, Role.MANAGER, name="陈经理")
    for one in (talk, other):
        await one.says("电话", "1")
    (await talk.says("已改约")).shows("已记录")
    (await other.says("已取消")).shows("林前台已登记这位患者：已改约，您的登记未保存")


async def test_of_many_records_at_once_one_stands(talk: Talk, database: SqlDatabase, ward: Ward, now: datetime) -> None:
    await stopped(ward, database, now, "李四", state=NoticeState.UNREACHABLE)
    calls = Calls(database)
    (call,) = await calls.open(by=OPERATOR, now=now)
    assert call.why is Why.UNREACHED
    staff = [MANAGER.__class__("staff", f"s{n}", "wechat") for n in range(6)]
    outcomes = [CallOutcome.CHANGED, CallOutcome.CANCELLED, CallOutcome.NO_ANSWER] * 2
    done = await asyncio.gather(
        *(calls.settle(call.notice.id, o, by=by, now=now) for by, o in zip(staff, outcomes, strict=True)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, CallSettled) for one in done) == 5
    winner = next(n for n, one in enumerate(done) if not isinstance(one, BaseException))
    again = await calls.settle(call.notice.id, outcomes[winner], by=staff[winner], now=now + timedelta(minutes=1))
    assert (again.outcome, again.called_by, again.called_at) == (outcomes[winner], f"s{winner}", now)


async def test_who_did_not_answer_is_called_again_by_anybody(
    talk: Talk, database: SqlDatabase, ward: Ward, now: datetime
) -> None:
    await stopped(ward, database, now, "李四", state=NoticeState.UNREACHABLE)
    calls = Calls(database)
    (call,) = await calls.open(by=OPERATOR, now=now)
    await calls.settle(call.notice.id, CallOutcome.NO_ANSWER, by=OPERATOR, now=now)
    later = now + timedelta(hours=1)
    (again,) = await calls.open(by=MANAGER, now=later)
    assert again.tried
    with pytest.raises(CallSettled):  # as somebody would who has not seen the first try
        await calls.settle(call.notice.id, CallOutcome.NO_ANSWER, by=MANAGER, now=later)
    await calls.settle(call.notice.id, CallOutcome.CANCELLED, by=MANAGER, seen=again.notice.called_at, now=later)
    assert await calls.open(by=MANAGER, now=later) == []


async def test_an_unknown_call_is_refused(database: SqlDatabase, now: datetime) -> None:
    calls = Calls(database)
    with pytest.raises(UnknownCall):
        await calls.settle("nobody", CallOutcome.CHANGED, by=OPERATOR, now=now)
    with pytest.raises(UnknownCall):
        await calls.get("nobody", by=OPERATOR, now=now)


async def test_a_patient_stands_once_for_a_visit_whatever_was_written_about_it(
    talk: Talk, database: SqlDatabase, ward: Ward, now: datetime
) -> None:
    await stopped(ward, database, now, "李四", state=NoticeState.UNREACHABLE)
    async with database.begin() as unit:
        row = (await unit.connection.execute(select(notice).where(notice.c.kind == "stopped"))).mappings().one()
        twin = dict(row) | {"id": "twin", "dedupe_key": "offer:twin", "kind": "offer"}
        await unit.connection.execute(notice.insert().values(twin))
    calls = Calls(database)
    (call,) = await calls.open(by=OPERATOR, now=now)
    await calls.settle(call.notice.id, CallOutcome.CANCELLED, by=OPERATOR, now=now)
    assert await calls.open(by=OPERATOR, now=now) == []


async def test_a_visit_that_stands_is_changed_cancelled_or_kept_on_the_telephone(
    talk: Talk, database: SqlDatabase, ward: Ward, now: datetime
) -> None:
    claim = await ward.book("wang-20261124-0900-0900", "李四", now=now)
    async with database.begin() as unit:
        found = await unit.sessions.get(claim.session)
        assert found is not None
        was = visit(claim, found[0], "李四")
        told = new_notice(
            NoticeKind.SESSION_CHANGED,
            dedupe_key="session_changed:x",
            payload={"before": was, "visit": was, "changes": ["room"], "reason": "检修"},
            now=now,
            openid=None,
            patient=claim.patient,
            claim=claim.id,
            visit_at=claim.starts_at,
        )
        await unit.notices.add([replace(told, id="changed", state=NoticeState.UNREACHABLE)])
    (await talk.says("电话", "1")).shows("门诊变更（检修）").offers(
        "改约", "取消预约", "未接", "已通知，照常就诊", "返回"
    )
    (await talk.says("4")).shows("已记录：李* 已通知").ends()
    async with database.begin() as unit:
        await unit.connection.execute(
            update(notice).values(outcome=None, called_at=None, called_by=None).where(notice.c.id == "changed")
        )
    (await talk.says("电话", "1", "改约")).shows("请选择改到哪里")
    (await talk.says("李强")).shows("请选择就诊时间")
    (await talk.says("电话", "1", "取消预约")).shows("请先与患者确认").offers("确认", "返回")
    (await talk.says("1")).shows("取消成功").ends("cancelled")
    async with database.read() as unit:
        row = (await unit.connection.execute(select(notice).where(notice.c.id == "changed"))).mappings().one()
        after = await unit.claims.get(claim.id)
    assert row["outcome"] == "cancelled"
    assert after is not None
    assert after.state is ClaimState.CANCELLED


@pytest.mark.parametrize(
    ("kind", "ahead", "called"),
    [
        (NoticeKind.REMINDER_DAY, True, True),
        (NoticeKind.REMINDER_DAY, False, False),
        (NoticeKind.SESSION_CHANGED, False, False),
        (NoticeKind.BOOKED, True, False),
        (NoticeKind.CHANGED, True, False),
    ],
)
async def test_confirmations_and_what_is_past_are_nobodys_call(
    database: SqlDatabase, ward: Ward, talk: Talk, kind: NoticeKind, ahead: bool, called: bool, now: datetime
) -> None:
    claim = await ward.book("wang-20261124-0900-0900", "李四", now=now)
    async with database.begin() as unit:
        told = new_notice(
            kind, dedupe_key="x", payload={}, now=now, openid=None, patient=claim.patient, claim=claim.id,
            visit_at=claim.starts_at,
        )  # fmt: skip
        await unit.notices.add([replace(told, state=NoticeState.FAILED)])
    later = claim.starts_at + timedelta(minutes=1)
    assert len(await Calls(database).open(by=OPERATOR, now=now if ahead else later)) == called


async def test_who_was_told_on_the_telephone_and_waits_is_settled_and_still_in_line(
    talk: Talk, database: SqlDatabase, ward: Ward
) -> None:
    stoppage = await stopped(ward, database, talk.now, "李四", state=NoticeState.UNREACHABLE)
    (await talk.says("电话", "1", "已通知，等候安排")).shows("已记录：李* 已通知")
    _, figures = await ward.stoppages.get(stoppage)
    assert (figures.open, figures.displaced) == (0, {"offered": 1})


async def test_an_offer_that_expired_meanwhile_is_said_to_be_gone_and_the_call_stays(
    talk: Talk, database: SqlDatabase, ward: Ward
) -> None:
    await stopped(ward, database, talk.now, "李四", state=NoticeState.UNREACHABLE)
    shown = await talk.says("电话", "1")
    await ward.offers.expire(now=talk.now + timedelta(hours=25))
    gone = await talk.picks(shown, next(label for label in shown.choices if label.startswith("改到")))
    gone.shows("为您保留的时间已过", "电话：13800138000", "保留的替代号已过期")
    assert not any(label.startswith("改到") for label in gone.choices)


async def test_a_doctor_has_no_call_list_and_a_stranger_neither(talk: Talk, database: SqlDatabase, ward: Ward) -> None:
    await stopped(ward, database, talk.now, "李四", state=NoticeState.UNREACHABLE)
    doctor = await staff_talk(database, talk.dialogue, talk, Role.DOCTOR, name="王芳", doctor="wang")
    for said in ("电话", "未通知"):
        (await doctor.says(said)).hides("13800138000", "李*")
    (await Talk(talk.dialogue, talk.now, openid="o-x").says("电话")).hides("13800138000").shows("010-00000000")
