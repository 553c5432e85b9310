"""Changing a published session: its room, time, doctor or capacity, and telling those booked in it (R-A8).

One transaction: the session's row is locked, so that a booking of that moment is either seen here or refused; then
slots and claims move together, and notices and the audit trail are written beside them. Redis follows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from booking.actors import Actor
from booking.adjusting import Effect, aim, changed_parts, check_adjustable, check_times, check_whole, effect_of
from booking.adjustment_models import Adjustment, AdjustmentReport, Moved, Part, Target
from booking.appointment_trail import appointment_facts
from booking.audit import Entry, Facts
from booking.errors import Busy, Unavailable
from booking.models import Claim, ClaimState, ClinicSession
from booking.notice_payloads import visit
from booking.notices import Notice, NoticeKind, new_notice
from booking.ports import Database, Unit
from booking.publishing import Wishes
from booking.seats import Seats
from booking.staff_refusals import CannotAdjust
from booking.stoppage_models import DisplacementState, StoppedState
from booking.stoppage_scope import covers

TRIES = 6
"""How often a change is worked out again after seats of the session were kept for displaced patients meanwhile."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done, worked out from the rows as they stand."""

    before: Target
    after: Target
    parts: tuple[Part, ...]
    effect: Effect

    @property
    def changes_nothing(self) -> bool:
        return not self.parts and self.before.session == self.after.session


class Adjustments:
    """Changes published sessions; the same change again changes nothing."""

    def __init__(self, database: Database, seats: Seats | None, *, sms: bool = False) -> None:
        """``sms``: who has a telephone number is reached, too."""
        self._database = database
        self._sms = sms
        self._seats = seats

    async def preview(self, wish: Adjustment, *, now: datetime) -> AdjustmentReport:
        """Return what would change and whom it reaches, and write nothing.

        Raises ``CannotAdjust``, ``NoCatalogue`` or ``Unavailable``.
        """
        async with self._database.read() as unit:
            return await _report(unit, await _work_out(unit, wish, now=now), sms=self._sms)

    async def apply(self, wish: Adjustment, *, by: Actor, now: datetime) -> AdjustmentReport:
        """Change the session and tell those booked. Raises as ``preview`` does, and then nothing has changed."""
        async with self._database.read() as unit:
            plan = await _work_out(unit, wish, now=now)
            if plan.changes_nothing:
                return await _report(unit, plan, sms=self._sms)
        report = await self._apply_in_turn(wish, by=by, now=now)
        return replace(report, pool_told=await self._tell_pool(wish.session))

    async def _apply_in_turn(self, wish: Adjustment, *, by: Actor, now: datetime) -> AdjustmentReport:
        for _ in range(TRIES):
            async with self._database.begin() as unit:
                await unit.stoppages.in_turn(sharing=True)
                displaced = await _lock_displaced(unit, wish.session)
                gen = await unit.sessions.next_generation(wish.session)
                plan = await _work_out(unit, wish, now=now, locked=True)
                if not displaced.issuperset(claim.displacement for claim in plan.effect.withdrawn):
                    continue  # a seat was kept for somebody else meanwhile
                if not plan.changes_nothing:
                    await _write(unit, plan, by=by, reason=wish.reason, gen=gen, now=now)
                return await _report(unit, plan, sms=self._sms)
        raise Busy

    async def _tell_pool(self, session_id: str) -> bool:
        if self._seats is None:
            return False
        try:
            await self._seats.rebuild_all([session_id])
        except Unavailable:
            return False
        return True


async def _lock_displaced(unit: Unit, session_id: str) -> set[str | None]:
    """Lock those for whom seats are kept in a session; before the session, as whoever answers an offer does.

    Their stoppages come first, as with whoever works on those: who waits again is seen there, or work is reopened.
    """
    stoppages = await unit.stoppages.lock(await unit.stoppages.offering_in([session_id]))
    offered = [claim for claim in await unit.claims.live(session_id) if claim.state is ClaimState.OFFERED]
    ids = sorted({claim.displacement for claim in offered if claim.displacement})
    people = await unit.displaced.lock(ids, [DisplacementState.OFFERED])
    return {person.id for person in people if person.stoppage in stoppages}


async def _work_out(unit: Unit, wish: Adjustment, *, now: datetime, locked: bool = False) -> _Plan:
    """Compare what is wished for with what is there; ``locked``: what else it rests on is locked too."""
    found = await unit.sessions.get(wish.session)
    if found is None:
        raise CannotAdjust("unknown_session", session=wish.session)
    session, slots = found
    before = Target(session, tuple(slots))
    wishes = await Wishes.read(unit)
    planned = [plan for plan in wishes.plans(session.date, now=now) if plan.session.id == session.id]
    check_adjustable(session, now=now)
    after = aim(wish, before, wishes.catalogue, planned[0] if planned else None)
    parts = changed_parts(before, after)
    if parts:
        check_whole(before, parts)
        if locked:
            await unit.adjustments.lock_doctor(after.session.doctor)
        others = [other for other in await unit.sessions.sessions_from(session.date) if other.date == session.date]
        check_times(before, after, others, wishes.catalogue, now=now)
        await _check_stoppages(unit, after.session, parts, now=now)
    claims = await (unit.adjustments.lock_live(session.id) if locked else unit.claims.live(session.id))
    return _Plan(before, after, parts, effect_of(before, after, claims, now=now))


async def _check_stoppages(unit: Unit, session: ClinicSession, parts: Sequence[Part], *, now: datetime) -> None:
    """Check that nothing is moved into a stoppage that is in force, unless this session was lifted out of it.

    Raises ``CannotAdjust``.
    """
    if not {"time", "doctor"}.intersection(parts):
        return
    for stoppage in await unit.stoppages.in_force(now):
        if (
            covers(stoppage.scope, session)
            and stoppage.from_at < session.ends_at
            and session.starts_at < stoppage.to_at
        ):
            stopped = {each.session: each.state for each in await unit.stoppages.sessions(stoppage.id)}
            if stopped.get(session.id) is not StoppedState.LIFTED:
                raise CannotAdjust("stopped_then", session=session.id, stoppage=stoppage.id)


async def _write(unit: Unit, plan: _Plan, *, by: Actor, reason: str, gen: int, now: datetime) -> None:
    session = plan.after.session
    await unit.adjustments.release(plan.effect.released, now=now)
    await _withdraw(unit, plan.effect.withdrawn, now=now)
    await unit.adjustments.rewrite([replace(claim, updated_at=now) for claim in plan.effect.rewritten])
    await unit.adjustments.write(session, plan.after.slots)
    names = await unit.patients.names(sorted({moved.after.patient for moved in plan.effect.told}))
    await unit.notices.add([_notice(moved, plan, names, reason=reason, gen=gen, now=now) for moved in plan.effect.told])
    await unit.audit.record(
        Entry(now, by, "adjusted", "session", session.id, _facts(plan.before), _facts(plan.after, reason=reason)),
        *(_entry(moved, plan, by=by, now=now) for moved in plan.effect.told),
    )


async def _withdraw(unit: Unit, offers: Sequence[Claim], *, now: datetime) -> None:
    """Take back seats kept for displaced patients, who saw another time or doctor; who has none left waits again."""
    await unit.offers.end([offer.id for offer in offers], was=[ClaimState.OFFERED], to=ClaimState.RELEASED, now=now)
    for_whom = sorted({offer.displacement for offer in offers if offer.displacement})
    await unit.stoppages.reopen_work(await unit.displaced.wait_again(for_whom, now=now), now=now)


async def _report(unit: Unit, plan: _Plan, *, sms: bool) -> AdjustmentReport:
    claims = [moved.after for moved in plan.effect.told]
    following = await unit.adjustments.following(claim.openid for claim in claims if claim.openid is not None)
    numbered = await unit.adjustments.with_number(claim.patient for claim in claims) if sms else frozenset()
    return AdjustmentReport(
        before=plan.before,
        after=plan.after,
        parts=plan.parts,
        appointments=len(claims),
        reachable=sum(claim.openid in following or claim.patient in numbered for claim in claims),
        released=len(plan.effect.released),
        withdrawn=len(plan.effect.withdrawn),
        overbooked=plan.effect.overbooked,
    )


def _notice(moved: Moved, plan: _Plan, names: Mapping[str, str], *, reason: str, gen: int, now: datetime) -> Notice:
    claim = moved.after
    name = names[claim.patient]
    return new_notice(
        NoticeKind.SESSION_CHANGED,
        dedupe_key=f"session_changed:{claim.id}:{gen}",
        payload={
            "before": visit(moved.before, plan.before.session, name),
            "visit": visit(claim, plan.after.session, name),
            "changes": list(moved.parts),
            "reason": reason,
        },
        now=now,
        openid=claim.openid,
        patient=claim.patient,
        claim=claim.id,
        visit_at=claim.starts_at,
        asks_until=claim.starts_at,
    )


def _entry(moved: Moved, plan: _Plan, *, by: Actor, now: datetime) -> Entry:
    before, after = (
        _appointment(claim, target) for claim, target in ((moved.before, plan.before), (moved.after, plan.after))
    )
    return Entry(now, by, "session_changed", "appointment", moved.after.id, before, after)


def _appointment(claim: Claim, target: Target) -> Facts:
    session = target.session
    return {**appointment_facts(claim), "doctor": session.doctor, "room": session.room, "waived": claim.waived}


def _facts(target: Target, *, reason: str | None = None) -> Facts:
    session = target.session
    facts: dict[str, str | bool | list[str] | None] = {
        "start": session.starts_at.isoformat(),
        "end": session.ends_at.isoformat(),
        "doctor": session.doctor,
        "room": session.room,
        "fee": str(session.fee),
        "capacities": [str(slot.capacity) for slot in target.slots],
        "adjusted": session.adjusted,
    }
    return facts if reason is None else {**facts, "reason": reason}
