"""Planning offers: what may be kept is read, who is displaced is read by pages, and the seats are shared out.

Nothing is written here. The plan may be overtaken by whoever books meanwhile; ``offer_writing`` looks again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta

from booking.models import Catalogue, Claim, SessionState, SlotCount
from booking.offers import LEAD, Allocation, Busy, Opening, Person, Rounds, room_for_offers
from booking.ports import Database, SlotFilter, Unit
from booking.rules import clinic_day, last_bookable_day
from booking.stoppage_ports import Waiting

PAGE = 500
BREATH = 200
"""After how many people others have their turn."""
Page = Callable[[Unit, Waiting | None], Awaitable[Sequence[Waiting]]]
"""The next people after one of them; empty when there are no more."""
Planned = tuple[str, tuple[Opening, ...]]
"""Whom, and what they are offered."""


async def make_plan(
    database: Database,
    catalogue: Catalogue,
    page: Page,
    *,
    now: datetime,
    departments: Iterable[str] = (),
    without: AbstractSet[str] = frozenset(),
    allocation: Allocation | None = None,
) -> list[Planned]:
    """Share out what may be kept among all the people of these pages, who are of these departments.

    ``without``: slots that are about to be stopped; with an ``allocation`` neither is looked at.

    Those for whom there is nothing are left out.
    """
    if allocation is None:
        allocation = await read_allocation(database, catalogue, now=now, departments=departments, without=without)
    rounds, last = Rounds(allocation), None
    while allocation.departments:
        async with database.read() as unit:
            people = await page(unit, last)
            busy = await _busy(unit, catalogue, [person[1] for person in people], now=now) if people else {}
        if not people:
            break
        rounds.first(_people(catalogue, people), busy)
        last = people[-1]
        await asyncio.sleep(0)
    for count, _ in enumerate(rounds.again()):
        if count % BREATH == 0:
            await asyncio.sleep(0)
    return rounds.result()


async def read_allocation(
    database: Database,
    catalogue: Catalogue,
    *,
    now: datetime,
    departments: Iterable[str],
    without: AbstractSet[str] = frozenset(),
) -> Allocation:
    """Read what may be kept for displaced patients of these departments, of each session no more than its share.

    A day of a department at a time: all at once would keep the event loop from everybody else for seconds.
    """
    today = clinic_day(catalogue, now)
    furthest = max((catalogue.advance_days(doctor) for doctor in catalogue.doctors.values()), default=0)
    async with database.read() as unit:
        kept = await unit.offers.kept(now)
    openings: list[Opening] = []
    free: dict[str, int] = {}
    for department in departments:
        for day in (today + timedelta(days=days) for days in range(furthest + 1)):
            async with database.read() as unit:
                counts = await unit.sessions.slots(SlotFilter(first_day=day, last_day=day, department=department))
            ahead = [c for c in counts if c.slot.starts_at > now and not c.slot.stoppage and c.slot.id not in without]
            for count in ahead:
                free[count.session.id] = free.get(count.session.id, 0) + count.free
            openings += [_opening(catalogue, count) for count in ahead if _may_be_kept(catalogue, count, now)]
            await asyncio.sleep(0)
    share = catalogue.clinic.policy.offer_share
    rooms = {session: room_for_offers(seats, kept.get(session, 0), share) for session, seats in free.items()}
    return Allocation(openings, rooms)


def _may_be_kept(catalogue: Catalogue, count: SlotCount, now: datetime) -> bool:
    session, doctor = count.session, catalogue.doctors[count.session.doctor]
    return (
        count.free > 0
        and session.state is SessionState.OPEN
        and session.opens_at <= now
        and count.slot.starts_at >= now + LEAD
        and doctor.active
        and catalogue.departments[session.department].active
        and session.date <= last_bookable_day(catalogue, doctor, now)
    )


def _opening(catalogue: Catalogue, count: SlotCount) -> Opening:
    session, slot = count.session, count.slot
    return Opening(
        slot=slot.id,
        session=session.id,
        position=slot.position,
        department=session.department,
        doctor=session.doctor,
        title=catalogue.doctors[session.doctor].title,
        day=session.date,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        seats=count.free,
    )


def _people(catalogue: Catalogue, waiting: Iterable[Waiting]) -> Iterable[Person]:
    for own_id, patient, department, doctor, starts_at, _ in waiting:
        yield Person(own_id, patient, department, doctor, catalogue.doctors[doctor].title, starts_at)


async def _busy(unit: Unit, catalogue: Catalogue, patients: Sequence[str], *, now: datetime) -> Mapping[str, Busy]:
    """Read what keeps these patients from coming; who has no other visit is left out."""
    visits: dict[str, list[Claim]] = {}
    for claim in await unit.offers.days_of(patients, clinic_day(catalogue, now)):
        visits.setdefault(claim.patient, []).append(claim)
    limit = catalogue.clinic.policy.per_patient_per_day
    return {patient: _busy_with(claims, limit) for patient, claims in visits.items()}


def _busy_with(claims: Sequence[Claim], limit: int) -> Busy:
    days: dict[date, int] = {}
    for claim in claims:
        days[claim.date] = days.get(claim.date, 0) + 1
    return Busy(
        sessions=frozenset(claim.session for claim in claims),
        periods=tuple((claim.starts_at, claim.ends_at) for claim in claims),
        full_days=frozenset(day for day, count in days.items() if count >= limit),
    )
