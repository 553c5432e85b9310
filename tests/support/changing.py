"""A desk at which appointments are changed and cancelled."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.appointments import Appointments, Wish
from booking.models import Claim, ClaimState
from booking.ports import SlotFilter
from booking.seats import Seats
from storage.database import SqlDatabase
from storage.pool import RedisPool

SESSION = "wang-20261124-0900"


SLOT, LATER = f"{SESSION}-0900", f"{SESSION}-0930"


SAME_TIME = "li-20261124-0900-0900"


NOON = "li-20261124-1200-1200"


EVENING = "li-20261124-1800-1800"


@dataclass
class Desk:
    """Somebody who books, cancels and changes for patients, one message at a time."""

    appointments: Appointments
    database: SqlDatabase
    pool: RedisPool
    now: datetime
    messages: int = 0

    def wish(self, slot: str, patient: str = "张三", openid: str = "o1", replaces: str | None = None) -> Wish:
        """A wish in a new message."""
        self.messages += 1
        return Wish(slot, f"p-{patient}", openid, "wechat", f"m{self.messages}", replaces)

    async def hold(self, slot: str, patient: str = "张三", openid: str = "o1", replaces: str | None = None) -> Claim:
        """Hold a seat."""
        return await self.appointments.hold(self.wish(slot, patient, openid, replaces), now=self.now)

    async def book(self, slot: str, patient: str = "张三", openid: str = "o1") -> Claim:
        """Hold and confirm."""
        held = await self.hold(slot, patient, openid)
        return (await self.appointments.confirm(held.id, openid=openid, now=self.now)).claim

    async def cancel(self, booked: Claim) -> Claim:
        """Cancel by the account that booked."""
        return (await self.appointments.cancel(booked.id, openid=str(booked.openid), now=self.now)).claim

    async def move(self, booked: Claim, to: Claim) -> Claim:
        """Confirm a change."""
        return (await self.appointments.reschedule(booked.id, to=to.id, openid=str(booked.openid), now=self.now)).claim

    async def state(self, known: Claim) -> ClaimState:
        """What became of a claim."""
        async with self.database.read() as unit:
            found = await unit.claims.get(known.id)
        assert found is not None
        return found.state

    async def free(self, slot: str) -> int:
        """How many seats of a slot nobody has."""
        async with self.database.read() as unit:
            (count,) = await unit.sessions.slots(SlotFilter(slot=slot))
        return count.free


async def agrees(seats: Seats, now: datetime) -> None:
    """Assert that Redis has what SQL has, nothing under way left out."""
    assert await seats.verify(now=now + timedelta(minutes=1)) == []
