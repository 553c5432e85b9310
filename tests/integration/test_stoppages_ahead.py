"""Stoppages of days that are not published yet: in force, and what is published inside is stopped (R-A15)."""

from datetime import date, datetime, time, timedelta

import pytest

from booking.appointments import Appointments
from booking.models import Roster, SessionState
from booking.publishing import Publishing
from booking.staff_refusals import AlreadyStopped, NothingToStop, StoppageOver
from booking.stoppage_models import Scope, StopOrder, StoppageState
from bot.stoppage_words import settled
from storage.database import SqlDatabase
from storage.pool import RedisPool
from tests.support.clinic import CLINIC, DEPARTMENTS, DOCTORS, open_clinic
from tests.support.stopping import MANAGER, Ward, order

DAY = timedelta(days=1)
DOCTOR, DEPARTMENT, EVERYBODY = Scope("doctor", "wang"), Scope("department", "dental"), Scope("clinic")
WEEKDAYS = (0, 1, 2, 3, 4, 5, 6)


@pytest.fixture
async def ward(database: SqlDatabase, pool: RedisPool, appointments: Appointments, now: datetime) -> Ward:
    """A clinic whose one doctor works every day, published for a week: until 30 November."""
    await open_clinic(database)
    roster = Roster("wang", WEEKDAYS, time(9), time(10), 30, 2, valid_from=date(2026, 11, 1))
    async with database.begin() as unit:
        await unit.catalogue.replace(CLINIC, DEPARTMENTS, DOCTORS, [roster], [])
    ward = Ward.open(database, pool, appointments)
    await publish(ward, now)
    return ward


async def publish(ward: Ward, now: datetime) -> None:
    await Publishing(ward.database, ward.seats).publish(now=now)


async def states_of(ward: Ward, *days: str) -> list[SessionState]:
    """The states of her sessions of these days of December."""
    async with ward.database.read() as unit:
        found = await unit.offers.sessions([f"wang-202612{day}-0900" for day in days])
    return [found[session].state for session in sorted(found)]


def ahead(scope: Scope, now: datetime, request: str = "r1") -> StopOrder:
    """From 3 December 09:00 on, two days."""
    return order(scope, request, from_at=now + 10 * DAY, to_at=now + 12 * DAY)


@pytest.mark.parametrize("scope", [DOCTOR, DEPARTMENT, EVERYBODY], ids=lambda scope: scope.kind)
async def test_what_is_published_later_is_stopped_until_the_stoppage_is_lifted(
    ward: Ward, scope: Scope, now: datetime
) -> None:
    wanted = ahead(scope, now)
    seen = await ward.stoppages.preview(wanted, now=now)
    assert (seen.from_at, seen.to_at, seen.sessions, seen.patients) == (wanted.from_at, wanted.to_at, 0, 0)
    stoppage = await ward.stop(wanted, now=now)
    [(found, figures)] = await ward.stoppages.all()
    assert (found.state, settled(found, figures)) == (StoppageState.DONE, True)
    later = now + 6 * DAY
    await publish(ward, later)
    closed, held = SessionState.STOPPED, SessionState.OPEN
    assert await states_of(ward, "02", "03", "04", "05") == [held, closed, closed, held]
    await ward.stoppages.lift(stoppage, by=MANAGER, now=later)
    await ward.finish(now=later)
    assert await states_of(ward, "03", "04") == [held, held]
    assert (await ward.stoppages.get(stoppage))[0].state is StoppageState.LIFTED
    assert await ward.seats.verify(now=later) == []


async def test_lifted_before_anything_was_published_it_keeps_nobody_out(ward: Ward, now: datetime) -> None:
    stoppage = await ward.stop(ahead(DOCTOR, now), now=now)
    await ward.stoppages.lift(stoppage, by=MANAGER, now=now)
    await ward.finish(now=now)
    assert (await ward.stoppages.get(stoppage))[0].state is StoppageState.LIFTED
    await publish(ward, now + 6 * DAY)
    assert await states_of(ward, "03", "04") == [SessionState.OPEN, SessionState.OPEN]


async def test_a_range_partly_published_stops_what_is_and_what_will_be(ward: Ward, now: datetime) -> None:
    wanted = order(DOCTOR, from_at=now + 6 * DAY, to_at=now + 9 * DAY)
    assert (await ward.stoppages.preview(wanted, now=now)).sessions == 2
    await ward.stop(wanted, now=now)
    await publish(ward, now + 6 * DAY)
    assert await states_of(ward, "01", "02") == [SessionState.STOPPED, SessionState.OPEN]


async def test_a_request_ahead_may_be_approved(ward: Ward, now: datetime) -> None:
    asked = await ward.stoppages.request(ahead(DOCTOR, now), by=MANAGER, now=now)
    await ward.stoppages.approve(asked.id, by=MANAGER, now=now)
    await ward.finish(now=now)
    assert (await ward.stoppages.get(asked.id))[0].state is StoppageState.DONE


async def test_published_days_in_which_nothing_is_held_are_refused_with_their_range(ward: Ward, now: datetime) -> None:
    night = order(DOCTOR, from_at=now + DAY + timedelta(hours=2), to_at=now + DAY + timedelta(hours=8))
    with pytest.raises(NothingToStop) as refused:
        await ward.stoppages.stop(night, by=MANAGER, now=now)
    assert (refused.value.from_at, refused.value.to_at) == (night.from_at, night.to_at)
    assert await ward.stoppages.all() == []


async def test_what_another_stoppage_keeps_out_anyway_is_refused(ward: Ward, now: datetime) -> None:
    first = await ward.stop(ahead(DEPARTMENT, now), now=now)
    for scope in (DEPARTMENT, DOCTOR):
        with pytest.raises(AlreadyStopped) as refused:
            await ward.stoppages.stop(ahead(scope, now, "r2"), by=MANAGER, now=now)
        assert refused.value.stoppage == first
    await ward.stop(ahead(EVERYBODY, now, "r3"), now=now)


async def test_one_that_met_nothing_stays_as_it_is_when_its_time_is_over(ward: Ward, now: datetime) -> None:
    asked = await ward.stoppages.stop(ahead(DOCTOR, now), by=MANAGER, now=now)
    over = now + 20 * DAY
    await ward.finish(now=over)
    assert (await ward.stoppages.get(asked.id))[0].state is StoppageState.DONE
    with pytest.raises(StoppageOver):
        await ward.stoppages.lift(asked.id, by=MANAGER, now=over)
