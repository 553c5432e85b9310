"""Lifting a stoppage, some sessions at a time: appointments are given back while the public is still kept out.

Who has not chosen otherwise gets the old appointment back, on the old seat, unless they are expected elsewhere by now;
what was kept for them goes back. Who has chosen is told, and keeps what they chose. Then the slots open (R-A14).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from booking.audit import Entry
from booking.displacing import lifter
from booking.erasure import ALIAS, NO_NAME
from booking.errors import Refused
from booking.models import Catalogue, Claim, ClaimState
from booking.ports import Unit
from booking.rules import choose_ordinal, clinic_day
from booking.stoppage_models import CHOSE_OTHERWISE, UNSETTLED, Displacement, DisplacementState, Stoppage, StoppedState
from booking.stoppage_notices import Told, reopened_notice, restored_notice
from booking.stoppage_scope import covers

_WHOEVER = (*UNSETTLED, *CHOSE_OTHERWISE)
SESSIONS = 8
"""How many sessions one transaction gives back."""


@dataclass(slots=True)
class _Places:
    """What the patients are expected at, so that nobody is given back a visit they cannot come to."""

    limit: int
    taken: set[tuple[str, int]]
    days: dict[tuple[str, object], list[Claim]] = field(default_factory=dict)

    def ordinal(self, claim: Claim) -> int | None:
        """Return the claim's place among the patient's of its day; None when it cannot be given back."""
        day = self.days.setdefault((claim.patient, claim.date), [])
        if (claim.slot, claim.seat) in self.taken or any(other.session == claim.session for other in day):
            return None
        try:
            ordinal = choose_ordinal(day, claim.starts_at, claim.ends_at, limit=self.limit)
        except Refused:
            return None
        self.taken.add((claim.slot, claim.seat))
        return ordinal

    def expect(self, claim: Claim) -> None:
        """Note another visit of a patient."""
        self.days.setdefault((claim.patient, claim.date), []).append(claim)


async def lift_some(unit: Unit, catalogue: Catalogue, stoppage: Stoppage, *, now: datetime) -> list[str] | None:
    """Give back and open the next sessions of a stoppage; return them, None when all were before.

    Another stoppage that is in force for them keeps its slots stopped, and their patients displaced. Raises what
    ``OfferRows.restore`` does when a patient's booking came between; done again, it is seen.
    """
    sessions = await unit.stoppages.to_do(stoppage.id, StoppedState.LIFTING, limit=SESSIONS)
    if not sessions:
        return None
    people = await unit.displaced.lock_stopped(stoppage.id, sessions, _WHOEVER, now=now)
    known = await unit.offers.lock_sessions(sessions)  # before their slots, as everywhere
    for other in await unit.stoppages.in_force(now):
        mine = [session.id for session in known.values() if covers(other.scope, session)]
        if other.id != stoppage.id and mine:
            await unit.stoppages.hand_over(stoppage.id, mine, other, now=now)
            people = await unit.displaced.lock_stopped(stoppage.id, sessions, _WHOEVER, now=now)
    await _give_back(unit, catalogue, stoppage, [each for each in people if each.state in UNSETTLED], now=now)
    await _tell(unit, [each for each in people if each.state in CHOSE_OTHERWISE], now=now)
    await unit.stoppages.open(stoppage.id, sessions, now=now)
    by = lifter(stoppage)
    await unit.audit.record(
        *(Entry(now, by, "lifted", "session", each, None, {"stoppage": stoppage.id}) for each in sessions)
    )
    return sessions


async def _give_back(
    unit: Unit, catalogue: Catalogue, stoppage: Stoppage, people: Sequence[Displacement], *, now: datetime
) -> None:
    if not people:
        return
    told = await Told.read(unit, people)
    ordinals = await _ordinals(unit, catalogue, people, told.claims, now=now)
    back = [each for each in people if each.claim in ordinals]
    await unit.offers.end_offers([each.id for each in back], to=ClaimState.RELEASED, now=now)
    await unit.offers.restore(ordinals, now=now)
    await unit.displaced.settle([each.id for each in back], DisplacementState.RESTORED, now=now)
    reached = await unit.displaced.overtake_notices(back, now=now)
    reached |= {each.id for each in people if each.claim not in ordinals and each.told}
    await unit.notices.add(
        [
            restored_notice(each, stoppage, told, restored=each.claim in ordinals, now=now)
            for each in people
            if each.id in reached
        ]
    )
    await unit.audit.record(*(_entry(told.claims[each.claim], stoppage, now) for each in back))


async def _tell(unit: Unit, people: Sequence[Displacement], *, now: datetime) -> None:
    """Tell those who chose otherwise; where the person or the account was erased since, nobody is left to be told."""
    if not people:
        return
    chosen = await unit.offers.get([each.chosen for each in people if each.chosen])
    booked = {claim.id: claim for claim in chosen.values() if claim.state is ClaimState.BOOKED}
    told = await Told.read(unit, people, list(booked.values()))
    await unit.notices.add(
        [
            reopened_notice(each, told, booked.get(each.chosen or ""), now=now)
            for each in people
            if told.names[each.patient] != NO_NAME and not (each.openid or "").startswith(ALIAS)
        ]
    )


async def _ordinals(
    unit: Unit,
    catalogue: Catalogue,
    people: Sequence[Displacement],
    claims: Mapping[str, Claim],
    *,
    now: datetime,
) -> dict[str, int]:
    """Return the claims that can be given back, each with its place of the day; first booked, first judged."""
    slots = await unit.offers.slots(sorted({claim.slot for claim in claims.values()}))
    places = _Places(catalogue.clinic.policy.per_patient_per_day, await unit.offers.taken(list(slots.values())))
    for visit in await unit.offers.days_of(sorted({each.patient for each in people}), clinic_day(catalogue, now)):
        places.expect(visit)
    ordinals: dict[str, int] = {}
    for each in sorted(people, key=lambda each: (each.first_booked_at, each.id)):
        claim = claims[each.claim]
        ordinal = places.ordinal(claim) if claim.state is ClaimState.STOPPED else None
        if ordinal is not None:
            ordinals[claim.id] = ordinal
            places.expect(replace(claim, state=ClaimState.BOOKED, ordinal=ordinal))
    return ordinals


def _entry(claim: Claim, stoppage: Stoppage, now: datetime) -> Entry:
    before = {"number": claim.number, "state": str(claim.state), "stoppage": stoppage.id}
    return Entry(
        now, lifter(stoppage), "restored", "appointment", claim.id, before, {"number": claim.number, "state": "booked"}
    )
