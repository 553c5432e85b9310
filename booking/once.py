"""What is done once for each time it is due, by whichever worker comes first (design, "Background work").

Which times are due follows from ``now``; what of them was done stands in SQL. So a missed time (the machine slept) is
made up once, a clock that steps back an hour repeats nothing, and a worker that dies leaves a lease that ends.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from booking.ports import Database
from booking.timed_ports import LEASE

Work = Callable[[], Awaitable[object]]


class Lateness(Protocol):
    """Who wants to know how long after its time something was done."""

    def __call__(self, name: str, *, lag: float) -> None:
        """Hear of a run that is done, and the seconds between its due time and its end."""


class Once:
    """Runs a job once for each of its keys; keys of a job sort by time."""

    def __init__(self, database: Database, late: Lateness) -> None:
        self._database = database
        self._late = late
        self._known: dict[str, str] = {}

    async def at(self, name: str, due: datetime, work: Work, *, now: datetime) -> bool:
        """Do the work for a due time unless it was done for it or a later one; tell whether it was done here."""
        lag = (now - due).total_seconds()
        try:
            done = await self.run(name, due.astimezone(UTC).isoformat(), work, now=now)
        except Exception:
            self._late(name, lag=lag)
            raise
        if done:
            self._late(name, lag=lag)
        return done

    async def run(self, name: str, key: str, work: Work, *, now: datetime) -> bool:
        """Do the work unless it was done for this key or a later one, or another worker is at it.

        Tells whether it was done here. An exception of the work leaves the run to be tried again at once. Raises
        ``Unavailable``.
        """
        if self._known.get(name, "") >= key:
            return False
        async with self._database.read() as unit:
            done_before = await unit.jobs.is_done(name, key)
        if not done_before:
            async with self._database.begin() as unit:
                if not await unit.jobs.claim(name, key, now=now, until=now + LEASE):
                    return False
            await self._work(name, key, work, now)
        self._known[name] = key
        return not done_before

    async def _work(self, name: str, key: str, work: Work, now: datetime) -> None:
        try:
            await work()
        except BaseException:
            async with self._database.begin() as unit:
                await unit.jobs.give_up(name, key, now=now)
            raise
        async with self._database.begin() as unit:
            await unit.jobs.done(name, key, now=now)


def last_due(at: time, zone: ZoneInfo, *, now: datetime) -> datetime:
    """Return when a time of day was last, of the clinic's days; where it does not exist (summer time), what follows."""
    local = now.astimezone(zone)
    today = _moment(local.date(), at, zone)
    return today if today <= now else _moment(local.date() - timedelta(days=1), at, zone)


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone)
