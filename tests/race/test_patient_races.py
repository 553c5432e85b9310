"""Two requests about one account or one person, met at the worst moment; each with the lock off as control.

SQLite has one writer, which no control can take away: there the outcome is right either way.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from booking.actors import Actor
from booking.appointments import Appointments, Wish
from booking.current import CurrentCatalogue
from booking.models import PaperKind, Patient, PatientDetails, Sex
from booking.patients import MAX_PATIENTS, Patients
from booking.refusals import IdentityMismatch, SharedPatient, TooManyPatients
from booking.seats import Seats
from storage.database import SqlDatabase
from storage.patient_rows import SqlPatientRows
from storage.pool import RedisPool
from tests.support.clinic import add_session, open_clinic
from tests.support.figures import CountedFigures

LI = PatientDetails("Li Si", PaperKind.PASSPORT, "E12345678", Sex.FEMALE, date(1985, 1, 31), "13912345678")
DESK = Actor("staff", "s1", "phone")
MEETING = 1.0
"""Seconds a request waits for the other one before it goes on; with the locks on the other one cannot come."""


def relative(order: int) -> PatientDetails:
    return replace(LI, name="Li " + "ABCDEFG"[order], paper_number=f"E1234567{order}")


def judge_together(patch: pytest.MonkeyPatch, *judgements: str) -> None:
    """Let both requests write and look before either goes on, if the database allows it."""
    meeting = asyncio.Barrier(2)

    def late(judge: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def judged(rows: SqlPatientRows, key: str) -> object:
            seen = await judge(rows, key)
            try:
                await asyncio.wait_for(meeting.wait(), MEETING)
            except (TimeoutError, asyncio.BrokenBarrierError):
                await meeting.abort()
            return seen

        return judged

    for name in judgements:
        patch.setattr(SqlPatientRows, name, late(getattr(SqlPatientRows, name)))


async def unlocked(*_arguments: object) -> None:
    """Lock nothing."""


async def fill(patients: Patients, now: datetime) -> None:
    """One place left for anna, and two persons known to bert."""
    for order in range(MAX_PATIENTS - 1):
        await patients.register("anna", relative(order), now=now)
    for order in (4, 5):
        await patients.register("bert", relative(order), now=now)


async def race_for_the_last_place(patients: Patients, now: datetime) -> list[object]:
    tries = (patients.register("anna", relative(order), now=now) for order in (4, 5))
    return await asyncio.gather(*tries, return_exceptions=True)


async def test_two_registrations_cannot_both_be_the_fifth(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    patients = Patients(database)
    await fill(patients, now)
    with monkeypatch.context() as patch:
        judge_together(patch, "of_account")
        ends = await race_for_the_last_place(patients, now)
    assert sum(isinstance(end, TooManyPatients) for end in ends) == 1, ends
    assert len(await patients.of_account("anna")) == MAX_PATIENTS


async def test_control_with_the_account_unlocked_there_would_be_six(
    database: SqlDatabase, database_kind: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    patients = Patients(database)
    await fill(patients, now)
    with monkeypatch.context() as patch:
        judge_together(patch, "of_account")
        patch.setattr(SqlPatientRows, "_know", unlocked)
        await race_for_the_last_place(patients, now)
    assert len(await patients.of_account("anna")) == MAX_PATIENTS + (database_kind == "postgres")


async def correct_while_linked(patients: Patients, patient_id: str, now: datetime) -> list[object]:
    return await asyncio.gather(
        patients.correct("anna", patient_id, replace(LI, name="Li Wu"), now=now),
        patients.register("bert", LI, now=now),
        return_exceptions=True,
    )


async def test_a_person_is_not_corrected_while_another_account_links_them(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    patients = Patients(database)
    known = await patients.register("anna", LI, now=now)
    with monkeypatch.context() as patch:
        judge_together(patch, "accounts_of", "of_account")
        ends = await correct_while_linked(patients, known.id, now)
    assert sum(isinstance(end, SharedPatient | IdentityMismatch) for end in ends) == 1, ends
    assert all(berts.details.name == LI.name for berts in await patients.of_account("bert"))


async def test_control_with_the_person_unlocked_bert_would_have_a_stranger(
    database: SqlDatabase, database_kind: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    patients = Patients(database)
    known = await patients.register("anna", LI, now=now)
    with monkeypatch.context() as patch:
        judge_together(patch, "accounts_of", "of_account")
        patch.setattr(SqlPatientRows, "_lock", unlocked)
        patch.setattr(SqlPatientRows, "lock_all", unlocked)
        await correct_while_linked(patients, known.id, now)
    strangers = [berts for berts in await patients.of_account("bert") if berts.details.name != LI.name]
    assert len(strangers) == (database_kind == "postgres")


async def book_at_the_desk_while_they_register(
    database: SqlDatabase, pool: RedisPool, now: datetime, patch: pytest.MonkeyPatch
) -> str | None:
    """Staff look for the patient's account, and before they write, the patient registers; return whose it became."""
    await open_clinic(database)
    await add_session(database, now + timedelta(days=1))
    patients, figures = Patients(database), CountedFigures()
    appointments = Appointments(
        database=database,
        pool=pool,
        seats=Seats(database, pool, figures),
        current=CurrentCatalogue(database),
        hold_for=timedelta(minutes=5),
        figures=figures,
    )
    known = await patients.register_by_staff(LI, by=DESK, now=now)
    looks, looked, really_look = itertools.count(), asyncio.Event(), SqlPatientRows.account_of

    async def look(rows: SqlPatientRows, patient_id: str) -> str | None:
        found = await really_look(rows, patient_id)
        if next(looks) == 1:  # the first look is before the transaction
            looked.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(registering), MEETING)
        return found

    async def register() -> Patient:
        await looked.wait()
        return await patients.register("anna", LI, now=now)

    patch.setattr(SqlPatientRows, "account_of", look)
    registering = asyncio.create_task(register())
    held = await appointments.hold(Wish("wang-20261124-0900-0900", known.id, None, "phone", "m1"), by=DESK, now=now)
    await registering
    async with database.read() as unit:
        written = await unit.claims.get(held.id)
    assert written is not None
    return written.openid


async def test_what_staff_book_while_the_patient_registers_is_not_left_without_an_account(
    database: SqlDatabase, pool: RedisPool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await book_at_the_desk_while_they_register(database, pool, now, monkeypatch) == "anna"


async def test_control_with_the_patient_unlocked_it_would_be_left_without(
    database: SqlDatabase, database_kind: str, pool: RedisPool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlPatientRows, "lock_all", unlocked)
    owner = await book_at_the_desk_while_they_register(database, pool, now, monkeypatch)
    assert owner == (None if database_kind == "postgres" else "anna")
