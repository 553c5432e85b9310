"""Staff act for any patient: past the patient's deadlines, not past the clinic's rules (R-A1, R-A8, R-A12, R-A16)."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from booking.actors import Actor
from booking.appointments import Appointments, Wish
from booking.current import CurrentCatalogue
from booking.models import Claim, ClaimState, PaperKind, Patient, PatientDetails, Sex, Template
from booking.notices import NoticeKind, NoticeState, new_notice
from booking.patients import Patients
from booking.refusals import (
    HoldExpired,
    IdentityMismatch,
    OverlappingAppointment,
    PastCutOff,
    TooLateToCancel,
    TooLateToChange,
    UnknownAppointment,
    UnknownPatient,
)
from storage.audit_rows import place_of
from storage.database import SqlDatabase
from storage.notice_tables import notice
from storage.patient_tables import access_log, account_patient, patient
from storage.sealing import Sealer
from storage.staff_tables import audit, audit_detail
from storage.tables import claim
from tests.support.clinic import CLINIC, DEPARTMENTS, DOCTORS, add_patient, add_session, open_clinic

SLOT, LATER, OTHER = "wang-20261124-0900-0900", "wang-20261124-0900-0930", "li-20261124-1200-1200"
DESK = Actor("staff", "s1", "phone")
ZHANG = PatientDetails("赵六", PaperKind.PASSPORT, "E99999999", Sex.MALE, date(1980, 2, 3), "13912345678")


@dataclass
class Desk:
    """A member of staff at the telephone."""

    appointments: Appointments
    patients: Patients
    database: SqlDatabase
    now: datetime
    wishes: int = 0

    def wish(self, slot: str, patient: str, openid: str | None = None, replaces: str | None = None) -> Wish:
        self.wishes += 1
        return Wish(slot, patient, openid, "phone", f"w{self.wishes}", replaces=replaces)

    async def hold(self, slot: str, patient: str, replaces: str | None = None, now: datetime | None = None) -> Claim:
        return await self.appointments.hold(self.wish(slot, patient, None, replaces), by=DESK, now=now or self.now)

    async def book(self, slot: str, patient: str) -> Claim:
        held = await self.hold(slot, patient)
        return (await self.appointments.confirm(held.id, openid=None, by=DESK, now=self.now)).claim

    async def chat_books(self, slot: str, patient: str, openid: str) -> Claim:
        held = await self.appointments.hold(replace(self.wish(slot, patient, openid), channel="wechat"), now=self.now)
        return (await self.appointments.confirm(held.id, openid=openid, now=self.now)).claim

    async def caller(self) -> Patient:
        return await self.patients.register_by_staff(ZHANG, by=DESK, now=self.now)

    async def trail(self, entity: str) -> list[tuple[str, str, str]]:
        """The entries about things of a kind: by whom, through what, what."""
        query = select(audit.c.actor, audit.c.channel, audit.c.action).where(audit.c.entity == entity)
        async with self.database.read() as unit:
            return [tuple(row) for row in await unit.connection.execute(query.order_by(audit.c.id))]

    async def notices(self, *, in_reply: bool = False) -> list[tuple[str, str | None]]:
        """Notices still to be sent, or those that were told in the reply."""
        told = notice.c.channel == "reply" if in_reply else notice.c.state == "pending"
        async with self.database.read() as unit:
            rows = await unit.connection.execute(select(notice.c.kind, notice.c.openid).where(told))
            return sorted(tuple(row) for row in rows)


@pytest.fixture
async def desk(appointments: Appointments, database: SqlDatabase, now: datetime) -> Desk:
    """Tomorrow from 9 and at 12; one patient known to an account."""
    await open_clinic(database)
    await add_session(database, now + timedelta(days=1))
    await add_session(database, now + timedelta(days=1, hours=3), doctor="li")
    await add_patient(database, "张三", openid="o1", now=now)
    return Desk(appointments, Patients(database), database, now)


async def test_a_caller_without_an_account_gets_an_appointment(desk: Desk) -> None:
    person = await desk.caller()
    booked = await desk.book(SLOT, person.id)
    assert (booked.state, booked.openid, booked.channel) == (ClaimState.BOOKED, None, "phone")
    assert await desk.trail("patient") == [("s1", "phone", "registered")]
    assert await desk.trail("appointment") == [("s1", "phone", "booked")]
    assert await desk.notices() == [("booked", None)]


async def test_whom_an_account_knows_by_the_callers_number_hears_of_it_there(desk: Desk) -> None:
    booked = await desk.book(SLOT, "p-张三")
    assert booked.openid == "o1"
    assert await desk.notices() == [("booked", "o1")]


async def test_an_account_that_gave_another_number_hears_nothing(desk: Desk) -> None:
    async with desk.database.begin() as unit:
        await unit.patients.set_desk_mobile("p-张三", "13912345678")
    assert (await desk.book(SLOT, "p-张三")).openid is None


async def test_staff_see_cancel_and_change_what_an_account_booked_and_it_stays_the_accounts(desk: Desk) -> None:
    async with desk.database.begin() as unit:
        await unit.patients.set_desk_mobile("p-张三", "13912345678")
    booked = await desk.chat_books(SLOT, "p-张三", "o1")
    assert (await desk.appointments.view(booked.id, openid=None, by=DESK)).claim == booked
    held = await desk.hold(OTHER, "p-张三", replaces=booked.id)
    moved = await desk.appointments.reschedule(booked.id, to=held.id, openid=None, by=DESK, now=desk.now)
    assert (moved.claim.openid, moved.claim.first_booked_at) == ("o1", booked.first_booked_at)
    assert (await desk.appointments.reschedule(booked.id, to=held.id, openid=None, by=DESK, now=desk.now)) == moved
    ended = await desk.appointments.cancel(held.id, openid=None, by=DESK, now=desk.now)
    assert ended.claim.state is ClaimState.CANCELLED
    deeds = [action for _, _, action in await desk.trail("appointment")]
    assert deeds == ["booked", "moved", "booked", "cancelled"]
    assert await desk.notices() == [("cancelled", "o1"), ("changed", "o1")]


async def test_the_first_booking_is_remembered_through_a_change(desk: Desk) -> None:
    booked = await desk.chat_books(SLOT, "p-张三", "o1")
    later = desk.now + timedelta(hours=2)
    wish = Wish(OTHER, "p-张三", "o1", "wechat", "m9", replaces=booked.id)
    held = await desk.appointments.hold(wish, now=later)
    moved = await desk.appointments.reschedule(booked.id, to=held.id, openid="o1", now=later)
    assert moved.claim.created_at == later
    assert moved.claim.first_booked_at == booked.first_booked_at


async def test_deadlines_do_not_bind_staff_until_the_visit_begins(desk: Desk) -> None:
    booked = await desk.chat_books(SLOT, "p-张三", "o1")
    late = booked.starts_at - timedelta(minutes=1)
    with pytest.raises(TooLateToCancel):
        await desk.appointments.cancel(booked.id, openid="o1", now=late)
    begun = booked.starts_at + timedelta(seconds=1)
    with pytest.raises(TooLateToCancel):
        await desk.appointments.cancel(booked.id, openid=None, by=DESK, now=begun)
    held = await desk.hold(OTHER, "p-张三", replaces=booked.id, now=late)
    moved = await desk.appointments.reschedule(booked.id, to=held.id, openid=None, by=DESK, now=late)
    assert moved.claim.state is ClaimState.BOOKED


async def test_the_clinics_own_rules_bind_staff_too(desk: Desk) -> None:
    await desk.chat_books(SLOT, "p-张三", "o1")
    await add_session(desk.database, desk.now + timedelta(days=1), doctor="li")
    with pytest.raises(OverlappingAppointment):
        await desk.hold("li-20261124-0900-0900", "p-张三")
    with pytest.raises(PastCutOff):
        await desk.hold(OTHER, "p-张三", now=desk.now + timedelta(days=1, hours=2, minutes=1))
    with pytest.raises(UnknownPatient):
        await desk.hold(OTHER, "nobody")


async def test_what_the_clinic_changed_may_be_cancelled_or_changed_until_it_begins(desk: Desk) -> None:
    """R-A8."""
    booked = await desk.chat_books(SLOT, "p-张三", "o1")
    late = booked.starts_at - timedelta(minutes=1)
    wish = Wish(OTHER, "p-张三", "o1", "wechat", "m9", replaces=booked.id)
    with pytest.raises(TooLateToChange):
        await desk.appointments.hold(wish, now=late)
    async with desk.database.begin() as unit:
        await unit.connection.execute(update(claim).where(claim.c.id == booked.id).values(waived=True))
    held = await desk.appointments.hold(wish, now=late)
    moved = await desk.appointments.reschedule(booked.id, to=held.id, openid="o1", now=late)
    assert not moved.claim.waived
    with pytest.raises(UnknownAppointment):
        await desk.appointments.cancel(moved.claim.id, openid="o2", now=late)


async def test_a_hold_of_staff_leaves_other_accounts_holds_alone(desk: Desk) -> None:
    await add_patient(desk.database, "张三", openid="o2", now=desk.now)
    person = await desk.caller()
    theirs = await desk.appointments.hold(Wish(SLOT, "p-张三", "o1", "wechat", "m1"), now=desk.now)
    await desk.hold(LATER, person.id)
    await desk.hold(OTHER, person.id)
    async with desk.database.read() as unit:
        assert (await unit.claims.get(theirs.id)) == theirs
        assert [c.slot for c in await unit.claims.day_of(person.id, theirs.date)] == [OTHER]


async def test_staff_give_a_hold_back(desk: Desk) -> None:
    person = await desk.caller()
    held = await desk.hold(SLOT, person.id)
    with pytest.raises(UnknownAppointment):
        await desk.appointments.release(held.id, openid="o1", now=desk.now)
    await desk.appointments.release(held.id, openid=None, by=DESK, now=desk.now)
    with pytest.raises(HoldExpired):
        await desk.appointments.confirm(held.id, openid=None, by=DESK, now=desk.now)


async def test_somebody_must_act(desk: Desk) -> None:
    with pytest.raises(ValueError, match="somebody must act"):
        await desk.appointments.view("c", openid=None)


class TestFollowingLater:
    async def test_who_names_papers_and_the_desks_number_gets_their_appointments(self, desk: Desk) -> None:
        person = await desk.caller()
        booked = await desk.book(SLOT, person.id)
        assert await desk.appointments.of_account("o9", now=desk.now) == []
        mine = await desk.patients.register("o9", ZHANG, now=desk.now)
        assert mine.file_number == person.file_number
        assert [view.claim.id for view in await desk.appointments.of_account("o9", now=desk.now)] == [booked.id]
        assert ("o9", "wechat", "adopted") in await desk.trail("appointment")
        assert await desk.notices() == [("booked", "o9")]
        assert (await desk.book(OTHER, person.id)).openid == "o9"

    async def test_what_reached_nobody_and_still_asks_is_theirs_to_answer(self, desk: Desk) -> None:
        """Seats may be kept for them: who was on the call list finds them in chat."""
        person = await desk.caller()
        booked = await desk.book(SLOT, person.id)
        asks = new_notice(
            NoticeKind.STOPPED, dedupe_key="stopped:x", payload={}, now=desk.now, openid=None,
            patient=person.id, claim=booked.id, asks_until=desk.now + timedelta(days=8),
        )  # fmt: skip
        async with desk.database.begin() as unit:
            await unit.notices.add([asks])
            await unit.connection.execute(update(notice).values(state=str(NoticeState.UNREACHABLE)))
        await desk.patients.register("o9", ZHANG, now=desk.now)
        async with desk.database.read() as unit:
            assert [each.id for each in await unit.notices.open_of("o9", desk.now)] == [asks.id]

    async def test_with_another_number_they_do_not_and_may_prove_it_later(self, desk: Desk) -> None:
        person = await desk.caller()
        await desk.book(SLOT, person.id)
        other = replace(ZHANG, mobile="13800138000")
        assert (await desk.patients.register("o9", other, now=desk.now)).details == other
        assert await desk.appointments.of_account("o9", now=desk.now) == []
        await desk.patients.correct("o9", person.id, ZHANG, now=desk.now)
        assert len(await desk.appointments.of_account("o9", now=desk.now)) == 1

    async def test_the_number_of_the_desk_is_told_to_no_account(self, desk: Desk) -> None:
        person = await desk.caller()
        await desk.patients.register("o9", replace(ZHANG, mobile="13800138000"), now=desk.now)
        (mine,) = await desk.patients.of_account("o9")
        assert mine.details.mobile == "13800138000"
        async with desk.database.read() as unit:
            at_desk = await unit.patients.get(person.id)
        assert at_desk is not None
        assert at_desk.details == ZHANG

    async def test_the_desk_sets_a_new_number_and_the_old_one_is_no_proof_any_more(
        self, desk: Desk, sealer: Sealer
    ) -> None:
        person = await desk.caller()
        again = await desk.patients.register_by_staff(replace(ZHANG, mobile="13700137000"), by=DESK, now=desk.now)
        assert (again.id, again.details.mobile) == (person.id, "13700137000")
        await desk.book(SLOT, person.id)
        await desk.patients.register("o9", ZHANG, now=desk.now)
        assert await desk.appointments.of_account("o9", now=desk.now) == []
        with pytest.raises(IdentityMismatch):
            await desk.patients.register_by_staff(replace(ZHANG, name="钱七"), by=DESK, now=desk.now)
        async with desk.database.read() as unit:
            query = select(audit.c.id, audit_detail.c.sealed).join(audit_detail).where(audit.c.action == "mobile_set")
            entry, sealed = (await unit.connection.execute(query)).one()
            plain = (await unit.connection.execute(select(audit.c.before, audit.c.after))).all()
        assert b'"before.mobile":"13912345678"' in sealer.open(sealed, bound_to=place_of(entry))
        assert "13912345678" not in str(plain)
        assert "13700137000" not in str(plain)


class TestLookingUp:
    @pytest.mark.parametrize("text", ["赵六", "E99999999", "e9999 9999", "139 1234 5678", "F00000002"])
    async def test_a_patient_is_found_by_whatever_is_known(self, desk: Desk, text: str) -> None:
        person = await desk.caller()
        (found,) = await desk.patients.search(text, by=DESK, reason="改约", now=desk.now)
        assert found == person

    async def test_by_the_appointments_number_and_by_the_number_given_in_chat(self, desk: Desk) -> None:
        booked = await desk.chat_books(SLOT, "p-张三", "o1")
        for text in (booked.number, "13800138000"):
            (found,) = await desk.patients.search(text, by=DESK, reason="改约", now=desk.now)
            assert (found.id, found.details.mobile) == ("p-张三", "13800138000")

    async def test_every_look_up_is_logged_and_that_nobody_was_found(self, desk: Desk) -> None:
        person = await desk.caller()
        await desk.patients.search("赵六", by=DESK, reason="来电改约", now=desk.now)
        assert await desk.patients.search("孙八", by=DESK, reason="来电改约", now=desk.now) == []
        await desk.appointments.of_patient(person.id, by=DESK, now=desk.now)
        async with desk.database.read() as unit:
            rows = (await unit.connection.execute(select(access_log).order_by(access_log.c.id))).all()
        assert [tuple(row)[2:] for row in rows] == [
            ("s1", "phone", "来电改约", person.id),
            ("s1", "phone", "来电改约", "nobody: name 孙*"),
            ("s1", "phone", "appointments", person.id),
        ]

    async def test_those_of_before_there_were_hashes_are_found_and_get_theirs(self, desk: Desk) -> None:
        await desk.caller()
        async with desk.database.begin() as unit:
            await unit.connection.execute(update(patient).values(name_hash=None, number_hash=None))
            await unit.connection.execute(update(account_patient).values(mobile_hash=None))

        async def found() -> list[int]:
            texts = ("赵六", "张三", "E99999999", "13800138000")
            return [len(await desk.patients.search(text, by=DESK, reason="x", now=desk.now)) for text in texts]

        assert await found() == [1, 1, 1, 1]
        async with desk.database.begin() as unit:
            assert [await unit.patients.add_hashes(limit=2) for _ in range(3)] == [2, 1, 0]
        assert await found() == [1, 1, 1, 1]

    async def test_appointments_of_a_patient_are_shown_through_whatever_account(self, desk: Desk) -> None:
        mine = await desk.chat_books(SLOT, "p-张三", "o1")
        async with desk.database.begin() as unit:
            await unit.patients.set_desk_mobile("p-张三", "13912345678")
        phoned = await desk.book(OTHER, "p-张三")
        views = await desk.appointments.of_patient("p-张三", by=DESK, now=desk.now)
        assert [view.claim.id for view in views] == [mine.id, phoned.id]


class TestNotices:
    async def test_who_did_it_in_chat_has_read_the_reply_and_is_sent_nothing_more(self, desk: Desk) -> None:
        booked = await desk.chat_books(SLOT, "p-张三", "o1")
        await desk.appointments.cancel(booked.id, openid="o1", now=desk.now)
        assert await desk.notices() == []
        assert await desk.notices(in_reply=True) == [("booked", "o1"), ("cancelled", "o1")]

    async def test_with_a_template_for_it_they_get_its_card_as_well(self, desk: Desk) -> None:
        template = Template("T1", {"thing1": "doctor"})
        async with desk.database.begin() as unit:
            await unit.catalogue.replace(CLINIC, DEPARTMENTS, DOCTORS, [], [], templates={"booked": template})
        desk.appointments._current = CurrentCatalogue(desk.database)
        booked = await desk.chat_books(SLOT, "p-张三", "o1")
        await desk.appointments.confirm(booked.id, openid="o1", now=desk.now)
        await desk.appointments.cancel(booked.id, openid="o1", now=desk.now)
        assert await desk.notices() == [("booked", "o1")]


async def test_a_visit_that_is_over_is_in_the_trail_once(desk: Desk) -> None:
    booked = await desk.chat_books(SLOT, "p-张三", "o1")
    for _ in range(2):
        await desk.appointments.complete_past(now=booked.ends_at)
    assert [action for _, _, action in await desk.trail("appointment")] == ["booked", "completed"]


async def test_accounts_and_their_patients_leave_their_traces_once(desk: Desk) -> None:
    for _ in range(2):
        await desk.patients.follow("o9", following=True, now=desk.now)
        await desk.patients.agree("o9", "1", now=desk.now)
        await desk.patients.register("o9", ZHANG, now=desk.now)
    (mine,) = await desk.patients.of_account("o9")
    await desk.patients.correct("o9", mine.id, replace(ZHANG, name="钱七"), now=desk.now)
    for _ in range(2):
        await desk.patients.remove("o9", mine.id, now=desk.now)
        await desk.patients.follow("o9", following=False, now=desk.now)
    assert [deed for _, _, deed in await desk.trail("account")] == ["followed", "consented", "unfollowed"]
    assert [deed for _, _, deed in await desk.trail("patient")] == ["registered", "linked", "corrected", "unlinked"]
