"""What every implementation of ``PatientRows`` does, on SQLite and PostgreSQL (R-A10, R-A11, R-C1, R-C3)."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import IntegrityError

from booking.errors import PersonKnown
from booking.models import PaperKind, PatientDetails, Sex
from storage.database import SqlDatabase
from storage.patient_rows import SqlPatientRows
from storage.patient_tables import access_log, account, account_patient, consent, patient
from storage.sealing import SealBroken, Sealer
from tests.conftest import SECRET

ZHANG = PatientDetails("张三", PaperKind.ID_CARD, "110105199003072311", Sex.MALE, date(1990, 3, 7), "13812345678")
LI = PatientDetails("Li Si", PaperKind.PASSPORT, "E12345678", Sex.FEMALE, date(1985, 1, 31), "+85291234567")
NEW_SECRET = b"fedcba9876543210fedcba9876543210"


async def registered(database: SqlDatabase, now: datetime, details: PatientDetails = ZHANG, name: str = "p1") -> None:
    async with database.begin() as unit:
        await unit.patients.add(name, details, now=now)
        await unit.patients.link("anna", name, mobile=details.mobile, now=now)


@pytest.mark.parametrize("details", [ZHANG, LI])
async def test_a_person_is_read_as_written(database: SqlDatabase, now: datetime, details: PatientDetails) -> None:
    await registered(database, now, details)
    async with database.read() as unit:
        found = await unit.patients.get("p1", openid="anna")
        assert found is not None
        assert (found.details, found.created_at, found.file_number) == (details, now, "F00000001")
        assert await unit.patients.of_account("anna") == [found]


async def test_nothing_personal_is_readable_in_the_database(database: SqlDatabase, now: datetime) -> None:
    await registered(database, now)
    async with database.read() as unit:
        for table in (patient, account_patient):
            written = repr((await unit.connection.execute(select(table))).all())
            assert "p1" in written
            for secret in (ZHANG.name, ZHANG.paper_number, ZHANG.mobile):
                assert secret not in written
                assert repr(secret.encode())[2:-1] not in written


async def test_a_sealed_value_copied_to_another_person_does_not_open(database: SqlDatabase, now: datetime) -> None:
    await registered(database, now)
    await registered(database, now, LI, "p2")
    async with database.begin() as unit:
        stolen = select(patient.c.name).where(patient.c.id == "p1").scalar_subquery()
        await unit.connection.execute(update(patient).where(patient.c.id == "p2").values(name=stolen))
    async with database.read() as unit:
        with pytest.raises(SealBroken, match="patient:p2:name"):
            await unit.patients.get("p2")


async def test_a_person_is_found_by_papers_without_telling_whose_mobile(database: SqlDatabase, now: datetime) -> None:
    await registered(database, now)
    async with database.read() as unit:
        found = await unit.patients.by_papers(replace(ZHANG, name="李四", mobile="19912345678"))
        assert found is not None
        assert found.details == replace(ZHANG, mobile="")
        assert await unit.patients.by_papers(LI) is None


async def test_file_numbers_count_persons(database: SqlDatabase, now: datetime) -> None:
    await registered(database, now)
    async with database.begin() as unit:
        assert (await unit.patients.add("p2", LI, now=now)).file_number == "F00000002"


async def test_the_same_papers_cannot_become_two_persons(database: SqlDatabase, now: datetime) -> None:
    await registered(database, now)
    with pytest.raises(PersonKnown):
        async with database.begin() as unit:
            await unit.patients.add("p2", replace(ZHANG, name="李四"), now=now)


class TestLinks:
    async def test_each_account_keeps_the_mobile_number_it_gave(self, database: SqlDatabase, now: datetime) -> None:
        await registered(database, now)
        async with database.begin() as unit:
            await unit.patients.link("bert", "p1", mobile="19912345678", now=now)
            assert await unit.patients.accounts_of("p1") == 2
            for openid, mobile in (("anna", "13812345678"), ("bert", "19912345678")):
                found = await unit.patients.get("p1", openid=openid)
                assert found is not None
                assert found.details.mobile == mobile

    async def test_a_person_of_another_account_is_not_there(self, database: SqlDatabase, now: datetime) -> None:
        await registered(database, now)
        async with database.read() as unit:
            assert await unit.patients.get("p1", openid="bert") is None
            assert await unit.patients.get("p9") is None
            found = await unit.patients.get("p1")
            assert found is not None
            assert found.details.mobile == ""

    async def test_linking_again_sets_the_mobile_number(self, database: SqlDatabase, now: datetime) -> None:
        await registered(database, now)
        async with database.begin() as unit:
            await unit.patients.link("anna", "p1", mobile="19912345678", now=now)
            assert [found.details.mobile for found in await unit.patients.of_account("anna")] == ["19912345678"]
            assert await unit.patients.accounts_of("p1") == 1

    async def test_an_unlinked_person_stays_and_can_be_linked_again(self, database: SqlDatabase, now: datetime) -> None:
        await registered(database, now)
        async with database.begin() as unit:
            assert await unit.patients.unlink("anna", "p1", now=now)
            assert not await unit.patients.unlink("anna", "p1", now=now)
            assert await unit.patients.of_account("anna") == []
            assert await unit.patients.accounts_of("p1") == 0
            assert await unit.patients.by_papers(ZHANG) is not None
            await unit.patients.link("anna", "p1", mobile="19912345678", now=now + timedelta(days=1))
            assert [found.id for found in await unit.patients.of_account("anna")] == ["p1"]
            history = (await unit.connection.execute(select(account_patient.c.removed_at))).scalars().all()
            assert history == [now, None]

    async def test_patients_come_in_the_order_they_were_added(self, database: SqlDatabase, now: datetime) -> None:
        await registered(database, now, LI, "p2")
        await registered(database, now, ZHANG, "p1")
        async with database.read() as unit:
            assert [found.id for found in await unit.patients.of_account("anna")] == ["p2", "p1"]


class TestCorrections:
    async def test_a_correction_is_found_by_its_new_papers_only(self, database: SqlDatabase, now: datetime) -> None:
        await registered(database, now)
        async with database.begin() as unit:
            await unit.patients.correct("p1", LI)
        async with database.read() as unit:
            found = await unit.patients.get("p1", openid="anna")
            assert found is not None
            assert found.details == replace(LI, mobile=ZHANG.mobile)
            assert await unit.patients.by_papers(ZHANG) is None
            assert await unit.patients.by_papers(LI) is not None

    async def test_another_persons_papers_are_refused(self, database: SqlDatabase, now: datetime) -> None:
        await registered(database, now)
        await registered(database, now, LI, "p2")
        with pytest.raises(PersonKnown):
            async with database.begin() as unit:
                await unit.patients.correct("p1", LI)
        async with database.read() as unit:
            found = await unit.patients.get("p1", openid="anna")
            assert found is not None
            assert found.details == ZHANG

    async def test_papers_taken_at_the_same_moment_are_refused_by_the_index(
        self, database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await registered(database, now)
        await registered(database, now, LI, "p2")
        monkeypatch.setattr(SqlPatientRows, "by_papers", _nobody)
        with pytest.raises(PersonKnown):
            async with database.begin() as unit:
                await unit.patients.correct("p1", LI)


async def _nobody(_rows: SqlPatientRows, _details: PatientDetails) -> None:
    return None


class TestConsentsAndAccounts:
    async def test_the_newest_consent_counts_and_all_are_kept_with_their_time(
        self, database: SqlDatabase, now: datetime
    ) -> None:
        async with database.begin() as unit:
            assert await unit.patients.consent("anna") is None
            for days, version in enumerate(["1", "1", "2"]):
                await unit.patients.record_consent("anna", version, now=now + timedelta(days=days))
        async with database.read() as unit:
            assert await unit.patients.consent("anna") == "2"
            assert await unit.patients.consent("bert") is None
            kept = (await unit.connection.execute(select(consent.c.version, consent.c.agreed_at))).all()
            assert [tuple(row) for row in kept] == [("1", now), ("2", now + timedelta(days=2))]

    async def test_following_is_kept_with_the_time_it_changed(self, database: SqlDatabase, now: datetime) -> None:
        async with database.begin() as unit:
            for hours, following in enumerate([True, True, False, False]):
                await unit.patients.follow("anna", following=following, now=now + timedelta(hours=hours))
            row = (await unit.connection.execute(select(account))).one()
            assert tuple(row) == ("anna", False, now, now + timedelta(hours=2), True)

    async def test_a_look_up_is_logged_with_who_whom_when_why_and_how(
        self, database: SqlDatabase, now: datetime
    ) -> None:
        entry = {"actor": "desk1", "channel": "console", "purpose": "callback", "subject": "p1"}
        async with database.begin() as unit:
            await unit.patients.log_access(**entry, now=now)
        async with database.read() as unit:
            row = (await unit.connection.execute(select(access_log))).mappings().one()
            assert {name: row[name] for name in (*entry, "at")} == entry | {"at": now}

    @pytest.mark.parametrize("change", [delete(access_log), update(access_log).values(actor="nobody")])
    async def test_the_access_log_cannot_be_edited(self, database: SqlDatabase, now: datetime, change: object) -> None:
        async with database.begin() as unit:
            await unit.patients.log_access(actor="desk1", channel="console", purpose="", subject="p1", now=now)
        with pytest.raises(IntegrityError, match="append-only"):
            async with database.begin() as unit:
                await unit.connection.execute(change)  # type: ignore[call-overload] -- either statement
        async with database.read() as unit:
            assert (await unit.connection.execute(select(access_log.c.actor))).scalars().all() == ["desk1"]


class TestKeyRotation:
    async def test_rows_of_the_old_key_are_read_found_and_sealed_again_in_batches(
        self, database: SqlDatabase, database_url: str, now: datetime
    ) -> None:
        await registered(database, now)
        await registered(database, now, LI, "p2")
        rotating = SqlDatabase.open(database_url, Sealer(NEW_SECRET, [SECRET]))
        async with rotating.begin() as unit:
            assert await unit.patients.by_papers(ZHANG) is not None
            assert [await unit.patients.reseal(limit=1) for _ in range(5)] == [1, 1, 1, 1, 0]
        await rotating.close()
        await self._reads_with_the_new_key_only(database_url)
        async with database.read() as unit:
            with pytest.raises(SealBroken, match="ZHENYUE_SECRET_KEY"):
                await unit.patients.get("p1", openid="anna")

    async def _reads_with_the_new_key_only(self, database_url: str) -> None:
        rotated = SqlDatabase.open(database_url, Sealer(NEW_SECRET))
        async with rotated.read() as unit:
            assert [found.details for found in await unit.patients.of_account("anna")] == [ZHANG, LI]
            assert await unit.patients.by_papers(LI) is not None
        await rotated.close()

    async def test_while_keys_change_the_same_papers_cannot_become_two_persons(
        self, database: SqlDatabase, database_url: str, now: datetime
    ) -> None:
        await registered(database, now)
        rotating = SqlDatabase.open(database_url, Sealer(NEW_SECRET, [SECRET]))
        with pytest.raises(PersonKnown):
            async with rotating.begin() as unit:
                await unit.patients.add("p2", ZHANG, now=now)
        await rotating.close()

    async def test_control_without_the_old_key_the_person_would_be_written_twice(
        self, database: SqlDatabase, database_url: str, now: datetime
    ) -> None:
        await registered(database, now)
        hasty = SqlDatabase.open(database_url, Sealer(NEW_SECRET))
        async with hasty.begin() as unit:
            assert (await unit.patients.add("p2", ZHANG, now=now)).id == "p2"
        await hasty.close()


def _drop_unique_papers(connection: Connection) -> None:
    with Operations(MigrationContext.configure(connection)).batch_alter_table("patient") as table:
        table.drop_constraint("uq_patient_papers_hash")


class TestRaces:
    """Two first registrations of one person, both of which looked before either wrote."""

    async def _race(self, database: SqlDatabase, now: datetime) -> list[str]:
        both_looked = asyncio.Barrier(2)

        async def register(patient_id: str) -> None:
            async with database.read() as unit:
                assert await unit.patients.by_papers(ZHANG) is None
            await both_looked.wait()
            async with database.begin() as unit:
                await unit.patients.add(patient_id, ZHANG, now=now)

        ends = await asyncio.gather(register("p1"), register("p2"), return_exceptions=True)
        assert all(end is None or isinstance(end, PersonKnown) for end in ends), ends
        async with database.read() as unit:
            return list((await unit.connection.execute(select(patient.c.file_number))).scalars())

    async def test_one_person_is_written_once(self, database: SqlDatabase, now: datetime) -> None:
        assert await self._race(database, now) == ["F00000001"]

    async def test_control_without_the_unique_papers_there_would_be_two(
        self, database: SqlDatabase, now: datetime
    ) -> None:
        async with database.begin() as unit:
            await unit.connection.run_sync(_drop_unique_papers)
        assert sorted(await self._race(database, now)) == ["F00000001", "F00000002"]
