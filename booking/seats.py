"""Keeping Redis in step with SQL: rebuild, repair, expiry, and the reconciler that compares the two."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from booking.errors import Unavailable
from booking.pool_port import PoolReading, PoolSeats, Repair, SlotPool
from booking.ports import Database, Figures
from booking.single_flight import SingleFlight

ORPHAN_AFTER = timedelta(seconds=30)
"""How long an owner may be in Redis without a row in SQL: longer than any hold takes to be written."""
BATCH = 200
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Difference:
    """Where Redis and SQL disagree about a session of generation ``gen``; ``orphans`` are owners unknown to SQL."""

    session: str
    what: str
    gen: int
    orphans: tuple[str, ...] = ()
    lost: bool = False
    """Whether Redis lacks something SQL has, so that only a rebuild mends it."""


class Seats:
    """What keeps the pool true. Everything here may run in any number of processes at once."""

    def __init__(self, database: Database, pool: SlotPool, figures: Figures) -> None:
        self._database = database
        self._pool = pool
        self._figures = figures
        self._rebuilding: SingleFlight[None] = SingleFlight()

    async def rebuild(self, session_id: str, *, stale: int | None = None) -> None:
        """Write a session's pool anew from SQL under a generation newer than the one that proved stale.

        One rebuild at a time in a process; of several processes that met the same stale generation only the first
        begins a new one, else each would undo what was admitted through the other's. Raises ``Unavailable``.
        Holds admitted under an older generation are refused by SQL and retried.
        """
        await self._rebuilding(session_id, lambda: self._rebuild(session_id, stale))

    async def rebuild_all(self, session_ids: Sequence[str]) -> None:
        """Write the pools of these sessions anew, a transaction for every few hundred; raises ``Unavailable``."""
        for batch in _batches(session_ids):
            async with self._database.read() as unit:
                present = await unit.sessions.pool_seats(batch)
            await self._rebuild_stale({session_id: seats.gen for session_id, seats in present.items()})

    async def follow(self, session_ids: Sequence[str]) -> None:
        """Write the pools of sessions anew whose next generation was committed just now; when Redis is away, later."""
        with suppress(Unavailable):
            for batch in _batches(session_ids):
                async with self._database.read() as unit:
                    seats = await unit.sessions.pool_seats(batch)
                await asyncio.gather(*(self._pool.replace(each) for each in seats.values()))

    async def _rebuild(self, session_id: str, stale: int | None) -> None:
        if stale is None:
            await self.rebuild_all([session_id])
        else:
            await self._rebuild_stale({session_id: stale})

    async def _rebuild_stale(self, stale: Mapping[str, int]) -> None:
        """Rebuild many sessions in one transaction, each unless its generation is newer than the stale one."""
        async with self._database.begin() as unit:
            await unit.sessions.renew_generations(stale)
            seats = await unit.sessions.pool_seats(list(stale))
        await asyncio.gather(*(self._pool.replace(seats[session_id]) for session_id in seats))
        for _ in seats:
            self._figures.rebuild()

    async def repair(self, *, limit: int = BATCH) -> int:
        """Tell Redis what was committed and not told, as after a death in between; return how many were told."""
        async with self._database.read() as unit:
            repairs = await unit.claims.repairs(limit=limit)
        return await self._tell(repairs)

    async def is_under_way(self, session_id: str, owner: str, *, now: datetime) -> bool:
        """Tell whether an owner unknown to SQL was admitted so lately that its hold may still be written."""
        reading = await self._pool.read(session_id)
        since = None if reading is None else reading.admitted.get(owner)
        return since is not None and now - since <= ORPHAN_AFTER

    async def _tell(self, repairs: Sequence[Repair]) -> int:
        for repair in repairs:
            await self._pool.release(session=repair.session, owner=repair.owner)
        if repairs:
            async with self._database.begin() as unit:
                await unit.claims.repaired([repair.id for repair in repairs])
        return len(repairs)

    async def expire_holds(self, *, now: datetime) -> int:
        """End holds past their deadline, SQL first, and free their seats; return how many."""
        async with self._database.begin() as unit:
            expired = await unit.claims.expire(now, limit=BATCH)
        if expired:
            await self.repair()
        return len(expired)

    async def reconcile(self, *, now: datetime) -> list[Difference]:
        """Compare every session that is not over with SQL, mend what differs, and return what was mended."""
        differences = await self.verify(now=now)
        for batch in _batches([difference for difference in differences if difference.lost]):
            await self._rebuild_stale({difference.session: difference.gen for difference in batch})
        for difference in differences:
            for owner in difference.orphans:
                await self._pool.release(session=difference.session, owner=owner)
        return differences

    async def verify(self, *, now: datetime) -> list[Difference]:
        """Return where Redis and SQL disagree. What is merely under way is left out: each is looked at twice."""
        async with self._database.read() as unit:
            sessions = await unit.sessions.not_over(now)
        suspects = [found.session for found in await self._compare(sessions, now)]
        return await self._compare(suspects, now)

    async def _compare(self, sessions: Sequence[str], now: datetime) -> list[Difference]:
        found: list[Difference] = []
        for batch in _batches(sessions):
            async with self._database.read() as unit:
                expected = await unit.sessions.pool_seats(batch)
            readings = await asyncio.gather(*(self._pool.read(session_id) for session_id in expected))
            for seats, reading in zip(expected.values(), readings, strict=True):
                found += _differences(seats, reading, now)
        return found


def _batches(things: Sequence[T]) -> Iterable[Sequence[T]]:
    return (things[start : start + BATCH] for start in range(0, len(things), BATCH))


def _differences(expected: PoolSeats, reading: PoolReading | None, now: datetime) -> list[Difference]:
    if reading is None:
        return [Difference(expected.session, "missing in Redis", expected.gen, lost=True)]
    lost = _what_is_lost(expected, reading)
    if lost:
        return [Difference(expected.session, "; ".join(lost), expected.gen, lost=True)]
    known = {owner for owner, _ in expected.owners.values()}
    old = [o for o in reading.owners.values() if o not in known and now - reading.admitted[o] > ORPHAN_AFTER]
    if old:
        what = f"owners unknown to SQL: {', '.join(sorted(old))}"
        return [Difference(expected.session, what, expected.gen, tuple(sorted(old)))]
    return []


def _what_is_lost(expected: PoolSeats, reading: PoolReading) -> list[str]:
    def says(seat: tuple[int, int], owner: str) -> str:
        held = reading.owners.get(seat) or ("free" if seat in reading.free else "unknown")
        return f"slot {seat[0] + 1} seat {seat[1]}: SQL has {owner}, Redis {held}"

    problems = [
        f"{name}: SQL has {theirs}, Redis {ours}"
        for name, theirs, ours in (
            ("generation", expected.gen, reading.gen),
            ("state", str(expected.state), str(reading.state)),
            ("opens_at", round(expected.opens_at.timestamp(), 3), round(reading.opens_at.timestamp(), 3)),
        )
        if theirs != ours
    ]
    every = {(p, s) for p, capacity in enumerate(expected.capacities) for s in range(1, capacity + 1)}
    problems += [
        f"{owner}: the patient's only seat of the session in one place, not in the other"
        for owner, patient in sorted(expected.owners.values(), key=lambda found: found[0])
        if owner in reading.admitted and reading.patients.get(owner) != patient
    ]
    here = {seat: owner for seat, (owner, _) in expected.owners.items()}
    problems += [says(seat, owner) for seat, owner in sorted(here.items()) if reading.owners.get(seat) != owner]
    leaked = every - reading.free - reading.owners.keys()
    problems += [f"slot {p + 1} seat {s}: neither free nor taken in Redis" for p, s in sorted(leaked)]
    phantom = reading.free - every
    problems += [f"slot {p + 1} seat {s}: free in Redis, not in SQL" for p, s in sorted(phantom)]
    return problems
