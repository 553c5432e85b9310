"""Registering, correcting and removing patients on both databases (R-A4, R-A10, R-A11, R-C1, R-C3, R-D4)."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from booking.appointments import Appointments, Wish
from booking.errors import Busy, PersonKnown
from booking.id_numbers import check_character
from booking.models import PaperKind, PatientDetails, Sex
from booking.patients import MAX_PATIENTS, MISMATCHES, MISMATCHES_WITHIN, Patients
from booking.refusals import (
    IdentityMismatch,
    InvalidDetail,
    PatientHasAppointments,
    SharedPatient,
    TooManyPatients,
    TooManyTries,
    UnknownPatient,
)
from storage.database import SqlDatabase
from storage.patient_rows import SqlPatientRows
from storage.patient_tables import access_log, account_patient, patient
from tests.support.clinic import add_session, open_clinic

ZHANG = PatientDetails("张三", PaperKind.ID_CARD, "110105199003072311", Sex.MALE, date(1990, 3, 7), "13812345678")
LI = PatientDetails("Li Si", PaperKind.PASSPORT, "E12345678", Sex.FEMALE, date(1985, 1, 31), "13912345678")
CHILD = PatientDetails("张小明", PaperKind.CHILD, ZHANG.paper_number, Sex.MALE, date(2020, 1, 2), "13812345678")


def relative(order: int) -> PatientDetails:
    """Another person of the family, each with a number of their own."""
    first = f"11010519900307{order:03}"
    sex = Sex.MALE if order % 2 else Sex.FEMALE
    return replace(ZHANG, name="张" + "一二三四五六七八"[order], paper_number=first + check_character(first), sex=sex)


@pytest.fixture
def patients(database: SqlDatabase) -> Patients:
    return Patients(database)


async def persons(database: SqlDatabase) -> int:
    async with database.read() as unit:
        return (await unit.connection.execute(select(func.count()).select_from(patient))).scalar_one()


class TestRegistering:
    async def test_a_registered_person_is_the_accounts_patient_with_a_file_number(
        self, patients: Patients, now: datetime
    ) -> None:
        registered = await patients.register("anna", ZHANG, now=now)
        assert registered.details == ZHANG
        assert registered.file_number == "F00000001"
        assert await patients.of_account("anna") == [registered]
        assert await patients.of_account("bert") == []

    async def test_details_are_kept_in_their_usual_form(self, patients: Patients, now: datetime) -> None:
        typed = replace(ZHANG, name=" 张 三 ", paper_number="110105 19900307 2311", mobile="+86 138-1234-5678")
        assert (await patients.register("anna", typed, now=now)).details == ZHANG

    async def test_details_that_contradict_the_number_are_not_kept(
        self, patients: Patients, database: SqlDatabase, now: datetime
    ) -> None:
        with pytest.raises(InvalidDetail):
            await patients.register("anna", replace(ZHANG, sex=Sex.FEMALE), now=now)
        assert await persons(database) == 0

    async def test_registering_again_changes_only_the_mobile_number(
        self, patients: Patients, database: SqlDatabase, now: datetime
    ) -> None:
        first = await patients.register("anna", ZHANG, now=now)
        again = await patients.register("anna", replace(ZHANG, mobile="19912345678"), now=now + timedelta(days=1))
        assert again == replace(first, details=replace(ZHANG, mobile="19912345678"))
        assert await persons(database) == 1

    async def test_a_child_is_known_by_guardian_name_and_birth_date(
        self, patients: Patients, database: SqlDatabase, now: datetime
    ) -> None:
        await patients.register("anna", ZHANG, now=now)
        child = await patients.register("anna", CHILD, now=now)
        sister = await patients.register("anna", replace(CHILD, name="张小红", sex=Sex.FEMALE), now=now)
        assert (await patients.register("bert", CHILD, now=now)).id == child.id
        assert sister.id != child.id
        assert await persons(database) == 3

    async def test_five_patients_are_enough_for_one_account(
        self, patients: Patients, database: SqlDatabase, now: datetime
    ) -> None:
        for order in range(MAX_PATIENTS):
            await patients.register("anna", relative(order), now=now)
        with pytest.raises(TooManyPatients) as refused:
            await patients.register("anna", relative(5), now=now)
        assert refused.value.limit == 5
        assert len(await patients.of_account("anna")) == 5
        assert await persons(database) == 5
        assert await patients.register("anna", relative(0), now=now)
        (first, *_) = await patients.of_account("anna")
        await patients.remove("anna", first.id, now=now)
        assert await patients.register("anna", relative(5), now=now)


class TestTwoAccounts:
    async def test_a_person_known_to_one_account_is_the_same_person_for_another(
        self, patients: Patients, database: SqlDatabase, now: datetime
    ) -> None:
        annas = await patients.register("anna", LI, now=now)
        berts = await patients.register("bert", replace(LI, name="LI  SI", mobile="19912345678"), now=now)
        assert (berts.id, berts.file_number) == (annas.id, annas.file_number)
        assert await persons(database) == 1

    async def test_neither_account_learns_the_others_mobile_number(self, patients: Patients, now: datetime) -> None:
        await patients.register("anna", LI, now=now)
        berts = await patients.register("bert", replace(LI, mobile="19912345678"), now=now)
        assert berts.details.mobile == "19912345678"
        assert [known.details.mobile for known in await patients.of_account("anna")] == [LI.mobile]

    @pytest.mark.parametrize(
        "changes", [{"name": "Li Wu"}, {"sex": Sex.MALE}, {"birth_date": date(1985, 2, 1)}], ids=str
    )
    async def test_known_papers_under_other_details_are_refused_and_link_nothing(
        self, patients: Patients, now: datetime, changes: dict[str, object]
    ) -> None:
        await patients.register("anna", LI, now=now)
        with pytest.raises(IdentityMismatch) as refused:
            await patients.register("bert", replace(LI, **changes), now=now)  # type: ignore[arg-type]  # a shorthand
        assert str(refused.value) == ""
        assert await patients.of_account("bert") == []

    async def test_whoever_tries_the_papers_of_others_learns_no_more_after_three(
        self, patients: Patients, database: SqlDatabase, now: datetime
    ) -> None:
        known, unknown = replace(LI, name="Li Wu"), replace(LI, paper_number="E87654321")
        annas = await patients.register("anna", LI, now=now)
        for _ in range(MISMATCHES):
            with pytest.raises(IdentityMismatch):
                await patients.register("mallory", known, now=now)
        for tried in (known, unknown, LI):
            with pytest.raises(TooManyTries):
                await patients.register("mallory", tried, now=now)
        async with database.read() as unit:
            logged = (await unit.connection.execute(select(access_log.c.actor, access_log.c.subject))).all()
        assert logged == [("mallory", annas.id)] * MISMATCHES
        assert await patients.register("bert", LI, now=now) == annas
        assert await patients.register("mallory", unknown, now=now + MISMATCHES_WITHIN)

    async def test_whoever_tries_by_corrections_learns_no_more_after_three_and_may_change_the_mobile_number(
        self, patients: Patients, now: datetime
    ) -> None:
        await patients.register("anna", LI, now=now)
        own = await patients.register("mallory", replace(LI, paper_number="E87654321"), now=now)
        for _ in range(MISMATCHES):
            with pytest.raises(IdentityMismatch):
                await patients.correct("mallory", own.id, LI, now=now)
        with pytest.raises(TooManyTries):
            await patients.correct("mallory", own.id, replace(LI, paper_number="E11112222"), now=now)
        changed = replace(own.details, mobile="19912345678")
        assert (await patients.correct("mallory", own.id, changed, now=now)).details == changed


class TestCorrecting:
    async def test_the_only_account_may_correct_everything(self, patients: Patients, now: datetime) -> None:
        wrong = await patients.register("anna", LI, now=now)
        corrected = await patients.correct("anna", wrong.id, ZHANG, now=now)
        assert corrected == replace(wrong, details=ZHANG)
        assert await patients.of_account("anna") == [corrected]
        assert (await patients.register("bert", ZHANG, now=now)).id == wrong.id

    async def test_a_child_that_got_a_number_stays_the_same_person(self, patients: Patients, now: datetime) -> None:
        child = await patients.register("anna", CHILD, now=now)
        first = "11010520200102001"
        own = replace(CHILD, paper_kind=PaperKind.ID_CARD, paper_number=first + check_character(first))
        assert (await patients.correct("anna", child.id, own, now=now)).file_number == child.file_number

    async def test_a_shared_patient_keeps_all_but_the_mobile_number(self, patients: Patients, now: datetime) -> None:
        shared = await patients.register("anna", LI, now=now)
        await patients.register("bert", LI, now=now)
        with pytest.raises(SharedPatient):
            await patients.correct("anna", shared.id, replace(LI, name="Li Wu", mobile="19912345678"), now=now)
        assert await patients.of_account("anna") == [shared]
        await patients.correct("anna", shared.id, replace(LI, mobile="19912345678"), now=now)
        assert [known.details.mobile for known in await patients.of_account("anna")] == ["19912345678"]
        assert [known.details.mobile for known in await patients.of_account("bert")] == [LI.mobile]

    async def test_a_correction_cannot_take_another_persons_papers(self, patients: Patients, now: datetime) -> None:
        await patients.register("bert", ZHANG, now=now)
        annas = await patients.register("anna", LI, now=now)
        with pytest.raises(IdentityMismatch):
            await patients.correct("anna", annas.id, ZHANG, now=now)
        assert await patients.of_account("anna") == [annas]

    async def test_a_patient_of_another_account_cannot_be_corrected(self, patients: Patients, now: datetime) -> None:
        annas = await patients.register("anna", LI, now=now)
        with pytest.raises(UnknownPatient):
            await patients.correct("bert", annas.id, ZHANG, now=now)
        assert await patients.of_account("bert") == []


class TestRemoving:
    @pytest.fixture
    async def booked(
        self, patients: Patients, appointments: Appointments, database: SqlDatabase, now: datetime
    ) -> tuple[str, str]:
        """Anna's patient with an appointment in two days; patient and claim."""
        await open_clinic(database)
        session = await add_session(database, now + timedelta(days=2))
        known = await patients.register("anna", LI, now=now)
        await patients.register("bert", LI, now=now)
        slot = f"{session}-0900"
        held = await appointments.hold(Wish(slot, known.id, "anna", "wechat", "m1"), now=now)
        return known.id, held.id

    async def test_a_patient_with_a_coming_appointment_stays(
        self, patients: Patients, appointments: Appointments, booked: tuple[str, str], now: datetime
    ) -> None:
        patient_id, claim_id = booked
        await appointments.confirm(claim_id, openid="anna", now=now)
        with pytest.raises(PatientHasAppointments):
            await patients.remove("anna", patient_id, now=now)
        assert len(await patients.of_account("anna")) == 1
        await patients.remove("bert", patient_id, now=now)
        assert await patients.of_account("bert") == []

    async def test_what_is_past_keeps_nobody(
        self, patients: Patients, appointments: Appointments, booked: tuple[str, str], now: datetime
    ) -> None:
        patient_id, claim_id = booked
        await appointments.confirm(claim_id, openid="anna", now=now)
        await patients.remove("anna", patient_id, now=now + timedelta(days=3))
        assert await patients.of_account("anna") == []

    async def test_a_hold_keeps_the_patient_until_it_expires(
        self, patients: Patients, booked: tuple[str, str], now: datetime
    ) -> None:
        patient_id, _ = booked
        with pytest.raises(PatientHasAppointments):
            await patients.remove("anna", patient_id, now=now)
        await patients.remove("anna", patient_id, now=now + timedelta(hours=1))
        assert await patients.of_account("anna") == []

    async def test_removing_twice_is_as_removing_once_and_coming_back_is_the_same_person(
        self, patients: Patients, now: datetime
    ) -> None:
        known = await patients.register("anna", LI, now=now)
        await patients.remove("anna", known.id, now=now)
        await patients.remove("anna", known.id, now=now)
        assert await patients.of_account("anna") == []
        assert (await patients.register("anna", LI, now=now)).file_number == known.file_number


async def test_consent_is_remembered_with_its_version(patients: Patients, now: datetime) -> None:
    await patients.follow("anna", following=True, now=now)
    assert await patients.consent("anna") is None
    await patients.agree("anna", "2026-01", now=now)
    await patients.follow("anna", following=False, now=now)
    assert await patients.consent("anna") == "2026-01"


class TestAtTheSameMoment:
    async def test_one_person_registered_by_many_accounts_is_one_person(
        self, patients: Patients, database: SqlDatabase, now: datetime
    ) -> None:
        found = await asyncio.gather(*(patients.register(f"account{n}", LI, now=now) for n in range(8)))
        assert {(known.id, known.file_number) for known in found} == {(found[0].id, found[0].file_number)}
        assert await persons(database) == 1

    async def test_many_registrations_of_one_account_stop_at_five(
        self, patients: Patients, database: SqlDatabase, now: datetime
    ) -> None:
        ends = await asyncio.gather(
            *(patients.register("anna", relative(n), now=now) for n in range(8)), return_exceptions=True
        )
        assert sum(isinstance(end, TooManyPatients) for end in ends) == 3
        assert len(await patients.of_account("anna")) == 5
        assert await persons(database) == 5

    async def test_who_is_never_found_nor_added_reads_an_apology(
        self, patients: Patients, database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def known_meanwhile(*_arguments: object, **_options: object) -> None:
            raise PersonKnown

        monkeypatch.setattr(SqlPatientRows, "add", known_meanwhile)
        with pytest.raises(Busy):
            await patients.register("anna", LI, now=now)
        async with database.read() as unit:
            assert (await unit.connection.execute(select(account_patient))).all() == []
