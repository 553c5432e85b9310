"""The clinic's bad day: a doctor with forty patients is stopped; who they are, what they read, and what is right."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis
from sqlalchemy import select

from booking.appointments import Appointments, Wish
from booking.current import CurrentCatalogue
from booking.seats import Seats
from emulator.client import EmulatedUser, Message
from storage.database import SqlDatabase
from storage.pool import RedisPool
from storage.sealing import Sealer
from storage.stoppage_tables import displacement
from storage.tables import claim
from tests.support.clinic import add_patient
from tests.support.figures import CountedFigures
from tests.support.system import System

ALL_WEEK = "[mon, tue, wed, thu, fri, sat, sun]"
CLINIC = f"""\
clinic: {{code: bad, name: 安和门诊部, phone: "025-00000168", address: 江宁区清水亭东路168号}}
departments:
  - {{code: dental, name: 口腔科}}
doctors:
  - {{code: wang, name: 王芳, title: 主任医师, department: dental, fee: 50}}
  - {{code: li, name: 李强, title: 主任医师, department: dental, fee: 50}}
  - {{code: zhao, name: 赵敏, title: 主治医师, department: dental, fee: 20}}
rosters:
  - {{doctor: wang, weekdays: {ALL_WEEK}, start: "09:00", end: "12:00", slot_minutes: 30, capacity: 4, room: "203"}}
  - {{doctor: li, weekdays: {ALL_WEEK}, start: "14:00", end: "17:00", slot_minutes: 30, capacity: 4, room: "204"}}
  - {{doctor: zhao, weekdays: {ALL_WEEK}, start: "09:00", end: "12:00", slot_minutes: 30, capacity: 4, room: "205"}}
"""
PATIENTS = 40
DAYS_AHEAD = (3, 4)
"""The two days on which doctor wang has half of the patients each: beyond tomorrow, so that no reminder mixes in."""
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
SETTLED = {"rebooked", "declined", "restored"}
LIVE = {"booked", "arrived", "completed", "no_show"}


@dataclass
class Person:
    """One of the forty: ``number`` is of the appointment in ``session``; ``reachable`` unless they blocked us."""

    user: EmulatedUser
    number: str
    session: str
    reachable: bool = True


@dataclass
class Evidence:
    """What there is in the end, however the day went."""

    displaced: dict[str, str]
    """Number of each appointment that was booked in the stopped sessions → openid."""
    fates: dict[str, str]
    """The same numbers → what became of the displaced patient, as the database says."""
    calls: set[str]
    """Numbers of the appointments whose patients are on the call list."""
    pages: dict[str, list[str]]
    """openid → ids of the notices of the stoppage on their page, one entry for each time they read one."""
    appointments: list[dict[str, object]]
    slots: list[dict[str, object]]
    extra: dict[str, object] = field(default_factory=dict)


def wrongs(seen: Evidence) -> list[str]:
    """Return what went wrong: somebody forgotten, a notice lost or read twice, a seat sold twice, a seat leaked."""
    return [*_forgotten(seen), *_untold(seen), *_misbooked(seen), *_seats(seen)]


def _forgotten(seen: Evidence) -> list[str]:
    return [
        f"{number} was displaced and forgotten: {seen.fates.get(number, 'not even displaced')}"
        for number in seen.displaced
        if seen.fates.get(number) not in SETTLED and number not in seen.calls
    ]


def _untold(seen: Evidence) -> list[str]:
    found = [
        f"{number} was never told, and nobody is to call"
        for number, openid in seen.displaced.items()
        if not seen.pages.get(openid) and number not in seen.calls
    ]
    for openid, ids in seen.pages.items():
        found += [f"{openid} was sent notice {one} {times} times" for one, times in Counter(ids).items() if times > 1]
    return found


def _misbooked(seen: Evidence) -> list[str]:
    """Hold each displaced patient's appointments against what became of them; every account here has one patient."""
    live = Counter(str(row["openid"]) for row in seen.appointments if row["status"] in LIVE)
    due = {"rebooked": 1, "restored": 1, "declined": 0}
    found = []
    for number, openid in seen.displaced.items():
        fate = seen.fates.get(number, "")
        if live[openid] != due.get(fate, 0):
            found.append(f"{number} is {fate or 'unknown'} and has {live[openid]} appointments")
    status = {str(row["number"]): row["status"] for row in seen.appointments}
    for number, fate in seen.fates.items():
        if (status.get(number) == "booked") != (fate == "restored"):
            found.append(f"{number} is {fate}, and the stopped appointment itself {status.get(number)}")
    return found


def _seats(seen: Evidence) -> list[str]:
    live = [row for row in seen.appointments if row["status"] in LIVE]
    seats = Counter((row["slot"], row["seat"]) for row in live)
    found = [f"slot {slot} seat {seat} was sold {count} times" for (slot, seat), count in seats.items() if count > 1]
    booked = Counter(row["slot"] for row in live)
    return found + [
        f"slot {slot['slot']} has leaked seats: {slot['booked']} booked, {slot['held']} held"
        for slot in seen.slots
        if slot["booked"] != booked[slot["slot"]] or slot["held"] != 0
    ]


async def publish(system: System) -> None:
    """Load the clinic and publish its sessions."""
    file = system.folder / "clinic.yaml"
    file.write_text(CLINIC, encoding="utf-8")
    for words in (["migrate"], ["load", str(file)], ["publish"]):
        await system.run(*words)


async def book_forty(system: System, valkey: Redis) -> list[Person]:
    """Book forty patients with doctor wang through the booking service, each by an account of the emulator."""
    days = sorted({str(row["date"]) for row in await system.listing("slots", "--doctor", "wang")})
    slots = [
        str(row["slot"])
        for ahead in DAYS_AHEAD
        for row in await system.listing("slots", "--doctor", "wang", "--date", days[ahead])
        for _ in range(4)
    ]
    per_day = PATIENTS // len(DAYS_AHEAD)
    wanted = [*slots[:per_day], *slots[len(slots) // 2 :][:per_day]]
    database = open_database(system)
    booking = _service(database, RedisPool(valkey))
    people = []
    for number, slot in enumerate(wanted):
        user = await system.emulator.user(f"{SURNAMES[number % 20]}{'甲乙'[number // 20]}")
        now = datetime.now(UTC)
        patient = await add_patient(database, user.name, openid=user.openid, now=now)
        held = await booking.hold(Wish(slot, patient.id, user.openid, "wechat", f"b{number}"), now=now)
        await booking.confirm(held.id, openid=user.openid, now=now)
        people.append(Person(user, held.number, held.session))
    await database.close()
    return people


def open_database(system: System) -> SqlDatabase:
    """Open the system's own database, beside whatever runs on it."""
    return SqlDatabase.open(f"sqlite+aiosqlite:///{system.folder / 'zhenyue.db'}", Sealer(b"k" * 32))


def _service(database: SqlDatabase, pool: RedisPool) -> Appointments:
    figures = CountedFigures()
    return Appointments(
        database=database,
        pool=pool,
        seats=Seats(database, pool, figures),
        current=CurrentCatalogue(database),
        hold_for=timedelta(minutes=5),
        figures=figures,
    )


async def fates(system: System) -> dict[str, str]:
    """Return what became of each displaced patient, by the number of the appointment that was stopped."""
    database = open_database(system)
    async with database.read() as unit:
        query = select(claim.c.number, displacement.c.state).join(displacement, displacement.c.claim == claim.c.id)
        found = {row[0]: row[1] for row in (await unit.connection.execute(query)).all()}
    await database.close()
    return found


def notice_ids(messages: Sequence[Message]) -> list[str]:
    """Return the ids of the notices that a page shows, as the links of their choices have them."""
    found = []
    for message in messages:
        ids = {choice.id.split(".")[1] for choice in message.choices if choice.id.startswith("n.")}
        found += sorted(ids) if message.source == "custom" else []
    return found


def pick(message: Message, dice: random.Random) -> str:
    """Choose an offer, or none of them."""
    offered = [choice.number for choice in message.choices]
    return dice.choice(offered)
