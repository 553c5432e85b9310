"""Stoppages against everything else, each race with a control that shows it when the protection is off (R-A14)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import ColumnElement, func, select, text, update

from booking.appointments import Appointments, Wish
from booking.errors import Busy, Refused, Unavailable, ZhenyueError
from booking.models import LIVE, Claim, ClaimState, ClinicSession, Slot
from booking.ports import ClaimFilter
from booking.refusals import OfferGone, SessionClosed
from booking.stoppage_models import DisplacementState, Scope, StoppageState
from storage.claim_rows import SqlClaimRows
from storage.database import SqlDatabase
from storage.displacement_rows import SqlDisplacementRows
from storage.offer_rows import SqlOfferRows
from storage.pool import RedisPool
from storage.tables import ONE_SEAT, claim, clinic_session, slot
from tests.support.clinic import add_patient, add_session, open_clinic
from tests.support.inserts import insert_blindly, share_nothing
from tests.support.stopping import MANAGER, Ward, order
from tests.support.waiting import done_or_waiting, somebody_waits

TUESDAY, WEDNESDAY = "wang-20261124-0900", "wang-20261125-0900"
TUESDAY_SESSION, WEDNESDAY_SESSION = Scope("session", TUESDAY), Scope("session", WEDNESDAY)
DAY = timedelta(days=1)
POSTGRES = pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])


@pytest.fixture
async def ward(database: SqlDatabase, pool: RedisPool, appointments: Appointments, now: datetime) -> Ward:
    """An open clinic with two sessions."""
    await open_clinic(database)
    await add_session(database, now + DAY)
    await add_session(database, now + 2 * DAY)
    return Ward.open(database, pool, appointments)


def pause_inserts(patch: pytest.MonkeyPatch, *, blindly: bool = False) -> tuple[asyncio.Event, asyncio.Event]:
    """Hold a claim's transaction open after its insert: (written, go on). ``blindly`` takes no lock: the control."""
    written, go_on = asyncio.Event(), asyncio.Event()
    inserting = insert_blindly if blindly else SqlClaimRows.insert_all

    async def insert_and_wait(self: SqlClaimRows, claims: Sequence[Claim]) -> dict[str, ZhenyueError]:
        refused = await inserting(self, claims)
        written.set()
        await go_on.wait()
        return refused

    patch.setattr(SqlClaimRows, "insert_all", insert_and_wait)
    if blindly:
        patch.setattr(SqlClaimRows, "share_sessions", share_nothing)
    return written, go_on


async def hold_behind_a_stop(
    ward: Ward, now: datetime, patch: pytest.MonkeyPatch, *, from_at: datetime | None, blindly: bool
) -> None:
    """A hold is written, and its transaction still open, when its slot is stopped and all displaced; then confirmed."""
    patient = await add_patient(ward.database, "张三", openid="o-张三", now=now)
    await ward.seats.rebuild(TUESDAY)
    with patch.context() as paused:
        written, go_on = pause_inserts(paused, blindly=blindly)
        wish = Wish(f"{TUESDAY}-0930", patient.id, "o-张三", "wechat", "m1")
        holding = asyncio.create_task(ward.appointments.hold(wish, now=now))
        await written.wait()
        stopping = asyncio.create_task(ward.stop(order(TUESDAY_SESSION, from_at=from_at), now=now))
        await done_or_waiting(stopping, ward.database)
        go_on.set()
        held, _ = await asyncio.gather(holding, stopping, return_exceptions=True)
    await ward.finish(now=now)
    if isinstance(held, Claim):
        found = await ward.claim(held.id)
        assert found.state is not ClaimState.HELD, "a hold is left in a stopped slot"


@POSTGRES
@pytest.mark.parametrize("hours", [None, 24.5])
async def test_a_hold_behind_a_stops_scan_is_ended(
    ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch, hours: float | None
) -> None:
    """The whole session, and a part of it: the hold's lock keeps the stoppage waiting until it can be seen."""
    from_at = None if hours is None else now + timedelta(hours=hours)
    await hold_behind_a_stop(ward, now, monkeypatch, from_at=from_at, blindly=False)
    assert await ward.expected_in_stopped_slots() == []


@POSTGRES
@pytest.mark.parametrize("hours", [None, 24.5])
async def test_control_without_the_lock_a_hold_is_left_behind_the_stops_scan(
    ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch, hours: float | None
) -> None:
    from_at = None if hours is None else now + timedelta(hours=hours)
    with pytest.raises(AssertionError, match="left in a stopped slot"):
        await hold_behind_a_stop(ward, now, monkeypatch, from_at=from_at, blindly=True)


async def test_a_confirmation_and_a_stop_at_once_leave_nobody_booked(ward: Ward, now: datetime) -> None:
    patient = await add_patient(ward.database, "张三", openid="o-张三", now=now)
    for number in range(5):
        wish = Wish(f"{TUESDAY}-0930", patient.id, "o-张三", "wechat", f"m{number}")
        held = await ward.appointments.hold(wish, now=now)
        confirmed, stopped = await asyncio.gather(
            ward.appointments.confirm(held.id, openid="o-张三", now=now),
            ward.stoppages.stop(order(TUESDAY_SESSION, f"r{number}"), by=MANAGER, now=now),
            return_exceptions=True,
        )
        assert not isinstance(stopped, BaseException)
        await ward.finish(now=now)
        assert await ward.expected_in_stopped_slots() == []
        found = await ward.claim(held.id)
        expected = ClaimState.RELEASED if isinstance(confirmed, Refused) else ClaimState.STOPPED
        assert found.state is expected
        await ward.stoppages.lift(stopped.id, by=MANAGER, now=now)
        await ward.finish(now=now)
        if expected is ClaimState.STOPPED:
            await ward.appointments.cancel(held.id, openid="o-张三", now=now)


async def confirm_behind_a_stop(ward: Ward, now: datetime) -> object:
    """Confirm while a stop has locked the session and not its slots yet; return what the confirmation came to."""
    patient = await add_patient(ward.database, "张三", openid="o-张三", now=now)
    held = await ward.appointments.hold(Wish(f"{TUESDAY}-0930", patient.id, "o-张三", "wechat", "m1"), now=now)
    async with ward.database.begin() as unit:
        await unit.offers.lock_sessions([TUESDAY])
        confirming = asyncio.create_task(ward.appointments.confirm(held.id, openid="o-张三", now=now))
        while not await somebody_waits(ward.database):
            await unit.connection.execute(select(func.pg_sleep(0.01)))
        await unit.connection.execute(update(slot).where(slot.c.session == TUESDAY).values(stoppage="T000001"))
    return (await asyncio.gather(confirming, return_exceptions=True))[0]


@POSTGRES
async def test_a_confirmation_and_a_stop_never_wait_for_each_other(ward: Ward, now: datetime) -> None:
    assert isinstance(await confirm_behind_a_stop(ward, now), SessionClosed)


@POSTGRES
async def test_control_a_confirmation_that_locks_the_slot_first_and_a_stop_wait_for_each_other(
    ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slot_first() -> ColumnElement[bool]:
        both = select(slot.c.id).join(clinic_session, clinic_session.c.id == slot.c.session)
        is_open = both.where(slot.c.id == claim.c.slot, slot.c.stoppage.is_(None)).with_for_update(read=True)
        return claim.c.slot.in_(is_open.correlate(claim))

    monkeypatch.setattr("storage.claim_rows.slot_is_open", slot_first)
    with pytest.raises(Unavailable):  # PostgreSQL ends one of the two
        raise cast("BaseException", await confirm_behind_a_stop(ward, now))


async def test_two_stops_of_the_same_at_once_are_one(
    ward: Ward, now: datetime, pool: RedisPool, appointments: Appointments
) -> None:
    await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    other = Ward.open(ward.database, pool, appointments)
    same = order(TUESDAY_SESSION)
    first, second = await asyncio.gather(
        *(each.stoppages.stop(same, by=MANAGER, now=now) for each in (ward, other)), return_exceptions=True
    )
    assert first == second
    third = await asyncio.gather(
        *(
            each.stoppages.stop(order(WEDNESDAY_SESSION, request), by=MANAGER, now=now)
            for each, request in ((ward, "r2"), (other, "r3"))
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Refused) for each in third) == 1
    await ward.finish(now=now)
    assert len(await ward.notices("stopped")) == 1


async def many_displaced(ward: Ward, now: datetime, count: int) -> None:
    """So many patients booked in sessions of the next day."""
    await add_session(ward.database, now + DAY, doctor="li", capacities=(count,))
    for number in range(count):
        await ward.book("li-20261124-0900-0900", f"病人{number}", now=now)


async def test_two_workers_on_the_same_batches_do_each_thing_once(
    ward: Ward, now: datetime, pool: RedisPool, appointments: Appointments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a lease even: the batches' own conditions see to it."""
    monkeypatch.setattr("booking.displacing.BATCH", 3)
    monkeypatch.setattr("booking.stoppage_work.OFFERS_AT_ONCE", 2)
    monkeypatch.setattr("booking.stoppage_work.LEASE", timedelta(0))
    await many_displaced(ward, now, 10)
    other = Ward.open(ward.database, pool, appointments)
    await ward.stoppages.stop(order(Scope("doctor", "li")), by=MANAGER, now=now)
    for _ in range(200):
        done = await asyncio.gather(ward.stoppages.work(now=now), other.stoppages.work(now=now), return_exceptions=True)
        assert not [each for each in done if isinstance(each, BaseException) and not isinstance(each, Unavailable)]
        if done == [0, 0]:
            break
    people = await ward.displaced()
    assert len(people) == 10
    assert {person.told for person in people.values()} == {1}
    assert len(await ward.notices("stopped")) == 10
    await assert_sound(ward, now)


async def assert_sound(ward: Ward, now: datetime) -> None:
    """No seat twice, nobody in a stopped slot, what is kept is what the displaced are offered, Redis the same."""
    assert await ward.expected_in_stopped_slots() == []
    async with ward.database.read() as unit:
        live = await unit.claims.find(ClaimFilter(states=LIVE))
    assert len({(each.slot, each.seat) for each in live}) == len(live)
    kept = {each.id for each in live if each.state is ClaimState.OFFERED}
    people = (await ward.displaced()).values()
    assert kept == {id_ for each in people if each.state is DisplacementState.OFFERED for id_ in each.offers} & kept
    for person in people:
        assert person.state is not DisplacementState.WAITING
    await ward.seats.repair()
    assert await ward.seats.verify(now=now) == []


async def offered(ward: Ward, now: datetime, *, capacities: tuple[int, ...] = (2,)) -> str:
    """One patient, displaced and offered; returns the notice's id."""
    await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    await ward.stop(order(TUESDAY_SESSION), now=now)
    [told] = await ward.notices("stopped")
    assert len(told.payload["offers"]) >= 1
    return told.id


async def test_of_an_answer_and_a_lift_at_once_one_wins(ward: Ward, now: datetime) -> None:
    told = await offered(ward, now)

    async def lift() -> None:
        await ward.stoppages.lift("T000001", by=MANAGER, now=now)
        await ward.finish(now=now)

    answer, _ = await asyncio.gather(
        ward.offers.answer(told, 1, openid="o-张三", now=now), lift(), return_exceptions=True
    )
    await one_appointment(ward, answer, now)


async def test_of_an_answer_and_a_stop_of_the_offered_session_one_wins(ward: Ward, now: datetime) -> None:
    told = await offered(ward, now)

    async def stop() -> None:
        await ward.stop(order(WEDNESDAY_SESSION, "r2"), now=now)

    answer, _ = await asyncio.gather(
        ward.offers.answer(told, 1, openid="o-张三", now=now), stop(), return_exceptions=True
    )
    assert isinstance(answer, OfferGone) or answer.view  # type: ignore[union-attr]  # whatever else fails below
    assert await ward.expected_in_stopped_slots() == []


async def one_appointment(ward: Ward, answer: object, now: datetime) -> None:
    """Assert that the patient has exactly one appointment: the old one, or the one that was answered."""
    async with ward.database.read() as unit:
        live = await unit.claims.find(ClaimFilter(openid="o-张三", states=LIVE))
    person = (await ward.displaced())["p-张三"]
    if isinstance(answer, BaseException):
        assert isinstance(answer, OfferGone)
        assert ([each.id for each in live], person.state) == ([person.claim], DisplacementState.RESTORED)
    else:
        assert ([each.id for each in live], person.state) == ([person.chosen], DisplacementState.REBOOKED)


@POSTGRES
async def test_an_answer_that_was_read_before_a_lift_waits_for_it(
    ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await answer_read_before_a_lift(ward, now, monkeypatch, locking=True)
    await one_appointment(ward, answer, now)


@POSTGRES
async def test_control_without_the_lock_a_lifted_patient_has_two_appointments(
    ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The offer's own condition is off too: it would refuse what the lift has released."""

    async def keep_them(self: SqlOfferRows, *args: object, **rest: object) -> list[Claim]:
        return []

    monkeypatch.setattr(SqlOfferRows, "end_offers", keep_them)
    answer = await answer_read_before_a_lift(ward, now, monkeypatch, locking=False)
    assert not isinstance(answer, BaseException), answer
    async with ward.database.read() as unit:
        live = await unit.claims.find(ClaimFilter(openid="o-张三", states=(ClaimState.BOOKED,)))
    assert len(live) == 2


async def answer_read_before_a_lift(ward: Ward, now: datetime, patch: pytest.MonkeyPatch, *, locking: bool) -> object:
    """The answer reads the patient's row, then the stoppage is lifted, then the answer goes on."""
    told = await offered(ward, now)
    read, go_on = asyncio.Event(), asyncio.Event()
    really_get = SqlDisplacementRows.get

    async def get_and_wait(self: SqlDisplacementRows, displacement_id: str, *, lock: bool = False) -> object:
        found = await really_get(self, displacement_id, lock=lock and locking)
        if lock and not go_on.is_set():
            read.set()
            await go_on.wait()
        return found

    patch.setattr(SqlDisplacementRows, "get", get_and_wait)
    answering = asyncio.create_task(ward.offers.answer(told, 1, openid="o-张三", now=now))
    await read.wait()

    async def lift() -> None:
        await ward.stoppages.lift("T000001", by=MANAGER, now=now)
        await ward.finish(now=now)

    lifting = asyncio.create_task(lift())
    await done_or_waiting(lifting, ward.database)
    go_on.set()
    answer, _ = await asyncio.gather(answering, lifting, return_exceptions=True)
    return answer


async def public_against_offers(ward: Ward, now: datetime) -> list[object]:
    """While seats are kept for two displaced patients, two others ask for the same slots."""
    for name in ("张三", "李四"):
        await ward.book(f"{TUESDAY}-0900", name, now=now)
    await ward.seats.rebuild(WEDNESDAY)
    wishes = []
    for number in range(4):
        patient = await add_patient(ward.database, f"别人{number}", openid=f"x{number}", now=now)
        wishes.append(Wish(f"{WEDNESDAY}-09{number % 2 * 3}0", patient.id, f"x{number}", "wechat", f"x{number}"))
    holds = (ward.appointments.hold(wish, now=now) for wish in wishes)
    results = await asyncio.gather(ward.stop(order(TUESDAY_SESSION), now=now), *holds, return_exceptions=True)
    return list(results[1:])


async def test_the_public_and_the_displaced_never_get_the_same_seat(ward: Ward, now: datetime) -> None:
    held = await public_against_offers(ward, now)
    assert not [each for each in held if isinstance(each, BaseException) and not isinstance(each, Refused | Busy)]
    await ward.finish(now=now)
    await assert_sound(ward, now)


@POSTGRES
async def test_control_without_lock_and_index_a_seat_is_kept_that_somebody_holds(
    ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ward.database.begin() as unit:
        await unit.connection.execute(text(f"DROP INDEX {ONE_SEAT}"))

    async def look_only(self: SqlOfferRows, sessions: Sequence[str]) -> dict[str, ClinicSession]:
        return await self.sessions(sessions)

    taken_is_read, go_on = asyncio.Event(), asyncio.Event()
    really_taken = SqlOfferRows.taken

    async def taken_and_wait(self: SqlOfferRows, slots: Sequence[Slot]) -> set[tuple[str, int]]:
        found = await really_taken(self, slots)
        taken_is_read.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(SqlOfferRows, "lock_sessions", look_only)
    monkeypatch.setattr(SqlOfferRows, "taken", taken_and_wait)
    await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    await ward.seats.rebuild(WEDNESDAY)
    patient = await add_patient(ward.database, "别人", openid="x", now=now)
    stopping = asyncio.create_task(ward.stop(order(TUESDAY_SESSION), now=now))
    await taken_is_read.wait()
    held = await ward.appointments.hold(Wish(f"{WEDNESDAY}-0900", patient.id, "x", "wechat", "x"), now=now)
    go_on.set()
    await stopping
    kept = await ward.kept_for((await ward.displaced())["p-张三"])
    assert (held.slot, held.seat) in {(each.slot, each.seat) for each in kept}


async def test_two_answers_for_one_patient_at_once_book_once(
    ward: Ward, now: datetime, pool: RedisPool, appointments: Appointments
) -> None:
    told = await offered(ward, now)
    other = Ward.open(ward.database, pool, appointments)
    answers = await asyncio.gather(
        ward.offers.answer(told, 1, openid="o-张三", now=now),
        other.offers.answer(told, 1, openid="o-张三", now=now),
        return_exceptions=True,
    )
    assert not [each for each in answers if isinstance(each, BaseException)]
    assert len({each.claim for each in answers}) == 1  # type: ignore[union-attr]  # none is an exception
    assert len(await ward.notices("changed")) == 1


async def test_a_lease_from_before_the_clock_stepped_back_keeps_nobody_waiting(
    ward: Ward, now: datetime, pool: RedisPool, appointments: Appointments
) -> None:
    await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    await ward.stoppages.stop(order(TUESDAY_SESSION), by=MANAGER, now=now)
    assert await ward.stoppages.work(now=now + timedelta(hours=1)) > 0
    heir = Ward.open(ward.database, pool, appointments)
    await heir.finish(now=now)
    assert (await heir.stoppages.get("T000001"))[0].state is StoppageState.DONE
