"""The booking service: holding, confirming, releasing, changing and cancelling, for patients and for staff (R-A1)."""

from contextlib import suppress
from datetime import datetime, timedelta

from booking.actors import Actor, acting, system
from booking.appointment_trail import write_booked, write_completed
from booking.changes import Changes, why_not_booked
from booking.current import CurrentCatalogue
from booking.errors import Unavailable
from booking.holding import Holds, Wish
from booking.models import APPOINTED, LIVE, Claim, ClaimKind, ClaimState
from booking.pool_port import SlotPool
from booking.ports import ClaimFilter, Database, Figures, Unit, Watch
from booking.refusals import UnknownAppointment
from booking.seats import Seats
from booking.views import AppointmentView, owned_view, views_of

__all__ = ["AppointmentView", "Appointments", "Wish"]

PAST_SHOWN = 50
"""How many past appointments of an account are read."""
BATCH = 500
"""How many appointments are completed in a transaction."""


class Appointments:
    """The booking service behind every channel (R-A1)."""

    def __init__(
        self,
        *,
        database: Database,
        pool: SlotPool,
        seats: Seats,
        current: CurrentCatalogue,
        hold_for: timedelta,
        figures: Figures,
        watch: Watch | None = None,
    ) -> None:
        self._database = database
        self._pool = pool
        self._seats = seats
        self._current = current
        self._figures = figures
        self._watch = watch
        self._changes = Changes(database=database, pool=pool, current=current, figures=figures, watch=watch)
        self._holds = Holds(
            database=database,
            pool=pool,
            seats=seats,
            current=current,
            changes=self._changes,
            hold_for=hold_for,
            figures=figures,
            watch=watch,
        )

    async def hold(self, wish: Wish, *, by: Actor | None = None, now: datetime) -> Claim:
        """Hold a seat until ``expires_at``; an earlier unconfirmed hold of this account for this patient is given up.

        ``by``, here and below, is who acts; None means the account itself. Staff act for any patient, and may until
        the visit begins (R-A12); the account of what they hold is found by the patient's telephone number
        (``PatientRows.account_of``). Raises the ``Refused`` leaf of the rule that forbids it, ``Busy``, or
        ``Unavailable``.
        """
        return await self._holds.hold(wish, by=acting(wish.openid, by), now=now)

    def _moved(self, claim: Claim, *, held: int = 0, booked: int = 0) -> None:
        if self._watch is not None:
            self._watch(claim.slot, held=held, booked=booked)

    async def _tell_free(self, session: str, owner: str) -> None:
        """Tell Redis of a freed seat; when Redis is away, the repair row or the reconciler tells it later."""
        with suppress(Unavailable):
            await self._pool.release(session=session, owner=owner)

    async def confirm(
        self, claim_id: str, *, openid: str | None, by: Actor | None = None, now: datetime
    ) -> AppointmentView:
        """Turn a hold into an appointment; the same again returns the same appointment.

        Raises ``HoldExpired``, ``SessionClosed``, ``UnknownAppointment``, ``Unavailable``.
        """
        actor, catalogue = acting(openid, by), await self._current.get()
        async with self._database.begin() as unit:
            claim = await unit.claims.confirm(claim_id, openid=actor.owner, now=now)
            booked = None
            if claim is not None:
                booked = await write_booked(unit, claim, by=actor, catalogue=catalogue, now=now)
        if booked is not None:
            self._figures.confirmation()
            self._moved(booked.claim, held=-1, booked=1)
            return booked
        view = await self.view(claim_id, openid=openid, by=by)
        if view.claim.state in LIVE and view.claim.state is not ClaimState.HELD:
            return view
        error = why_not_booked(view, kind=ClaimKind.MAIN, now=now)
        self._figures.refusal(error.rule)
        raise error

    async def release(self, claim_id: str, *, openid: str | None, by: Actor | None = None, now: datetime) -> None:
        """Give a hold back; nothing happens when it is none any more. Raises ``UnknownAppointment``."""
        owner = acting(openid, by).owner
        async with self._database.begin() as unit:
            claim = await unit.claims.get(claim_id)
            if claim is None or (owner is not None and claim.openid != owner):
                raise UnknownAppointment
            ended = await unit.claims.end(claim_id, was=(ClaimState.HELD,), to=ClaimState.RELEASED, now=now)
        if ended is not None:
            self._moved(ended, held=-1)
            await self._tell_free(ended.session, ended.request_id)

    async def view(self, claim_id: str, *, openid: str | None, by: Actor | None = None) -> AppointmentView:
        """Return one of the account's claims, to staff anybody's; raises ``UnknownAppointment``."""
        async with self._database.read() as unit:
            return await owned_view(unit, claim_id, owner=acting(openid, by).owner)

    async def cancel(
        self, claim_id: str, *, openid: str | None, by: Actor | None = None, now: datetime
    ) -> AppointmentView:
        """Cancel an appointment; its seat is free at once. The same again returns the same cancelled one (R-A13).

        Raises ``TooLateToCancel``, ``NotCancellable``, ``UnknownAppointment``, ``Unavailable``.
        """
        return await self._changes.cancel(claim_id, by=acting(openid, by), now=now)

    async def reschedule(
        self, claim_id: str, *, to: str, openid: str | None, by: Actor | None = None, now: datetime
    ) -> AppointmentView:
        """Let the replacement ``to`` (a hold whose wish named this appointment) stand for it, or change nothing.

        The same again returns the same new appointment (R-A12). Raises ``HoldExpired``, ``SessionClosed``,
        ``TooLateToChange``, ``NotChangeable``, ``AlreadyInSession``, ``OverlappingAppointment``, ``DayLimitReached``,
        ``UnknownAppointment``, ``Busy``, ``Unavailable``.
        """
        return await self._changes.reschedule(claim_id, to=to, by=acting(openid, by), now=now)

    async def complete_past(self, *, now: datetime) -> int:
        """Complete appointments whose time has passed, a batch in each transaction; return how many."""
        count = 0
        while True:
            async with self._database.begin() as unit:
                done = await unit.claims.complete_past(now, limit=BATCH)
                await write_completed(unit, done, by=system("complete_past"), now=now)
            count += len(done)
            if len(done) < BATCH:
                return count

    async def of_patient(
        self, patient_id: str, *, by: Actor, now: datetime, reason: str = "appointments"
    ) -> list[AppointmentView]:
        """Return a patient's appointments through whatever account, ordered as ``of_account`` does; to staff.

        The look-up is logged (R-A11).
        """
        async with self._database.begin() as unit:
            await unit.patients.log_access(actor=by.id, channel=by.channel, purpose=reason, subject=patient_id, now=now)
        async with self._database.read() as unit:
            return await _in_order(unit, ClaimFilter(patient=patient_id, states=APPOINTED), now=now)

    async def of_account(self, openid: str, *, now: datetime) -> list[AppointmentView]:
        """Return what was booked through this account: coming ones by start, then past ones, newest first."""
        async with self._database.read() as unit:
            return await _in_order(unit, ClaimFilter(openid=openid, states=APPOINTED), now=now)


async def _in_order(unit: Unit, wanted: ClaimFilter, *, now: datetime) -> list[AppointmentView]:
    claims = await unit.claims.find(wanted)
    coming = [c for c in claims if c.ends_at > now and c.state in LIVE]
    past = [c for c in reversed(claims) if c not in coming]
    return await views_of(unit, coming + past[:PAST_SHOWN])
