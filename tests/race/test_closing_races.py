"""A stoppage's first transaction and its batches against whoever comes at that moment, each with a control (R-A14)."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import select, text, true

from booking.appointments import Appointments, Wish
from booking.errors import Busy, Refused
from booking.models import Claim, ClaimState
from booking.pool_port import Admission
from booking.ports import ClaimFilter
from booking.staff_refusals import AlreadyStopped
from booking.stoppage_models import Displacement, DisplacementState, Scope, Stoppage, StoppageState
from storage.claim_rows import SqlClaimRows
from storage.database import SqlDatabase
from storage.displacement_rows import SqlDisplacementRows
from storage.offer_rows import SqlOfferRows
from storage.pool import RedisPool
from storage.staff_tables import audit
from storage.stoppage_rows import SqlStoppageRows
from storage.stoppage_tables import stoppage
from storage.tables import ONE_SEAT
from tests.race.test_holds import service
from tests.support.clinic import add_patient, add_session, open_clinic
from tests.support.stopping import MANAGER, Ward, order
from tests.support.waiting import done_or_waiting

TUESDAY, WEDNESDAY = "wang-20261124-0900", "wang-20261125-0900"
TUESDAY_SESSION, WEDNESDAY_SESSION = Scope("session", TUESDAY), Scope("session", WEDNESDAY)
DAY = timedelta(days=1)
POSTGRES = pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
"""SQLite has one writer, so that nothing comes between."""
MEETING = 0.7
"""Seconds one waits for the other before it goes on; where a row is locked the other one cannot come."""


@pytest.fixture
async def ward(database: SqlDatabase, pool: RedisPool, appointments: Appointments, now: datetime) -> Ward:
    """An open clinic with two sessions."""
    await open_clinic(database)
    await add_session(database, now + DAY)
    await add_session(database, now + 2 * DAY)
    return Ward.open(database, pool, appointments)


def pause_after(patch: pytest.MonkeyPatch, rows: type, step: str) -> tuple[asyncio.Event, asyncio.Event]:
    """Keep a transaction open after one of its statements: (it is written, it may go on)."""
    written, go_on = asyncio.Event(), asyncio.Event()
    really = getattr(rows, step)

    async def write_and_wait(self: object, *args: object, **rest: object) -> object:
        found = await really(self, *args, **rest)
        written.set()
        await go_on.wait()
        return found

    patch.setattr(rows, step, write_and_wait)
    return written, go_on


async def stop_meanwhile(
    ward: Ward, scope: Scope, written: asyncio.Event, go_on: asyncio.Event, acting: Awaitable[object], now: datetime
) -> object:
    """Stop a session while somebody's transaction is open in it; return what came of theirs."""
    theirs = asyncio.ensure_future(acting)
    await written.wait()
    stopping = asyncio.create_task(ward.stop(order(scope, "meanwhile"), now=now))
    await done_or_waiting(stopping, ward.database)
    go_on.set()
    outcome, _ = await asyncio.gather(theirs, stopping, return_exceptions=True)
    await ward.finish(now=now)
    return outcome


async def confirm_under_a_stop(ward: Ward, now: datetime, patch: pytest.MonkeyPatch) -> Claim:
    """A confirmation is written and not committed when its session is stopped; return what became of the claim."""
    patient = await add_patient(ward.database, "张三", openid="o-张三", now=now)
    held = await ward.appointments.hold(Wish(f"{TUESDAY}-0900", patient.id, "o-张三", "wechat", "m1"), now=now)
    written, go_on = pause_after(patch, SqlClaimRows, "confirm")
    confirming = ward.appointments.confirm(held.id, openid="o-张三", now=now)
    await stop_meanwhile(ward, TUESDAY_SESSION, written, go_on, confirming, now)
    return await ward.claim(held.id)


@POSTGRES
async def test_a_confirmation_behind_a_stops_scan_is_displaced(
    ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await confirm_under_a_stop(ward, now, monkeypatch)).state is ClaimState.STOPPED
    assert len(await ward.notices("stopped")) == 1


@POSTGRES
async def test_control_without_the_condition_a_confirmation_is_left_behind_the_stops_scan(
    ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.claim_rows.slot_is_open", true)
    left = await confirm_under_a_stop(ward, now, monkeypatch)
    assert left.state is ClaimState.BOOKED
    assert await ward.expected_in_stopped_slots() == [left]
    assert await ward.notices("stopped") == []


async def answer_under_a_second_stop(ward: Ward, now: datetime, patch: pytest.MonkeyPatch) -> list[Displacement]:
    """An answer is written and not committed when the session it chose is stopped as well; return who is displaced."""
    await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    await ward.stop(order(TUESDAY_SESSION), now=now)
    [told] = await ward.notices("stopped")
    written, go_on = pause_after(patch, SqlOfferRows, "choose")
    answering = ward.offers.answer(told.id, 1, openid="o-张三", now=now)
    await stop_meanwhile(ward, WEDNESDAY_SESSION, written, go_on, answering, now)
    async with ward.database.read() as unit:
        claims = await unit.claims.find(ClaimFilter(openid="o-张三", states=(ClaimState.STOPPED,)))
    people = {person.claim: person for person in await everybody(ward)}
    return [people[each.id] for each in claims]


async def everybody(ward: Ward) -> list[Displacement]:
    async with ward.database.read() as unit:
        ids = list((await unit.connection.execute(text("SELECT id FROM displacement ORDER BY id"))).scalars())
        found = [await unit.displaced.get(each) for each in ids]
    return [person for person in found if person is not None]


@POSTGRES
async def test_who_chose_a_session_as_it_was_stopped_is_displaced_again(
    ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await answer_under_a_second_stop(ward, now, monkeypatch)
    assert (first.state, second.state) == (DisplacementState.REBOOKED, DisplacementState.UNOFFERED)
    assert await ward.expected_in_stopped_slots() == []


@POSTGRES
async def test_control_without_the_condition_who_chose_is_expected_in_a_stopped_session(
    ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.offer_rows.slot_is_open", true)
    [first] = await answer_under_a_second_stop(ward, now, monkeypatch)
    [forgotten] = await ward.expected_in_stopped_slots()
    assert (forgotten.id, forgotten.state) == (first.chosen, ClaimState.BOOKED)


def meeting(barrier: asyncio.Barrier) -> Callable[[], Coroutine[Any, Any, None]]:
    """Return how one waits for the other, if it can come."""

    async def meet() -> None:
        try:
            await asyncio.wait_for(barrier.wait(), MEETING)
        except (TimeoutError, asyncio.BrokenBarrierError):
            await barrier.abort()

    return meet


async def order_twice(ward: Ward, other: Ward, now: datetime, patch: pytest.MonkeyPatch) -> list[object]:
    """Two processes get the same order, and both look whether it was done before."""
    await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    meet, really_look = meeting(asyncio.Barrier(2)), SqlStoppageRows.by_request

    async def look(self: SqlStoppageRows, request_id: str) -> Stoppage | None:
        found = await really_look(self, request_id)
        await meet()
        return found

    patch.setattr(SqlStoppageRows, "by_request", look)
    stops = (each.stoppages.stop(order(TUESDAY_SESSION), by=MANAGER, now=now) for each in (ward, other))
    return list(await asyncio.gather(*stops, return_exceptions=True))


async def test_the_same_order_twice_at_once_is_one_stoppage(
    ward: Ward, now: datetime, pool: RedisPool, appointments: Appointments, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Ward.open(ward.database, pool, appointments)
    first, second = await order_twice(ward, other, now, monkeypatch)
    assert isinstance(first, Stoppage)
    assert first == second


@POSTGRES
async def test_control_without_turn_and_index_the_same_order_is_refused_as_another_ones(
    ward: Ward, now: datetime, pool: RedisPool, appointments: Appointments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever repeats the order is told that the session was stopped by somebody else."""

    async def no_turn(self: SqlStoppageRows, *, sharing: bool = False) -> None:
        """Wait for nobody."""

    monkeypatch.setattr(SqlStoppageRows, "in_turn", no_turn)
    async with ward.database.begin() as unit:
        await unit.connection.execute(text("ALTER TABLE stoppage DROP CONSTRAINT uq_stoppage_request_id"))
    outcomes = await order_twice(ward, Ward.open(ward.database, pool, appointments), now, monkeypatch)
    assert sorted(type(each).__name__ for each in outcomes) == [AlreadyStopped.__name__, Stoppage.__name__]


async def work_twice_at_once(ward: Ward, other: Ward, now: datetime, patch: pytest.MonkeyPatch) -> int:
    """Two workers without leases come to tell one patient that nothing is free; return how often that was done."""
    patch.setattr("booking.stoppage_work.LEASE", timedelta(0))
    await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    await ward.stoppages.stop(order(Scope("clinic", "")), by=MANAGER, now=now)
    while (await ward.stoppages.get("T000001"))[0].state is not StoppageState.TELLING:
        await ward.stoppages.work(now=now)
    meet, really_lock = meeting(asyncio.Barrier(2)), SqlDisplacementRows.lock_waiting

    async def lock_waiting(self: SqlDisplacementRows, stoppage_id: str, *, limit: int) -> list[Displacement]:
        found = await really_lock(self, stoppage_id, limit=limit)
        await meet()
        return found

    patch.setattr(SqlDisplacementRows, "lock_waiting", lock_waiting)
    await asyncio.gather(ward.stoppages.work(now=now), other.stoppages.work(now=now))
    await ward.finish(now=now)
    async with ward.database.read() as unit:
        told = select(audit.c.id).where(audit.c.action == str(DisplacementState.UNOFFERED))
        return len((await unit.connection.execute(told)).all())


@POSTGRES
async def test_two_workers_at_one_batch_do_it_once(
    ward: Ward, now: datetime, pool: RedisPool, appointments: Appointments, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Ward.open(ward.database, pool, appointments)
    assert await work_twice_at_once(ward, other, now, monkeypatch) == 1


@POSTGRES
async def test_control_without_the_locks_two_workers_do_one_batch_twice(
    ward: Ward, now: datetime, pool: RedisPool, appointments: Appointments, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look_only(self: SqlStoppageRows, stoppage_id: str, *, state: StoppageState, **_: object) -> bool:
        query = select(stoppage.c.state).where(stoppage.c.id == stoppage_id)
        return (await self._connection.execute(query)).scalar() == str(state)

    async def read_only(self: SqlDisplacementRows, stoppage_id: str, *, limit: int) -> list[Displacement]:
        ids = [each[0] for each in await self.waiting(stoppage_id, after=None, limit=limit)]
        return [person for id_ in ids if (person := await self.get(id_)) is not None]

    monkeypatch.setattr(SqlStoppageRows, "keep", look_only)
    monkeypatch.setattr(SqlDisplacementRows, "lock_waiting", read_only)
    other = Ward.open(ward.database, pool, appointments)
    assert await work_twice_at_once(ward, other, now, monkeypatch) == 2


class Forgetful(RedisPool):
    """A pool that lost its memory: it gives strangers the very seat that is kept for somebody."""

    def __init__(self, redis: Redis, kept: Claim, gen: int) -> None:
        super().__init__(redis)
        self._kept, self._gen, self._seq = kept, gen, itertools.count(10**6)

    async def admit(self, **asked: object) -> Admission:
        return Admission(seat=self._kept.seat, gen=self._gen, seq=next(self._seq))


async def a_stranger_wants_a_kept_seat(ward: Ward, valkey: Redis, now: datetime) -> list[str]:
    """While one answers with the seat kept for them, a stranger is admitted to it; return who has it then."""
    await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    await ward.stop(order(TUESDAY_SESSION), now=now)
    [told] = await ward.notices("stopped")
    kept = (await ward.kept_for((await ward.displaced())["p-张三"]))[0]
    patient = await add_patient(ward.database, "别人", openid="x", now=now)
    async with ward.database.read() as unit:
        gen = (await unit.offers.sessions([kept.session]))[kept.session].gen
    stranger = service(ward.database, Forgetful(valkey, kept, gen))
    answer, held = await asyncio.gather(
        ward.offers.answer(told.id, 1, openid="o-张三", now=now),
        stranger.hold(Wish(kept.slot, patient.id, "x", "wechat", "x1"), now=now),
        return_exceptions=True,
    )
    assert not isinstance(answer, BaseException)
    assert isinstance(held, Claim | Refused | Busy)
    async with ward.database.read() as unit:
        live = await unit.claims.live(kept.session)
    return sorted(each.patient for each in live if (each.slot, each.seat) == (kept.slot, kept.seat))


async def test_a_seat_that_is_kept_goes_to_whom_it_is_kept_for_and_to_no_stranger(
    ward: Ward, valkey: Redis, now: datetime
) -> None:
    assert await a_stranger_wants_a_kept_seat(ward, valkey, now) == ["p-张三"]


async def test_control_without_the_index_a_stranger_sits_on_the_kept_seat_too(
    ward: Ward, valkey: Redis, now: datetime
) -> None:
    async with ward.database.begin() as unit:
        await unit.connection.execute(text(f"DROP INDEX {ONE_SEAT}"))
    assert await a_stranger_wants_a_kept_seat(ward, valkey, now) == ["p-别人", "p-张三"]
