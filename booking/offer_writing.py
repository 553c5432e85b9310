"""Writing offers, a batch at a time: seats kept, patients told, all in one transaction (R-A14).

The sessions' rows are locked first; what is free is read after that, so that neither a seat that somebody took since
the plan was made is given twice, nor more than the share of what is free is kept.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from booking.actors import Actor, system
from booking.audit import Entry, Facts
from booking.ids import new_id
from booking.models import Catalogue, Claim, ClaimKind, ClaimState, ClinicSession, SessionState, Slot
from booking.offer_plan import Planned
from booking.offers import LEAD, MOST_OFFERS, Opening, offer_deadline, room_for_offers
from booking.ports import Unit
from booking.stoppage_models import Displacement, DisplacementState, Stoppage
from booking.stoppage_notices import Told, stopped_notice

OFFERING: Actor = system("offers")


@dataclass(slots=True)
class _Desk:
    """What may still be given of the sessions that are locked."""

    sessions: Mapping[str, ClinicSession]
    slots: Mapping[str, Slot]
    taken: dict[str, set[int]]
    rooms: dict[str, int]
    now: datetime

    @classmethod
    async def open(cls, unit: Unit, openings: Sequence[Opening], share: float, *, now: datetime) -> "_Desk":
        """Lock the sessions, then read what is free."""
        sessions = await unit.offers.lock_sessions(sorted({opening.session for opening in openings}))
        slots = await unit.offers.slots(sorted({opening.slot for opening in openings}))
        taken: dict[str, set[int]] = {}
        for slot, seat in await unit.offers.taken(list(slots.values())):
            taken.setdefault(slot, set()).add(seat)
        seats = await unit.offers.seats(sorted(sessions), now)
        rooms = {session: room_for_offers(free, kept, share) for session, (free, kept) in seats.items()}
        return cls(sessions, slots, taken, rooms, now)

    def take(self, opening: Opening) -> tuple[ClinicSession, Slot, int] | None:
        """Take a seat of a slot; None when it has none to give any more."""
        session, slot = self.sessions.get(opening.session), self.slots.get(opening.slot)
        if session is None or slot is None or not self._is_open(session, slot):
            return None
        taken = self.taken.setdefault(slot.id, set())
        if len(taken) >= slot.capacity or self.rooms.get(session.id, 0) <= 0:  # some may sit beyond it (R-A8)
            return None
        seat = next(number for number in range(1, slot.capacity + 1) if number not in taken)
        taken.add(seat)
        self.rooms[session.id] -= 1
        return session, slot, seat

    def _is_open(self, session: ClinicSession, slot: Slot) -> bool:
        in_time = slot.starts_at >= self.now + LEAD and session.opens_at <= self.now
        return session.state is SessionState.OPEN and slot.stoppage is None and in_time


async def write_offers(
    unit: Unit, catalogue: Catalogue, planned: Sequence[Planned], state: DisplacementState, *, now: datetime
) -> tuple[int, list[str]]:
    """Keep what is planned for those who are still in this state; return for how many, and the sessions touched.

    Who finds nothing left of what was planned stays as they are.
    """
    plans = dict(planned)
    people = await unit.displaced.lock(sorted(plans), [state])
    if not people:
        return 0, []
    people.sort(key=lambda person: (person.first_booked_at, person.id))
    openings = [opening for person in people for opening in plans[person.id]]
    desk = await _Desk.open(unit, openings, catalogue.clinic.policy.offer_share, now=now)
    originals = await unit.offers.get([person.claim for person in people])
    given = _give(desk, people, plans, originals)
    offers = await _with_numbers(unit, [offer for person in people for offer in given.get(person.id, ())])
    kept: dict[str, list[Claim]] = {}
    for offer in offers:
        kept.setdefault(str(offer.displacement), []).append(offer)
    told = [_offered(person, kept[person.id], catalogue, now) for person in people if person.id in kept]
    deadlines = {person.id: person.deadline for person in told}
    offers = [replace(offer, expires_at=deadlines[str(offer.displacement)]) for offer in offers]
    await unit.offers.add(offers)
    await tell(unit, told, kept, now=now)
    return len(told), sorted(desk.sessions)


def _give(
    desk: _Desk,
    people: Sequence[Displacement],
    plans: Mapping[str, Sequence[Opening]],
    originals: Mapping[str, Claim],
) -> dict[str, list[Claim]]:
    """Everybody's first before anybody's second, as it was planned."""
    given: dict[str, list[Claim]] = {}
    for place in range(MOST_OFFERS):
        for person in people:
            wanted = plans[person.id][place : place + 1]
            seat = desk.take(wanted[0]) if wanted else None
            if seat is not None:
                offer = _claim(person, originals[person.claim], *seat, place=place, now=desk.now)
                given.setdefault(person.id, []).append(offer)
    return given


def _claim(
    person: Displacement,
    original: Claim,
    session: ClinicSession,
    slot: Slot,
    seat: int,
    *,
    place: int,
    now: datetime,
) -> Claim:
    return Claim(
        id=new_id(now),
        session=session.id,
        slot=slot.id,
        position=slot.position,
        seat=seat,
        patient=person.patient,
        openid=person.openid,
        kind=ClaimKind.OFFER,
        state=ClaimState.OFFERED,
        gen=session.gen,
        seq=None,
        request_id=f"o:{person.id}:{person.stoppage}:{person.told}:{place}",
        number=_number(session),
        channel=original.channel,
        date=session.date,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        ordinal=None,
        expires_at=None,
        created_at=now,
        updated_at=now,
        first_booked_at=person.first_booked_at,
        displacement=person.id,
    )


def _number(session: ClinicSession) -> str:
    return f"{session.date:%y%m%d}{secrets.randbelow(10**8):08}"


async def _with_numbers(unit: Unit, offers: Sequence[Claim]) -> list[Claim]:
    """Give each a number nobody has: among many drawn at once one is soon somebody's."""
    numbered = list(offers)
    while True:
        used = await unit.offers.numbers_used([offer.number for offer in numbered]) if numbered else set()
        again = list(_repeated([offer.number for offer in numbered], used))
        if not again:
            return numbered
        for index in again:
            number = f"{numbered[index].date:%y%m%d}{secrets.randbelow(10**8):08}"
            numbered[index] = replace(numbered[index], number=number)


def _repeated(numbers: Sequence[str], used: set[str]) -> Iterator[int]:
    seen = set(used)
    for index, number in enumerate(numbers):
        if number in seen:
            yield index
        seen.add(number)


def _offered(person: Displacement, offers: Sequence[Claim], catalogue: Catalogue, now: datetime) -> Displacement:
    return replace(
        person,
        state=DisplacementState.OFFERED,
        offers=tuple(offer.id for offer in offers),
        deadline=offer_deadline((offer.starts_at for offer in offers), catalogue.clinic.policy, now=now),
        told=person.told + 1,
        updated_at=now,
    )


def _unoffered(person: Displacement, now: datetime) -> Displacement:
    return replace(
        person,
        state=DisplacementState.UNOFFERED,
        offers=(),
        deadline=None,
        told=person.told + 1,
        updated_at=now,
    )


async def leave_without(unit: Unit, stoppage: Stoppage, *, limit: int, now: datetime) -> int:
    """Tell the next of those who still wait that nothing is free; they are the next in line. Return how many."""
    people = await unit.displaced.lock_waiting(stoppage.id, limit=limit)
    await tell(unit, [_unoffered(person, now) for person in people], {}, now=now)
    return len(people)


async def tell(
    unit: Unit, people: Sequence[Displacement], offers: Mapping[str, Sequence[Claim]], *, now: datetime
) -> None:
    """Write what became of them, the notices that tell them, and the trail."""
    if not people:
        return
    told = await Told.read(unit, people, [offer for kept in offers.values() for offer in kept])
    read = [await unit.stoppages.get(id_) for id_ in sorted({person.stoppage for person in people})]
    stoppages = {stoppage.id: stoppage for stoppage in read if stoppage is not None}
    notices = [
        stopped_notice(each, stoppages[each.stoppage], offers.get(each.id, ()), told, now=now) for each in people
    ]
    await unit.displaced.tell(people)
    await unit.notices.add(notices)
    await unit.audit.record(*(_entry(person, told.claims[person.claim], now) for person in people))


def _entry(person: Displacement, claim: Claim, now: datetime) -> Entry:
    after: Facts = {
        "number": claim.number,
        "stoppage": person.stoppage,
        "displacement": str(person.state),
        "offers": list(person.offers),
        "deadline": person.deadline.isoformat() if person.deadline else None,
    }
    return Entry(now, OFFERING, str(person.state), "appointment", claim.id, None, after)
