"""Changes and cancellations that meet, each with a control that shows the race when the protection is off (R-A12)."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text, update

from booking.appointments import Appointments, Wish
from booking.errors import Busy, Refused
from booking.models import LIVE, Claim, ClaimKind, ClaimState
from booking.ports import ClaimFilter
from booking.refusals import OverlappingAppointment
from booking.views import AppointmentView
from storage.claim_rows import SqlClaimRows
from storage.database import SqlDatabase
from storage.patient_rows import SqlPatientRows
from storage.pool import RedisPool
from storage.tables import ONE_ORDINAL, claim
from tests.support.clinic import add_patient, add_session, open_clinic
from tests.support.services import service

OLD, NEW = "wang-20261124-0900-0900", "li-20261124-1200-1200"
POSTGRES = pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
MEETING = 1.0
"""Seconds one waits for the other before it goes on; where the patient is locked the other one cannot come."""
Attempt = Callable[[Appointments, Claim, Claim], Awaitable[AppointmentView]]


async def under_change(database: SqlDatabase, pool: RedisPool, now: datetime) -> tuple[Claim, Claim]:
    """A booked appointment, and the replacement held for it."""
    await open_clinic(database)
    await add_session(database, now + timedelta(days=1), capacities=(1,))
    await add_session(database, now + timedelta(days=1, hours=3), doctor="li")
    patient = await add_patient(database, "张三", openid="o1", now=now)
    await add_patient(database, "张三", openid="o2", now=now)
    appointments = service(database, pool)
    held = await appointments.hold(Wish(OLD, patient.id, "o1", "wechat", "m1"), now=now)
    booked = (await appointments.confirm(held.id, openid="o1", now=now)).claim
    wish = Wish(NEW, patient.id, "o1", "wechat", "m2", replaces=booked.id)
    return booked, await appointments.hold(wish, now=now)


async def live(database: SqlDatabase) -> list[Claim]:
    """The appointments and holds there are."""
    async with database.read() as unit:
        return await unit.claims.find(ClaimFilter(openid="o1", states=LIVE))


async def meet(barrier: asyncio.Barrier) -> None:
    """Wait for the other one, if it can come."""
    try:
        await asyncio.wait_for(barrier.wait(), MEETING)
    except (TimeoutError, asyncio.BrokenBarrierError):
        await barrier.abort()


def meet_before_withdrawing(patch: pytest.MonkeyPatch) -> None:
    """Let two transactions come to the end of the old claim together."""
    both_are_there, really_withdraw, calls = asyncio.Barrier(2), SqlClaimRows.withdraw, itertools.count()

    async def withdraw(self: SqlClaimRows, claim_id: str, **rest: object) -> Claim | None:
        if next(calls) < 2:
            await meet(both_are_there)
        return await really_withdraw(self, claim_id, **rest)  # type: ignore[arg-type]  # passed on as it came

    patch.setattr(SqlClaimRows, "withdraw", withdraw)


def look_then_act(patch: pytest.MonkeyPatch) -> list[ClaimState]:
    """The control: a withdrawal that looks first and acts on what it saw; return what was done to the appointment."""
    both_have_looked, looks = asyncio.Barrier(2), itertools.count()
    done: list[ClaimState] = []

    async def withdraw(self: SqlClaimRows, claim_id: str, *, to: ClaimState, **_: object) -> Claim | None:
        seen = await self.get(claim_id)
        assert seen is not None
        if seen.state is not ClaimState.BOOKED:
            return None
        if next(looks) < 2:
            await both_have_looked.wait()
        await self._connection.execute(update(claim).where(claim.c.id == claim_id).values(state=to))
        done.append(to)
        return seen

    patch.setattr(SqlClaimRows, "withdraw", withdraw)
    return done


async def both(
    database: SqlDatabase, pool: RedisPool, now: datetime, *attempts: Attempt
) -> tuple[Claim, Claim, list[AppointmentView | BaseException]]:
    """Let two processes act on one appointment at the same time."""
    booked, replacement = await under_change(database, pool, now)
    outcomes = await asyncio.gather(
        *(attempt(service(database, pool), booked, replacement) for attempt in attempts), return_exceptions=True
    )
    return booked, replacement, outcomes


def changing(now: datetime) -> Attempt:
    """Confirm the change."""
    return lambda service, old, new: service.reschedule(old.id, to=new.id, openid="o1", now=now)


def cancelling(now: datetime) -> Attempt:
    """Cancel the appointment."""
    return lambda service, old, _new: service.cancel(old.id, openid="o1", now=now)


async def test_two_confirmations_of_a_change_are_one(database: SqlDatabase, pool: RedisPool, now: datetime) -> None:
    _, replacement, outcomes = await both(database, pool, now, changing(now), changing(now))
    assert [outcome.claim.id for outcome in outcomes if isinstance(outcome, AppointmentView)] == [replacement.id] * 2
    assert [found.id for found in await live(database)] == [replacement.id]


@POSTGRES
async def test_two_confirmations_in_two_processes_are_one(
    database: SqlDatabase, pool: RedisPool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet_before_withdrawing(monkeypatch)
    _, replacement, outcomes = await both(database, pool, now, changing(now), changing(now))
    assert [outcome.claim.id for outcome in outcomes if isinstance(outcome, AppointmentView)] == [replacement.id] * 2
    assert [(found.id, found.kind) for found in await live(database)] == [(replacement.id, ClaimKind.MAIN)]


async def test_a_change_or_a_cancellation_happens_never_both(
    database: SqlDatabase, pool: RedisPool, now: datetime
) -> None:
    booked, replacement, outcomes = await both(database, pool, now, cancelling(now), changing(now))
    assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 1
    await either_cancelled_or_moved(database, booked, replacement)


@POSTGRES
async def test_a_change_and_a_cancellation_in_two_processes_never_both_happen(
    database: SqlDatabase, pool: RedisPool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet_before_withdrawing(monkeypatch)
    booked, replacement, outcomes = await both(database, pool, now, cancelling(now), changing(now))
    assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 1
    await either_cancelled_or_moved(database, booked, replacement)


@POSTGRES
async def test_control_without_the_condition_a_change_and_a_cancellation_both_happen(
    database: SqlDatabase, pool: RedisPool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = look_then_act(monkeypatch)
    await both(database, pool, now, cancelling(now), changing(now))
    assert sorted(done) == [ClaimState.CANCELLED, ClaimState.MOVED]


async def either_cancelled_or_moved(database: SqlDatabase, booked: Claim, replacement: Claim) -> None:
    """Assert that what was answered is what is written."""
    async with database.read() as unit:
        old, new = await unit.claims.get(booked.id), await unit.claims.get(replacement.id)
    assert old is not None
    assert new is not None
    assert (old.state, new.state, new.kind) in (
        (ClaimState.CANCELLED, ClaimState.HELD, ClaimKind.REPLACEMENT),
        (ClaimState.MOVED, ClaimState.BOOKED, ClaimKind.MAIN),
    )


def meet_after_looking(patch: pytest.MonkeyPatch) -> None:
    """Let two bookings of a patient see the day before either of them writes, if the database allows it."""
    both_have_looked, looks = asyncio.Barrier(2), itertools.count()

    def watch(name: str) -> None:
        really_look = getattr(SqlClaimRows, name)

        async def look(*asked: object) -> list[Claim]:
            found: list[Claim] = await really_look(*asked)
            if next(looks) < 2:
                await meet(both_have_looked)
            return found

        patch.setattr(SqlClaimRows, name, look)

    watch("day_of")
    watch("of_days")


async def unlocked(*_arguments: object) -> None:
    """Lock nothing."""


async def change_against_hold(
    database: SqlDatabase, pool: RedisPool, now: datetime, patch: pytest.MonkeyPatch
) -> list[object]:
    """While a change to 12:00 is confirmed, another account asks another doctor for the same patient and time."""
    booked, replacement = await under_change(database, pool, now)
    await add_session(database, now + timedelta(days=1, hours=3))
    meet_after_looking(patch)
    wish = Wish("wang-20261124-1200-1200", "p-张三", "o2", "wechat", "m9")
    outcomes = await asyncio.gather(
        service(database, pool).reschedule(booked.id, to=replacement.id, openid="o1", now=now),
        service(database, pool).hold(wish, now=now),
        return_exceptions=True,
    )
    return list(outcomes)


@POSTGRES
async def test_a_patient_who_is_moved_is_not_expected_in_two_rooms_at_once(
    database: SqlDatabase, pool: RedisPool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = await change_against_hold(database, pool, now, monkeypatch)
    assert sum(isinstance(outcome, Refused | Busy) for outcome in outcomes) == 1


@POSTGRES
async def test_the_days_ordinal_keeps_them_apart_even_without_the_patients_lock(
    database: SqlDatabase, pool: RedisPool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlPatientRows, "lock_all", unlocked)
    outcomes = await change_against_hold(database, pool, now, monkeypatch)
    assert sum(isinstance(outcome, Refused | Busy) for outcome in outcomes) == 1


@POSTGRES
async def test_control_without_lock_and_ordinal_one_who_is_moved_is_expected_in_two_rooms(
    database: SqlDatabase, pool: RedisPool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlPatientRows, "lock_all", unlocked)
    async with database.begin() as unit:
        await unit.connection.execute(text(f"DROP INDEX {ONE_ORDINAL}"))
    outcomes = await change_against_hold(database, pool, now, monkeypatch)
    assert not any(isinstance(outcome, BaseException) for outcome in outcomes)


async def hold_around_a_cancellation(
    database: SqlDatabase, pool: RedisPool, now: datetime, patch: pytest.MonkeyPatch
) -> list[object]:
    """One hold sees the day, the appointment in it is cancelled, then another account holds the same time elsewhere.

    Their ordinals differ, so that the index cannot tell.
    """
    booked, _ = await under_change(database, pool, now)
    await add_session(database, now + timedelta(days=1, hours=3))
    await add_session(database, now + timedelta(days=1, hours=3), doctor="zhao")
    looked, may_write, really_look = asyncio.Event(), asyncio.Event(), SqlClaimRows.of_days

    async def look(self: SqlClaimRows, patients: Sequence[str], days: Collection[date]) -> list[Claim]:
        found = await really_look(self, patients, days)
        if not looked.is_set():
            looked.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(may_write.wait(), MEETING)
        return found

    patch.setattr(SqlClaimRows, "of_days", look)

    async def second() -> Claim:
        await looked.wait()
        await service(database, pool).cancel(booked.id, openid="o1", now=now)
        wish = Wish("zhao-20261124-1200-1200", "p-张三", "o2", "wechat", "m8")
        held = await service(database, pool).hold(wish, now=now)
        may_write.set()
        return held

    first = service(database, pool).hold(Wish("wang-20261124-1200-1200", "p-张三", "o1", "wechat", "m7"), now=now)
    return list(await asyncio.gather(first, second(), return_exceptions=True))


@POSTGRES
async def test_a_cancellation_between_two_holds_lets_nobody_be_in_two_rooms(
    database: SqlDatabase, pool: RedisPool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = await hold_around_a_cancellation(database, pool, now, monkeypatch)
    assert [type(outcome) for outcome in outcomes] == [Claim, OverlappingAppointment]


@POSTGRES
async def test_control_without_the_patients_lock_a_cancellation_lets_them_overlap(
    database: SqlDatabase, pool: RedisPool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlPatientRows, "lock_all", unlocked)
    outcomes = await hold_around_a_cancellation(database, pool, now, monkeypatch)
    assert [type(outcome) for outcome in outcomes] == [Claim, Claim]
