"""Servers that stand in for each other fail while patients book: no seat is sold twice, nothing acknowledged is lost.

``ZHENYUE_CLUSTER_ROUNDS`` repeats each (``make chaos``); a missing program skips its test and says so.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from redis.asyncio import Redis
from redis.crc import key_slot
from sqlalchemy import text

from booking.appointments import Appointments, Wish
from booking.current import CurrentCatalogue
from booking.errors import Busy, Unavailable
from booking.models import LIVE, Claim
from booking.refusals import SoldOut
from booking.seats import Seats
from bot.connections import open_redis
from storage.claim_rows import claim_of
from storage.database import SqlDatabase
from storage.pool import RedisPool
from storage.sealing import Sealer
from storage.tables import ONE_FENCE, ONE_SEAT, claim
from tests.support import clusters
from tests.support.clinic import add_patient, add_session, open_clinic
from tests.support.figures import CountedFigures
from tests.support.standby import PostgresPair, missing_programs, pair

LONG = os.environ.get("ZHENYUE_CLUSTER_ROUNDS")
ROUNDS = range(int(LONG or "1"))
only_long = pytest.mark.skipif(not LONG, reason="a control of `make chaos`: set ZHENYUE_CLUSTER_ROUNDS=1")
SESSIONS = 6
SEATS = 12
EARLY, MEANWHILE, LATE = range(5), range(5, 9), range(9, 18)
"""Who asks before a server is lost, just then, and afterwards: the last ones have to share what is left."""
REACHED_WITHIN = 60.0
LATER = timedelta(minutes=1)


@dataclass
class Rush:
    """People who want seats and do not give up while a server is away, and what they were told."""

    appointments: Appointments
    now: datetime
    slots: list[str]
    told: dict[str, Claim] = field(default_factory=dict)
    """Acknowledged: request → appointment."""
    troubles: int = 0

    async def go(self, people: range) -> None:
        """Each of these asks for a seat in every session; ends when they have one or were told that there is none."""
        async with asyncio.timeout(REACHED_WITHIN):
            await asyncio.gather(*(self._book(slot, person) for person in people for slot in self.slots))

    async def _book(self, slot: str, person: int) -> None:
        openid, request = f"o{person}", f"{slot}-{person}"
        wish = Wish(slot, f"p-人{person}-{self.slots.index(slot)}", openid, "wechat", request)
        while True:
            try:
                held = await self.appointments.hold(wish, now=self.now)
                self.told[request] = held
                self.told[request] = (await self.appointments.confirm(held.id, openid=openid, now=self.now)).claim
            except (Unavailable, Busy):
                self.troubles += 1
                await asyncio.sleep(0.05)
            except SoldOut:
                return
            else:
                return


@dataclass
class Clinic:
    """A clinic on a database, with a Redis wherever a test has one."""

    database: SqlDatabase
    now: datetime
    slots: list[str] = field(default_factory=list)

    async def open(self) -> None:
        """Sessions of one slot each, on several days, and many patients."""
        await open_clinic(self.database, advance_days=30)
        for day, doctor in enumerate(["wang", "li"] * (SESSIONS // 2), 1):
            starts_at = self.now + timedelta(days=day)
            session = await add_session(self.database, starts_at, doctor=doctor, capacities=(SEATS,))
            self.slots.append(f"{session}-0900")
        for person, number in itertools.product(range(LATE.stop), range(SESSIONS)):
            await add_patient(self.database, f"人{person}-{number}", openid=f"o{person}", now=self.now)

    def rush(self, redis: Redis) -> tuple[Rush, Seats]:
        """Patients on this Redis, and what keeps it true."""
        pool, figures = RedisPool(redis), CountedFigures()
        seats = Seats(self.database, pool, figures)
        appointments = Appointments(
            database=self.database,
            pool=pool,
            seats=seats,
            current=CurrentCatalogue(self.database),
            hold_for=timedelta(minutes=5),
            figures=figures,
        )
        return Rush(appointments, self.now, self.slots), seats

    async def live(self) -> list[Claim]:
        """Who has a seat."""
        async with self.database.read() as unit:
            rows = (await unit.connection.execute(claim.select())).mappings().all()
        return [found for row in rows if (found := claim_of(row)).state in LIVE]

    async def check(self, rush: Rush, seats: Seats) -> None:
        """Each seat is somebody's once, everybody has what they were told, and Redis comes to equal SQL."""
        live = await self.live()
        taken = [(each.slot, each.seat) for each in live]
        assert len(taken) == len(set(taken)), "a seat was sold twice"
        by_id = {each.id: each for each in live}
        for request, told in rush.told.items():
            kept = by_id.get(told.id)
            assert kept is not None, f"{request} was acknowledged and is lost"
            assert (kept.openid, kept.seat, kept.state) == (told.openid, told.seat, "booked")
        later = self.now + LATER
        await seats.repair()
        await seats.reconcile(now=later)
        assert await seats.verify(now=later) == []
        assert {(slot, seat) for slot in self.slots for seat in range(1, SEATS + 1)} == set(taken), "a seat leaked"


@pytest.fixture
async def clinic(database: SqlDatabase, now: datetime) -> Clinic:
    """An open clinic."""
    found = Clinic(database, now)
    await found.open()
    return found


@pytest.fixture
def database_kind() -> str:
    """What stands on one database here: its own failures are the pair's."""
    return "sqlite"


@pytest.mark.parametrize("_", ROUNDS)
async def test_a_cluster_loses_a_master_and_moves_slots_while_patients_book(clinic: Clinic, _: int) -> None:
    async with clusters.cluster() as servers, open_redis(servers.url) as redis:
        rush, seats = clinic.rush(redis)
        await seats.rebuild_all([slot.removesuffix("-0900") for slot in clinic.slots])
        await rush.go(EARLY)
        of_sessions = [key_slot(f"{{s:{slot.removesuffix('-0900')}}}:m".encode()) for slot in clinic.slots]
        lost = servers.master_of(of_sessions[0])
        moving = [slot for slot in of_sessions if servers.master_of(slot) is not lost]
        assert moving
        booking = asyncio.create_task(rush.go(MEANWHILE))
        for slot in moving:
            source = servers.master_of(slot)
            await servers.move(slot, source, next(n for n in servers.nodes[:3] if n not in {source, lost}))
        lost.kill()
        await booking
        await rush.go(LATE)
        await clinic.check(rush, seats)
        async with open_redis(servers.url) as another:
            assert await another.get("anything") is None, "whoever starts now has to find the others"
        replica = servers.nodes[servers.nodes.index(lost) + 3]
        assert (await replica.info("replication"))["role"] == "master"
        assert rush.troubles, "nobody noticed that a master was away: the test tests nothing"


async def book_through_a_failover(clinic: Clinic) -> tuple[Rush, Seats]:
    """The master is lost with writes that its replica never saw."""
    async with clusters.watched() as servers, open_redis(servers.url) as redis:
        rush, seats = clinic.rush(redis)
        await seats.rebuild_all([slot.removesuffix("-0900") for slot in clinic.slots])
        await servers.replicated()
        await servers.cut_the_replica_off()
        await rush.go(EARLY)
        servers.master.kill()
        await rush.go(MEANWHILE)
        await rush.go(LATE)
        assert await servers.is_promoted()
        assert rush.troubles
        await clinic.check(rush, seats)
    return rush, seats


@pytest.mark.parametrize("_", ROUNDS)
async def test_sentinels_promote_a_replica_without_the_last_writes(clinic: Clinic, _: int) -> None:
    """What the lost master had admitted is in SQL; the promoted one knows nothing of it and is put right."""
    await book_through_a_failover(clinic)


@only_long
async def test_control_without_the_indexes_lost_writes_sell_seats_twice(clinic: Clinic) -> None:
    async with clinic.database.begin() as unit:
        for index in (ONE_FENCE, ONE_SEAT):
            await unit.connection.execute(text(f"DROP INDEX {index}"))
    with pytest.raises(AssertionError, match="sold twice"):
        await book_through_a_failover(clinic)


@pytest.fixture
async def postgres(sealer: Sealer) -> AsyncGenerator[PostgresPair]:
    """A PostgreSQL with a standby that has every commit before it is acknowledged."""
    if missing := missing_programs():
        pytest.skip(f"no {missing} here: install PostgreSQL's server programs")
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(pair(sealer))


async def book_through_a_promotion(postgres: PostgresPair, valkey: Redis, sealer: Sealer, now: datetime) -> None:
    """The primary is lost while patients book, and its standby takes its place."""
    clinic = Clinic(SqlDatabase.open(postgres.url, sealer), now)
    try:
        await clinic.open()
        rush, seats = clinic.rush(valkey)
        await rush.go(EARLY)
        booking = asyncio.create_task(rush.go(MEANWHILE))
        await asyncio.sleep(0.02)
        await postgres.lose_the_primary()
        await booking
        await rush.go(LATE)
        assert rush.troubles
        await clinic.check(rush, seats)
    finally:
        await clinic.database.close()


@pytest.mark.postgres
@pytest.mark.parametrize("_", ROUNDS)
async def test_a_standby_is_promoted_when_the_primary_is_lost(
    postgres: PostgresPair, valkey: Redis, sealer: Sealer, now: datetime, _: int
) -> None:
    await book_through_a_promotion(postgres, valkey, sealer, now)


@only_long
@pytest.mark.postgres
async def test_control_a_standby_that_lags_loses_what_was_acknowledged(
    postgres: PostgresPair, valkey: Redis, sealer: Sealer, now: datetime
) -> None:
    clinic = Clinic(SqlDatabase.open(postgres.url, sealer), now)
    try:
        await clinic.open()
        rush, seats = clinic.rush(valkey)
        await postgres.let_the_standby_lag()
        await rush.go(EARLY)
        await postgres.lose_the_primary()
        with pytest.raises(AssertionError, match="acknowledged and is lost"):
            await clinic.check(rush, seats)
    finally:
        await clinic.database.close()
