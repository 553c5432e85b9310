"""What is due is done once, by whichever worker comes first (R-A7, R-B3)."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from booking.once import Once, last_due
from booking.timed_ports import LEASE
from storage.database import SqlDatabase
from storage.job_rows import SqlJobRows

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Work:
    """Counts how often it was done, and fails where it is told to."""

    def __init__(self) -> None:
        self.done = 0
        self.fails = False
        self.lags: dict[str, float] = {}

    async def __call__(self) -> None:
        """Do it."""
        await asyncio.sleep(0)
        if self.fails:
            raise RuntimeError
        self.done += 1

    def late(self, name: str, *, lag: float) -> None:
        """Hear how late it was."""
        self.lags[name] = lag


def test_the_last_due_time_is_todays_or_yesterdays(now: datetime) -> None:
    """It is 09:00 in the clinic."""
    assert last_due(time(0, 30), SHANGHAI, now=now) == datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
    assert last_due(time(9), SHANGHAI, now=now) == now
    assert last_due(time(18), SHANGHAI, now=now) == datetime(2026, 11, 22, 10, tzinfo=UTC)


async def test_any_number_of_workers_do_it_once_and_again_the_next_day(database: SqlDatabase, now: datetime) -> None:
    work = Work()
    workers = [Once(database, work.late) for _ in range(4)]
    for day in range(3):
        due = now + timedelta(days=day)
        for late in (timedelta(0), timedelta(seconds=20), timedelta(hours=3)):
            await asyncio.gather(*(each.at("publish", due, work, now=due + late) for each in workers))
        assert work.done == day + 1


async def test_control_without_taking_the_run_several_workers_do_it(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def take(self: SqlJobRows, name: str, due: str, *, now: datetime, until: datetime) -> bool:
        return True

    monkeypatch.setattr(SqlJobRows, "claim", take)
    work = Work()
    await asyncio.gather(*(Once(database, work.late).at("publish", now, work, now=now) for _ in range(4)))
    assert work.done > 1


async def test_a_worker_of_another_start_knows_what_was_done(database: SqlDatabase, now: datetime) -> None:
    work = Work()
    assert await Once(database, work.late).at("publish", now, work, now=now + timedelta(minutes=1))
    assert not await Once(database, work.late).at("publish", now, work, now=now + timedelta(minutes=2))
    assert work.done == 1
    assert work.lags == {"publish": 60.0}


async def test_a_sleep_over_several_days_is_made_up_once(database: SqlDatabase, now: datetime) -> None:
    work, at = Work(), time(9)
    once = Once(database, work.late)
    await once.at("publish", last_due(at, SHANGHAI, now=now), work, now=now)
    woken = now + timedelta(days=4, hours=2)
    for _ in range(3):
        await once.at("publish", last_due(at, SHANGHAI, now=woken), work, now=woken)
    assert work.done == 2
    assert work.lags["publish"] == 2 * 3600


async def test_a_clock_that_steps_back_repeats_nothing(database: SqlDatabase, now: datetime) -> None:
    """Also where the hour takes it to before the first time at all."""
    work, at = Work(), time(9)
    for worker in (Once(database, work.late), Once(database, work.late)):
        for moment in (now, now - timedelta(hours=1), now + timedelta(minutes=1)):
            await worker.at("publish", last_due(at, SHANGHAI, now=moment), work, now=moment)
    assert work.done == 1


async def test_control_without_its_record_each_worker_would_do_it(database: SqlDatabase, now: datetime) -> None:
    work = Work()
    for name in ("one", "another"):
        await Once(database, work.late).at(name, now, work, now=now)
    assert work.done == 2


async def test_what_failed_is_tried_again_at_once(database: SqlDatabase, now: datetime) -> None:
    work = Work()
    work.fails = True
    once = Once(database, work.late)
    with pytest.raises(RuntimeError):
        await once.at("publish", now, work, now=now + timedelta(seconds=5))
    assert work.lags == {"publish": 5.0}
    work.fails = False
    assert await Once(database, work.late).at("publish", now, work, now=now + timedelta(seconds=6))


async def test_a_worker_that_died_is_followed_when_its_lease_ends(database: SqlDatabase, now: datetime) -> None:
    work = Work()
    async with database.begin() as unit:
        assert await unit.jobs.claim("publish", now.isoformat(), now=now, until=now + LEASE)
    once = Once(database, work.late)
    assert not await once.at("publish", now, work, now=now + timedelta(seconds=1))
    assert await once.at("publish", now, work, now=now + LEASE)


async def test_a_lease_from_before_the_clock_stepped_back_is_none(database: SqlDatabase, now: datetime) -> None:
    work = Work()
    async with database.begin() as unit:
        assert await unit.jobs.claim("publish", now.isoformat(), now=now, until=now + timedelta(hours=1) + LEASE)
    assert await Once(database, work.late).at("publish", now, work, now=now)
