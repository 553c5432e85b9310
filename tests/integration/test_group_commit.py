"""Holds that are asked for at the same moment share a transaction, and each has its own answer."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import QueuePool

import booking.hold_writing
from booking.appointments import Appointments, Wish
from booking.catalogue_loading import CatalogueLoading
from booking.errors import Unavailable
from booking.hold_writing import NewHold, Written
from booking.models import LIVE, Claim, ClaimState
from booking.ports import ClaimFilter
from booking.publishing import Publishing
from booking.refusals import DayLimitReached, UnknownPatient
from booking.seats import Seats
from storage.database import SqlDatabase, SqlUnit
from storage.pool import RedisPool
from tests.support.catalogues import MORNING, catalogue_of
from tests.support.clinic import add_patient, add_session, open_clinic
from tests.support.services import service

PATIENTS = 20
SESSION = "wang-20261124-0900"


@pytest.fixture
async def wishes(database: SqlDatabase, pool: RedisPool, now: datetime) -> list[Wish]:
    """Of as many patients for one slot, whose pool is there."""
    await open_clinic(database)
    await add_session(database, now + timedelta(days=1), capacities=(PATIENTS + 5, 1))
    patients = [await add_patient(database, f"病人{n}", openid=f"o{n}", now=now) for n in range(PATIENTS)]
    wishes = [Wish(f"{SESSION}-0900", p.id, f"o{n}", "wechat", f"m{n}") for n, p in enumerate(patients)]
    warm = service(database, pool)
    await warm.release((await warm.hold(replace(wishes[0], request_id="warm"), now=now)).id, openid="o0", now=now)
    return wishes


async def live(database: SqlDatabase) -> list[Claim]:
    async with database.read() as unit:
        return await unit.claims.find(ClaimFilter(states=LIVE))


def count_transactions(patch: pytest.MonkeyPatch) -> list[int]:
    """Count what is begun to write: one entry each."""
    begun: list[int] = []
    really_begin = SqlDatabase.begin

    @asynccontextmanager
    async def begin(self: SqlDatabase) -> AsyncGenerator[SqlUnit]:
        begun.append(1)
        async with really_begin(self) as unit:
            yield unit

    patch.setattr(SqlDatabase, "begin", begin)
    return begun


async def hold_all(appointments: Appointments, wishes: list[Wish], now: datetime) -> list[Claim | BaseException]:
    holding = (appointments.hold(wish, now=now) for wish in wishes)
    return await asyncio.gather(*holding, return_exceptions=True)


async def test_many_holds_share_a_few_transactions_and_have_a_seat_each(
    database: SqlDatabase,
    appointments: Appointments,
    wishes: list[Wish],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = count_transactions(monkeypatch)
    held = await hold_all(appointments, wishes, now)
    assert len(begun) <= PATIENTS // 2
    assert {claim.id for claim in await live(database)} == {claim.id for claim in held if isinstance(claim, Claim)}
    assert len({claim.seat for claim in await live(database)}) == PATIENTS


async def test_control_one_by_one_each_has_a_transaction(
    appointments: Appointments, wishes: list[Wish], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    appointments._holds._writing._together._largest = 1
    begun = count_transactions(monkeypatch)
    await hold_all(appointments, wishes, now)
    assert len(begun) == PATIENTS


async def test_a_seat_that_is_taken_is_another_one_for_its_own_patient_and_nobody_else_loses_theirs(
    database: SqlDatabase, pool: RedisPool, appointments: Appointments, wishes: list[Wish], now: datetime
) -> None:
    first = await appointments.hold(wishes[0], now=now)
    await pool.release(session=SESSION, owner="m0")  # Redis was rolled back: it gives the seat out once more
    held = await hold_all(appointments, wishes[1:], now)
    assert [type(each) for each in held] == [Claim] * (PATIENTS - 1)
    assert first.seat not in {each.seat for each in held if isinstance(each, Claim)}
    assert len({claim.seat for claim in await live(database)}) == PATIENTS


async def test_who_may_not_have_one_is_refused_and_the_others_are_not(
    database: SqlDatabase, appointments: Appointments, seats: Seats, wishes: list[Wish], now: datetime
) -> None:
    strangers = [replace(wishes[3], openid="o-stranger"), replace(wishes[4], patient="nobody")]
    held = await hold_all(appointments, [*wishes[:3], *strangers, *wishes[5:]], now)
    assert [type(each) for each in held[3:5]] == [UnknownPatient, UnknownPatient]
    assert len(await live(database)) == PATIENTS - 2
    assert await seats.verify(now=now) == []


async def test_a_fault_of_one_is_not_the_others(
    database: SqlDatabase,
    appointments: Appointments,
    wishes: list[Wish],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    really_judge = booking.hold_writing._judged

    async def judge(unit: SqlUnit, new: NewHold, *rest: Any) -> Written:
        if new.wish.request_id == "m7":
            raise RuntimeError("bug")
        return await really_judge(unit, new, *rest)

    monkeypatch.setattr(booking.hold_writing, "_judged", judge)
    held = await hold_all(appointments, wishes, now)
    assert [type(each) for each in held] == [Claim] * 7 + [RuntimeError] + [Claim] * (PATIENTS - 8)
    assert len(await live(database)) == PATIENTS - 1


async def test_two_of_one_patient_in_a_batch_are_judged_one_after_the_other(
    database: SqlDatabase, appointments: Appointments, wishes: list[Wish], now: datetime
) -> None:
    for number in range(1, 3):
        await add_session(database, now + timedelta(days=1, hours=4 * number))
    both = [replace(wishes[0], slot=f"wang-20261124-{hour}00-{hour}00", request_id=f"x{hour}") for hour in (13, 17)]
    for wish in both:
        held = await appointments.hold(wish, now=now)
        await appointments.confirm(held.id, openid="o0", now=now)
    refused, *others = await hold_all(appointments, wishes, now)
    assert isinstance(refused, DayLimitReached)
    assert [type(each) for each in others] == [Claim] * (PATIENTS - 1)
    twice = [replace(wishes[1], slot=f"{SESSION}-{at}", request_id=f"y{at}") for at in ("0900", "0930")]
    earlier, later = await hold_all(appointments, twice, now)
    mine = [claim.id for claim in await live(database) if claim.patient == wishes[1].patient]
    assert len(mine) == 1
    assert mine[0] in {each.id for each in (earlier, later) if isinstance(each, Claim)}


async def test_a_lost_answer_of_the_commit_leaves_each_its_hold_when_asked_again(
    database: SqlDatabase,
    appointments: Appointments,
    wishes: list[Wish],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(SqlDatabase, "begin", losing_answers(SqlDatabase.begin))
        held = await hold_all(appointments, wishes, now)
    assert [type(each) for each in held] == [Unavailable] * PATIENTS
    again = await hold_all(appointments, wishes, now)
    assert [type(each) for each in again] == [Claim] * PATIENTS
    assert {claim.id for claim in await live(database)} == {each.id for each in again if isinstance(each, Claim)}


def losing_answers(really_begin: Callable[..., object]) -> Callable[..., object]:
    """Every COMMIT is done, and nobody hears of it."""

    @asynccontextmanager
    async def begin(self: SqlDatabase) -> AsyncGenerator[SqlUnit]:
        async with really_begin(self) as unit:  # type: ignore[attr-defined]  # as it was
            yield unit
        raise Unavailable("database")

    return begin


async def test_a_slot_whose_place_is_another_s_now_is_not_full(
    database: SqlDatabase, seats: Seats, appointments: Appointments, pool: RedisPool, now: datetime
) -> None:
    """The roster's slots become shorter while nobody sits in them: the second place is another slot's now."""
    await CatalogueLoading(database).load(catalogue_of(), now=now)
    await Publishing(database, seats).publish(now=now)
    people = [await add_patient(database, f"病人{n}", openid=f"o{n}", now=now) for n in range(3)]
    session = "wang-20261124-0830"
    wishes = [Wish(f"{session}-0900", p.id, f"o{n}", "wechat", f"m{n}") for n, p in enumerate(people)]
    remembered = await appointments.hold(wishes[0], now=now)
    await appointments.release(remembered.id, openid="o0", now=now)
    await CatalogueLoading(database).load(catalogue_of((replace(MORNING, slot_minutes=15, capacity=1),)), now=now)
    await Publishing(database, seats).publish(now=now)
    await service(database, pool).hold(replace(wishes[1], slot=f"{session}-0845"), now=now)
    held = await appointments.hold(wishes[2], now=now)
    assert (held.slot, held.position) == (f"{session}-0900", 2)
    assert await seats.verify(now=now) == []


async def test_a_slot_that_moved_is_held_at_its_new_time(
    database: SqlDatabase, appointments: Appointments, seats: Seats, wishes: list[Wish], now: datetime
) -> None:
    """What is remembered of a slot is not believed when its session has another generation."""
    known = await appointments.hold(wishes[0], now=now)
    await appointments.release(known.id, openid="o0", now=now)
    async with database.begin() as unit:
        await unit.sessions.next_generation(SESSION)
        found = await unit.sessions.get(SESSION)
        assert found is not None
        session, slots = found
        later = [replace(s, starts_at=s.starts_at + timedelta(minutes=10)) for s in slots]
        await unit.adjustments.write(session, later)
    await seats.rebuild(SESSION)
    held = await appointments.hold(wishes[1], now=now)
    assert held.starts_at == known.starts_at + timedelta(minutes=10)
    assert held.state is ClaimState.HELD


@pytest.mark.postgres
@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_holds_that_wait_one_by_one_leave_connections_to_others(
    wishes: list[Wish], appointments: Appointments, database: SqlDatabase, now: datetime
) -> None:
    async with database.begin() as unit:
        await unit.sessions.next_generation(SESSION)  # somebody has the session's row
        holding = [asyncio.create_task(appointments.hold(wish, now=now)) for wish in wishes]
        await asyncio.sleep(booking.hold_writing.PATIENCE * 3)
        assert not any(task.done() for task in holding)
        assert in_use(database) <= 1 + (database.writers + 1) + database.writers
    await asyncio.gather(*holding)


def in_use(database: SqlDatabase) -> int:
    """How many connections nobody else can have now."""
    return cast("QueuePool", database.writer.pool).checkedout()
