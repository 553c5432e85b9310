"""Changed sessions: what moves, who is told, what is refused (R-A8)."""

import asyncio
from datetime import datetime, time, timedelta

import pytest
from redis.asyncio import Redis

from booking.adjustment_models import Adjustment
from booking.adjustments import Adjustments
from booking.appointments import Appointments
from booking.catalogue_loading import CatalogueLoading
from booking.models import ClaimState, SessionState
from booking.notices import NoticeFilter, NoticeKind
from booking.publishing import Publishing
from booking.refusals import HoldExpired, SoldOut, TooLateToCancel
from booking.seats import Seats
from booking.staff_refusals import CannotAdjust
from handlers.notices import render
from storage.database import SqlDatabase
from storage.pool import RedisPool
from tests.support.adjusting import (
    CLI,
    FIRST,
    HALF_HOUR,
    SESSION,
    agrees,
    audited,
    booked,
    displaced_with_offers,
    held,
    live,
    notices,
    slots_of,
)
from tests.support.catalogues import catalogue_of
from tests.support.clinic import add_session, open_clinic
from tests.support.stopping import Ward


@pytest.fixture
def adjustments(database: SqlDatabase, seats: Seats) -> Adjustments:
    return Adjustments(database, seats)


@pytest.fixture
def ward(database: SqlDatabase, pool: RedisPool, appointments: Appointments) -> Ward:
    """Stoppages beside."""
    return Ward.open(database, pool, appointments)


@pytest.fixture
async def tomorrow(database: SqlDatabase, now: datetime) -> datetime:
    """A clinic with one session of doctor wang, tomorrow at 09:00; returns its start."""
    await open_clinic(database)
    start = now + timedelta(days=1)
    await add_session(database, start, capacities=(3, 3))
    return start


async def test_another_room_is_told_to_everybody_booked(
    adjustments: Adjustments, appointments: Appointments, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    first = await booked(appointments, database, "张三", now)
    second = await booked(appointments, database, "李四", now, f"{SESSION}-0930")
    wish = Adjustment(SESSION, room="301", reason="设备检修")
    report = await adjustments.apply(wish, by=CLI, now=now)
    assert (report.parts, report.appointments, report.reachable) == (("room",), 2, 2)
    told = await notices(database)
    assert {row["claim"] for row in told} == {first.id, second.id}
    payload = told[0]["payload"]
    assert isinstance(payload, dict)
    assert payload["changes"] == ["room"]
    assert payload["reason"] == "设备检修"
    assert (payload["before"]["room"], payload["visit"]["room"]) == ("203", "301")
    assert payload["visit"]["patient"] == "张*"
    assert {row["asks_until"] for row in told} == {tomorrow, tomorrow + HALF_HOUR}
    assert {claim.waived for claim in (await live(database)).values()} == {True}
    assert await audited(database) == [
        ("adjusted", "session", SESSION),
        *(("session_changed", "appointment", claim_id) for claim_id in sorted([first.id, second.id])),
    ]


async def test_whoever_was_told_may_cancel_until_the_visit_begins(
    adjustments: Adjustments, appointments: Appointments, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    told = await booked(appointments, database, "张三", now)
    late = tomorrow - timedelta(minutes=5)
    with pytest.raises(TooLateToCancel):
        await appointments.cancel(told.id, openid="o-张三", now=late)
    await adjustments.apply(Adjustment(SESSION, room="301"), by=CLI, now=late)
    view = await appointments.cancel(told.id, openid="o-张三", now=late)
    assert view.claim.state is ClaimState.CANCELLED


async def test_the_notice_says_what_changed_and_asks_what_to_do(
    adjustments: Adjustments, appointments: Appointments, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    await booked(appointments, database, "张三", now)
    await adjustments.apply(Adjustment(SESSION, room="301", doctor="li", start=time(14)), by=CLI, now=now)
    async with database.read() as unit:
        notices = await unit.notices.find(NoticeFilter(None))
        catalogue = await unit.catalogue.load()
    [told] = [each for each in notices if each.kind is NoticeKind.SESSION_CHANGED]
    reply = render(told, catalogue, now=now)
    for words in ("301", "李强", "14:00", "09:00", "王芳"):
        assert words in reply.text
    assert [choice.label for choice in reply.choices] == ["保留预约", "改约", "取消预约"]


async def test_the_same_change_again_changes_nothing(
    adjustments: Adjustments, appointments: Appointments, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    await booked(appointments, database, "张三", now)
    for parts in (("room",), ()):
        report = await adjustments.apply(Adjustment(SESSION, room="301"), by=CLI, now=now)
        assert report.parts == parts
    assert len(await notices(database)) == 1
    assert len(await audited(database)) == 2
    await adjustments.apply(Adjustment(SESSION, room="302"), by=CLI, now=now)
    assert len(await notices(database)) == 2


async def test_a_preview_tells_all_of_it_and_writes_nothing(
    adjustments: Adjustments, appointments: Appointments, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    await booked(appointments, database, "张三", now)
    gone = await booked(appointments, database, "李四", now)
    async with database.begin() as unit:
        assert gone.openid is not None
        await unit.patients.follow(gone.openid, following=False, now=now)
    before = await live(database), await slots_of(database)
    report = await adjustments.preview(Adjustment(SESSION, room="301", capacity=1), now=now)
    assert (report.parts, report.appointments, report.reachable) == (("room", "capacity"), 2, 1)
    by_sms = await Adjustments(database, None, sms=True).preview(Adjustment(SESSION, room="301"), now=now)
    assert by_sms.reachable == 2
    assert report.overbooked == (FIRST,)
    assert (await live(database), await slots_of(database)) == before
    assert await notices(database) == await audited(database) == []


async def test_a_shifted_session_takes_its_slots_and_appointments_along(
    adjustments: Adjustments,
    appointments: Appointments,
    database: SqlDatabase,
    seats: Seats,
    tomorrow: datetime,
    now: datetime,
) -> None:
    claim = await booked(appointments, database, "张三", now, f"{SESSION}-0930")
    await adjustments.apply(Adjustment(SESSION, start=time(14)), by=CLI, now=now)
    afternoon = tomorrow + timedelta(hours=5)
    assert [slot.starts_at for slot in await slots_of(database)] == [afternoon, afternoon + HALF_HOUR]
    moved = (await live(database))[claim.id]
    assert (moved.starts_at, moved.ends_at) == (afternoon + HALF_HOUR, afternoon + 2 * HALF_HOUR)
    [told] = await notices(database)
    assert told["visit_at"] == moved.starts_at
    assert await agrees(seats, now)
    assert (await booked(appointments, database, "李四", now)).starts_at == afternoon


async def test_a_hold_was_shown_the_old_time_and_has_to_choose_again(
    adjustments: Adjustments, appointments: Appointments, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    claim = await held(appointments, database, "张三", now)
    report = await adjustments.apply(Adjustment(SESSION, start=time(14)), by=CLI, now=now)
    assert (report.released, report.appointments) == (1, 0)
    with pytest.raises(HoldExpired):
        await appointments.confirm(claim.id, openid="o-张三", now=now)


async def test_a_hold_outlives_another_room(
    adjustments: Adjustments, appointments: Appointments, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    claim = await held(appointments, database, "张三", now)
    assert (await adjustments.apply(Adjustment(SESSION, room="301"), by=CLI, now=now)).released == 0
    view = await appointments.confirm(claim.id, openid="o-张三", now=now)
    assert view.session.room == "301"


async def test_another_doctor_of_the_department_stands_in_and_nobody_pays_more(
    adjustments: Adjustments, appointments: Appointments, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    await booked(appointments, database, "张三", now)
    report = await adjustments.apply(Adjustment(SESSION, doctor="li"), by=CLI, now=now)
    assert (report.after.session.doctor, str(report.after.session.fee)) == ("li", "30.00")
    [told] = await notices(database)
    payload = told["payload"]
    assert isinstance(payload, dict)
    assert (payload["before"]["doctor"], payload["visit"]["doctor"]) == ("wang", "li")
    again = await adjustments.apply(Adjustment(SESSION, doctor="wang"), by=CLI, now=now)
    assert str(again.after.session.fee) == "30.00"


async def test_nobody_loses_a_seat_by_a_lower_capacity_and_none_is_given_until_it_fits(
    adjustments: Adjustments,
    appointments: Appointments,
    database: SqlDatabase,
    seats: Seats,
    tomorrow: datetime,
    now: datetime,
) -> None:
    claims = [await booked(appointments, database, name, now) for name in ("张三", "李四", "王五")]
    other = await booked(appointments, database, "赵六", now, f"{SESSION}-0930")
    report = await adjustments.apply(Adjustment(SESSION, capacity=1), by=CLI, now=now)
    assert report.overbooked == (FIRST,)
    assert {row["claim"] for row in await notices(database)} == {claim.id for claim in claims}
    assert not (await live(database))[other.id].waived
    for claim in claims[:2]:
        with pytest.raises(SoldOut):
            await held(appointments, database, "新人", now)
        await appointments.cancel(claim.id, openid=claim.openid or "", now=now)
    with pytest.raises(SoldOut):
        await held(appointments, database, "新人", now)
    assert [c.seat for c in (await live(database)).values() if c.slot == FIRST] == [1]
    await appointments.cancel(claims[2].id, openid=claims[2].openid or "", now=now)
    await seats.reconcile(now=now)
    assert (await held(appointments, database, "新人", now)).seat == 1
    assert await agrees(seats, now)


async def test_a_capacity_lowered_to_what_is_booked_leaves_no_free_seat_below_a_taken_one(
    adjustments: Adjustments, appointments: Appointments, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    claims = [await booked(appointments, database, name, now) for name in ("张三", "李四", "王五")]
    await appointments.cancel(claims[0].id, openid="o-张三", now=now)
    report = await adjustments.apply(Adjustment(SESSION, capacity=2), by=CLI, now=now)
    assert (report.overbooked, report.appointments) == ((), 0)
    assert sorted(claim.seat for claim in (await live(database)).values()) == [1, 2]
    with pytest.raises(SoldOut):
        await held(appointments, database, "新人", now)


async def test_holds_go_before_they_overbook_the_newest_first(
    adjustments: Adjustments, appointments: Appointments, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    older = await held(appointments, database, "张三", now)
    appointment = await booked(appointments, database, "李四", now)
    await held(appointments, database, "王五", now + timedelta(seconds=1))
    report = await adjustments.apply(Adjustment(SESSION, capacity=2), by=CLI, now=now + timedelta(seconds=2))
    assert (report.released, report.overbooked) == (1, ())
    assert set(await live(database)) == {older.id, appointment.id}


async def test_a_higher_capacity_sells_more_seats_at_once(
    adjustments: Adjustments,
    appointments: Appointments,
    database: SqlDatabase,
    seats: Seats,
    tomorrow: datetime,
    now: datetime,
) -> None:
    for name in ("张三", "李四", "王五"):
        await booked(appointments, database, name, now)
    report = await adjustments.apply(Adjustment(SESSION, capacity=4), by=CLI, now=now)
    assert (report.parts, report.appointments) == (("capacity",), 0)
    assert (await booked(appointments, database, "赵六", now)).seat == 4
    assert await agrees(seats, now)


async def test_without_redis_the_change_stands_and_the_pool_follows(
    appointments: Appointments, database: SqlDatabase, valkey: Redis, seats: Seats, tomorrow: datetime, now: datetime
) -> None:
    await held(appointments, database, "张三", now)
    report = await Adjustments(database, None).apply(Adjustment(SESSION, capacity=1), by=CLI, now=now)
    assert not report.pool_told
    with pytest.raises(SoldOut):
        await held(appointments, database, "李四", now)


async def test_a_change_by_hand_is_not_undone_by_publishing_and_goes_back_to_the_roster_when_asked(
    adjustments: Adjustments, database: SqlDatabase, seats: Seats, now: datetime
) -> None:
    await CatalogueLoading(database).load(catalogue_of(), now=now)
    publishing = Publishing(database, seats)
    await publishing.publish(now=now)
    session = "wang-20261124-0830"
    wish = Adjustment(session, room="301", start=time(13), doctor="li", capacity=5)
    with pytest.raises(CannotAdjust, match="doctor_busy"):
        await adjustments.apply(wish, by=CLI, now=now)
    await adjustments.apply(Adjustment(session, room="301", start=time(10), doctor="li", capacity=5), by=CLI, now=now)
    report = await publishing.publish(now=now)
    assert [verdict.action for verdict in report.outcomes if verdict.subject.session.id == session] == ["adjusted"]
    back = await adjustments.apply(Adjustment(session, to_roster=True), by=CLI, now=now)
    assert (back.parts, back.after.left) == (("room", "time", "doctor", "capacity"), ())
    report = await publishing.publish(now=now)
    assert [verdict.action for verdict in report.outcomes if verdict.subject.session.id == session] == ["existing"]
    same = await adjustments.apply(Adjustment(session, to_roster=True), by=CLI, now=now)
    assert same.parts == ()


async def test_two_who_do_the_same_at_once_do_it_once(
    adjustments: Adjustments, appointments: Appointments, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    await booked(appointments, database, "张三", now)
    wish = Adjustment(SESSION, room="301")
    reports = await asyncio.gather(*(adjustments.apply(wish, by=CLI, now=now) for _ in range(3)))
    assert sorted(report.parts for report in reports) == [(), (), ("room",)]
    assert len(await notices(database)) == 1


async def test_publishing_keeps_off_a_doctor_who_stands_in(
    adjustments: Adjustments, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    await add_session(database, tomorrow, doctor="li")
    with pytest.raises(CannotAdjust, match="doctor_busy"):
        await adjustments.apply(Adjustment(SESSION, doctor="li"), by=CLI, now=now)
    async with database.begin() as unit:
        await unit.sessions.set_state("li-20261124-0900", SessionState.CLOSED)
    assert (await adjustments.apply(Adjustment(SESSION, doctor="li"), by=CLI, now=now)).parts == ("doctor",)


async def test_a_seat_kept_for_the_displaced_is_taken_back_and_another_one_found(
    adjustments: Adjustments, ward: Ward, database: SqlDatabase, seats: Seats, tomorrow: datetime, now: datetime
) -> None:
    who = await displaced_with_offers(ward, database, tomorrow, now)
    before = {claim.id for claim in (await live(database)).values()}
    report = await adjustments.apply(Adjustment(SESSION, start=time(14)), by=CLI, now=now)
    assert report.withdrawn == len(before) > 0
    assert await live(database) == {}
    await ward.finish(now=now)
    person, kept = await ward.offers.of(who)
    assert {view.claim.starts_at for view in kept} <= {tomorrow + timedelta(hours=5), tomorrow + timedelta(hours=5.5)}
    assert person.offers
    assert before.isdisjoint(person.offers)
    assert await agrees(seats, now)


async def test_a_seat_kept_for_the_displaced_stays_theirs_in_another_room(
    adjustments: Adjustments, ward: Ward, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    await displaced_with_offers(ward, database, tomorrow, now)
    kept = set(await live(database))
    report = await adjustments.apply(Adjustment(SESSION, room="301", capacity=1), by=CLI, now=now)
    assert report.withdrawn == 0
    assert set(await live(database)) == kept
