"""Answers to offers, and what becomes of those nobody answers (R-A14).

Whoever decides about a displaced patient locks that row first: an answer, a lifted stoppage, a deadline, a telephone
call. The first one wins, and the others find what it did.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from booking.actors import Actor, account, system
from booking.audit import Entry, Facts
from booking.current import CurrentCatalogue
from booking.errors import Busy, OrdinalTaken, Unavailable
from booking.models import Catalogue, Claim, ClaimState
from booking.notices import NoticeKind, unless_in_reply
from booking.offer_plan import PAGE, Planned, make_plan, read_allocation
from booking.offer_writing import write_offers
from booking.pool_port import SlotPool
from booking.ports import Database, Unit, Watch
from booking.refusals import OfferGone, UnknownAppointment
from booking.rules import choose_ordinal
from booking.seats import Seats
from booking.stoppage_models import UNSETTLED, Displacement, DisplacementState
from booking.stoppage_notices import Told, rebooked_notice
from booking.stoppage_ports import Waiting
from booking.views import AppointmentView, view_of, views_of

TRIES = 6
"""How often a choice is judged again after another claim of the patient and day came between."""
BATCH = 200
_ENDED = (ClaimState.CANCELLED, ClaimState.MOVED, ClaimState.STOPPED)
"""What may have become of the appointment that somebody chose."""


@dataclass(frozen=True, slots=True)
class OfferAnswer:
    """What an answer led to: the new appointment, or None when none was wanted; ``old`` is the one that was stopped."""

    displacement: Displacement
    old: Claim
    view: AppointmentView | None

    @property
    def claim(self) -> str | None:
        """The id of the appointment that was chosen; None when none was wanted."""
        return self.displacement.chosen


@dataclass(frozen=True, slots=True)
class _Reply:
    """Which claim is chosen, None for none, by whom; through which notice, and how that was answered."""

    claim: str | None
    by: Actor
    notice: str | None = None
    words: str = ""


class Offers:
    """Seats kept for displaced patients: chosen, given back, given to the next."""

    def __init__(
        self,
        *,
        database: Database,
        pool: SlotPool,
        seats: Seats,
        current: CurrentCatalogue,
        watch: Watch | None = None,
    ) -> None:
        self._database = database
        self._pool = pool
        self._seats = seats
        self._current = current
        self._watch = watch

    async def answer(
        self, notice_id: str, place: int, *, openid: str, by: Actor | None = None, now: datetime
    ) -> OfferAnswer:
        """Choose the offer at this place of a notice (counted from 1), or none with 0; the same again does nothing.

        Raises ``OfferGone`` with what became of it, ``OverlappingAppointment``, ``DayLimitReached``,
        ``AlreadyInSession``, ``UnknownAppointment``, ``Busy`` or ``Unavailable``.
        """
        async with self._database.read() as unit:
            notice = await unit.notices.get(notice_id)
        if notice is None or notice.openid != openid or notice.displacement is None:
            raise UnknownAppointment
        offers = notice.payload.get("offers", [])
        if notice.kind not in {NoticeKind.STOPPED, NoticeKind.OFFER} or not 0 <= place <= len(offers):
            raise UnknownAppointment
        chosen = offers[place - 1]["claim"] if place else None
        reply = _Reply(chosen, by or account(openid), notice_id, str(place))
        return await self._decide(notice.displacement, reply, now=now)

    async def choose_for(self, displacement_id: str, claim_id: str | None, *, by: Actor, now: datetime) -> OfferAnswer:
        """Choose one of the offers kept for somebody, or none, as staff; raises what ``answer`` does."""
        return await self._decide(displacement_id, _Reply(claim_id, by), now=now)

    async def _decide(self, displacement_id: str, reply: "_Reply", *, now: datetime) -> OfferAnswer:
        catalogue = await self._current.get()
        for _ in range(TRIES):
            with suppress(OrdinalTaken):  # another claim of this patient came between: the day is read again
                async with self._database.begin() as unit:
                    person = await _known(unit, displacement_id, lock=True)
                    new, given_back = await _settle(unit, person, reply, catalogue=catalogue, now=now)
                await self._tell(new, given_back)
                return await self._answered(displacement_id)
        raise Busy

    async def of(self, displacement_id: str) -> tuple[Displacement, list[AppointmentView]]:
        """Return somebody displaced with what is kept for them; raises ``UnknownAppointment``."""
        async with self._database.read() as unit:
            person = await _known(unit, displacement_id)
            claims = await unit.offers.get(person.offers)
            kept = [claims[id_] for id_ in person.offers if claims[id_].state is ClaimState.OFFERED]
            return person, await views_of(unit, kept)

    async def gone(self, displacement_id: str, claims: Sequence[str], *, now: datetime) -> OfferGone | None:
        """Return what became of these offers to somebody; None while any of them can be chosen."""
        async with self._database.read() as unit:
            person = await unit.displaced.get(displacement_id)
            if person is None:
                return OfferGone("none")
            if person.state is DisplacementState.OFFERED and person.deadline is not None and person.deadline <= now:
                return OfferGone("expired")
            kept = await unit.offers.get(claims)
            if person.state is DisplacementState.OFFERED and any(
                each.state is ClaimState.OFFERED for each in kept.values()
            ):
                return None
            return await _gone(unit, person)

    async def expire(self, *, now: datetime) -> int:
        """Give back what nobody chose by its deadline; return how many patients that met."""
        async with self._database.begin() as unit:
            people = await unit.displaced.lock_overdue(now, limit=BATCH)
            ids = [person.id for person in people]
            given_back = await unit.offers.end_offers(ids, to=ClaimState.EXPIRED, now=now)
            await unit.displaced.settle(ids, DisplacementState.EXPIRED, now=now)
            await unit.audit.record(*(_entry(person, "expired", system("offers"), now) for person in people))
        await self._tell(None, given_back)
        return len(people)

    async def serve_next(self, *, now: datetime) -> int:
        """Offer seats that came free to those who had none, in order of first booking; return to how many."""
        catalogue = await self._current.get()
        async with self._database.read() as unit:
            in_line = await unit.displaced.departments_in_line(now=now)
        if not in_line:
            return 0
        allocation = await read_allocation(self._database, catalogue, now=now, departments=in_line)
        departments = sorted(allocation.departments.intersection(in_line))
        if not departments:
            return 0

        async def page(unit: Unit, after: Waiting | None) -> Sequence[Waiting]:
            return await unit.displaced.next_in_line(departments, now=now, after=after, limit=PAGE)

        planned = await make_plan(self._database, catalogue, page, now=now, allocation=allocation)
        served = 0
        for start in range(0, len(planned), BATCH):
            served += await self._serve(catalogue, planned[start : start + BATCH], now=now)
        return served

    async def _serve(self, catalogue: Catalogue, planned: Sequence[Planned], *, now: datetime) -> int:
        async with self._database.begin() as unit:
            served, sessions = await write_offers(unit, catalogue, planned, DisplacementState.UNOFFERED, now=now)
        await self._seats.follow(sessions)
        return served

    async def _answered(self, displacement_id: str) -> OfferAnswer:
        async with self._database.read() as unit:
            person = await _known(unit, displacement_id)
            claims = await unit.offers.get([each for each in (person.claim, person.chosen) if each])
            view = await view_of(unit, claims[person.chosen]) if person.chosen else None
            return OfferAnswer(person, claims[person.claim], view)

    async def _tell(self, new: Claim | None, given_back: Sequence[Claim]) -> None:
        """Tell whoever counts seats here, and Redis; when it is away, repair rows and the reconciler do later."""
        if self._watch is not None:
            for claim in given_back:
                self._watch(claim.slot, held=-1)
            if new is not None:
                self._watch(new.slot, held=-1, booked=1)
        with suppress(Unavailable):
            if new is not None:
                await self._pool.own(session=new.session, owner=new.request_id, patient=new.patient)
            for claim in given_back:
                await self._pool.release(session=claim.session, owner=claim.request_id)


async def _known(unit: Unit, displacement_id: str, *, lock: bool = False) -> Displacement:
    person = await unit.displaced.get(displacement_id, lock=lock)
    if person is None:
        raise UnknownAppointment
    return person


async def _settle(
    unit: Unit, person: Displacement, reply: _Reply, *, catalogue: Catalogue, now: datetime
) -> tuple[Claim | None, list[Claim]]:
    """Do what was chosen, unless it was done before; the person's row is locked. Return what is booked and given back.

    Raises what ``Offers.answer`` does.
    """
    if reply.claim is None:
        if person.state is DisplacementState.DECLINED:
            return None, []
        if person.state not in UNSETTLED:
            raise await _gone(unit, person)
        new, action, to = None, "declined", DisplacementState.DECLINED
    else:
        if person.state is DisplacementState.REBOOKED and person.chosen == reply.claim:
            chosen = (await unit.offers.get([reply.claim]))[reply.claim]
            if chosen.state in _ENDED:
                raise OfferGone("answered", chosen)
            return None, []
        new = await _book(unit, person, reply, catalogue=catalogue, now=now)
        action, to = "rebooked", DisplacementState.REBOOKED
    given_back = await unit.offers.end_offers([person.id], to=ClaimState.RELEASED, keep=reply.claim, now=now)
    await unit.displaced.settle([person.id], to, chosen=reply.claim, now=now)
    if reply.notice is not None:
        await unit.notices.answered(reply.notice, reply.words, now=now)
    await unit.displaced.close_notices(person, now=now)
    await unit.audit.record(_entry(person, action, reply.by, now))
    return new, given_back


async def _book(unit: Unit, person: Displacement, reply: _Reply, *, catalogue: Catalogue, now: datetime) -> Claim:
    """Make an offer the patient's appointment, and tell them; raises what ``Offers.answer`` does."""
    offer = (await unit.offers.get([reply.claim or ""])).get(reply.claim or "")
    if offer is None or offer.displacement != person.id:
        raise UnknownAppointment
    if person.state is not DisplacementState.OFFERED or offer.state is not ClaimState.OFFERED:
        raise await _gone(unit, person)
    if person.deadline is not None and person.deadline <= now:
        raise OfferGone("expired")
    await unit.patients.lock(person.patient)  # as whoever books for them does: the day stays as it is read
    day = await unit.claims.day_of(person.patient, offer.date)
    limit = catalogue.clinic.policy.per_patient_per_day
    ordinal = choose_ordinal(day, offer.starts_at, offer.ends_at, limit=limit)
    new = await unit.offers.choose(offer.id, displacement=person.id, ordinal=ordinal, now=now)
    if new is None:
        raise OfferGone("stopped")
    told = await Told.read(unit, [person], [new])
    notice = rebooked_notice(person, told.claims[person.claim], new, told, now=now)
    await unit.notices.add([unless_in_reply(notice, by=reply.by, catalogue=catalogue, now=now)])
    before, after = ({"number": each.number, "state": str(each.state)} for each in (offer, new))
    await unit.audit.record(Entry(now, reply.by, "booked", "appointment", new.id, before, after))
    return new


async def _gone(unit: Unit, person: Displacement) -> OfferGone:
    """Say what became of offers that do not stand any more."""
    claims = await unit.offers.get([each for each in (person.claim, person.chosen) if each])
    match person.state:
        case DisplacementState.REBOOKED:
            return OfferGone("answered", claims.get(person.chosen or ""))
        case DisplacementState.RESTORED:
            return OfferGone("restored", claims.get(person.claim))
        case DisplacementState.DECLINED:
            return OfferGone("declined")
        case DisplacementState.EXPIRED:
            return OfferGone("expired")
        case DisplacementState.UNOFFERED:
            return OfferGone("none")
        case _:
            return OfferGone("stopped")


def _entry(person: Displacement, action: str, by: Actor, now: datetime) -> Entry:
    before: Facts = {"displacement": str(person.state), "offers": list(person.offers), "stoppage": person.stoppage}
    return Entry(now, by, action, "appointment", person.claim, before, {"displacement": action})
