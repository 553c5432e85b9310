"""Publishing on real databases and a real Valkey: complete, repeatable, and harmless to whoever has a seat (R-A7)."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from redis.asyncio import Redis

from booking.appointments import Appointments, Wish
from booking.catalogue import CatalogueValues
from booking.catalogue_loading import CatalogueLoading
from booking.errors import NoCatalogue
from booking.models import CalendarDay, Claim, Policy, SessionState, SlotCount
from booking.ports import SlotFilter
from booking.publishing import Publishing
from booking.refusals import SessionClosed
from booking.rules import status_of
from booking.seats import Seats
from booking.session_plan import Verdict
from storage.database import SqlDatabase
from storage.pool import RedisPool
from storage.session_rows import SqlSessionRows
from tests.support.catalogues import AFTERNOON, MORNING, catalogue_of
from tests.support.clinic import add_patient, open_clinic

MONDAY = date(2026, 11, 23)
TUESDAY = date(2026, 11, 24)


async def load(database: SqlDatabase, values: CatalogueValues, now: datetime) -> None:
    await CatalogueLoading(database).load(values, now=now)


async def slots_of(database: SqlDatabase, session: str | None = None) -> list[SlotCount]:
    async with database.read() as unit:
        return await unit.sessions.slots(SlotFilter(session=session))


async def state_of(database: SqlDatabase, session: str) -> SessionState:
    async with database.read() as unit:
        found = await unit.sessions.get(session)
    assert found is not None
    return found[0].state


async def hold(database: SqlDatabase, appointments: Appointments, slot: str, now: datetime) -> Claim:
    patient = await add_patient(database, "张三", openid="o1", now=now)
    return await appointments.hold(Wish(slot, patient.id, "o1", "wechat", "r1"), now=now)


async def test_sessions_reach_to_the_end_of_the_longest_window(
    database: SqlDatabase, seats: Seats, now: datetime
) -> None:
    expert = replace(catalogue_of().doctors[0], advance_days=14)
    await load(database, catalogue_of(doctors=(expert, *catalogue_of().doctors[1:])), now)

    report = await Publishing(database, seats).publish(now=now)

    assert (report.first_day, report.last_day) == (MONDAY, MONDAY + timedelta(days=14))
    assert len(report.having("create")) == 2 * 15
    counts = await slots_of(database)
    assert len(counts) == 15 * (6 + 4)
    assert counts[0].slot.id == "wang-20261123-0830-0830"
    assert report.pool_told


async def test_publishing_again_changes_nothing(database: SqlDatabase, seats: Seats, now: datetime) -> None:
    await load(database, catalogue_of(), now)
    publishing = Publishing(database, seats)
    await publishing.publish(now=now)
    before = await slots_of(database)

    report = await publishing.publish(now=now + timedelta(minutes=5))

    assert report.having("create") == []
    assert len(report.having("existing")) == 2 * 8
    assert await slots_of(database) == before


async def test_any_number_of_publishers_at_once_make_each_session_once(
    database: SqlDatabase, seats: Seats, now: datetime
) -> None:
    await load(database, catalogue_of(), now)

    reports = await asyncio.gather(*(Publishing(database, seats).publish(now=now) for _ in range(5)))

    assert sum(len(report.having("create")) for report in reports) == 2 * 8
    assert all(len(report.having("create", "existing")) == 2 * 8 for report in reports)
    assert len(await slots_of(database)) == 8 * (6 + 4)


async def test_days_and_a_single_date_limit_what_is_published(
    database: SqlDatabase, seats: Seats, now: datetime
) -> None:
    await load(database, catalogue_of(), now)
    publishing = Publishing(database, seats)

    only = await publishing.publish(now=now, first_day=date(2026, 12, 24))
    assert {v.subject.session.date for v in only.having("create")} == {date(2026, 12, 24)}

    two = await publishing.publish(now=now, days=1)
    assert {outcome.subject.session.date for outcome in two.outcomes} <= {two.first_day, two.last_day}
    assert {v.subject.session.date for v in two.having("create")} == {MONDAY, TUESDAY}


async def test_a_published_session_can_be_booked_at_once(
    database: SqlDatabase, seats: Seats, appointments: Appointments, pool: RedisPool, now: datetime
) -> None:
    await load(database, catalogue_of(), now)
    await Publishing(database, seats).publish(now=now)
    reading = await pool.read("wang-20261124-0830")
    assert reading is not None
    assert len(reading.free) == 12

    claim = await hold(database, appointments, "wang-20261124-0830-0900", now)
    assert claim.seat == 1


async def test_publishing_goes_on_without_redis(database: SqlDatabase, seats: Seats, now: datetime) -> None:
    await load(database, catalogue_of(), now)
    lame = Seats(database, RedisPool(Redis(unix_socket_path="/nonexistent.sock")), seats._figures)

    report = await Publishing(database, lame).publish(now=now)

    assert not report.pool_told
    assert len(await slots_of(database)) == 8 * (6 + 4)
    assert not (await Publishing(database, None).publish(now=now, days=9)).pool_told


async def test_sessions_wait_for_their_release(database: SqlDatabase, seats: Seats, now: datetime) -> None:
    await load(database, catalogue_of(policy=Policy(release_at=time(7))), now)
    await Publishing(database, seats).publish(now=now, days=8)

    status = {count.session.date: status_of(count, now=now) for count in await slots_of(database)}
    assert status[TUESDAY] == "open"
    assert status[MONDAY + timedelta(days=7)] == "open"
    assert status[MONDAY + timedelta(days=8)] == "scheduled"


async def test_what_the_rosters_no_longer_ask_for_is_closed_and_comes_back(
    database: SqlDatabase, seats: Seats, appointments: Appointments, now: datetime
) -> None:
    publishing = Publishing(database, seats)
    await load(database, catalogue_of(), now)
    await publishing.publish(now=now)

    holiday = CalendarDay(TUESDAY, closed=True, reason="义诊")
    await load(database, catalogue_of(calendar=[holiday]), now)
    report = await publishing.publish(now=now)
    assert [v.subject.session.id for v in report.having("close")] == ["wang-20261124-0830", "li-20261124-1400"]
    with pytest.raises(SessionClosed):
        await hold(database, appointments, "wang-20261124-0830-0900", now)

    await load(database, catalogue_of(), now)
    assert len((await publishing.publish(now=now)).having("reopen")) == 2
    assert (await hold(database, appointments, "wang-20261124-0830-0900", now)).seat == 1


async def test_a_session_with_a_seat_taken_is_kept_and_reported(
    database: SqlDatabase, seats: Seats, appointments: Appointments, now: datetime
) -> None:
    publishing = Publishing(database, seats)
    await load(database, catalogue_of(), now)
    await publishing.publish(now=now)
    await hold(database, appointments, "wang-20261124-0830-0900", now)
    before = await slots_of(database, "wang-20261124-0830")

    await load(database, catalogue_of([replace(MORNING, start=time(9), end=time(12)), AFTERNOON]), now)
    report = await publishing.publish(now=now)

    assert [(v.subject.session.id, v.subject.claims) for v in report.having("keep")] == [("wang-20261124-0830", 1)]
    assert [v.subject.session.id for v in report.having("blocked")] == ["wang-20261124-0900"]
    assert await slots_of(database, "wang-20261124-0830") == before
    # The other days had nobody: their old session is closed, the new one is there.
    assert await state_of(database, "wang-20261125-0830") == SessionState.CLOSED
    assert await state_of(database, "wang-20261125-0900") == SessionState.OPEN


async def test_a_session_without_seats_taken_takes_its_new_shape(
    database: SqlDatabase, seats: Seats, appointments: Appointments, now: datetime
) -> None:
    publishing = Publishing(database, seats)
    await load(database, catalogue_of(), now)
    await publishing.publish(now=now)
    # Somebody had a seat once: what is ended must keep its slot.
    ended = await hold(database, appointments, "wang-20261124-0830-1000", now)
    await appointments.release(ended.id, openid="o1", now=now)

    wider = replace(MORNING, end=time(12), slot_minutes=15, capacity=1, room="205")
    await load(database, catalogue_of([wider, AFTERNOON]), now)
    report = await publishing.publish(now=now)

    assert len(report.having("revise")) == 8
    counts = await slots_of(database, "wang-20261124-0830")
    assert [f"{count.slot.starts_at:%H%M}" for count in counts][:3] == ["0030", "0045", "0100"]
    assert [count.slot.position for count in counts] == list(range(14))
    assert {count.slot.capacity for count in counts} == {1}
    assert counts[0].session.room == "205"
    patient = await add_patient(database, "李四", openid="o2", now=now)
    wish = Wish("wang-20261124-0830-1145", patient.id, "o2", "wechat", "r2")
    assert (await appointments.hold(wish, now=now)).position == 13


async def test_a_slot_with_a_past_is_not_taken_away(
    database: SqlDatabase, seats: Seats, appointments: Appointments, now: datetime
) -> None:
    publishing = Publishing(database, seats)
    await load(database, catalogue_of(), now)
    await publishing.publish(now=now)
    ended = await hold(database, appointments, "wang-20261124-0830-1100", now)
    await appointments.release(ended.id, openid="o1", now=now)

    await load(database, catalogue_of([replace(MORNING, end=time(11)), AFTERNOON]), now)
    report = await publishing.publish(now=now)

    assert [v.subject.session.id for v in report.having("keep")] == ["wang-20261124-0830"]
    assert len(await slots_of(database, "wang-20261124-0830")) == 6
    assert len(await slots_of(database, "wang-20261125-0830")) == 5


async def test_sessions_published_further_ahead_follow_the_rosters_too(
    database: SqlDatabase, seats: Seats, now: datetime
) -> None:
    publishing = Publishing(database, seats)
    await load(database, catalogue_of(), now)
    await publishing.publish(now=now, days=30)

    await load(database, catalogue_of([AFTERNOON]), now)
    report = await publishing.publish(now=now)

    assert len(report.having("close")) == 31
    assert report.having("create") == []


async def test_a_stopped_session_stays_stopped(database: SqlDatabase, seats: Seats, now: datetime) -> None:
    publishing = Publishing(database, seats)
    await load(database, catalogue_of(), now)
    await publishing.publish(now=now)
    async with database.begin() as unit:
        await unit.sessions.set_state("wang-20261124-0830", SessionState.STOPPED)

    await publishing.publish(now=now)
    await load(database, catalogue_of([AFTERNOON]), now)
    await publishing.publish(now=now)

    assert await state_of(database, "wang-20261124-0830") == SessionState.STOPPED


async def test_public_holidays_with_sessions_and_no_word_in_the_calendar_are_named(
    database: SqlDatabase, seats: Seats
) -> None:
    now = datetime(2026, 9, 28, 1, 0, tzinfo=UTC)
    names = {date(2026, 10, 1): "国庆节", date(2026, 10, 2): "国庆节", date(2026, 10, 3): "国庆节"}
    word = [
        CalendarDay(date(2026, 10, 1), closed=True),
        CalendarDay(date(2026, 10, 2), closed=False),
        CalendarDay(date(2026, 10, 3), closed=True, doctor="wang"),
    ]
    await load(database, catalogue_of(calendar=word), now)

    report = await Publishing(database, seats, names.get).publish(now=now)

    assert report.holidays == ((date(2026, 10, 3), "国庆节"),)


async def test_a_year_without_announced_holidays_is_named(database: SqlDatabase, seats: Seats, now: datetime) -> None:
    def unknown(day: date) -> str | None:
        if day.year == 2027:
            raise LookupError(day.year)
        return None

    await load(database, catalogue_of(), now)
    publishing = Publishing(database, seats, unknown)
    assert (await publishing.publish(now=now)).unknown_years == ()
    assert (await publishing.publish(now=now, days=60)).unknown_years == (2027,)


async def test_there_is_nothing_to_publish_before_a_catalogue_is_loaded(
    database: SqlDatabase, seats: Seats, now: datetime
) -> None:
    with pytest.raises(NoCatalogue):
        await Publishing(database, seats).publish(now=now)
    await open_clinic(database)
    assert (await Publishing(database, seats).publish(now=now)).outcomes == ()


@pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
@pytest.mark.parametrize("looks_again", [True, False], ids=["protected", "control"])
async def test_a_seat_taken_while_a_session_is_about_to_close_is_seen(
    database: SqlDatabase,
    seats: Seats,
    appointments: Appointments,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    *,
    looks_again: bool,
) -> None:
    publishing = Publishing(database, seats)
    await load(database, catalogue_of([MORNING]), now)
    await publishing.publish(now=now, first_day=TUESDAY)
    await load(database, catalogue_of([]), now)
    lock = SqlSessionRows.next_generation

    async def lock_too_late(rows: SqlSessionRows, session_id: str) -> int:
        await hold(database, appointments, "wang-20261124-0830-0900", now)
        return await lock(rows, session_id)

    monkeypatch.setattr(SqlSessionRows, "next_generation", lock_too_late)
    if not looks_again:
        monkeypatch.setattr(
            "booking.publishing.judge_existing", lambda planned, there, now: Verdict("close", planned, there)
        )

    await publishing.publish(now=now, first_day=TUESDAY)

    kept = SessionState.OPEN if looks_again else SessionState.CLOSED
    assert await state_of(database, "wang-20261124-0830") == kept
