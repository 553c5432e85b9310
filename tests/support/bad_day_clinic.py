"""The clinic of the bad day: its forty patients, and looking into its database beside whatever runs on it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from redis.asyncio import Redis
from sqlalchemy import select, update

from booking.appointments import Wish
from booking.catalogue_loading import CatalogueLoading
from booking.models import SessionState
from booking.notices import NoticeFilter
from booking.ports import ClaimFilter, SlotFilter
from booking.publishing import Publishing
from bot.catalogue_file import read_catalogue_file
from bot.listing_rows import appointment_rows, slot_rows
from emulator.client import EmulatedUser, Message
from storage.migrate import migrate
from storage.notice_tables import notice
from storage.pool import RedisPool
from storage.stoppage_tables import displacement, stoppage
from storage.tables import claim
from tests.support.bad_day import RESTORED, Evidence
from tests.support.clinic import add_patient
from tests.support.services import service
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
SEATS = 4
DAYS_AHEAD = (3, 4)
"""The two days on which doctor wang has half of the patients each: beyond tomorrow, so that no reminder mixes in."""
RESTORED_WORDS = "您原来的预约已为您恢复"
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"


@dataclass
class Person:
    """One of the forty: ``number`` is of the appointment in ``session``; ``reachable`` unless they blocked us."""

    user: EmulatedUser
    number: str
    session: str
    reachable: bool = True


async def publish(system: System) -> None:
    """Load the clinic and publish its sessions; here, since a command takes seconds to start."""
    file = system.folder / "clinic.yaml"
    file.write_text(CLINIC, encoding="utf-8")
    database, now = system.open_database(), datetime.now(UTC)
    await migrate(database)
    await CatalogueLoading(database).load(read_catalogue_file(file, default_timezone="Asia/Shanghai").values, now=now)
    await Publishing(database, None).publish(now=now)
    await database.close()


async def book_forty(system: System, valkey: Redis) -> list[Person]:
    """Book forty patients with doctor wang through the booking service, each by an account of the emulator."""
    database, now = system.open_database(), datetime.now(UTC)
    async with database.read() as unit:
        slots = [count.slot.id for count in await unit.sessions.slots(SlotFilter(doctor="wang"))]
    days = sorted({slot.split("-")[1] for slot in slots})
    per_day = PATIENTS // len(DAYS_AHEAD)
    wanted = [
        seat
        for ahead in DAYS_AHEAD
        for seat in [slot for slot in slots if days[ahead] in slot for _ in range(SEATS)][:per_day]
    ]
    booking = service(database, RedisPool(valkey))
    people = []
    for number, slot in enumerate(wanted):
        user = await system.emulator.user(f"{SURNAMES[number % 20]}{'甲乙'[number // 20]}")
        patient = await add_patient(database, user.name, openid=user.openid, now=now)
        held = await booking.hold(Wish(slot, patient.id, user.openid, "wechat", f"b{number}"), now=now)
        await booking.confirm(held.id, openid=user.openid, now=now)
        people.append(Person(user, held.number, held.session))
    await database.close()
    return people


async def gathered(system: System, people: Sequence[Person]) -> Evidence:
    """Gather what there is in the end: from the database, and from everybody's page."""
    pages = {person.user.openid: notice_ids(await person.user.messages()) for person in people}
    database, now = system.open_database(), datetime.now(UTC)
    async with database.read() as unit:
        zone = (await unit.catalogue.load()).clinic.zone
        whom = select(claim.c.number, displacement.c.state).join(displacement, displacement.c.claim == claim.c.id)
        offered = select(claim.c.slot).join(displacement, displacement.c.id == claim.c.displacement)
        offered = offered.where(claim.c.state == "offered", displacement.c.state == "offered")
        unreached = await unit.notices.find(NoticeFilter(None, unreached=True))
        evidence = Evidence(
            displaced={person.number: person.user.openid for person in people},
            fates={row[0]: row[1] for row in (await unit.connection.execute(whom)).all()},
            calls={each.payload["visit"]["number"] for each in unreached},
            pages=pages,
            appointments=list(await appointment_rows(unit, ClaimFilter(), zone, status=None, now=now)),
            slots=list(slot_rows(await unit.sessions.slots(SlotFilter()), zone, now=now)),
            kept=dict(Counter((await unit.connection.execute(offered)).scalars())),
        )
    await database.close()
    return evidence


async def stoppage_of(system: System) -> list[str]:
    """Return the ids of all stoppages."""
    database = system.open_database()
    async with database.read() as unit:
        found = list((await unit.connection.execute(select(stoppage.c.id))).scalars())
    await database.close()
    return found


async def notices_of(system: System, stoppage_id: str) -> list[tuple[str, str, str | None]]:
    """Return kind and state of a stoppage's notices, and the appointment's number they are about."""
    database = system.open_database()
    async with database.read() as unit:
        query = select(notice.c.kind, notice.c.state, claim.c.number)
        query = query.join(displacement, displacement.c.id == notice.c.displacement)
        query = query.join(claim, claim.c.id == displacement.c.claim).where(notice.c.stoppage == stoppage_id)
        found = [(row[0], row[1], row[2]) for row in (await unit.connection.execute(query)).all()]
    await database.close()
    return found


async def lapse_leases(system: System) -> None:
    """Let the time pass that others wait for the work of a worker who is dead: minutes, which no test has."""
    database, now = system.open_database(), datetime.now(UTC)
    async with database.begin() as unit:
        await unit.connection.execute(update(notice).where(notice.c.leased_until > now).values(leased_until=now))
        await unit.connection.execute(update(stoppage).where(stoppage.c.worked_until > now).values(worked_until=now))
    await database.close()


async def slots_stopped(system: System, session: str) -> int:
    """Return how many slots of a session are stopped."""
    database = system.open_database()
    async with database.read() as unit:
        counts = await unit.sessions.slots(SlotFilter(session=session))
    await database.close()
    return sum(count.slot.stoppage is not None or count.session.state == SessionState.STOPPED for count in counts)


def notice_ids(messages: Sequence[Message]) -> list[str]:
    """Return the ids of the notices that a page shows, as the links of their choices have them."""
    found = []
    for message in messages:
        ids = {choice.id.split(".")[1] for choice in message.choices if choice.id.startswith("n.")}
        told = [RESTORED] if RESTORED_WORDS in message else []
        found += [*sorted(ids), *told] if message.source == "custom" else []
    return found
