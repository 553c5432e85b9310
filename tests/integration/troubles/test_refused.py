"""When booking does not go as wished: the rule is said, and what can be had instead is offered (R-A3, R-A6, R-B3)."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from booking.appointments import Appointments, Wish
from booking.availability import Availability
from booking.errors import Busy, Unavailable, ZhenyueError
from booking.models import ClaimState, SessionState
from booking.refusals import NotOpenYet, PastCutOff, TooFarAhead, UnknownAppointment, UnknownSlot
from handlers.chat import Incoming
from storage.database import SqlDatabase
from tests.support.clinic import add_patient, add_session
from tests.support.talk import Talk, see
from tests.support.talking import dialogue_of, held_of, known, open_for_talk, states_of

EYE = "zhao-20261124-1400-1400"
WANG_9 = "wang-20261124-0900-0900"


@pytest.fixture
def booked_by_others(
    database: SqlDatabase, appointments: Appointments, now: datetime
) -> Callable[[str, int], Awaitable[None]]:
    """Books seats of a slot for strangers."""

    async def book(slot: str, seats: int) -> None:
        for n in range(seats):
            stranger = await add_patient(database, f"{slot} {n}", openid="o-stranger", now=now)
            wish = Wish(slot, stranger.id, "o-stranger", "wechat", f"{slot}-{n}")
            claim = await appointments.hold(wish, now=now)
            await appointments.confirm(claim.id, openid="o-stranger", now=now)

    return book


def fails(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, error: ZhenyueError) -> None:
    """Let one method of a service fail."""

    async def fail(*_args: object, **_kwargs: object) -> None:
        raise error

    monkeypatch.setattr(owner, method, fail)


async def test_a_seat_sold_meanwhile_leads_to_the_nearest_others(
    talk: Talk, booked_by_others: Callable[[str, int], Awaitable[None]]
) -> None:
    """R-A3: the same doctor's other times, the same department's other doctors; not the start."""
    await talk.says("王芳", "明天")
    await booked_by_others(WANG_9, 2)
    seen = await talk.says("09:00")
    seen.shows("这个号刚刚被约走了", "相近的号").hides("赵敏")
    seen.offers(
        "王芳 11月24日 周二 09:30 余2",
        "王芳 11月25日 周三 09:00 余2",
        "王芳 11月25日 周三 09:30 余2",
        "王芳 11月25日 周三 10:00 余2",
        "李强 11月24日 周二 10:00 余2",
        "李强 11月24日 周二 10:30 余2",
    )
    seen = (await talk.picks(seen, "李强 11月24日 周二 10:30")).shows("医生：李强", "时间：10:30-11:00")
    assert seen.turn.outcome == "held"
    (await talk.says("返回")).shows("相近的号")
    (await talk.says("返回")).shows("11月24日 周二（明天），请选择就诊时间").offers("09:30 余2")
    (await talk.says("1", "1")).shows("预约成功", "09:30-10:00")


async def test_with_nothing_near_the_other_departments_are_offered(
    talk: Talk, booked_by_others: Callable[[str, int], Awaitable[None]]
) -> None:
    await talk.says("赵敏")
    await booked_by_others(EYE, 1)
    (await talk.says("14:00")).shows("刚刚被约走了", "其他科室", "科室：口腔科").offers("王芳", "李强")


async def test_an_expired_hold_is_explained_and_the_same_seat_offered_again(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("赵敏", "1")
    talk.now += timedelta(minutes=6)
    seen = (
        (await talk.says("1")).shows("保留的时间已过，没有预约成功", "仍可预约").offers("赵敏 11月24日 周二 14:00 余1")
    )
    assert (seen.turn.outcome, seen.turn.rule) == ("refused", "hold_expired")
    (await talk.says("1")).shows("保留至 09:11").offers("确认", "返回")
    (await talk.says("1")).shows("预约成功")
    assert await states_of(database) == [ClaimState.RELEASED, ClaimState.BOOKED]


async def test_an_expired_hold_whose_seat_is_gone_leads_to_others(
    talk: Talk,
    booked_by_others: Callable[[str, int], Awaitable[None]],
    appointments: Appointments,
    database: SqlDatabase,
) -> None:
    await talk.says("王芳", "明天", "09:00")
    talk.now += timedelta(minutes=6)
    (claim,) = await held_of(database)
    await appointments.release(claim, openid="o-zhang", now=talk.now)
    await booked_by_others(WANG_9, 2)
    (await talk.says("1")).shows("保留的时间已过", "相近的号").hides("24日 周二 09:00", "仍可预约")


async def test_anything_said_after_the_hold_ran_out_learns_of_it(talk: Talk) -> None:
    await talk.says("赵敏", "1")
    talk.now += timedelta(minutes=6)
    (await talk.says("帮助")).shows("保留的时间已过").offers("赵敏 11月24日 周二 14:00 余1")


async def test_the_time_left_of_a_hold_is_said_each_time(talk: Talk) -> None:
    (await talk.says("赵敏", "1")).shows("保留至 09:05，剩余5分钟")
    talk.now += timedelta(minutes=4, seconds=20)
    (await talk.says("什么")).shows("没有看懂", "剩余40秒").offers("确认", "返回")


async def test_a_session_closed_before_the_confirmation_is_not_booked(talk: Talk, database: SqlDatabase) -> None:
    """R-A14: nothing is booked in a session that takes none."""
    await talk.says("王芳", "明天", "09:00")
    async with database.begin() as unit:
        await unit.sessions.set_state("wang-20261124-0900", SessionState.STOPPED)
    seen = (await talk.says("确认")).shows("已停止预约", "相近的号").hides("王芳 11月24日")
    seen.shows("王芳 11月25日", "李强 11月24日")
    assert await states_of(database) == [ClaimState.RELEASED]


async def test_a_patient_is_not_booked_twice_into_one_session(talk: Talk) -> None:
    """One appointment a session; what is offered lies in others."""
    await talk.says("王芳", "明天", "09:00", "1")
    seen = (await talk.says("王芳", "明天", "09:30")).shows("在这个门诊时段已有预约").hides("王芳 11月24日")
    seen.shows("王芳 11月25日", "李强 11月24日")


async def test_overlapping_times_are_refused_with_the_other_time(talk: Talk, database: SqlDatabase) -> None:
    await add_session(database, talk.now + timedelta(days=1), doctor="li")
    await talk.says("王芳", "明天", "09:00", "1")
    seen = (await talk.says("李强", "09:00")).shows("11月24日 周二 09:00 已有预约，时间有冲突")
    seen.hides("24日 周二 09:00 余").shows("李强 11月24日 周二 09:30")


async def test_the_limit_of_a_day_is_said_and_other_days_offered(
    database: SqlDatabase, appointments: Appointments, now: datetime
) -> None:
    await open_for_talk(database, now, per_patient_per_day=1)
    talk = Talk(dialogue_of(database, appointments), now)
    await known(database, talk, "张三")
    await talk.says("王芳", "明天", "09:00", "1")
    (await talk.says("李强", "10:00")).shows("每天最多预约1次").offers(
        "王芳 11月25日 周三 09:00", "王芳 11月25日 周三 09:30", "王芳 11月25日 周三 10:00"
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NotOpenYet(datetime.fromisoformat("2026-11-24T07:00+08:00")), "11月24日 周二 07:00 开放预约"),
        (
            TooFarAhead(7, datetime.fromisoformat("2026-11-30T00:00+08:00").date()),
            "最多可提前7天预约，目前最晚到11月30日 周一",
        ),
        (PastCutOff(timedelta(hours=1)), "就诊前1小时停止预约"),
        (PastCutOff(timedelta(0)), "已经开始"),
    ],
)
async def test_rules_of_the_window_are_said_with_their_numbers(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, error: ZhenyueError, said: str
) -> None:
    """R-A6: both numbers are shown when they are the reason."""
    await talk.says("王芳", "明天")
    fails(monkeypatch, Appointments, "hold", error)
    (await talk.says("09:00")).shows(said, "王芳 11月25日")


async def test_when_many_want_the_seat_the_times_are_offered_again(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    await talk.says("王芳", "明天")
    with monkeypatch.context() as patch:
        fails(patch, Appointments, "hold", Busy())
        assert (await talk.says("09:00")).shows("人较多").offers("09:00", "09:30").turn.outcome == "busy"
    (await talk.says("09:00")).offers("确认", "返回")


async def test_a_slot_that_does_not_exist_any_more_leads_to_those_that_do(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk.says("王芳", "明天")
    fails(monkeypatch, Appointments, "hold", UnknownSlot())
    (await talk.says("09:00")).shows("已不存在").offers("09:00", "09:30")


async def test_a_slot_unknown_to_the_alternatives_leads_to_other_departments(talk: Talk, database: SqlDatabase) -> None:
    availability = Availability(database, talk.dialogue._services.catalogue)
    near = await availability.near("no-such-slot", department="eye", avoid="slot", now=talk.now)
    assert near == near.__class__()


async def test_a_patient_removed_elsewhere_meanwhile_is_asked_for_again(talk: Talk, database: SqlDatabase) -> None:
    await known(database, talk, "李四")
    await talk.says("预约", "张三", "赵敏")
    async with database.begin() as unit:
        await unit.patients.unlink("o-zhang", "p-张三", now=talk.now)
    (await talk.says("14:00")).shows("没有找到这位就诊人", "就诊人：李*").offers("14:00")


async def test_a_claim_gone_from_the_database_is_told_like_an_expired_hold(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk.says("赵敏", "1")
    with monkeypatch.context() as patch:
        fails(patch, Appointments, "confirm", UnknownAppointment())
        (await talk.says("1")).shows("保留的时间已过").offers("赵敏")
    await talk.says("1")
    fails(monkeypatch, Appointments, "view", UnknownAppointment())
    (await talk.says("什么")).shows("保留的时间已过").offers("赵敏")


async def test_an_outage_in_mid_dialogue_is_apologised_for_and_the_dialogue_goes_on_where_it_was(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, database: SqlDatabase
) -> None:
    """Nothing is half-booked, nothing is promised."""
    await talk.says("王芳", "明天")
    before = talk.chat
    with monkeypatch.context() as patch:
        fails(patch, Appointments, "hold", Unavailable())
        seen = (await talk.says("09:00")).shows("系统暂时繁忙", "可能没有完成", "不会重复预约")
        assert (seen.turn.outcome, seen.turn.chat) == ("unavailable", before)
    assert await states_of(database) == []
    (await talk.says("09:00")).shows("请确认预约信息")


async def test_an_appointment_that_cannot_be_shown_leads_back_to_the_list(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk.says("赵敏", "1", "1", "我的预约")
    fails(monkeypatch, Appointments, "view", UnknownAppointment())
    (await talk.says("1")).shows("没有找到这个预约").offers("11月24日 周二 14:00 赵敏")


async def test_a_hold_given_up_elsewhere_is_told_like_an_expired_one(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    await talk.says("赵敏", "1")
    (claim,) = await held_of(database)
    await appointments.release(claim, openid="o-zhang", now=talk.now)
    (await talk.says("什么")).shows("保留的时间已过").offers("赵敏 11月24日 周二 14:00 余1")


async def test_the_same_message_again_finds_the_same_hold_and_the_same_appointment(
    talk: Talk, database: SqlDatabase
) -> None:
    """A death between booking and saving the chat: the redelivered message meets the chat as it was."""
    await talk.says("王芳", "明天")
    for message, said in (("m-hold", "09:00"), ("m-confirm", "1")):
        before, incoming = talk.chat, Incoming("o-zhang", "text", message, text=said)
        first = await talk.sends(incoming)
        again = see(await talk.dialogue.answer(before, incoming, now=talk.now))
        assert first.text.splitlines()[:9] == again.text.splitlines()[:9]
    assert await states_of(database) == [ClaimState.BOOKED]


async def test_a_booking_of_which_the_answer_was_lost_is_not_offered_for_booking_again(
    talk: Talk, database: SqlDatabase
) -> None:
    """The seat was confirmed, the chat was not saved, and the patient writes something else."""
    await talk.says("赵敏", "1")
    before = talk.chat
    await talk.says("1")
    talk.chat = before
    (await talk.says("帮助")).shows("预约成功", "预约号：").ends("booked")
    for leaving in ("退出", "返回", "就诊人"):
        talk.chat = before
        (await talk.says(leaving)).shows("已经为您约好").hides("释放")
    assert await states_of(database) == [ClaimState.BOOKED]


async def test_no_catalogue_yet_is_said(appointments: Appointments, database: SqlDatabase, now: datetime) -> None:
    talk = Talk(dialogue_of(database, appointments), now)
    (await talk.says("预约")).shows("尚未开放").ends("unavailable")
    assert (await talk.event("unsubscribe")).turn.reply is None
