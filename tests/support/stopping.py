"""Stopping clinic sessions in tests: the services, appointments to stop, and the work done to its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from booking.actors import Actor
from booking.appointments import Appointments, Wish
from booking.current import CurrentCatalogue
from booking.models import LIVE, Claim
from booking.notices import Notice
from booking.offering import Offers
from booking.ports import ClaimFilter
from booking.seats import Seats
from booking.stoppage_models import Displacement, Scope, StopOrder
from booking.stoppages import Stoppages
from storage.database import SqlDatabase
from storage.notice_answers import notice_of
from storage.notice_tables import notice
from storage.pool import RedisPool
from storage.stoppage_tables import displacement
from tests.support.clinic import add_patient
from tests.support.figures import CountedFigures

MANAGER = Actor("staff", "manager", "wechat")


def order(
    scope: Scope, request: str = "r1", *, from_at: datetime | None = None, to_at: datetime | None = None, text: str = ""
) -> StopOrder:
    """A stoppage because the doctor is ill."""
    return StopOrder(scope, "医生生病", request, from_at=from_at, to_at=to_at, text=text)


@dataclass
class Ward:
    """The services on one database, as one process would have them."""

    database: SqlDatabase
    pool: RedisPool
    seats: Seats
    appointments: Appointments
    stoppages: Stoppages
    offers: Offers

    @classmethod
    def open(cls, database: SqlDatabase, pool: RedisPool, appointments: Appointments) -> "Ward":
        """Services as another process would have them."""
        current = CurrentCatalogue(database)
        seats = Seats(database, pool, CountedFigures())
        return cls(
            database,
            pool,
            seats,
            appointments,
            Stoppages(database=database, seats=seats, current=current),
            Offers(database=database, pool=pool, seats=seats, current=current),
        )

    async def expected_in_stopped_slots(self) -> list[Claim]:
        """Who is expected in a slot that is stopped: nobody may be."""
        async with self.database.read() as unit:
            live = await unit.claims.find(ClaimFilter(states=LIVE))
            slots = await unit.offers.slots([each.slot for each in live])
        return [each for each in live if slots[each.slot].stoppage]

    async def book(self, slot: str, name: str, *, now: datetime) -> Claim:
        """Book a slot for the patient of this name, by an account of the same name."""
        patient = await add_patient(self.database, name, openid=f"o-{name}", now=now)
        held = await self.appointments.hold(
            Wish(slot, patient.id, f"o-{name}", "wechat", f"{name}-{slot}"[:64]), now=now
        )
        return (await self.appointments.confirm(held.id, openid=f"o-{name}", now=now)).claim

    async def finish(self, *, now: datetime) -> None:
        """Do all that stoppages have left to do."""
        for _ in range(1000):
            if not await self.stoppages.work(now=now):
                return
        raise AssertionError("the stoppages' work does not come to an end")

    async def stop(self, wanted: StopOrder, *, now: datetime) -> str:
        """Stop and finish; return the stoppage's id."""
        stoppage = await self.stoppages.stop(wanted, by=MANAGER, now=now)
        await self.finish(now=now)
        return stoppage.id

    async def claim(self, claim_id: str) -> Claim:
        """A claim as it is now."""
        async with self.database.read() as unit:
            found = await unit.claims.get(claim_id)
        assert found is not None
        return found

    async def kept_for(self, displaced: Displacement) -> list[Claim]:
        """The seats kept for somebody, in their order."""
        async with self.database.read() as unit:
            claims = await unit.offers.get(displaced.offers)
        return [claims[each] for each in displaced.offers]

    async def displaced(self) -> dict[str, Displacement]:
        """Who is displaced, by the patient's id."""
        async with self.database.read() as unit:
            rows = (await unit.connection.execute(displacement.select().order_by(displacement.c.id))).mappings().all()
            people = [await unit.displaced.get(row["id"]) for row in rows]
        return {person.patient: person for person in people if person is not None}

    async def notices(self, *kinds: str) -> Sequence[Notice]:
        """The notices of these kinds, in the order they were written."""
        async with self.database.read() as unit:
            rows = (await unit.connection.execute(notice.select().order_by(notice.c.id))).mappings().all()
        return [found for row in rows if not kinds or (found := notice_of(row)).kind in kinds]
