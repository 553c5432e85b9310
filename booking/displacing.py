"""Ending what occupies seats of stopped slots, a batch at a time: appointments, holds, offers (R-A14)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from booking.actors import ActingChannel, Actor
from booking.audit import Entry
from booking.ids import new_id
from booking.models import Claim, ClaimState, ClinicSession
from booking.ports import Unit
from booking.stoppage_models import Displacement, DisplacementState, Stoppage, StoppageState, StoppedState

BATCH = 500
"""How many appointments one transaction displaces."""
SESSIONS = 20
EXPECTED = (ClaimState.BOOKED, ClaimState.ARRIVED)


def orderer(stoppage: Stoppage) -> Actor:
    """Return who ordered a stoppage: what its batches change is their doing."""
    return _actor(stoppage.by, stoppage.channel)


def lifter(stoppage: Stoppage) -> Actor:
    """Return who lifted a stoppage, or part of it, last: what is given back is their doing."""
    if stoppage.lifted_by is None or stoppage.lifted_through is None:
        return orderer(stoppage)
    return _actor(stoppage.lifted_by, stoppage.lifted_through)


def _actor(by: str, channel: ActingChannel) -> Actor:
    return Actor(channel if channel in {"cli", "system"} else "staff", by, channel)


async def lock_to_displace(unit: Unit, stoppage: Stoppage) -> list[str] | None:
    """Lock a stoppage and those whose people lose offers to it; return its next sessions, None when it is past that.

    Whoever works on one of the others has either seen the people who wait again, or is sent back to them. All are
    locked by id at once. What is read before that is enough: nothing is kept in stopped slots any more.
    """
    sessions = await unit.stoppages.to_do(stoppage.id, StoppedState.STOPPING, limit=SESSIONS)
    others = await unit.stoppages.offering_in(sessions)
    kept = await unit.stoppages.keep(stoppage.id, state=StoppageState.STOPPING, along=others)
    return sessions if kept else None


async def displace_some(unit: Unit, stoppage: Stoppage, sessions: Sequence[str], *, now: datetime) -> list[str]:
    """Displace the next patients of these sessions of a stoppage; return the sessions that are done.

    Nothing can be added to stopped slots any more, so what is read here is all there is. Rows of displaced patients are
    locked before the claims kept for them, as everywhere.
    """
    claims = await unit.offers.in_stopped(stoppage.id, sessions, limit=BATCH)
    await _end_offers(unit, [c for c in claims if c.state is ClaimState.OFFERED], now=now)
    await _end_holds(unit, [c for c in claims if c.state is ClaimState.HELD], now=now)
    await _end_appointments(unit, stoppage, [c for c in claims if c.state in EXPECTED], now=now)
    done = [s for s in sessions if len(claims) < BATCH or s < claims[-1].session]
    await unit.stoppages.mark_sessions(stoppage.id, done, was=[StoppedState.STOPPING], to=StoppedState.STOPPED)
    return done


async def _end_offers(unit: Unit, offers: Sequence[Claim], *, now: datetime) -> None:
    """Take back seats kept in a session that is stopped now; who is left with none waits for others.

    The stoppages of these people are locked.
    """
    for_whom = sorted({offer.displacement for offer in offers if offer.displacement})
    await unit.displaced.lock(for_whom, [DisplacementState.OFFERED])
    ids = [offer.id for offer in offers]
    await unit.offers.end(ids, was=[ClaimState.OFFERED], to=ClaimState.RELEASED, now=now)
    await unit.stoppages.reopen_work(await unit.displaced.wait_again(for_whom, now=now), now=now)


async def _end_holds(unit: Unit, holds: Sequence[Claim], *, now: datetime) -> None:
    await unit.offers.end([hold.id for hold in holds], was=[ClaimState.HELD], to=ClaimState.RELEASED, now=now)


async def _end_appointments(unit: Unit, stoppage: Stoppage, claims: Sequence[Claim], *, now: datetime) -> None:
    """Only what is still booked: who cancelled meanwhile is not displaced."""
    ended = await unit.offers.end([c.id for c in claims], was=EXPECTED, to=ClaimState.STOPPED, now=now)
    displaced = [claim for claim in claims if claim.id in ended]
    sessions = await unit.offers.sessions(sorted({claim.session for claim in displaced}))
    await unit.displaced.add([_displacement(stoppage, claim, sessions, now) for claim in displaced])
    by = orderer(stoppage)
    await unit.audit.record(*(_entry(claim, stoppage, by, now) for claim in displaced))


def _displacement(
    stoppage: Stoppage, claim: Claim, sessions: Mapping[str, ClinicSession], now: datetime
) -> Displacement:
    session = sessions[claim.session]
    return Displacement(
        id=new_id(now),
        stoppage=stoppage.id,
        claim=claim.id,
        session=claim.session,
        patient=claim.patient,
        openid=claim.openid,
        department=session.department,
        doctor=session.doctor,
        starts_at=claim.starts_at,
        first_booked_at=claim.first_booked_at,
        state=DisplacementState.WAITING,
        offers=(),
        deadline=None,
        chosen=None,
        created_at=now,
        updated_at=now,
    )


def _entry(claim: Claim, stoppage: Stoppage, by: Actor, now: datetime) -> Entry:
    before = {"number": claim.number, "state": str(claim.state)}
    after = {"number": claim.number, "state": str(ClaimState.STOPPED), "stoppage": stoppage.id}
    return Entry(now, by, "stopped", "appointment", claim.id, before, after)
