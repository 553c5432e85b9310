"""A clinic-wide stoppage on SQLite: how long it takes, how much memory, and how long the chat waits to write meanwhile.

A process of its own for each size: ``python -m bench.stoppages APPOINTMENTS`` prints one line of JSON. Of each doctor's
fourteen sessions of a hundred seats the first ten, fully booked, are stopped; a fifth of the patients can be offered
one of the others.
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import orjson
import psutil  # type: ignore[import-untyped]  # publishes no types
import uvloop
from sqlalchemy import Table, insert, update

from bench.clinic import data_folder, details, valkey_in
from bench.processes import OUT, SECRET_KEY
from booking.actors import Actor
from booking.current import CurrentCatalogue
from booking.ids import new_id
from booking.models import Claim, ClaimKind, ClaimState, Clinic, ClinicSession, Department, Doctor, SessionState, Slot
from booking.seats import Seats
from booking.stoppage_models import Scope, StopOrder
from booking.stoppages import Stoppages
from bot.connections import open_redis
from bot.logs import configure_logs
from bot.metrics import Metrics
from bot.stopping import work_on
from storage.database import SqlDatabase
from storage.migrate import migrate
from storage.patient_sealing import link_columns, person_columns
from storage.patient_tables import account, account_patient, patient
from storage.pool import RedisPool
from storage.sealing import Sealer
from storage.tables import claim, clinic_session, slot

DEPARTMENTS = 10
SLOTS, CAPACITY = 10, 10
STOPPED_SESSIONS, SESSIONS = 10, 14
WRITTEN_AT_ONCE = 5000
LOOK_EVERY = 0.05


@dataclass(frozen=True, slots=True)
class StopRound:
    """What stopping so many appointments took."""

    appointments: int
    closing_seconds: float
    """The one transaction after which nothing new is booked."""
    seconds: float
    """All of it, the pauses for the chat included."""
    processor_seconds: float
    memory_growth: int
    longest_wait: float
    """The longest that another writer of the process waited for its transaction."""
    longest_freeze: float
    """The longest that the event loop answered nobody."""
    offered: int
    told: int


class Scene:
    """A clinic with so many appointments."""

    def __init__(self, appointments: int, today: datetime) -> None:
        self.doctors = appointments // (STOPPED_SESSIONS * SLOTS * CAPACITY)
        self.today = today
        self.sealer = Sealer(SECRET_KEY)

    def catalogue(self) -> tuple[Clinic, list[Department], list[Doctor]]:
        """Return clinic, departments and doctors."""
        clinic = Clinic("demo", "示范门诊部", "示范路1号", "010-00000000", "Asia/Shanghai")
        departments = [Department(f"d{n}", f"科室{n}") for n in range(min(DEPARTMENTS, self.doctors))]
        doctors = [
            Doctor(f"doc{n}", f"医生{n}", "主治医师", departments[n % len(departments)].code, Decimal("20.00"))
            for n in range(self.doctors)
        ]
        return clinic, departments, doctors

    def rows(self) -> Iterator[tuple[Table, list[dict[str, object]]]]:
        """Yield everything in batches, in the order in which it may be written."""
        _, _, doctors = self.catalogue()
        person = 0
        for doctor in doctors:
            found: dict[Table, list[dict[str, object]]] = {
                table: [] for table in (clinic_session, slot, patient, account, account_patient, claim)
            }
            for place in range(SESSIONS):
                session, slots = self._session(doctor, place)
                found[clinic_session].append(_row(session) | {"state": "open"})
                found[slot] += [_row(each) for each in slots]
                if place < STOPPED_SESSIONS:
                    for each in slots:
                        for seat in range(1, CAPACITY + 1):
                            self._add_person(found, person, session, each, seat)
                            person += 1
            yield from found.items()

    def _session(self, doctor: Doctor, place: int) -> tuple[ClinicSession, list[Slot]]:
        day, half = divmod(place, 2)
        starts_at = self.today + timedelta(days=1 + day, hours=5 * half)
        session = ClinicSession(
            id=f"{doctor.code}-{starts_at:%Y%m%d-%H%M}",
            doctor=doctor.code,
            department=doctor.department,
            date=starts_at.date(),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=20 * SLOTS),
            room="203",
            fee=doctor.fee,
            state=SessionState.OPEN,
            opens_at=starts_at - timedelta(days=30),
        )
        slots = [
            Slot(
                f"{session.id}-{n}",
                session.id,
                n,
                starts_at + timedelta(minutes=20 * n),
                starts_at + timedelta(minutes=20 * (n + 1)),
                CAPACITY,
            )
            for n in range(SLOTS)
        ]
        return session, slots

    def _add_person(
        self, found: dict[Table, list[dict[str, object]]], person: int, session: ClinicSession, at: Slot, seat: int
    ) -> None:
        openid, patient_id = f"o{person}", f"p{person}"
        booked_at = self.today - timedelta(seconds=(person * 7919) % 500_000)
        columns = person_columns(self.sealer, patient_id, details(person), desk_mobile=None)
        found[patient].append(columns | {"id": patient_id, "file_number": f"F{person:08}", "created_at": booked_at})
        times = {"first_seen_at": booked_at, "follow_changed_at": booked_at}
        found[account].append({"openid": openid, "following": True, "reminders": True} | times)
        link = link_columns(self.sealer, openid, patient_id, "13800138000")
        found[account_patient].append(link | {"openid": openid, "patient_id": patient_id, "added_at": booked_at})
        booked = Claim(
            id=new_id(booked_at),
            session=session.id,
            slot=at.id,
            position=at.position,
            seat=seat,
            patient=patient_id,
            openid=openid,
            kind=ClaimKind.MAIN,
            state=ClaimState.BOOKED,
            gen=1,
            seq=at.position * CAPACITY + seat,
            request_id=f"r{person}",
            number=f"B{person:08}",
            channel="wechat",
            date=session.date,
            starts_at=at.starts_at,
            ends_at=at.ends_at,
            ordinal=1,
            expires_at=None,
            created_at=booked_at,
            updated_at=booked_at,
            first_booked_at=booked_at,
        )
        found[claim].append(_row(booked))


class Chat:
    """Somebody who writes a little now and then, as the chat does, and notes how long that takes."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database
        self._process = psutil.Process()
        self.longest_wait = self.longest_freeze = 0.0
        self.most_memory = self.resident()

    def resident(self) -> int:
        """Return the resident memory in bytes."""
        return int(self._process.memory_info().rss)

    async def write_on(self) -> None:
        """Write until cancelled."""
        while True:
            began = time.perf_counter()
            async with self._database.begin() as unit:
                await unit.connection.execute(update(account).where(account.c.openid == "o0").values(reminders=True))
            self.longest_wait = max(self.longest_wait, time.perf_counter() - began)
            self.most_memory = max(self.most_memory, self.resident())
            await asyncio.sleep(LOOK_EVERY)

    async def look_on(self) -> None:
        """Note how late a timer comes, until cancelled."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(LOOK_EVERY)
            self.longest_freeze = max(self.longest_freeze, time.perf_counter() - began - LOOK_EVERY)


async def _stop(database: SqlDatabase, stoppages: Stoppages, appointments: int, today: datetime) -> StopRound:
    chat = Chat(database)
    others = [asyncio.create_task(chat.write_on()), asyncio.create_task(chat.look_on())]
    await asyncio.sleep(1)
    before = chat.resident()
    chat.most_memory, chat.longest_wait, chat.longest_freeze = before, 0.0, 0.0
    busy, began = time.process_time(), time.perf_counter()
    order = StopOrder(Scope("clinic"), "停电", "bench", to_at=today + timedelta(days=1 + STOPPED_SESSIONS // 2))
    stoppage = await stoppages.stop(order, by=Actor("cli", "bench", "cli"), now=datetime.now(UTC))
    closed = time.perf_counter() - began
    await work_on(stoppages, now=lambda: datetime.now(UTC))
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    for other in others:
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    found, figures = await stoppages.get(stoppage.id)
    if found.state != "done" or sum(figures.displaced.values()) != appointments:
        raise RuntimeError(f"{found.state}: {figures}")
    return StopRound(
        appointments=appointments,
        closing_seconds=closed,
        seconds=seconds,
        processor_seconds=busy,
        memory_growth=chat.most_memory - before,
        longest_wait=chat.longest_wait,
        longest_freeze=chat.longest_freeze,
        offered=figures.displaced.get("offered", 0),
        told=sum(figures.notices.values()),
    )


@asynccontextmanager
async def _clinic(appointments: int, today: datetime, folder: Path) -> AsyncGenerator[SqlDatabase]:
    scene = Scene(appointments, today)
    database = SqlDatabase.open(f"sqlite+aiosqlite:///{folder / 'zhenyue.db'}", scene.sealer)
    try:
        await migrate(database)
        async with database.begin() as unit:
            clinic, departments, doctors = scene.catalogue()
            await unit.catalogue.replace(clinic, departments, doctors, [], [])
        for table, rows in scene.rows():
            for some in _parts(rows):
                async with database.begin() as unit:
                    await unit.connection.execute(insert(table), some)
        yield database
    finally:
        await database.close()


async def _measure(appointments: int, folder: Path, redis_url: str) -> StopRound:
    today = datetime.now(UTC).replace(hour=1, minute=0, second=0, microsecond=0)
    async with _clinic(appointments, today, folder) as database, open_redis(redis_url) as redis:
        seats = Seats(database, RedisPool(redis), Metrics())
        stoppages = Stoppages(database=database, seats=seats, current=CurrentCatalogue(database))
        return await _stop(database, stoppages, appointments, today)


def _row(thing: ClinicSession | Slot | Claim) -> dict[str, object]:
    return {name: getattr(thing, name) for name in type(thing).__slots__}


def _parts(rows: Sequence[dict[str, object]]) -> Iterator[Sequence[dict[str, object]]]:
    return (rows[start : start + WRITTEN_AT_ONCE] for start in range(0, len(rows), WRITTEN_AT_ONCE))


def main() -> None:
    """Measure and print."""
    appointments = int(sys.argv[1])
    OUT.mkdir(exist_ok=True)
    configure_logs(stream=(OUT / "stoppages.log").open("ab"))
    sys.excepthook = sys.__excepthook__
    with (
        data_folder() as folder,
        valkey_in(folder) as valkey,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        measured = runner.run(_measure(appointments, folder, valkey.url))
    sys.stdout.buffer.write(orjson.dumps(asdict(measured)) + b"\n")


if __name__ == "__main__":
    main()
