"""Holding and confirming on a real database and a real Valkey (R-A1, R-A4, R-A6, R-A7, R-A10)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from redis.asyncio import Redis
from sqlalchemy import update

from booking.appointments import Appointments, Wish
from booking.errors import Busy
from booking.models import ClaimState, SessionState
from booking.ports import ClaimFilter, SlotFilter
from booking.refusals import (
    AlreadyInSession,
    DayLimitReached,
    HoldExpired,
    NotOpenYet,
    OverlappingAppointment,
    PastCutOff,
    SessionClosed,
    SoldOut,
    TooFarAhead,
    UnknownAppointment,
    UnknownPatient,
    UnknownSlot,
)
from booking.seats import Seats
from storage.database import SqlDatabase
from storage.pool import RedisPool
from storage.tables import claim
from tests.support.clinic import add_patient, add_session, open_clinic
from tests.support.figures import CountedFigures


@dataclass
class Desk:
    """Somebody who books for patients, one message at a time."""

    appointments: Appointments
    database: SqlDatabase
    now: datetime
    messages: int = 0

    def wish(self, slot: str, patient: str, openid: str = "o1", request: str = "") -> Wish:
        """A wish in a new message, or in the one named."""
        self.messages += 1
        return Wish(slot, f"p-{patient}", openid, "wechat", request or f"m{self.messages}")

    async def book(self, slot: str, patient: str, openid: str = "o1") -> str:
        """Hold and confirm; return the claim's id."""
        held = await self.appointments.hold(self.wish(slot, patient, openid), now=self.now)
        await self.appointments.confirm(held.id, openid=openid, now=self.now)
        return held.id

    async def free(self, slot: str) -> int:
        """How many seats of a slot nobody has."""
        async with self.database.read() as unit:
            (count,) = await unit.sessions.slots(SlotFilter(slot=slot))
        return count.free


@pytest.fixture
async def desk(appointments: Appointments, database: SqlDatabase, now: datetime) -> Desk:
    """A clinic with a session tomorrow at 9 and another doctor's at the same time, and two patients."""
    await open_clinic(database)
    tomorrow = now + timedelta(days=1)
    await add_session(database, tomorrow)
    await add_session(database, tomorrow, doctor="li")
    await add_session(database, tomorrow + timedelta(hours=3), doctor="li")
    await add_session(database, tomorrow + timedelta(hours=6), doctor="li")
    for name in ("张三", "李四", "王五"):
        await add_patient(database, name, openid="o1", now=now)
    await add_patient(database, "张三", openid="o2", now=now)
    return Desk(appointments, database, now)


SLOT = "wang-20261124-0900-0900"
LATER = "wang-20261124-0900-0930"


async def test_a_held_seat_is_confirmed_with_number_room_and_channel(desk: Desk) -> None:
    held = await desk.appointments.hold(desk.wish(SLOT, "张三"), now=desk.now)
    assert held.expires_at == desk.now + timedelta(minutes=5)
    view = await desk.appointments.confirm(held.id, openid="o1", now=desk.now)
    assert (view.claim.state, view.claim.seat, view.claim.channel) == (ClaimState.BOOKED, 1, "wechat")
    assert view.claim.number.startswith("261124")
    assert (view.session.room, view.patient.details.name) == ("203", "张三")
    assert await desk.free(SLOT) == 1


async def test_confirming_again_returns_the_same_appointment(desk: Desk, figures: CountedFigures) -> None:
    claim_id = await desk.book(SLOT, "张三")
    again = await desk.appointments.confirm(claim_id, openid="o1", now=desk.now + timedelta(hours=1))
    assert again.claim.id == claim_id
    assert figures.counts["confirmation"] == 1


async def test_the_same_message_again_finds_its_hold(desk: Desk) -> None:
    first = await desk.appointments.hold(desk.wish(SLOT, "张三", request="m"), now=desk.now)
    again = await desk.appointments.hold(desk.wish(SLOT, "张三", request="m"), now=desk.now)
    assert again.id == first.id
    assert await desk.free(SLOT) == 1


async def test_the_same_message_finds_its_hold_even_when_redis_forgot(desk: Desk, valkey: Redis) -> None:
    first = await desk.appointments.hold(desk.wish(SLOT, "张三", request="m"), now=desk.now)
    await valkey.flushall()
    again = await desk.appointments.hold(desk.wish(SLOT, "李四", request="m2"), now=desk.now)
    assert again.seat != first.seat
    with pytest.raises(SoldOut):
        await desk.appointments.hold(desk.wish(SLOT, "王五"), now=desk.now)


async def test_a_sold_out_slot_is_refused_and_counted(desk: Desk, figures: CountedFigures) -> None:
    await desk.book(SLOT, "张三")
    await desk.book(SLOT, "李四")
    with pytest.raises(SoldOut):
        await desk.appointments.hold(desk.wish(SLOT, "王五"), now=desk.now)
    assert figures.counts["sold_out"] == 1


async def test_choosing_another_slot_gives_the_first_hold_back(desk: Desk) -> None:
    await desk.appointments.hold(desk.wish(SLOT, "张三"), now=desk.now)
    await desk.appointments.hold(desk.wish(LATER, "张三"), now=desk.now)
    assert (await desk.free(SLOT), await desk.free(LATER)) == (2, 1)
    await desk.appointments.hold(desk.wish("li-20261124-0900-0900", "张三"), now=desk.now)
    assert (await desk.free(LATER), await desk.free("li-20261124-0900-0900")) == (2, 1)


async def test_a_released_hold_frees_its_seat_once(desk: Desk, pool: RedisPool) -> None:
    held = await desk.appointments.hold(desk.wish(SLOT, "张三"), now=desk.now)
    for _ in range(2):
        await desk.appointments.release(held.id, openid="o1", now=desk.now)
    assert await desk.free(SLOT) == 2
    reading = await pool.read("wang-20261124-0900")
    assert reading is not None
    assert reading.owners == {}
    with pytest.raises(HoldExpired):
        await desk.appointments.confirm(held.id, openid="o1", now=desk.now)


async def test_an_expired_hold_cannot_be_confirmed_and_its_seat_returns(desk: Desk, seats: Seats) -> None:
    held = await desk.appointments.hold(desk.wish(SLOT, "张三"), now=desk.now)
    late = desk.now + timedelta(minutes=5)
    with pytest.raises(HoldExpired):
        await desk.appointments.confirm(held.id, openid="o1", now=late)
    assert await seats.expire_holds(now=late) == 1
    assert await desk.free(SLOT) == 2
    await seats.reconcile(now=late)
    assert await seats.verify(now=late + timedelta(minutes=1)) == []
    assert (await desk.appointments.hold(desk.wish(SLOT, "李四", "o1"), now=late)).seat == 1


async def test_a_patient_books_once_a_session_whatever_account_asks(desk: Desk) -> None:
    await desk.book(SLOT, "张三")
    for openid in ("o1", "o2"):
        with pytest.raises(AlreadyInSession):
            await desk.appointments.hold(desk.wish(LATER, "张三", openid), now=desk.now)


async def test_another_accounts_hold_of_the_same_patient_is_respected_until_it_expires(desk: Desk) -> None:
    await desk.appointments.hold(desk.wish(SLOT, "张三", "o2"), now=desk.now)
    with pytest.raises(AlreadyInSession):
        await desk.appointments.hold(desk.wish(LATER, "张三", "o1"), now=desk.now)
    later = desk.now + timedelta(minutes=6)
    assert (await desk.appointments.hold(desk.wish(LATER, "张三", "o1"), now=later)).slot == LATER


async def test_overlapping_times_and_the_days_limit_are_refused(desk: Desk) -> None:
    await desk.book(SLOT, "张三")
    with pytest.raises(OverlappingAppointment) as overlap:
        await desk.appointments.hold(desk.wish("li-20261124-0900-0900", "张三"), now=desk.now)
    assert overlap.value.starts_at == desk.now + timedelta(days=1)
    await desk.book("li-20261124-1200-1200", "张三")
    with pytest.raises(DayLimitReached) as limit:
        await desk.appointments.hold(desk.wish("li-20261124-1500-1500", "张三"), now=desk.now)
    assert limit.value.limit == 2
    assert await desk.free("li-20261124-1500-1500") == 2


async def test_a_refused_hold_leaves_no_seat_taken_in_redis(desk: Desk, pool: RedisPool) -> None:
    await desk.book(SLOT, "张三")
    with pytest.raises(OverlappingAppointment):
        await desk.appointments.hold(desk.wish("li-20261124-0900-0900", "张三"), now=desk.now)
    reading = await pool.read("li-20261124-0900")
    assert reading is not None
    assert reading.owners == {}


async def test_the_window_and_the_cut_off_are_kept(desk: Desk, database: SqlDatabase) -> None:
    far = await add_session(database, desk.now + timedelta(days=8))
    near = await add_session(database, desk.now + timedelta(minutes=59), doctor="li")
    with pytest.raises(TooFarAhead) as window:
        await desk.appointments.hold(desk.wish(f"{far}-0900", "张三"), now=desk.now)
    assert (window.value.advance_days, window.value.last_day.isoformat()) == (7, "2026-11-30")
    with pytest.raises(PastCutOff):
        await desk.appointments.hold(desk.wish(f"{near}-0959", "张三"), now=desk.now)


async def test_a_session_released_later_says_when(desk: Desk, database: SqlDatabase) -> None:
    opens = desk.now + timedelta(hours=2)
    session = await add_session(database, desk.now + timedelta(days=2), opens_at=opens)
    with pytest.raises(NotOpenYet) as caught:
        await desk.appointments.hold(desk.wish(f"{session}-0900", "张三"), now=desk.now)
    assert caught.value.opens_at == opens


async def test_a_session_stopped_behind_redis_neither_holds_nor_confirms(desk: Desk, database: SqlDatabase) -> None:
    held = await desk.appointments.hold(desk.wish(SLOT, "张三"), now=desk.now)
    async with database.begin() as unit:
        await unit.sessions.set_state(held.session, SessionState.STOPPED)
    with pytest.raises(SessionClosed):
        await desk.appointments.hold(desk.wish(LATER, "李四"), now=desk.now)
    with pytest.raises(SessionClosed):
        await desk.appointments.confirm(held.id, openid="o1", now=desk.now)


async def test_strangers_slots_patients_and_claims_are_unknown(desk: Desk) -> None:
    with pytest.raises(UnknownSlot):
        await desk.appointments.hold(desk.wish("nowhere", "张三"), now=desk.now)
    with pytest.raises(UnknownPatient):
        await desk.appointments.hold(desk.wish(SLOT, "李四", "o2"), now=desk.now)
    held = await desk.appointments.hold(desk.wish(SLOT, "张三"), now=desk.now)
    for act in (desk.appointments.confirm, desk.appointments.release):
        with pytest.raises(UnknownAppointment):
            await act(held.id, openid="o2", now=desk.now)


async def test_appointments_of_an_account_are_its_own_coming_ones_first(desk: Desk) -> None:
    first = await desk.book(SLOT, "张三")
    second = await desk.book("li-20261124-1200-1200", "李四")
    await desk.book("li-20261124-1500-1500", "张三", "o2")
    await desk.appointments.hold(desk.wish("li-20261124-1500-1500", "王五"), now=desk.now)
    mine = await desk.appointments.of_account("o1", now=desk.now)
    assert [view.claim.id for view in mine] == [first, second]
    after = await desk.appointments.of_account("o1", now=desk.now + timedelta(days=1, hours=1))
    assert [view.claim.id for view in after] == [second, first]


async def test_a_redis_rolled_back_to_an_older_copy_sells_nothing_twice(desk: Desk, valkey: Redis) -> None:
    await desk.book(SLOT, "张三")
    old = {key: await valkey.dump(key) for key in await valkey.keys("*")}
    await desk.book(SLOT, "李四")
    await valkey.flushall()
    for key, value in old.items():
        await valkey.restore(key, 0, value)
    with pytest.raises(SoldOut):
        await desk.appointments.hold(desk.wish(SLOT, "王五"), now=desk.now)
    assert await desk.free(SLOT) == 0
    assert (await desk.appointments.hold(desk.wish(LATER, "王五"), now=desk.now)).seat == 1


async def test_a_seat_that_redis_wrongly_thinks_free_is_skipped(desk: Desk, valkey: Redis) -> None:
    await desk.book(SLOT, "张三")
    async with valkey.pipeline() as pipe:
        pipe.zadd("{s:wang-20261124-0900}:f", {"000.001": 0})
        await pipe.execute()
    held = await desk.appointments.hold(desk.wish(SLOT, "李四"), now=desk.now)
    assert held.seat == 2


async def test_an_orphan_of_a_dead_bot_is_adopted_by_the_redelivery(desk: Desk, pool: RedisPool, seats: Seats) -> None:
    await seats.rebuild("wang-20261124-0900")
    orphan = desk.wish(SLOT, "张三", request="m")
    admission = await pool.admit(
        session="wang-20261124-0900", position=0, patient=orphan.patient, owner="m", main=True, now=desk.now
    )
    held = await desk.appointments.hold(orphan, now=desk.now + timedelta(seconds=5))
    assert held.seat == admission.seat


async def test_an_orphan_in_the_way_is_waited_for_then_put_aside(desk: Desk, pool: RedisPool, seats: Seats) -> None:
    await seats.rebuild("wang-20261124-0900")
    await pool.admit(session="wang-20261124-0900", position=0, patient="p-张三", owner="lost", main=True, now=desk.now)
    with pytest.raises(Busy):
        await desk.appointments.hold(desk.wish(LATER, "张三"), now=desk.now + timedelta(seconds=5))
    held = await desk.appointments.hold(desk.wish(LATER, "张三"), now=desk.now + timedelta(seconds=31))
    assert held.slot == LATER


async def test_the_reconciler_returns_orphans_and_restores_what_redis_lost(
    desk: Desk, pool: RedisPool, seats: Seats, valkey: Redis
) -> None:
    await desk.book(SLOT, "张三")
    await pool.admit(session="wang-20261124-0900", position=0, patient="p-x", owner="lost", main=True, now=desk.now)
    await seats.rebuild("li-20261124-0900")
    await valkey.hdel("{s:wang-20261124-0900}:o", "m1")
    later = desk.now + timedelta(seconds=31)
    before = {difference.session for difference in await seats.verify(now=later)}
    assert before == {"wang-20261124-0900", "li-20261124-1200", "li-20261124-1500"}
    await seats.reconcile(now=later)
    assert await seats.verify(now=later) == []
    reading = await pool.read("wang-20261124-0900")
    assert reading is not None
    assert reading.owners == {(0, 1): "m1"}


async def test_an_orphan_alone_is_returned_without_a_rebuild(
    desk: Desk, pool: RedisPool, seats: Seats, figures: CountedFigures
) -> None:
    await desk.book(SLOT, "张三")
    for session in ("li-20261124-0900", "li-20261124-1200", "li-20261124-1500"):
        await seats.rebuild(session)
    await pool.admit(session="wang-20261124-0900", position=0, patient="p-x", owner="lost", main=True, now=desk.now)
    assert await seats.reconcile(now=desk.now + timedelta(seconds=29)) == []
    before = figures.counts["rebuild"]
    assert len(await seats.reconcile(now=desk.now + timedelta(seconds=31))) == 1
    assert await seats.verify(now=desk.now + timedelta(seconds=31)) == []
    assert figures.counts["rebuild"] == before


async def test_what_was_committed_and_not_told_is_told_later(desk: Desk, pool: RedisPool, seats: Seats) -> None:
    held = await desk.appointments.hold(desk.wish(SLOT, "张三"), now=desk.now)
    async with desk.database.begin() as unit:  # as a bot that dies between SQL and Redis
        await unit.claims.end(held.id, was=(ClaimState.HELD,), to=ClaimState.RELEASED, now=desk.now)
    assert await seats.repair() == 1
    reading = await pool.read(held.session)
    assert reading is not None
    assert reading.owners == {}
    assert await seats.repair() == 0


async def test_an_appointment_whose_time_has_passed_becomes_completed(desk: Desk) -> None:
    claim_id = await desk.book(SLOT, "张三")
    async with desk.database.begin() as unit:
        assert await unit.claims.complete_past(desk.now + timedelta(days=1), limit=9) == []
        assert len(await unit.claims.complete_past(desk.now + timedelta(days=1, minutes=30), limit=9)) == 1
    assert (await desk.appointments.view(claim_id, openid="o1")).claim.state is ClaimState.COMPLETED


async def test_two_appointments_never_share_a_number(
    desk: Desk, database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter([7, 7, 8])
    monkeypatch.setattr("booking.holding.secrets.randbelow", lambda _: next(drawn))
    await desk.book(SLOT, "张三")
    await desk.book(SLOT, "李四")
    async with database.read() as unit:
        numbers = sorted(c.number for c in await unit.claims.find(ClaimFilter(openid="o1")))
    assert numbers == ["26112400000007", "26112400000008"]


async def test_a_request_whose_hold_has_ended_is_not_held_again(desk: Desk, database: SqlDatabase) -> None:
    held = await desk.appointments.hold(desk.wish(SLOT, "张三", request="m"), now=desk.now)
    async with database.begin() as unit:
        await unit.connection.execute(update(claim).where(claim.c.id == held.id).values(state="released"))
    with pytest.raises(HoldExpired):
        await desk.appointments.hold(desk.wish(SLOT, "张三", request="m"), now=desk.now)
    assert await desk.free(SLOT) == 2


async def test_a_pool_from_the_future_is_overtaken(desk: Desk, database: SqlDatabase, valkey: Redis) -> None:
    """As after the database was restored from an older backup."""
    await desk.book(SLOT, "张三")
    await valkey.hset("{s:wang-20261124-0900}:m", "gen", 70)
    assert (await desk.appointments.hold(desk.wish(SLOT, "李四"), now=desk.now)).gen == 71
