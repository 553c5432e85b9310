"""What cannot be changed of a published session, and what is left alone (R-A8)."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import update

from booking.adjustment_models import Adjustment
from booking.adjustments import Adjustments
from booking.appointments import Appointments
from booking.catalogue_loading import CatalogueLoading
from booking.models import SessionState
from booking.publishing import Publishing
from booking.seats import Seats
from booking.staff_refusals import CannotAdjust
from booking.stoppage_models import Scope
from storage.database import SqlDatabase
from storage.pool import RedisPool
from storage.tables import slot as slots
from tests.support.adjusting import CLI, FIRST, HALF_HOUR, REFUSALS, SESSION, audited, booked, notices, slots_of
from tests.support.catalogues import AFTERNOON, MORNING, catalogue_of
from tests.support.clinic import CLINIC, DOCTORS, add_session, open_clinic
from tests.support.stopping import Ward, order


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


async def test_what_only_a_stoppage_can_do_is_said(
    adjustments: Adjustments, appointments: Appointments, database: SqlDatabase, seats: Seats, now: datetime
) -> None:
    loading = CatalogueLoading(database)
    await loading.load(catalogue_of(), now=now)
    await Publishing(database, seats).publish(now=now)
    session = "wang-20261124-0830"
    await booked(appointments, database, "张三", now, f"{session}-0830")
    shorter = replace(MORNING, end=time(10, 30), room="301")
    await loading.load(catalogue_of([shorter, AFTERNOON]), now=now)
    report = await adjustments.apply(Adjustment(session, to_roster=True), by=CLI, now=now)
    assert (report.parts, report.after.left) == (("room",), ("time", "capacity"))
    with pytest.raises(CannotAdjust, match="needs_stoppage"):
        await adjustments.apply(Adjustment(session, to_roster=True), by=CLI, now=now)
    await loading.load(catalogue_of([AFTERNOON]), now=now)
    with pytest.raises(CannotAdjust, match="not_rostered"):
        await adjustments.apply(Adjustment(session, to_roster=True), by=CLI, now=now)


async def test_another_department_of_the_doctor_is_left_to_a_stoppage(
    adjustments: Adjustments, database: SqlDatabase, seats: Seats, now: datetime
) -> None:
    loading = CatalogueLoading(database)
    await loading.load(catalogue_of(), now=now)
    await Publishing(database, seats).publish(now=now)
    moved = [replace(doctor, department="eye") if doctor.code == "wang" else doctor for doctor in DOCTORS]
    await loading.load(catalogue_of([replace(MORNING, room="301"), AFTERNOON], doctors=moved), now=now)
    report = await adjustments.apply(Adjustment("wang-20261124-0830", to_roster=True), by=CLI, now=now)
    assert (report.parts, report.after.left) == (("room",), ("department",))
    assert report.after.session.department == "dental"


@pytest.mark.parametrize(("wish", "problem"), REFUSALS, ids=[problem for _, problem in REFUSALS])
async def test_what_cannot_be_is_refused_and_nothing_changes(
    adjustments: Adjustments, database: SqlDatabase, tomorrow: datetime, now: datetime, wish: Adjustment, problem: str
) -> None:
    before = await slots_of(database)
    for act in (adjustments.preview(wish, now=now), adjustments.apply(wish, by=CLI, now=now)):
        with pytest.raises(CannotAdjust) as refused:
            await act
        assert refused.value.problem == problem
    assert await slots_of(database) == before
    assert await audited(database) == []


async def test_a_session_up_to_midnight_is_still_its_days(
    adjustments: Adjustments, tomorrow: datetime, now: datetime
) -> None:
    report = await adjustments.apply(Adjustment(SESSION, start=time(23)), by=CLI, now=now)
    assert report.after.session.ends_at.astimezone(CLINIC.zone).time() == time(0)


async def test_what_is_over_begun_stopped_or_closed_is_left_alone(
    adjustments: Adjustments, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    async def problem(wish: Adjustment, at: datetime) -> str:
        with pytest.raises(CannotAdjust) as refused:
            await adjustments.apply(wish, by=CLI, now=at)
        return refused.value.problem

    room = Adjustment(SESSION, room="1")
    assert await problem(room, tomorrow + timedelta(hours=1)) == "past"
    assert await problem(Adjustment(SESSION, start=time(14)), tomorrow) == "begun"
    assert await problem(Adjustment(SESSION, start=time(8)), tomorrow - HALF_HOUR) == "start_past"
    for state, name in ((SessionState.STOPPED, "stopped"), (SessionState.CLOSED, "closed")):
        async with database.begin() as unit:
            await unit.sessions.set_state(SESSION, state)
        assert await problem(room, now) == name


async def test_nothing_is_moved_into_a_stoppage_unless_it_was_lifted_out_of_it(
    adjustments: Adjustments, ward: Ward, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    theirs = await add_session(database, tomorrow + timedelta(hours=3), doctor="li")
    stoppage = await ward.stop(order(Scope("doctor", "li")), now=now)
    with pytest.raises(CannotAdjust) as refused:
        await adjustments.apply(Adjustment(SESSION, doctor="li"), by=CLI, now=now)
    assert (refused.value.problem, refused.value.details["stoppage"]) == ("stopped_then", stoppage)
    await ward.stoppages.lift(stoppage, theirs, by=CLI, now=now)
    await ward.finish(now=now)
    assert (await adjustments.apply(Adjustment(theirs, start=time(15)), by=CLI, now=now)).parts == ("time",)
    with pytest.raises(CannotAdjust, match="stopped_then"):
        await adjustments.apply(Adjustment(SESSION, doctor="li"), by=CLI, now=now)


async def test_times_and_seats_of_a_session_stopped_in_part_stay_until_it_is_lifted(
    adjustments: Adjustments, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    async with database.begin() as unit:
        await unit.connection.execute(update(slots).where(slots.c.id == FIRST).values(stoppage="s1"))
    for wish in (Adjustment(SESSION, start=time(14)), Adjustment(SESSION, capacity=1)):
        with pytest.raises(CannotAdjust, match="partly_stopped"):
            await adjustments.apply(wish, by=CLI, now=now)
    assert (await adjustments.apply(Adjustment(SESSION, room="301"), by=CLI, now=now)).parts == ("room",)


async def test_while_it_runs_only_those_still_to_come_are_told(
    adjustments: Adjustments, appointments: Appointments, database: SqlDatabase, tomorrow: datetime, now: datetime
) -> None:
    await booked(appointments, database, "张三", now)
    later = await booked(appointments, database, "李四", now, f"{SESSION}-0930")
    report = await adjustments.apply(Adjustment(SESSION, room="301"), by=CLI, now=tomorrow + HALF_HOUR)
    assert report.appointments == 1
    assert [row["claim"] for row in await notices(database)] == [later.id]
