"""Services asked again, for nothing, or for what is not there: they change nothing and say so."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from booking.actors import account
from booking.answers import Answers
from booking.appointments import Appointments
from booking.current import CurrentCatalogue
from booking.models import ClaimState
from booking.notices import NoticeKind
from booking.refusals import UnknownAppointment
from booking.reminders import Reminders
from booking.seats import Seats
from booking.staff_refusals import EmptyRange
from booking.stoppage_models import Scope
from booking.stoppage_scope import range_of
from booking.views import view_of
from storage.database import SqlDatabase
from storage.staff_tables import audit
from tests.contract.test_notice_answers import book, written
from tests.support.clinic import open_clinic
from tests.support.stopping import order


async def entries(database: SqlDatabase, action: str) -> int:
    async with database.read() as unit:
        query = select(func.count()).select_from(audit).where(audit.c.action == action)
        return int((await unit.connection.execute(query)).scalar_one())


async def test_holds_expire_where_there_are_none(database: SqlDatabase, seats: Seats, now: datetime) -> None:
    await open_clinic(database)
    assert await seats.expire_holds(now=now) == 0


async def test_past_appointments_are_completed_in_batches(
    database: SqlDatabase, appointments: Appointments, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.appointments.BATCH", 1)
    claim = await book(database, now)
    assert await appointments.complete_past(now=now + timedelta(days=9)) == 1
    async with database.read() as unit:
        found = await unit.claims.get(claim.id)
    assert found is not None
    assert found.state is ClaimState.COMPLETED


async def test_a_catalogue_that_did_not_change_is_not_read_again(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.current.LOOK_AGAIN_AFTER", 0)
    await open_clinic(database)
    current = CurrentCatalogue(database)
    assert await current.get() is await current.get()


async def test_reminders_stopped_twice_are_stopped_once(database: SqlDatabase, now: datetime) -> None:
    await open_clinic(database)
    reminders = Reminders(database, CurrentCatalogue(database))
    for _ in range(2):
        await reminders.want("o-zhang", wanted=False, now=now)
    assert await entries(database, "reminders") == 1


async def test_an_answer_noted_twice_is_in_the_trail_once(database: SqlDatabase, now: datetime) -> None:
    told, answers = await written(database, NoticeKind.REMINDER_DAY, now), Answers(database)
    for _ in range(2):
        await answers.note(told, "1", by=account("o-zhang"), now=now)
    assert await entries(database, "notice_answered") == 1


async def test_the_newest_notice_is_looked_for_once_a_second(database: SqlDatabase, now: datetime) -> None:
    answers = Answers(database, look_again_after=3600)
    assert await answers.newest() is None
    await written(database, NoticeKind.STOPPED, now)
    assert await answers.newest() is None


async def test_a_session_stopped_from_after_its_end_on_is_an_empty_range(database: SqlDatabase, now: datetime) -> None:
    claim = await book(database, now)
    catalogue = await CurrentCatalogue(database).get()
    wanted = order(Scope("session", claim.session), from_at=now + timedelta(days=2))
    async with database.read() as unit:
        with pytest.raises(EmptyRange):
            await range_of(unit, catalogue, wanted, now=now)


async def test_a_claim_of_nobodys_session_is_no_appointment(database: SqlDatabase, now: datetime) -> None:
    claim = await book(database, now)
    async with database.read() as unit:
        with pytest.raises(UnknownAppointment):
            await view_of(unit, replace(claim, session="gone"))
