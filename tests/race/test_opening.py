"""The opening: within a session, who comes to the pool first is served first, and hammering gains nothing."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from redis.asyncio import Redis

from booking.errors import AlreadyAdmitted
from booking.models import SessionState
from booking.pool_port import Admission, PoolSeats
from booking.refusals import NotOpenYet, SoldOut
from storage.coalescing import Scripts
from storage.pool import RedisPool

SESSION = "wang-20261124-0900"
PATIENTS = 600
SEATS = 200
WAVE = 50
"""Patients who come at the same moment; the next ones come while these are on their way to Redis."""
Result = Admission | BaseException


async def opened(valkey: Redis, opens_at: datetime, now: datetime) -> RedisPool:
    """A pool with one session that opens then."""
    pool = RedisPool(valkey)
    seats = PoolSeats(
        session=SESSION,
        gen=1,
        state=SessionState.OPEN,
        opens_at=opens_at,
        ends_at=now + timedelta(days=1),
        capacities=(SEATS,),
        owners={},
    )
    assert await pool.replace(seats)
    return pool


def ask(pool: RedisPool, patient: str, now: datetime, *, owner: str = "") -> Awaitable[Admission]:
    """One request of a patient, as a turn makes it."""
    return pool.admit(session=SESSION, position=0, patient=patient, owner=owner or patient, main=True, now=now)


async def rush(pool: RedisPool, patients: list[str], now: datetime) -> list[Result]:
    """All of them, in this order, a wave at a time while the waves before are under way; what each got."""
    asked: list[asyncio.Task[Admission]] = []
    for first in range(0, len(patients), WAVE):
        asked += [asyncio.ensure_future(ask(pool, patient, now)) for patient in patients[first : first + WAVE]]
        for _ in range(3):
            await asyncio.sleep(0)
    return list(await asyncio.gather(*asked, return_exceptions=True))


def unfair(results: list[Result]) -> list[str]:
    """What an honest queue would not have done to who came in this order."""
    wrong = [f"{n} got an error: {result!r}" for n, result in enumerate(results) if _is_error(result)]
    served = [(n, result.seq) for n, result in enumerate(results) if isinstance(result, Admission)]
    wrong += [f"{b} was served before {a}" for (a, first), (b, second) in pairwise(served) if second < first]
    refused = [n for n, result in enumerate(results) if isinstance(result, SoldOut)]
    if refused and served and served[-1][0] > refused[0]:
        wrong.append(f"{refused[0]} was refused and {served[-1][0]} was not")
    return wrong


def _is_error(result: Result) -> bool:
    return isinstance(result, BaseException) and not isinstance(result, SoldOut)


def names(count: int = PATIENTS) -> list[str]:
    return [f"p{number:04}" for number in range(count)]


async def test_who_comes_first_is_served_first(valkey: Redis, now: datetime) -> None:
    pool = await opened(valkey, now, now)
    results = await rush(pool, names(), now)
    assert unfair(results) == []
    assert sum(isinstance(result, Admission) for result in results) == SEATS


class Reversed(Scripts):
    """A coalescer that serves last who came first."""

    def _leave(self) -> None:
        self._waiting.reverse()
        super()._leave()


async def test_control_a_line_turned_round_is_found_out(
    valkey: Redis, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.pool.Scripts", Reversed)
    pool = await opened(valkey, now, now)
    assert unfair(await rush(pool, names(), now))


async def test_control_without_the_keys_kept_apart_a_later_batch_overtakes(
    valkey: Redis, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Overtaking(Scripts):
        """A coalescer that looks at nothing but the length of its line; one batch more in time finds Redis free."""

        def _next(self) -> list[object]:  # type: ignore[override]  # as it was
            self._keys.clear()
            return super()._next()  # type: ignore[return-value]  # as it was

        async def _answers(self, batch: object) -> list[object]:  # type: ignore[override]  # as it was
            if len(batch) == WAVE:  # type: ignore[arg-type]  # the first wave's connection is a slow one
                await asyncio.sleep(0.01)
            return await super()._answers(batch)  # type: ignore[arg-type]  # as it was

    monkeypatch.setattr("storage.pool.Scripts", Overtaking)
    pool = await opened(valkey, now, now)
    assert unfair(await rush(pool, names(), now))


async def test_hammering_before_the_opening_gains_nothing(valkey: Redis, now: datetime) -> None:
    opens_at = now + timedelta(seconds=1)
    pool = await opened(valkey, opens_at, now)
    for attempt in range(300):
        with pytest.raises(NotOpenYet):
            await ask(pool, "hammer", now, owner=f"early {attempt}")
    patients = [*names(SEATS), "hammer", *names()[SEATS:]]
    results = await rush(pool, patients, opens_at)
    assert unfair(results) == []
    assert isinstance(results[SEATS], SoldOut)


async def test_hammering_after_the_opening_gains_no_second_seat_and_no_better_one(valkey: Redis, now: datetime) -> None:
    pool = await opened(valkey, now, now)
    first = ask(pool, "p0000", now)
    hammered = [ask(pool, "hammer", now, owner=f"hammer {attempt}") for attempt in range(300)]
    others = [ask(pool, patient, now) for patient in names(SEATS)[1:-1]]
    results = await asyncio.gather(first, *hammered, *others, return_exceptions=True)
    admitted = [result.seat for result in results if isinstance(result, Admission)]
    assert admitted == list(range(1, SEATS + 1))
    assert sum(isinstance(result, AlreadyAdmitted) for result in results) == 299


async def test_a_session_keeps_its_order_while_others_go_on(valkey: Redis) -> None:
    scripts = Scripts(valkey)
    push = valkey.register_script("return redis.call('RPUSH', KEYS[1], ARGV[1])")
    calls = []
    for number in range(2000):
        calls.append(asyncio.ensure_future(scripts.run(push, [f"list{number % 3}"], [number])))
        if number % 37 == 0:
            await asyncio.sleep(0)
    await asyncio.gather(*calls)
    for remainder in range(3):
        listed = [int(item) for item in await valkey.lrange(f"list{remainder}", 0, -1)]
        assert listed == list(range(remainder, 2000, 3))
