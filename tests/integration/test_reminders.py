"""Who is reminded of what, when, and who is not; whom the desk is told to call (R-B3)."""

import asyncio
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from booking.actors import Actor, Role
from booking.adjustment_models import Adjustment
from booking.adjustments import Adjustments
from booking.alerts import Alerts
from booking.appointments import Appointments, Wish
from booking.current import CurrentCatalogue
from booking.notices import Notice, NoticeFilter, NoticeKind, NoticeState
from booking.reminders import Reminders
from booking.seats import Seats
from booking.staffing import StaffAccounts
from storage.database import SqlDatabase
from storage.notice_tables import notice as notice_table
from storage.pool import RedisPool
from tests.support.clinic import add_patient, add_session, open_clinic
from tests.support.figures import CountedFigures
from tests.support.notices import notice

EVENING = timedelta(hours=9)
"""From 09:00 to 18:00."""


@pytest.fixture
async def clinic(database: SqlDatabase, now: datetime) -> SqlDatabase:
    """A clinic with a session tomorrow morning, of two slots, and one on the day after."""
    await open_clinic(database)
    await add_session(database, now + timedelta(days=1))
    await add_session(database, now + timedelta(days=2))
    return database


async def book(
    appointments: Appointments, database: SqlDatabase, name: str, now: datetime, slot: str = "wang-20261124-0900-0900"
) -> str:
    """Book for a patient with an account of their own."""
    openid = f"o-{name}"
    patient = await add_patient(database, name, openid=openid, now=now)
    held = await appointments.hold(Wish(slot, patient.id, openid, "wechat", f"{name} {slot}"), now=now)
    return (await appointments.confirm(held.id, openid=openid, now=now)).claim.id


async def written(database: SqlDatabase, *kinds: NoticeKind) -> list[Any]:
    """Notices of these kinds."""
    async with database.read() as unit:
        found = await unit.notices.find(NoticeFilter())
    return [each for each in found if each.kind in kinds]


async def test_those_of_tomorrow_are_reminded_once(
    clinic: SqlDatabase, appointments: Appointments, now: datetime
) -> None:
    tomorrow = await book(appointments, clinic, "张三", now)
    await book(appointments, clinic, "李四", now, "wang-20261125-0900-0900")
    reminders, due = Reminders(clinic, CurrentCatalogue(clinic)), now + EVENING
    assert await reminders.remind_day(due, now=due) == 1
    assert await reminders.remind_day(due, now=due + timedelta(minutes=1)) == 0
    (one,) = await written(clinic, NoticeKind.REMINDER_DAY)
    assert (one.claim, one.openid, one.payload["visit"]["patient"]) == (tomorrow, "o-张三", "张*")
    assert one.void_after == one.asks_until == one.visit_at == now + timedelta(days=1)


async def test_who_booked_after_the_reminder_was_due_is_not_reminded(
    clinic: SqlDatabase, appointments: Appointments, now: datetime
) -> None:
    due = now + EVENING
    await book(appointments, clinic, "张三", due + timedelta(minutes=1))
    reminders = Reminders(clinic, CurrentCatalogue(clinic))
    assert await reminders.remind_day(due, now=due + timedelta(hours=1)) == 0


async def test_a_day_made_up_late_leaves_out_whom_the_second_reminder_reaches(
    clinic: SqlDatabase, appointments: Appointments, now: datetime
) -> None:
    await book(appointments, clinic, "张三", now)
    await book(appointments, clinic, "李四", now, "wang-20261124-0900-0930")
    reminders, woken = Reminders(clinic, CurrentCatalogue(clinic)), now + timedelta(hours=22, minutes=10)
    assert await reminders.remind_day(now + EVENING, now=woken) == 1
    assert await reminders.remind_soon(now=woken) == 1
    assert [each.openid for each in await written(clinic, NoticeKind.REMINDER_SOON)] == ["o-张三"]


async def test_a_visit_is_reminded_of_shortly_before_unless_it_was_booked_within_that_time(
    clinic: SqlDatabase, appointments: Appointments, now: datetime
) -> None:
    visit = now + timedelta(days=1)
    await book(appointments, clinic, "张三", now)
    await book(appointments, clinic, "李四", visit - timedelta(minutes=100), "wang-20261124-0900-0900")
    reminders = Reminders(clinic, CurrentCatalogue(clinic))
    assert await reminders.remind_soon(now=visit - timedelta(hours=2, seconds=1)) == 0
    assert await reminders.remind_soon(now=visit - timedelta(minutes=90)) == 1
    assert await reminders.remind_soon(now=visit - timedelta(minutes=80)) == 0
    assert await reminders.remind_soon(now=visit) == 0


async def test_a_visit_that_was_moved_is_reminded_of_before_its_new_time_too(
    clinic: SqlDatabase, appointments: Appointments, pool: RedisPool, now: datetime
) -> None:
    await book(appointments, clinic, "张三", now)
    reminders, visit = Reminders(clinic, CurrentCatalogue(clinic)), now + timedelta(days=1)
    assert await reminders.remind_soon(now=visit - timedelta(minutes=90)) == 1
    later = Adjustment("wang-20261124-0900", start=time(14))
    adjustments = Adjustments(clinic, Seats(clinic, pool, CountedFigures()))
    await adjustments.apply(later, by=Actor("cli", "root", "cli"), now=visit - timedelta(minutes=80))
    assert await reminders.remind_soon(now=visit - timedelta(minutes=79)) == 0
    for minutes in (90, 80):
        await reminders.remind_soon(now=visit + timedelta(hours=5, minutes=-minutes))
    first, second = await written(clinic, NoticeKind.REMINDER_SOON)
    assert (first.visit_at, second.visit_at) == (visit, visit + timedelta(hours=5))
    assert len(second.dedupe_key) <= 64


async def test_neither_a_cancelled_visit_nor_who_wants_none_is_reminded(
    clinic: SqlDatabase, appointments: Appointments, now: datetime
) -> None:
    cancelled = await book(appointments, clinic, "张三", now)
    await appointments.cancel(cancelled, openid="o-张三", now=now)
    await book(appointments, clinic, "李四", now)
    reminders, due = Reminders(clinic, CurrentCatalogue(clinic)), now + EVENING
    await reminders.want("o-李四", wanted=False, now=now)
    assert await reminders.remind_day(due, now=due) == 0
    await reminders.want("o-李四", wanted=True, now=now)
    assert await reminders.remind_day(due, now=due) == 1


async def test_a_policy_without_a_second_reminder_has_none(
    clinic: SqlDatabase, appointments: Appointments, now: datetime
) -> None:
    await open_clinic(clinic, remind_before=timedelta(0))
    await book(appointments, clinic, "张三", now)
    reminders = Reminders(clinic, CurrentCatalogue(clinic))
    assert await reminders.remind_soon(now=now + timedelta(hours=23)) == 0


async def test_pages_reach_everybody(
    clinic: SqlDatabase, appointments: Appointments, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.reminders.BATCH", 1)
    for name, slot in (("张三", "0900"), ("李四", "0900"), ("王五", "0930")):
        await book(appointments, clinic, name, now, f"wang-20261124-0900-{slot}")
    reminders, due = Reminders(clinic, CurrentCatalogue(clinic)), now + EVENING
    assert await reminders.remind_day(due, now=due) == 3


async def test_without_a_catalogue_nothing_is_due(database: SqlDatabase, now: datetime) -> None:
    assert await Reminders(database, CurrentCatalogue(database)).remind_soon(now=now) == 0


async def bound(database: SqlDatabase, name: str, role: Role, now: datetime) -> None:
    """Add somebody who works here and is bound to an account."""
    accounts = StaffAccounts(database)
    _, code = await accounts.add(name, role, by=Actor("cli", "root", "cli"), now=now)
    assert await accounts.bind(code, f"o-{name}", now=now)


async def untold(
    database: SqlDatabase,
    claim: str | None,
    now: datetime,
    state: NoticeState = NoticeState.UNREACHABLE,
    kind: NoticeKind = NoticeKind.STOPPED,
    **given: Any,
) -> Notice:
    """Write a notice of a visit tomorrow at 9 that came to nothing."""
    given = {"visit_at": now + timedelta(days=1), "patient": "p-张三", "dedupe_key": f"{kind}:{claim}"} | given
    made = replace(notice(kind, now=now, claim=claim, **given), state=state)
    async with database.begin() as unit:
        await unit.notices.add([made])
    return made


async def test_the_desk_is_told_once_whom_nobody_reached(clinic: SqlDatabase, now: datetime) -> None:
    for name, role in (("前台", Role.FRONTDESK), ("经理", Role.MANAGER)):
        await bound(clinic, name, role, now)
    await untold(clinic, None, now, NoticeState.UNREACHABLE)
    await untold(clinic, None, now, NoticeState.SENT, dedupe_key="reached")
    alerts = Alerts(clinic)
    await alerts.write(now=now - timedelta(seconds=1))
    assert await written(clinic, NoticeKind.ALERT) == []
    for _ in range(2):
        await alerts.write(now=now)
    found = await written(clinic, NoticeKind.ALERT)
    assert sorted((each.openid, each.payload["why"]) for each in found) == [
        ("o-前台", "unreachable"),
        ("o-经理", "unreachable"),
    ]
    assert all(each.patient is None and each.void_after == now + timedelta(days=1) for each in found)


async def test_where_the_desk_was_told_of_all_nothing_is_written_until_somebody_new_is_there(
    clinic: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite has one writer: it is not taken every few seconds for nothing."""
    await bound(clinic, "前台", Role.FRONTDESK, now)
    await untold(clinic, None, now)
    alerts = Alerts(clinic)
    await alerts.write(now=now)
    with monkeypatch.context() as closed:
        closed.delattr(SqlDatabase, "begin")
        await alerts.write(now=now)
    await bound(clinic, "经理", Role.MANAGER, now)
    await alerts.write(now=now)
    assert sorted(each.openid for each in await written(clinic, NoticeKind.ALERT)) == ["o-前台", "o-经理"]


async def test_whom_the_desk_need_not_call_makes_no_alert(
    clinic: SqlDatabase, appointments: Appointments, now: datetime
) -> None:
    await bound(clinic, "前台", Role.FRONTDESK, now)
    cancelled = await book(appointments, clinic, "张三", now)
    await appointments.cancel(cancelled, openid="o-张三", now=now)
    await untold(clinic, cancelled, now, kind=NoticeKind.REMINDER_DAY)
    await untold(clinic, None, now, kind=NoticeKind.BOOKED)
    booked = await book(appointments, clinic, "李四", now)
    await untold(clinic, booked, now, kind=NoticeKind.REMINDER_DAY, openid=None)
    called = await untold(clinic, None, now, dedupe_key="called")
    async with clinic.begin() as unit:
        await unit.connection.execute(
            update(notice_table).where(notice_table.c.id == called.id).values(outcome="no_answer")
        )
    await Alerts(clinic).write(now=now)
    assert await written(clinic, NoticeKind.ALERT) == []
    await untold(clinic, booked, now, kind=NoticeKind.REMINDER_SOON)
    await Alerts(clinic).write(now=now)
    assert len(await written(clinic, NoticeKind.ALERT)) == 1


async def test_many_cases_are_told_page_by_page(
    clinic: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.alerts.BATCH", 2)
    await bound(clinic, "前台", Role.FRONTDESK, now)
    for number in range(5):
        await untold(clinic, None, now, NoticeState.FAILED, dedupe_key=f"n{number}")
    await Alerts(clinic).write(now=now)
    assert len(await written(clinic, NoticeKind.ALERT)) == 5


async def test_without_anybody_at_the_desk_nobody_is_told(clinic: SqlDatabase, now: datetime) -> None:
    await untold(clinic, None, now)
    await Alerts(clinic).write(now=now)
    assert await written(clinic, NoticeKind.ALERT) == []


async def test_two_workers_at_once_remind_once(clinic: SqlDatabase, appointments: Appointments, now: datetime) -> None:
    for name in ("张三", "李四"):
        await book(appointments, clinic, name, now)
    due = now + EVENING
    workers = [Reminders(clinic, CurrentCatalogue(clinic)) for _ in range(4)]
    await asyncio.gather(*(each.remind_day(due, now=due) for each in workers))
    assert len(await written(clinic, NoticeKind.REMINDER_DAY)) == 2


async def test_control_without_the_key_of_the_appointment_each_worker_would_remind(
    clinic: SqlDatabase, now: datetime
) -> None:
    async with clinic.begin() as unit:
        for worker in range(2):
            await unit.notices.add([notice(NoticeKind.REMINDER_DAY, now=now, dedupe_key=f"worker {worker}")])
    assert len(await written(clinic, NoticeKind.REMINDER_DAY)) == 2


async def test_a_patient_who_was_booked_by_telephone_is_reminded_too(
    clinic: SqlDatabase, appointments: Appointments, now: datetime
) -> None:
    """Without an account: the relay has the telephone number for it."""
    patient = await add_patient(clinic, "赵六", openid="o-else", now=now)
    desk = Actor("staff", "s1", "phone")
    wish = Wish("wang-20261124-0900-0900", patient.id, None, "phone", "by telephone")
    held = await appointments.hold(wish, now=now, by=desk)
    await appointments.confirm(held.id, openid=None, now=now, by=desk)
    due = now + EVENING
    assert await Reminders(clinic, CurrentCatalogue(clinic)).remind_day(due, now=due) == 1
    (one,) = await written(clinic, NoticeKind.REMINDER_DAY)
    assert (one.patient, one.asks_until is not None) == (patient.id, True)
