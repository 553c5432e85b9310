"""Cancelling and rescheduling: what patients, or staff for them, do to what is booked (R-A12, R-A13).

SQL first, in one transaction with the repair row of the seat set free; then Redis is told. A reschedule has held its
new seat before, as a ``replacement``: it ends the old claim and books the new one together, or nothing happens.
"""

from contextlib import suppress
from datetime import datetime

from booking.actors import Actor
from booking.appointment_trail import write_cancelled, write_moved
from booking.current import CurrentCatalogue
from booking.errors import Busy, OrdinalTaken, Refused, Unavailable
from booking.models import APPOINTED, LIVE, Claim, ClaimKind, ClaimState, Policy, SessionState
from booking.pool_port import SlotPool
from booking.ports import Database, Figures, Unit, Watch
from booking.refusals import HoldExpired, SameSlot, SessionClosed, UnknownAppointment
from booking.rules import choose_ordinal, may_cancel, may_change
from booking.views import AppointmentView, owned_view

TRIES = 6
"""How often a reschedule is judged again after another claim of the patient and day came between."""


class Changes:
    """Part of ``Appointments``: the ends of an appointment that somebody chooses."""

    def __init__(
        self,
        *,
        database: Database,
        pool: SlotPool,
        current: CurrentCatalogue,
        figures: Figures,
        watch: Watch | None,
    ) -> None:
        self._database = database
        self._pool = pool
        self._current = current
        self._figures = figures
        self._watch = watch

    async def cancel(self, claim_id: str, *, by: Actor, now: datetime) -> AppointmentView:
        """See ``Appointments.cancel``."""
        catalogue = await self._current.get()
        policy, owner = catalogue.clinic.policy, by.owner
        starts_from = now if by.is_staff else now + policy.cancel_notice
        async with self._database.begin() as unit:
            ended = await unit.claims.withdraw(
                claim_id, openid=owner, starts_from=starts_from, to=ClaimState.CANCELLED, now=now
            )
            if ended is not None:
                await write_cancelled(unit, ended, by=by, catalogue=catalogue, now=now)
        if ended is not None:
            await self._tell(ended)
        async with self._database.read() as unit:
            view = await _appointed(unit, claim_id, owner)
        if view.claim.state is ClaimState.CANCELLED:
            return view
        try:
            may_cancel(view.claim, policy, now=now, by_staff=by.is_staff)
        except Refused as error:
            self._figures.refusal(error.rule)
            raise
        raise Busy  # somebody else's change of the appointment came between, and was undone

    async def check(self, claim_id: str, *, patient: str, slot: str, by: Actor, now: datetime) -> None:
        """Check that an appointment may be changed to another slot; raises the ``Refused`` leaf that forbids it."""
        policy = (await self._current.get()).clinic.policy
        async with self._database.read() as unit:
            view = await _appointed(unit, claim_id, by.owner)
        if view.claim.patient != patient:
            raise UnknownAppointment
        may_change(view.claim, policy, now=now, by_staff=by.is_staff)
        if view.claim.slot == slot:
            raise SameSlot

    async def reschedule(self, claim_id: str, *, to: str, by: Actor, now: datetime) -> AppointmentView:
        """See ``Appointments.reschedule``."""
        owner = by.owner
        try:
            await self._exchange_in_turn(claim_id, to, owner=owner, by=by, now=now)
        except Refused as error:
            view = await self._done_before(claim_id, to, owner)
            if view is not None:
                return view
            self._figures.refusal(error.rule)
            raise
        async with self._database.read() as unit:
            return await owned_view(unit, to, owner=owner)

    async def _exchange_in_turn(self, claim_id: str, to: str, *, owner: str | None, by: Actor, now: datetime) -> None:
        catalogue = await self._current.get()
        for _ in range(TRIES):
            with suppress(OrdinalTaken):  # another claim of this patient came between: the day is read again
                async with self._database.begin() as unit:
                    old, new = await self._exchange(
                        unit, claim_id, to, owner=owner, by=by, policy=catalogue.clinic.policy, now=now
                    )
                    await write_moved(unit, old, new, by=by, catalogue=catalogue, now=now)
                await self._tell(old, new)
                return
        raise Busy

    async def _exchange(
        self, unit: Unit, claim_id: str, to: str, *, owner: str | None, by: Actor, policy: Policy, now: datetime
    ) -> tuple[Claim, Claim]:
        """End the old claim and book the new one, in this order and this transaction."""
        held = (await owned_view(unit, to, owner=owner)).claim
        await unit.patients.lock(held.patient)
        day = await unit.claims.day_of(held.patient, held.date)
        starts_from = now if by.is_staff else now + policy.change_notice
        old = await unit.claims.withdraw(claim_id, openid=owner, starts_from=starts_from, to=ClaimState.MOVED, now=now)
        if old is None:
            may_change((await _appointed(unit, claim_id, owner)).claim, policy, now=now, by_staff=by.is_staff)
            raise Busy  # somebody else's change of the appointment came between, and was undone
        if old.patient != held.patient:
            raise UnknownAppointment
        limit = policy.per_patient_per_day
        ordinal = choose_ordinal(day, held.starts_at, held.ends_at, limit=limit, moving=old.id)
        new = await unit.claims.promote(to, openid=owner, ordinal=ordinal, first_booked_at=old.first_booked_at, now=now)
        if new is None:
            raise why_not_booked(await owned_view(unit, to, owner=owner), kind=ClaimKind.REPLACEMENT, now=now)
        return old, new

    async def _done_before(self, claim_id: str, to: str, owner: str | None) -> AppointmentView | None:
        """Return the new appointment when the same reschedule was done already."""
        with suppress(UnknownAppointment):
            async with self._database.read() as unit:
                old = await owned_view(unit, claim_id, owner=owner)
                new = await owned_view(unit, to, owner=owner)
            moved = old.claim.state is ClaimState.MOVED
            if moved and new.claim.kind is ClaimKind.MAIN and new.claim.state in LIVE:
                return new
        return None

    async def _tell(self, old: Claim, new: Claim | None = None) -> None:
        """Tell whoever counts seats here, and Redis; when it is away, repair row and reconciler tell it later."""
        if self._watch is not None:
            self._watch(old.slot, booked=-1)
            if new is not None:
                self._watch(new.slot, held=-1, booked=1)
        with suppress(Unavailable):
            if new is not None:
                await self._pool.own(session=new.session, owner=new.request_id, patient=new.patient)
            await self._pool.release(session=old.session, owner=old.request_id)


async def _appointed(unit: Unit, claim_id: str, owner: str | None) -> AppointmentView:
    """Read one of the account's appointments; raises ``UnknownAppointment`` for a hold as well."""
    view = await owned_view(unit, claim_id, owner=owner)
    if view.claim.state not in APPOINTED:
        raise UnknownAppointment
    return view


def why_not_booked(view: AppointmentView, *, kind: ClaimKind, now: datetime) -> Refused:
    """Return why a hold of this kind could not be booked: it came to its end, or its session or slot was closed."""
    claim = view.claim
    is_held = claim.state is ClaimState.HELD and claim.expires_at is not None and claim.expires_at > now
    closed = (is_held and claim.kind is kind) or view.session.state is not SessionState.OPEN
    return SessionClosed() if closed else HoldExpired()
