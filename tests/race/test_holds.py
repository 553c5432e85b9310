"""Races for seats, each with a control that shows the race when the protection is off (R-A7)."""

import asyncio
import contextlib
import itertools
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text

from booking.appointments import Appointments, Wish
from booking.errors import Busy, Refused, ZhenyueError
from booking.models import Claim, ClaimState, SessionState
from booking.pool_port import Admission, SlotPool
from storage.claim_rows import SqlClaimRows
from storage.database import SqlDatabase
from storage.patient_rows import SqlPatientRows
from storage.pool import RedisPool
from storage.tables import ONE_ORDINAL, ONE_SEAT
from tests.support.clinic import add_patient, add_session, open_clinic
from tests.support.inserts import insert, take_row_locks_away
from tests.support.services import service

PATIENTS = 24
SLOT = "wang-20261124-0900-0900"


class LyingPool(RedisPool):
    """A pool gone mad: everybody is admitted to seat 1, with a fence never seen before."""

    def __init__(self) -> None:
        self._seq = itertools.count(1)

    async def admit(self, **asked: object) -> Admission:
        return Admission(seat=1, gen=1, seq=next(self._seq))

    async def release(self, *, session: str, owner: str) -> bool:
        return True

    async def disown(self, *, session: str, owner: str) -> None:
        return None


async def rush(database: SqlDatabase, pools: list[SlotPool], now: datetime, *, seats: int) -> list[Claim]:
    """Let many patients ask for one slot at the same moment, through several services; return what is live."""
    await open_clinic(database)
    session = await add_session(database, now + timedelta(days=1), capacities=(seats,))
    patients = [await add_patient(database, f"病人{n}", openid=f"o{n}", now=now) for n in range(PATIENTS)]
    services = itertools.cycle([service(database, pool) for pool in pools])

    async def book(number: int, appointments: Appointments) -> None:
        wish = Wish(SLOT, patients[number].id, f"o{number}", "wechat", f"m{number}")
        with contextlib.suppress(Refused, Busy):
            held = await appointments.hold(wish, now=now)
            await appointments.confirm(held.id, openid=f"o{number}", now=now)

    await asyncio.gather(*(book(n, a) for n, a in zip(range(PATIENTS), services, strict=False)))
    async with database.read() as unit:
        return await unit.claims.live(session)


async def drop_index(database: SqlDatabase, name: str) -> None:
    """Take a protection away."""
    async with database.begin() as unit:
        await unit.connection.execute(text(f"DROP INDEX {name}"))


async def test_a_rush_sells_every_seat_once(database: SqlDatabase, pool: RedisPool, now: datetime) -> None:
    live = await rush(database, [pool, pool, pool], now, seats=7)
    assert sorted(claim.seat for claim in live) == [1, 2, 3, 4, 5, 6, 7]
    assert {claim.state for claim in live} == {ClaimState.BOOKED}
    assert len({claim.patient for claim in live}) == 7


async def test_a_pool_gone_mad_sells_no_seat_twice(database: SqlDatabase, now: datetime) -> None:
    live = await rush(database, [LyingPool()], now, seats=7)
    assert [claim.seat for claim in live] == [1]


async def test_control_without_the_index_a_mad_pool_sells_a_seat_many_times(
    database: SqlDatabase, now: datetime
) -> None:
    await drop_index(database, ONE_SEAT)
    live = await rush(database, [LyingPool()], now, seats=7)
    assert len(live) == PATIENTS


async def stop_while_held(database: SqlDatabase, now: datetime) -> tuple[list[Claim], list[Claim]]:
    """Stop a session while a hold is written but not committed.

    Returns what the stoppage's scan saw, and what is live afterwards.
    """
    await open_clinic(database)
    session = await add_session(database, now + timedelta(days=1))
    patient = await add_patient(database, "张三", openid="o1", now=now)
    stopping = asyncio.Event()

    async def stop() -> list[Claim]:
        async with database.begin() as unit:
            stopping.set()
            await unit.sessions.set_state(session, SessionState.STOPPED)
        async with database.read() as unit:
            return await unit.claims.live(session)

    async with database.read() as unit:
        found = await unit.sessions.get(session)
    assert found is not None
    slot = found[1][0]
    hold = Claim(
        id="c1", session=session, slot=slot.id, position=0, seat=1, patient=patient.id, openid="o1", kind="main",
        state=ClaimState.HELD, gen=1, seq=1, request_id="m1", number="1", channel="wechat", date=found[0].date,
        starts_at=slot.starts_at, ends_at=slot.ends_at, ordinal=1, expires_at=now + timedelta(minutes=5),
        created_at=now, updated_at=now, first_booked_at=now,
    )  # type: ignore[arg-type]  # fmt: skip  # the kind as its word
    async with database.begin() as unit:
        await insert(unit, hold)
        stopper = asyncio.create_task(stop())
        await stopping.wait()
        with contextlib.suppress(TimeoutError):  # long enough for an unguarded stoppage to finish its scan
            await asyncio.wait_for(asyncio.shield(stopper), 0.5)
    seen = await stopper
    async with database.read() as unit:
        return seen, await unit.claims.live(session)


@pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_a_stoppage_sees_every_hold_that_commits(database: SqlDatabase, now: datetime) -> None:
    seen, live = await stop_while_held(database, now)
    assert [claim.id for claim in seen] == [claim.id for claim in live] == ["c1"]


@pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_control_without_the_row_lock_a_hold_commits_behind_the_stoppage(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_row_locks_away(monkeypatch)
    async with database.begin() as unit:  # the foreign key's own lock is weaker, and none of the protection
        await unit.connection.execute(text("ALTER TABLE claim DROP CONSTRAINT fk_claim_session"))
    seen, live = await stop_while_held(database, now)
    assert seen == []
    assert [claim.id for claim in live] == ["c1"]


MEETING = 1.0
"""Seconds one waits for the other before it goes on; with the patient locked the other one cannot come."""


async def unlocked_patient(*_arguments: object) -> None:
    """Lock nothing."""


async def two_at_once(database: SqlDatabase, pool: RedisPool, now: datetime, patch: pytest.MonkeyPatch) -> int:
    """One patient asks two doctors for the same time from two telephones; return how many seats they got."""
    await open_clinic(database)
    for doctor in ("wang", "li"):
        await add_session(database, now + timedelta(days=1), doctor=doctor)
    patient = await add_patient(database, "张三", openid="o1", now=now)
    await add_patient(database, "张三", openid="o2", now=now)
    both_have_looked = asyncio.Barrier(2)
    really_look = SqlClaimRows.of_days
    looks = itertools.count()

    async def look(self: SqlClaimRows, patients: Sequence[str], days: Collection[date]) -> list[Claim]:
        found = await really_look(self, patients, days)
        if next(looks) < 2:
            try:
                await asyncio.wait_for(both_have_looked.wait(), MEETING)
            except (TimeoutError, asyncio.BrokenBarrierError):
                await both_have_looked.abort()
        return found

    patch.setattr(SqlClaimRows, "of_days", look)
    wishes = [
        Wish("wang-20261124-0900-0900", patient.id, "o1", "wechat", "m1"),
        Wish("li-20261124-0900-0900", patient.id, "o2", "wechat", "m2"),
    ]
    holding = (service(database, pool).hold(wish, now=now) for wish in wishes)  # a process each
    results = await asyncio.gather(*holding, return_exceptions=True)
    assert all(isinstance(result, Claim | ZhenyueError) for result in results)
    return sum(isinstance(result, Claim) for result in results)


@pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_one_patient_is_never_expected_in_two_rooms_at_once(
    database: SqlDatabase, pool: RedisPool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await two_at_once(database, pool, now, monkeypatch) == 1


@pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
@pytest.mark.parametrize("guard", ["lock", "ordinal"])
async def test_the_patients_lock_and_the_days_ordinal_each_suffice(
    database: SqlDatabase, pool: RedisPool, now: datetime, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    if guard == "lock":
        await drop_index(database, ONE_ORDINAL)
    else:
        monkeypatch.setattr(SqlPatientRows, "lock_all", unlocked_patient)
    assert await two_at_once(database, pool, now, monkeypatch) == 1


@pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_control_without_lock_and_ordinal_one_patient_is_expected_in_two_rooms(
    database: SqlDatabase, pool: RedisPool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlPatientRows, "lock_all", unlocked_patient)
    await drop_index(database, ONE_ORDINAL)
    assert await two_at_once(database, pool, now, monkeypatch) == 2
