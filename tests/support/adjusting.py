"""What the tests of changed sessions share."""

from datetime import datetime, time, timedelta

from sqlalchemy import select

from booking.actors import Actor
from booking.adjustment_models import Adjustment
from booking.appointments import Appointments, Wish
from booking.models import Claim, Slot
from booking.seats import Seats
from booking.stoppage_models import Scope
from storage.database import SqlDatabase
from storage.notice_tables import notice
from storage.staff_tables import audit
from tests.support.clinic import add_patient, add_session
from tests.support.stopping import Ward, order

CLI = Actor("cli", "root", "cli")


SESSION = "wang-20261124-0900"


FIRST = f"{SESSION}-0900"


HALF_HOUR = timedelta(minutes=30)


async def held(appointments: Appointments, database: SqlDatabase, name: str, now: datetime, slot: str = FIRST) -> Claim:
    patient = await add_patient(database, name, openid=f"o-{name}", now=now)
    return await appointments.hold(Wish(slot, patient.id, f"o-{name}", "wechat", f"m-{name}"), now=now)


async def booked(
    appointments: Appointments, database: SqlDatabase, name: str, now: datetime, slot: str = FIRST
) -> Claim:
    claim = await held(appointments, database, name, now, slot)
    await appointments.confirm(claim.id, openid=f"o-{name}", now=now)
    return claim


async def live(database: SqlDatabase, session: str = SESSION) -> dict[str, Claim]:
    async with database.read() as unit:
        return {claim.id: claim for claim in await unit.claims.live(session)}


async def slots_of(database: SqlDatabase, session: str = SESSION) -> list[Slot]:
    async with database.read() as unit:
        found = await unit.sessions.get(session)
    assert found is not None
    return found[1]


async def notices(database: SqlDatabase) -> list[dict[str, object]]:
    """What was written to the outbox about changed sessions."""
    async with database.read() as unit:
        query = select(notice).where(notice.c.kind == "session_changed").order_by(notice.c.visit_at)
        return [dict(row) for row in (await unit.connection.execute(query)).mappings()]


async def audited(database: SqlDatabase) -> list[tuple[str, str, str]]:
    async with database.read() as unit:
        query = select(audit.c.action, audit.c.entity, audit.c.entity_id).where(
            audit.c.action.in_(["adjusted", "session_changed"])
        )
        query = query.order_by(audit.c.action, audit.c.entity_id)
        return [tuple(row) for row in (await unit.connection.execute(query)).all()]


async def agrees(seats: Seats, now: datetime) -> bool:
    return await seats.verify(now=now) == []


REFUSALS = [
    (Adjustment("none", room="1"), "unknown_session"),
    (Adjustment(SESSION), "nothing"),
    (Adjustment(SESSION, capacity=0), "capacity"),
    (Adjustment(SESSION, doctor="nobody"), "unknown_doctor"),
    (Adjustment(SESSION, doctor="zhao"), "other_department"),
    (Adjustment(SESSION, start=time(23, 30)), "leaves_day"),
    (Adjustment(SESSION, to_roster=True), "not_rostered"),
]


async def displaced_with_offers(ward: Ward, database: SqlDatabase, tomorrow: datetime, now: datetime) -> str:
    """Somebody of another session is displaced, and seats of this one are kept for them; the displacement's id."""
    other = await add_session(database, tomorrow + timedelta(days=1), capacities=(1,))
    await ward.book(f"{other}-0900", "张三", now=now)
    await ward.stop(order(Scope("session", other)), now=now)
    [person] = (await ward.displaced()).values()
    assert person.offers
    return person.id
