"""What every slot pool must do, on a real Valkey (R-A6, R-A7)."""

from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from booking.errors import AlreadyAdmitted, PoolMissing, Unavailable
from booking.models import SessionState
from booking.pool_port import Admission, PoolSeats
from booking.refusals import NotOpenYet, SessionClosed, SoldOut
from storage.pool import RedisPool

SESSION = "wang-20261124-0830"


def seats(now: datetime, **changes: object) -> PoolSeats:
    """A session of two slots with two and one seats, open since an hour."""
    fields: dict[str, object] = {
        "session": SESSION,
        "gen": 1,
        "state": SessionState.OPEN,
        "opens_at": now - timedelta(hours=1),
        "ends_at": now + timedelta(days=1),
        "capacities": (2, 1),
        "owners": {},
    }
    return PoolSeats(**(fields | changes))  # type: ignore[arg-type]  # a test's shorthand


async def admit(pool: RedisPool, owner: str, now: datetime, *, position: int = 0, patient: str = "") -> Admission:
    """Ask for a seat as the patient of that name."""
    return await pool.admit(
        session=SESSION, position=position, patient=patient or f"patient of {owner}", owner=owner, main=True, now=now
    )


async def test_a_session_unknown_to_redis_is_said_to_be_missing(pool: RedisPool, now: datetime) -> None:
    with pytest.raises(PoolMissing):
        await admit(pool, "r1", now)


async def test_seats_of_a_slot_are_given_in_order_until_none_is_left(pool: RedisPool, now: datetime) -> None:
    await pool.replace(seats(now))
    assert [(await admit(pool, f"r{n}", now)).seat for n in (1, 2)] == [1, 2]
    with pytest.raises(SoldOut):
        await admit(pool, "r3", now)
    assert (await admit(pool, "r3", now, position=1)).seat == 1


async def test_every_admission_has_a_fence_of_its_own(pool: RedisPool, now: datetime) -> None:
    await pool.replace(seats(now, gen=7))
    fences = [(a.gen, a.seq) for a in [await admit(pool, "r1", now), await admit(pool, "r2", now)]]
    assert fences == [(7, 1), (7, 2)]


async def test_the_same_request_again_gets_the_same_seat_and_fence(pool: RedisPool, now: datetime) -> None:
    await pool.replace(seats(now))
    first = await admit(pool, "r1", now)
    assert await admit(pool, "r1", now + timedelta(seconds=3)) == first
    reading = await pool.read(SESSION)
    assert reading is not None
    assert reading.owners == {(0, 1): "r1"}


async def test_a_patient_is_admitted_once_a_session(pool: RedisPool, now: datetime) -> None:
    await pool.replace(seats(now))
    await admit(pool, "r1", now, patient="zhang")
    with pytest.raises(AlreadyAdmitted) as caught:
        await admit(pool, "r2", now, patient="zhang", position=1)
    assert caught.value.owner == "r1"


async def test_a_session_opens_at_its_moment_and_not_before(pool: RedisPool, now: datetime) -> None:
    opens = now + timedelta(milliseconds=1)
    await pool.replace(seats(now, opens_at=opens))
    with pytest.raises(NotOpenYet) as caught:
        await admit(pool, "r1", now)
    assert caught.value.opens_at == opens
    assert (await admit(pool, "r1", opens)).seat == 1


@pytest.mark.parametrize("state", [SessionState.CLOSED, SessionState.STOPPED])
async def test_a_session_that_is_not_open_admits_nobody(pool: RedisPool, now: datetime, state: SessionState) -> None:
    await pool.replace(seats(now, state=state))
    with pytest.raises(SessionClosed):
        await admit(pool, "r1", now)


async def test_a_released_seat_goes_to_the_next_patient_and_the_patient_may_come_again(
    pool: RedisPool, now: datetime
) -> None:
    await pool.replace(seats(now))
    await admit(pool, "r1", now, patient="zhang")
    assert await pool.release(session=SESSION, owner="r1")
    assert (await admit(pool, "r2", now, patient="zhang")).seat == 1


async def test_releasing_twice_or_by_a_stranger_frees_nothing(pool: RedisPool, now: datetime) -> None:
    await pool.replace(seats(now, capacities=(1,)))
    await admit(pool, "r1", now)
    await pool.release(session=SESSION, owner="r1")
    await admit(pool, "r2", now)
    assert not await pool.release(session=SESSION, owner="r1")
    with pytest.raises(SoldOut):
        await admit(pool, "r3", now)


async def test_a_disowned_seat_stays_taken_and_its_patient_is_free_to_try_another(
    pool: RedisPool, now: datetime
) -> None:
    await pool.replace(seats(now))
    await admit(pool, "r1", now, patient="zhang")
    await pool.disown(session=SESSION, owner="r1")
    assert (await admit(pool, "r1", now, patient="zhang")).seat == 2


async def test_a_seat_held_for_a_change_becomes_the_patients_only_one(pool: RedisPool, now: datetime) -> None:
    await pool.replace(seats(now))
    await admit(pool, "old", now, patient="zhang")
    new = await pool.admit(session=SESSION, position=0, patient="zhang", owner="new", main=False, now=now)
    assert new.seat == 2
    for _ in range(2):
        await pool.own(session=SESSION, owner="new", patient="zhang")
        await pool.release(session=SESSION, owner="old")
    reading = await pool.read(SESSION)
    assert reading is not None
    assert (reading.owners, reading.patients) == ({(0, 2): "new"}, {"new": "zhang"})
    with pytest.raises(AlreadyAdmitted):
        await admit(pool, "r3", now, patient="zhang")
    await pool.own(session=SESSION, owner="unknown", patient="li")
    assert (await admit(pool, "r4", now, patient="li")).seat == 1


async def test_a_replacement_knows_the_owners_and_frees_the_rest(pool: RedisPool, now: datetime) -> None:
    await pool.replace(seats(now))
    await admit(pool, "lost", now)
    assert await pool.replace(seats(now, gen=2, owners={(0, 2): ("r9", "zhang"), (1, 1): ("r8", None)}))
    reading = await pool.read(SESSION)
    assert reading is not None
    assert (reading.gen, reading.free, reading.owners) == (2, {(0, 1)}, {(0, 2): "r9", (1, 1): "r8"})
    with pytest.raises(AlreadyAdmitted):
        await admit(pool, "r1", now, patient="zhang")


async def test_an_older_generation_replaces_nothing(pool: RedisPool, now: datetime) -> None:
    await pool.replace(seats(now, gen=3))
    await admit(pool, "r1", now)
    assert not await pool.replace(seats(now, gen=3))
    assert not await pool.replace(seats(now, gen=2))
    reading = await pool.read(SESSION)
    assert reading is not None
    assert reading.owners == {(0, 1): "r1"}


async def test_what_redis_knows_goes_a_day_after_the_session_is_over(pool: RedisPool, valkey: Redis) -> None:
    coming = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    await pool.replace(seats(coming))
    expires = await valkey.pexpiretime(f"{{s:{SESSION}}}:m")
    assert expires == (coming + timedelta(days=2)).timestamp() * 1000


async def test_a_redis_whose_clock_is_far_ahead_loses_no_pool(pool: RedisPool, valkey: Redis, now: datetime) -> None:
    await pool.replace(seats(now - timedelta(days=400)))
    assert await valkey.pttl(f"{{s:{SESSION}}}:m") > timedelta(hours=23).total_seconds() * 1000


async def test_a_redis_that_does_not_answer_is_said_to_be_unavailable(now: datetime) -> None:
    pool = RedisPool(Redis(unix_socket_path="/nonexistent.sock"))
    with pytest.raises(Unavailable):
        await admit(pool, "r1", now)
    with pytest.raises(Unavailable):
        await pool.read(SESSION)
