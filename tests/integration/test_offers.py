"""Answering offers, their deadlines, and lifting a stoppage again (R-A3, R-A14)."""

from datetime import datetime, timedelta

import pytest

from booking.actors import Actor
from booking.appointments import Appointments
from booking.erasure import Erasure
from booking.models import ClaimKind, ClaimState, SessionState
from booking.notices import NoticeKind, NoticeState
from booking.refusals import DayLimitReached, OfferGone, OverlappingAppointment, SoldOut, UnknownAppointment
from booking.relaying import Routes, begin
from booking.staff_refusals import AlreadyLifted, NotInStoppage, NotRequested, StoppageOver, UnknownStoppage
from booking.stoppage_models import DisplacementState, Scope, StoppageState
from storage.database import SqlDatabase
from storage.pool import RedisPool
from tests.support.clinic import add_patient, add_session, open_clinic
from tests.support.stopping import MANAGER, Ward, order

TUESDAY, WEDNESDAY, THURSDAY = "wang-20261124-0900", "wang-20261125-0900", "wang-20261126-0900"
TUESDAY_SESSION = Scope("session", TUESDAY)
DAY = timedelta(days=1)


@pytest.fixture
async def ward(database: SqlDatabase, pool: RedisPool, appointments: Appointments, now: datetime) -> Ward:
    """A stopped session of one patient, who is offered two seats of each of the next days."""
    await open_clinic(database)
    await add_session(database, now + DAY)
    await add_session(database, now + 2 * DAY, capacities=(2, 2))
    await add_session(database, now + 3 * DAY, capacities=(2, 2))
    ward = Ward.open(database, pool, appointments)
    await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    await ward.stop(order(TUESDAY_SESSION), now=now)
    return ward


async def notice_of(ward: Ward) -> str:
    """The notice that offers."""
    [told] = await ward.notices("stopped")
    return told.id


async def test_one_character_books_what_is_kept_and_gives_the_rest_back(ward: Ward, now: datetime) -> None:
    """R-A14."""
    kept = await ward.kept_for((await ward.displaced())["p-张三"])
    assert [claim.slot for claim in kept] == [f"{WEDNESDAY}-0900", f"{WEDNESDAY}-0930", f"{THURSDAY}-0900"]
    answer = await ward.offers.answer(await notice_of(ward), 3, openid="o-张三", now=now)
    assert answer.view is not None
    new = answer.view.claim
    assert (new.id, new.state, new.kind, new.ordinal) == (kept[2].id, ClaimState.BOOKED, ClaimKind.MAIN, 1)
    assert new.first_booked_at == answer.old.first_booked_at
    assert [(await ward.claim(claim.id)).state for claim in kept[:2]] == [ClaimState.RELEASED] * 2
    person = (await ward.displaced())["p-张三"]
    assert (person.state, person.chosen) == (DisplacementState.REBOOKED, new.id)
    [confirmed] = await ward.notices("changed")
    assert confirmed.payload["before"]["claim"] == answer.old.id
    assert confirmed.payload["visit"]["claim"] == new.id
    [told] = await ward.notices("stopped")
    assert (told.state, told.answer) == (NoticeState.ANSWERED, "3")
    assert (await ward.stoppages.get("T000001"))[1].open == 0
    assert await ward.seats.verify(now=now) == []


async def test_the_same_answer_again_gives_the_same_and_another_says_what_was_chosen(ward: Ward, now: datetime) -> None:
    told = await notice_of(ward)
    first = await ward.offers.answer(told, 1, openid="o-张三", now=now)
    again = await ward.offers.answer(told, 1, openid="o-张三", now=now)
    assert again.claim == first.claim
    for place in (0, 2):
        with pytest.raises(OfferGone) as gone:
            await ward.offers.answer(told, place, openid="o-张三", now=now)
        assert (gone.value.why, gone.value.claim and gone.value.claim.id) == ("answered", first.claim)
    assert len(await ward.notices("changed")) == 1


async def test_who_wants_none_gives_all_back(ward: Ward, now: datetime) -> None:
    told = await notice_of(ward)
    assert (await ward.offers.answer(told, 0, openid="o-张三", now=now)).view is None
    assert (await ward.offers.answer(told, 0, openid="o-张三", now=now)).claim is None
    with pytest.raises(OfferGone) as gone:
        await ward.offers.answer(told, 1, openid="o-张三", now=now)
    assert gone.value.why == "declined"
    assert (await ward.stoppages.get("T000001"))[1].displaced == {"declined": 1}
    assert await ward.seats.verify(now=now) == []


async def test_what_is_not_offered_to_the_account_is_unknown(ward: Ward, now: datetime) -> None:
    told = await notice_of(ward)
    for openid, place in (("o-李四", 1), ("o-张三", 4), ("o-张三", -1)):
        with pytest.raises(UnknownAppointment):
            await ward.offers.answer(told, place, openid=openid, now=now)
    with pytest.raises(UnknownAppointment):
        await ward.offers.answer("no notice", 1, openid="o-张三", now=now)
    person = (await ward.displaced())["p-张三"]
    with pytest.raises(UnknownAppointment):
        await ward.offers.choose_for(person.id, person.claim, by=MANAGER, now=now)
    with pytest.raises(UnknownAppointment):
        await ward.offers.choose_for("nobody", None, by=MANAGER, now=now)


async def test_an_offer_counts_against_no_limit_until_it_is_chosen(ward: Ward, now: datetime) -> None:
    await add_session(ward.database, now + 2 * DAY, doctor="li")
    await add_session(ward.database, now + 2 * DAY + timedelta(hours=4), doctor="li")
    told = await notice_of(ward)
    overlapping = await ward.book("li-20261125-0900-0930", "张三", now=now)
    with pytest.raises(OverlappingAppointment):
        await ward.offers.answer(told, 2, openid="o-张三", now=now)
    await ward.book("li-20261125-1300-1300", "张三", now=now)
    with pytest.raises(DayLimitReached):
        await ward.offers.answer(told, 1, openid="o-张三", now=now)
    assert (await ward.displaced())["p-张三"].state is DisplacementState.OFFERED
    await ward.appointments.cancel(overlapping.id, openid="o-张三", now=now)
    assert (await ward.offers.answer(told, 2, openid="o-张三", now=now)).view is not None


async def test_after_the_deadline_the_seats_go_back_and_a_late_answer_is_explained(ward: Ward, now: datetime) -> None:
    told, later = await notice_of(ward), now + DAY
    with pytest.raises(OfferGone) as gone:
        await ward.offers.answer(told, 1, openid="o-张三", now=later)
    assert gone.value.why == "expired"
    assert await ward.offers.expire(now=later - timedelta(seconds=1)) == 0
    assert await ward.offers.expire(now=later) == 1
    assert await ward.offers.expire(now=later) == 0
    assert (await ward.displaced())["p-张三"].state is DisplacementState.EXPIRED
    with pytest.raises(OfferGone):
        await ward.offers.answer(told, 1, openid="o-张三", now=later)
    assert await ward.seats.verify(now=later) == []
    assert (await ward.offers.answer(told, 0, openid="o-张三", now=later)).view is None


async def test_staff_choose_on_the_telephone(ward: Ward, now: datetime) -> None:
    person = (await ward.displaced())["p-张三"]
    found, views = await ward.offers.of(person.id)
    assert [view.claim.id for view in views] == list(found.offers)
    chosen = await ward.offers.choose_for(person.id, person.offers[1], by=Actor("staff", "s1", "phone"), now=now)
    assert chosen.claim == person.offers[1]
    assert (await ward.offers.of(person.id))[1] == []
    with pytest.raises(UnknownAppointment):
        await ward.offers.of("nobody")


async def test_a_lifted_stoppage_gives_the_appointment_back(ward: Ward, now: datetime) -> None:
    kept = await ward.kept_for((await ward.displaced())["p-张三"])
    told = await notice_of(ward)
    async with ward.database.begin() as unit:
        await unit.notices.shown([told], now=now)
        await unit.notices.answered(told, "?", now=now)  # as if it had been sent
    lifted = await ward.stoppages.lift("T000001", by=MANAGER, now=now)
    assert lifted.state is StoppageState.LIFTING
    await ward.finish(now=now)
    person = (await ward.displaced())["p-张三"]
    assert person.state is DisplacementState.RESTORED
    assert (await ward.claim(person.claim)).state is ClaimState.BOOKED
    assert {(await ward.claim(claim.id)).state for claim in kept} == {ClaimState.RELEASED}
    [restored] = await ward.notices("restored")
    assert (restored.payload["restored"], restored.payload["visit"]["claim"]) == (True, person.claim)
    with pytest.raises(OfferGone) as gone:
        await ward.offers.answer(told, 1, openid="o-张三", now=now)
    assert (gone.value.why, gone.value.claim and gone.value.claim.id) == ("restored", person.claim)
    async with ward.database.read() as unit:
        found = await unit.sessions.get(TUESDAY)
    assert found is not None
    assert found[0].state is SessionState.OPEN
    assert [slot.stoppage for slot in found[1]] == [None, None]
    await ward.book(f"{TUESDAY}-0930", "李四", now=now)
    assert await ward.seats.verify(now=now) == []
    assert (await ward.stoppages.get("T000001"))[0].state is StoppageState.LIFTED


async def test_nobody_is_told_of_a_stoppage_that_was_lifted_before_they_heard_of_it(ward: Ward, now: datetime) -> None:
    await ward.stoppages.lift("T000001", by=MANAGER, now=now)
    await ward.finish(now=now)
    assert [told.state for told in await ward.notices("stopped")] == [NoticeState.VOID]
    assert await ward.notices("restored") == []


async def test_who_chose_otherwise_keeps_what_they_chose(ward: Ward, now: datetime) -> None:
    answer = await ward.offers.answer(await notice_of(ward), 1, openid="o-张三", now=now)
    await ward.stoppages.lift("T000001", by=MANAGER, now=now)
    await ward.finish(now=now)
    person = (await ward.displaced())["p-张三"]
    assert person.state is DisplacementState.REBOOKED
    assert (await ward.claim(person.claim)).state is ClaimState.STOPPED
    assert (await ward.claim(str(answer.claim))).state is ClaimState.BOOKED
    assert await ward.notices("restored") == []
    [told] = await ward.notices("reopened")
    assert (told.openid, told.state, told.payload["visit"]["claim"]) == ("o-张三", NoticeState.PENDING, person.claim)
    assert told.payload["instead"]["claim"] == answer.claim
    assert told.void_after == person.starts_at
    assert await ward.seats.verify(now=now) == []


async def test_who_declined_is_told_that_the_session_is_held_again_and_gets_nothing_back(
    ward: Ward, now: datetime
) -> None:
    await ward.offers.answer(await notice_of(ward), 0, openid="o-张三", now=now)
    await ward.stoppages.lift("T000001", by=MANAGER, now=now)
    await ward.finish(now=now)
    person = (await ward.displaced())["p-张三"]
    assert person.state is DisplacementState.DECLINED
    assert (await ward.claim(person.claim)).state is ClaimState.STOPPED
    [told] = await ward.notices("reopened")
    assert told.payload["instead"] is None


async def test_what_was_chosen_and_cancelled_since_is_not_said_to_stand(ward: Ward, now: datetime) -> None:
    answer = await ward.offers.answer(await notice_of(ward), 1, openid="o-张三", now=now)
    await ward.appointments.cancel(str(answer.claim), openid="o-张三", now=now)
    await ward.stoppages.lift("T000001", by=MANAGER, now=now)
    await ward.finish(now=now)
    [told] = await ward.notices("reopened")
    assert told.payload["instead"] is None


@pytest.mark.parametrize("cancelled", [True, False])
async def test_what_was_chosen_is_said_to_stand_only_if_it_does_when_it_is_sent(
    ward: Ward, now: datetime, *, cancelled: bool
) -> None:
    answer = await ward.offers.answer(await notice_of(ward), 1, openid="o-张三", now=now)
    await ward.stoppages.lift("T000001", by=MANAGER, now=now)
    await ward.finish(now=now)
    if cancelled:
        await ward.appointments.cancel(str(answer.claim), openid="o-张三", now=now)
    async with ward.database.begin() as unit:
        [due] = [due for due in await unit.relay.due(limit=99, now=now) if due.notice.kind is NoticeKind.REOPENED]
    sent = begin(due, Routes({}, {}), now=now)
    assert sent.state is NoticeState.SENDING
    assert (sent.payload["instead"] is None) is cancelled


async def test_who_chose_otherwise_is_told_once_however_often_the_session_is_stopped(ward: Ward, now: datetime) -> None:
    await ward.offers.answer(await notice_of(ward), 1, openid="o-张三", now=now)
    for stoppage in ("T000001", "T000002"):
        await ward.stoppages.lift(stoppage, by=MANAGER, now=now)
        await ward.finish(now=now)
        assert len(await ward.notices("reopened")) == 1
        await ward.stop(order(Scope("session", TUESDAY), f"after {stoppage}"), now=now)


async def test_of_two_stoppages_the_last_one_lifted_tells_who_chose_otherwise(ward: Ward, now: datetime) -> None:
    answer = await ward.offers.answer(await notice_of(ward), 1, openid="o-张三", now=now)
    await ward.stop(order(Scope("department", "dental"), "r2"), now=now)
    await ward.stoppages.lift("T000001", by=MANAGER, now=now)
    await ward.finish(now=now)
    assert await ward.notices("reopened") == []
    await ward.stoppages.lift("T000002", by=MANAGER, now=now)
    await ward.finish(now=now)
    [told] = await ward.notices("reopened")
    assert told.payload["instead"]["claim"] == answer.claim  # stopped with the department, and given back with it


async def test_who_was_erased_since_is_told_nothing(ward: Ward, now: datetime) -> None:
    await ward.offers.answer(await notice_of(ward), 0, openid="o-张三", now=now)
    await Erasure(ward.database).erase("o-张三", reason="本人申请", by=MANAGER, now=now)
    await ward.stoppages.lift("T000001", by=MANAGER, now=now)
    await ward.finish(now=now)
    assert await ward.notices("reopened") == []


async def test_an_erased_account_is_told_nothing_though_another_knows_the_person(ward: Ward, now: datetime) -> None:
    await add_patient(ward.database, "张三", openid="o-mother", now=now)
    await ward.offers.answer(await notice_of(ward), 0, openid="o-张三", now=now)
    plan = await Erasure(ward.database).erase("o-张三", reason="本人申请", by=MANAGER, now=now)
    assert plan.known_otherwise == ("p-张三",)
    await ward.stoppages.lift("T000001", by=MANAGER, now=now)
    await ward.finish(now=now)
    assert await ward.notices("reopened") == []


async def test_who_is_expected_elsewhere_by_now_is_told_that_the_session_is_held(ward: Ward, now: datetime) -> None:
    await add_session(ward.database, now + DAY, doctor="li")
    await ward.book("li-20261124-0900-0900", "张三", now=now)
    await ward.stoppages.lift("T000001", by=MANAGER, now=now)
    await ward.finish(now=now)
    person = (await ward.displaced())["p-张三"]
    assert person.state is DisplacementState.OFFERED
    assert {claim.state for claim in await ward.kept_for(person)} == {ClaimState.OFFERED}
    [told] = await ward.notices("restored")
    assert told.payload["restored"] is False


async def test_who_was_not_given_back_and_loses_what_is_kept_is_told_and_next_in_line(
    ward: Ward, now: datetime
) -> None:
    """Though the stoppage that displaced them was lifted: nobody is forgotten."""
    await add_session(ward.database, now + DAY, doctor="li")
    await ward.book("li-20261124-0900-0900", "张三", now=now)
    await ward.stoppages.lift("T000001", by=MANAGER, now=now)
    await ward.finish(now=now)
    for request, session in (("r2", WEDNESDAY), ("r3", THURSDAY)):
        await ward.stop(order(Scope("session", session), request), now=now)
    assert (await ward.displaced())["p-张三"].state is DisplacementState.UNOFFERED
    told = await ward.notices("stopped", "offer")
    assert sorted(len(each.payload["offers"]) for each in told) == [0, 3]
    assert (await ward.stoppages.get("T000001"))[0].state is StoppageState.LIFTED
    async with ward.database.read() as unit:
        found = await unit.sessions.get(TUESDAY)
    assert found is not None
    assert found[0].state is SessionState.OPEN


async def test_one_session_of_a_stoppage_is_lifted(ward: Ward, now: datetime) -> None:
    for name, slot in (("李四", f"{WEDNESDAY}-0930"), ("王五", f"{THURSDAY}-0930")):
        await ward.book(slot, name, now=now)
    wide = await ward.stop(order(Scope("department", "dental"), "r2"), now=now)
    await ward.stoppages.lift(wide, WEDNESDAY, by=MANAGER, now=now)
    await ward.finish(now=now)
    people = await ward.displaced()
    assert people["p-李四"].state is DisplacementState.RESTORED
    assert people["p-王五"].state is DisplacementState.UNOFFERED
    assert (await ward.stoppages.get(wide))[0].state is StoppageState.DONE
    with pytest.raises(AlreadyLifted):
        await ward.stoppages.lift(wide, WEDNESDAY, by=MANAGER, now=now)
    assert await ward.offers.serve_next(now=now) > 0  # what is held again is free for who had nothing
    assert await ward.seats.verify(now=now) == []


async def test_a_lifted_stoppage_leaves_stopped_what_another_stops_as_well(ward: Ward, now: datetime) -> None:
    await ward.stop(order(Scope("clinic"), "r2"), now=now)
    await ward.stoppages.lift("T000001", by=MANAGER, now=now)
    await ward.finish(now=now)
    async with ward.database.read() as unit:
        found = await unit.sessions.get(TUESDAY)
    assert found is not None
    assert found[0].state is SessionState.STOPPED
    assert (await ward.displaced())["p-张三"].state is not DisplacementState.RESTORED
    await ward.stoppages.lift("T000002", by=MANAGER, now=now)
    await ward.finish(now=now)
    assert (await ward.displaced())["p-张三"].state is DisplacementState.RESTORED


async def test_what_cannot_be_lifted_is_refused(ward: Ward, now: datetime) -> None:
    for stoppage, session, error in (
        ("T000009", None, UnknownStoppage),
        ("T000001", WEDNESDAY, NotInStoppage),
    ):
        with pytest.raises(error):
            await ward.stoppages.lift(stoppage, session, by=MANAGER, now=now)
    with pytest.raises(StoppageOver):
        await ward.stoppages.lift("T000001", by=MANAGER, now=now + 2 * DAY)
    await ward.stoppages.lift("T000001", by=MANAGER, now=now)
    with pytest.raises(AlreadyLifted):
        await ward.stoppages.lift("T000001", by=MANAGER, now=now)


async def test_a_stoppage_without_an_end_is_lifted_even_when_its_sessions_are_over(ward: Ward, now: datetime) -> None:
    wide = await ward.stop(order(Scope("doctor", "wang"), "r2"), now=now)
    later = now + 30 * DAY
    await ward.stoppages.lift(wide, by=MANAGER, now=later)
    await ward.finish(now=later)
    assert (await ward.stoppages.get(wide))[0].state is StoppageState.LIFTED


async def test_a_request_closes_nothing_until_it_is_approved(ward: Ward, now: datetime) -> None:
    doctor = Actor("staff", "s-wang", "wechat")
    asked = await ward.stoppages.request(order(Scope("doctor", "wang"), "r2"), by=doctor, now=now)
    assert asked.state is StoppageState.REQUESTED
    assert await ward.stoppages.work(now=now) == 0
    with pytest.raises(UnknownStoppage):
        await ward.stoppages.lift(asked.id, by=MANAGER, now=now)
    approved = await ward.stoppages.approve(asked.id, by=MANAGER, now=now)
    assert approved.state is StoppageState.STOPPING
    assert (await ward.stoppages.approve(asked.id, by=MANAGER, now=now)).id == asked.id
    with pytest.raises(NotRequested):
        await ward.stoppages.refuse(asked.id, by=MANAGER, now=now)
    await ward.finish(now=now)
    other = await ward.stoppages.lift(asked.id, by=MANAGER, now=now)
    await ward.finish(now=now)
    again = await ward.stoppages.request(order(Scope("doctor", "wang"), "r3"), by=doctor, now=now)
    assert (await ward.stoppages.refuse(again.id, by=MANAGER, now=now)).state is StoppageState.REFUSED
    await ward.stoppages.refuse(again.id, by=MANAGER, now=now)
    with pytest.raises(NotRequested):
        await ward.stoppages.approve(again.id, by=MANAGER, now=now)
    assert other.id == asked.id


async def test_a_public_hold_does_not_get_a_kept_seat(ward: Ward, now: datetime) -> None:
    kept = {(claim.slot, claim.seat) for claim in await ward.kept_for((await ward.displaced())["p-张三"])}
    booked = [
        await ward.book(f"{WEDNESDAY}-0900", "李四", now=now),
        await ward.book(f"{WEDNESDAY}-0930", "王五", now=now),
    ]
    assert not kept & {(claim.slot, claim.seat) for claim in booked}
    with pytest.raises(SoldOut):
        await ward.book(f"{WEDNESDAY}-0900", "赵六", now=now)
