"""An account is erased on request: what the law lets go is gone, what it keeps stays, and the trail tells (R-C6)."""

import asyncio
import itertools
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from booking.actors import Actor, Role
from booking.appointments import Appointments, Wish
from booking.audit_chain import AuditChain
from booking.erasure import RETENTION, Erasure, Plan
from booking.errors import Refused
from booking.models import LIVE, PaperKind, Patient, PatientDetails, Sex
from booking.patients import Patients
from booking.pool_port import Admission
from booking.ports import ClaimFilter
from booking.refusals import PatientHasAppointments, UnknownPatient
from booking.staff_refusals import AccountIsStaff, UnknownAccount
from booking.staffing import StaffAccounts
from booking.stoppage_models import DisplacementState, Scope
from storage.columns import metadata
from storage.database import SqlDatabase
from storage.notice_tables import notice
from storage.pool import RedisPool
from storage.sealing import Sealer
from storage.staff_tables import audit_detail
from storage.tables import claim
from tests.conftest import NOW, SECRET
from tests.support.backups import DAY, OPERATOR, TUESDAY, opened, rows_of
from tests.support.clinic import add_session, open_clinic
from tests.support.command_line import CommandLine
from tests.support.stopping import MANAGER, Ward, order

OPENID = "o-Erase-Me-0123456789abcdef"
DESK = Actor("staff", "s1", "phone")
REASON = "本人来电"
SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])


def details(number: int) -> PatientDetails:
    papers = f"E7654321{number}"
    return PatientDetails(
        f"Cao Xueqin {'ABC'[number]}", PaperKind.PASSPORT, papers, Sex.MALE, date(1985, 1, 31), MOBILE
    )


MOBILE = "13987654321"


class Family:
    """An account with three persons: one never came, one came, one is known to another account too."""

    def __init__(self, database: SqlDatabase, appointments: Appointments) -> None:
        self.database, self.appointments = database, appointments
        self.patients, self.erasure = Patients(database), Erasure(database)
        self.persons: list[Patient] = []
        self.requests = itertools.count()

    async def come(self) -> None:
        await open_clinic(self.database)
        await add_session(self.database, NOW + DAY, capacities=(9, 9))
        await self.patients.agree(OPENID, "1", now=NOW)
        for number in range(3):
            self.persons.append(await self.patients.register(OPENID, details(number), now=NOW))
        await self.patients.register("o-other", replace(details(2), mobile="13811112222"), now=NOW)
        never, came, _ = self.persons
        cancelled = await self.book(never, "0900")
        await self.appointments.cancel(cancelled, openid=OPENID, now=NOW)
        await self.book(came, "0930")
        await self.appointments.complete_past(now=NOW + 2 * DAY)
        await AuditChain(self.database).seal()

    async def book(self, who: Patient, time: str) -> str:
        wish = Wish(f"{TUESDAY}-{time}", who.id, OPENID, "wechat", f"m{next(self.requests)}")
        held = await self.appointments.hold(wish, now=NOW)
        return (await self.appointments.confirm(held.id, openid=OPENID, now=NOW)).claim.id

    async def erase(self, *, later: timedelta = 3 * DAY) -> Plan:
        return await self.erasure.erase(OPENID, reason=REASON, by=OPERATOR, now=NOW + later)

    async def found(self, words: str) -> list[str]:
        found = await self.patients.search(words, by=DESK, reason="test", now=NOW + 3 * DAY)
        return [person.id for person in found]


@pytest.fixture
async def family(database: SqlDatabase, appointments: Appointments) -> Family:
    family = Family(database, appointments)
    await family.come()
    return family


async def test_who_never_came_is_erased_and_who_came_is_kept_and_detached(
    family: Family, database: SqlDatabase
) -> None:
    never, came, shared = (person.id for person in family.persons)
    assert await family.erase() == Plan((never,), (came,), (shared,))
    assert await family.patients.of_account(OPENID) == []
    assert [person.id for person in await family.patients.of_account("o-other")] == [shared]
    assert await family.found(details(0).paper_number) == []
    assert await family.found(details(1).paper_number) == [came]
    assert await family.found(MOBILE) == []
    async with database.read() as unit:
        erased, kept = await unit.patients.get(never), await unit.patients.get(came)
    assert erased is not None
    assert kept is not None
    assert (erased.details.name, erased.details.mobile, erased.details.birth_date.year) == ("-", "", 1900)
    assert kept.details.name == details(1).name


@SQLITE
async def test_the_account_stands_nowhere_but_in_the_trail(family: Family, database: SqlDatabase) -> None:
    await family.erase()
    for name, rows in (await rows_of(database)).items():
        assert OPENID not in repr(rows) or name == "audit", name
    async with database.read() as unit:
        renamed = await unit.connection.execute(select(claim.c.openid).distinct())
        assert [openid[:7] for openid in renamed.scalars()] == ["erased-"]


async def test_nothing_that_was_sealed_of_the_erased_can_be_opened_any_more(
    family: Family, database: SqlDatabase, sealer: Sealer
) -> None:
    assert "Cao Xueqin A" in await everything_opened(database, sealer)
    assert MOBILE in await everything_opened(database, sealer)
    await family.erase()
    opened_now = await everything_opened(database, sealer)
    assert "Cao Xueqin A" not in opened_now
    assert details(0).paper_number not in opened_now
    assert details(1).paper_number in opened_now


async def everything_opened(database: SqlDatabase, sealer: Sealer) -> str:
    """All sealed values that the database holds, opened."""
    found = []
    async with database.read() as unit:
        for row in (await unit.connection.execute(select(metadata.tables["patient"]))).mappings():
            place = f"patient:{row['id']}"
            found.append(sealer.open(row["name"], bound_to=f"{place}:name").decode())
            found.append(sealer.open(row["paper_number"], bound_to=f"{place}:paper_number").decode())
        for row in (await unit.connection.execute(select(metadata.tables["account_patient"]))).mappings():
            place = f"account_patient:{row['openid']}:{row['patient_id']}:mobile"
            found.append(sealer.open(row["mobile"], bound_to=place).decode())
        for row in (await unit.connection.execute(select(audit_detail))).mappings():
            place = f"audit:{row['audit_id']}:detail"
            found.append(sealer.open(row["sealed"], bound_to=place).decode("utf-8", "replace"))
    return "\n".join(found)


async def test_the_trail_tells_of_it_and_stays_whole_while_a_detail_destroyed_in_silence_is_found(
    family: Family, database: SqlDatabase
) -> None:
    await family.erase()
    chain = AuditChain(database)
    assert (await chain.verify(now=NOW)).faults == ()
    await chain.seal()
    assert (await chain.verify(now=NOW)).faults == ()
    async with database.read() as unit:
        [(entry, _)] = [found for found in await unit.chain.entries(of=None, limit=99) if found[0].action == "erased"]
    assert entry.after is not None
    assert entry.after["reason"] == REASON
    assert OPENID not in repr(entry)
    async with database.begin() as unit:
        [left] = (await unit.connection.execute(select(func.min(audit_detail.c.audit_id)))).scalars()
        await unit.connection.execute(delete(audit_detail).where(audit_detail.c.audit_id == left))
    assert [(fault.kind, fault.entry) for fault in (await chain.verify(now=NOW)).faults] == [("detail_missing", left)]


@SQLITE
async def test_when_the_law_lets_go_of_the_record_the_person_is_erased(family: Family) -> None:
    _, came, _ = (person.id for person in family.persons)
    assert came in (await family.erase(later=RETENTION - DAY)).kept_by_law
    assert await family.found(details(1).paper_number) == [came]
    again = await family.patients.register(OPENID, details(1), now=NOW + RETENTION)
    assert again.id == came
    assert came in (await family.erase(later=RETENTION + 3 * DAY)).erased
    assert await family.found(details(1).paper_number) == []


@SQLITE
async def test_who_comes_back_is_a_new_account_and_if_erased_a_new_person(family: Family) -> None:
    never, came, _ = (person.id for person in family.persons)
    await family.erase()
    assert (await family.patients.register(OPENID, details(0), now=NOW + 4 * DAY)).id != never
    assert (await family.patients.register(OPENID, details(1), now=NOW + 4 * DAY)).id == came
    assert await family.patients.consent(OPENID) is None


@SQLITE
async def test_what_waited_to_be_sent_is_void(family: Family, database: SqlDatabase) -> None:
    async with database.begin() as unit:
        await unit.connection.execute(update(notice).values(state="pending"))
    await family.erase()
    async with database.read() as unit:
        assert set((await unit.connection.execute(select(notice.c.state))).scalars()) == {"void"}


async def test_an_account_with_something_to_come_or_of_the_staff_is_refused_and_nothing_changes(
    family: Family, database: SqlDatabase
) -> None:
    async def is_refused(why: type[Refused], openid: str = OPENID) -> None:
        before = await rows_of(database)
        with pytest.raises(why):
            await family.erasure.erase(openid, reason=REASON, by=OPERATOR, now=NOW)
        assert await rows_of(database) == before

    await is_refused(UnknownAccount, "o-nobody")
    booked = await family.book(family.persons[0], "0900")
    await is_refused(PatientHasAppointments)
    await family.appointments.cancel(booked, openid=OPENID, now=NOW)
    staff = StaffAccounts(database)
    _, code = await staff.add("李前台", Role.FRONTDESK, None, by=OPERATOR, now=NOW)
    await staff.bind(code, OPENID, now=NOW)
    await is_refused(AccountIsStaff)


@SQLITE
async def test_a_new_key_seals_what_was_erased_again_without_bringing_anything_back(
    family: Family, database: SqlDatabase, database_url: str
) -> None:
    await family.erase()
    new = bytes(range(32))
    rotating = SqlDatabase.open(database_url, Sealer(new, [SECRET]))
    async with rotating.begin() as unit:
        while await unit.patients.reseal(limit=50):
            pass
        assert await unit.patients.add_hashes(limit=50) == 0
    await rotating.close()
    assert "Cao Xueqin A" not in await everything_opened(database, Sealer(new))


async def test_nothing_is_kept_for_who_waited_for_a_seat_when_they_were_erased(
    database: SqlDatabase, pool: RedisPool, appointments: Appointments, now: datetime
) -> None:
    await open_clinic(database)
    await add_session(database, now + DAY, capacities=(1,))
    ward = Ward.open(database, pool, appointments)
    await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    stoppage = await ward.stop(order(Scope("session", TUESDAY)), now=now)
    assert (await ward.displaced())["p-张三"].state is DisplacementState.UNOFFERED
    await Erasure(database).erase("o-张三", reason=REASON, by=OPERATOR, now=now)
    await add_session(database, now + 2 * DAY, capacities=(9,))
    assert await ward.offers.serve_next(now=now) == 0
    await ward.stoppages.lift(stoppage, by=MANAGER, now=now)
    await ward.finish(now=now)
    async with database.read() as unit:
        assert await unit.claims.find(ClaimFilter(states=LIVE)) == []


async def test_a_hold_under_way_does_not_outlive_the_account(
    family: Family, appointments: Appointments, pool: RedisPool, database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_admit = RedisPool.admit

    async def erase_meanwhile(self: RedisPool, **wanted: Any) -> Admission:
        admission = await really_admit(self, **wanted)
        await family.erase(later=timedelta(0))
        return admission

    monkeypatch.setattr(RedisPool, "admit", erase_meanwhile)
    with pytest.raises(UnknownPatient):
        await family.book(family.persons[0], "0900")
    async with database.read() as unit:
        assert await unit.claims.find(ClaimFilter(openid=OPENID)) == []


@pytest.fixture
def zhenyue(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    async def fill() -> None:
        async with opened(database_url, SECRET) as database:
            await open_clinic(database)
            await Patients(database).register(OPENID, details(0), now=NOW)

    asyncio.run(fill())
    return CommandLine(tmp_path, database_url, monkeypatch, capfd)


@SQLITE
def test_the_command_shows_first_then_erases_and_says_what_stays(zhenyue: CommandLine) -> None:
    preview = zhenyue("erase", OPENID, "--preview")
    assert (preview.status, preview.err) == (0, "")
    assert "将会" in preview.out
    assert zhenyue("erase", OPENID).status == 2
    done = zhenyue("erase", OPENID, "--reason", REASON)
    assert (done.status, done.err) == (0, "")
    assert "1 位就诊人的姓名、证件、手机号与相应的审计密文已销毁" in done.out
    assert "Cao" not in preview.out + done.out
    gone = zhenyue("erase", OPENID, "--reason", REASON)
    assert (gone.status, gone.out) == (1, "")
    assert "没有 openid" in gone.err
    assert "见 zhenyue appointments" in gone.err
    assert zhenyue("audit", "--verify").status == 0
