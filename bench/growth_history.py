"""What can be booked in a department in the coming 14 days while the past grows, on PostgreSQL, asked of SQL each time.

A process of its own: ``python -m bench.growth_history READS MOST`` prints one line of JSON. The past is a thousand
completed appointments a day: two doctors, ten sessions of a hundred seats.
"""

import asyncio
import sys
from datetime import UTC, datetime, time, timedelta
from statistics import median
from time import perf_counter

import asyncpg
import orjson
import uvloop
from sqlalchemy import text

from bench.processes import OUT, SECRET_KEY, own_resident
from bench.wanted import own_database, plain
from booking.availability import Availability, Search
from booking.current import CurrentCatalogue
from bot.logs import configure_logs
from storage.database import SqlDatabase
from storage.migrate import migrate
from storage.sealing import Sealer
from tests.support.clinic import CLINIC, add_session, open_clinic
from tests.support.servers import postgres

PAST = (10_000, 100_000, 1_000_000)
A_DAY = 1_000
AHEAD = 14
ROUNDS = 3
_DEPARTMENT = "dental"
_TRUSTED = "SET session_replication_role = replica"
"""Patients are not written: their foreign keys are not looked at."""
_SESSIONS = """
INSERT INTO clinic_session (id, doctor, department, date, starts_at, ends_at, room, fee, state, opens_at, gen, adjusted)
SELECT format('past-%s-%s', day, place), CASE place % 2 WHEN 0 THEN 'wang' ELSE 'li' END, 'dental', current_date - day,
    current_date - day + interval '1 hour' * (place / 2), current_date - day + interval '1 hour' * (place / 2 + 1),
    '203', 50, 'open', current_date - day - 30, 1, false
FROM generate_series($1::int, $2::int) AS day, generate_series(0, 9) AS place"""
_SLOTS = """
INSERT INTO slot (id, session, position, starts_at, ends_at, capacity)
SELECT format('%s-%s', id, n), id, n, starts_at + interval '6 minutes' * n,
    starts_at + interval '6 minutes' * (n + 1), 10
FROM clinic_session, generate_series(0, 9) AS n
WHERE date BETWEEN current_date - $2::int AND current_date - $1::int"""
_CLAIMS = """
INSERT INTO claim (id, session, slot, position, seat, patient, openid, kind, state, gen, seq, request_id, number,
    channel, date, starts_at, ends_at, ordinal, created_at, updated_at, first_booked_at, waived)
SELECT md5(slot.id || seat), session, slot.id, slot.position, seat, who, 'o' || who, 'main', 'completed', 1,
    slot.position * 10 + seat, md5(slot.id || seat), left(md5(slot.id || seat), 20), 'wechat',
    clinic_session.date, slot.starts_at, slot.ends_at, 1, opens_at, opens_at, opens_at, false
FROM slot JOIN clinic_session ON clinic_session.id = slot.session, generate_series(1, 10) AS seat,
    LATERAL (SELECT 'p' || (slot.position * 10 + seat + 100 * right(session, 1)::int) AS who) AS patient
WHERE clinic_session.date BETWEEN current_date - $2::int AND current_date - $1::int"""

_SIZE = """
SELECT pg_total_relation_size('claim') + pg_total_relation_size('slot') + pg_total_relation_size('clinic_session')"""


class Clinic:
    """A clinic with sessions ahead and a past that grows."""

    def __init__(self, url: str, database: SqlDatabase) -> None:
        self._url = plain(url)
        self._database = database
        self._availability = Availability(database, CurrentCatalogue(database), kept=timedelta(0))
        self._days = 0

    async def open(self) -> None:
        """Write the clinic and its coming sessions."""
        await migrate(self._database)
        await open_clinic(self._database, advance_days=AHEAD)
        today = datetime.now(CLINIC.zone).date()
        for day in range(1, AHEAD + 1):
            morning = datetime.combine(today + timedelta(days=day), time(9), CLINIC.zone)
            for doctor in ("wang", "li"):
                await add_session(self._database, morning, doctor=doctor, capacities=(2,) * 8)

    async def grow(self, appointments: int) -> None:
        """Let so many appointments lie in the past."""
        last = appointments // A_DAY
        connection = await asyncpg.connect(self._url)
        try:
            await connection.execute(_TRUSTED)
            for statement in (_SESSIONS, _SLOTS, _CLAIMS):
                await connection.execute(statement, self._days + 1, last)
            await connection.execute("VACUUM ANALYZE")
        finally:
            await connection.close()
        self._days = last

    async def size(self) -> int:
        """Return the bytes of appointments, sessions and slots, with their indexes."""
        async with self._database.read() as unit:
            return int((await unit.connection.execute(text(_SIZE))).scalar() or 0)

    async def read(self, reads: int) -> float:
        """Return the median seconds in which it is found what can be booked."""
        took = []
        for _ in range(reads):
            now = datetime.now(UTC)
            today = now.astimezone(CLINIC.zone).date()
            started = perf_counter()
            found = await self._availability.find(
                Search(department=_DEPARTMENT, first=today, last=today + timedelta(days=AHEAD - 1)), now=now
            )
            took.append(perf_counter() - started)
            if len({count.session.id for count in found.counts}) != 2 * (AHEAD - 1):
                raise RuntimeError("not every session was found")
        return median(took)


async def _measure(url: str, reads: int, most: int) -> list[dict[str, float]]:
    database, found = SqlDatabase.open(url, Sealer(SECRET_KEY)), []
    try:
        clinic = Clinic(url, database)
        await clinic.open()
        for past in PAST:
            if past <= most:
                await clinic.grow(past)
                await clinic.read(reads)
                seconds = median([await clinic.read(reads) for _ in range(ROUNDS)])
                point = {"past": past, "milliseconds": seconds * 1000, "bytes": await clinic.size() / past}
                found.append(point | {"resident": own_resident()})
    finally:
        await database.close()
    return found


def main() -> None:
    """Measure and print."""
    reads, most = int(sys.argv[1]), int(sys.argv[2])
    OUT.mkdir(exist_ok=True)
    configure_logs(stream=(OUT / "growth.log").open("ab"))
    sys.excepthook = sys.__excepthook__
    with (
        postgres(durable=True) as server,
        own_database(server, "zhenyue_history") as url,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        measured = runner.run(_measure(url, reads, most))
    sys.stdout.buffer.write(orjson.dumps(measured) + b"\n")


if __name__ == "__main__":
    main()
