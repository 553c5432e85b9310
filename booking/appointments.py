"""Holding, confirming and releasing seats: the order of Redis and SQL that never sells a seat twice.

Redis admits, SQL decides. A hold is a row in SQL before anyone is told of it; whatever Redis forgets or invents, the
indexes of ``claim`` refuse a second live claim on a seat, and the pool is put right and the request tried again.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from booking.actors import Actor, acting, system
from booking.appointment_trail import write_booked, write_completed
from booking.changes import Changes, why_not_booked
from booking.current import CurrentCatalogue
from booking.errors import (
    AlreadyAdmitted,
    AlreadyInSession,
    Busy,
    HoldExpired,
    NumberTaken,
    OrdinalTaken,
    PoolMissing,
    Refused,
    RepeatedRequest,
    SeatTaken,
    StaleFence,
    Unavailable,
    UnknownAppointment,
    UnknownPatient,
    UnknownSlot,
)
from booking.ids import new_id
from booking.models import (
    APPOINTED,
    LIVE,
    Catalogue,
    Channel,
    Claim,
    ClaimKind,
    ClaimState,
    SlotCount,
)
from booking.ports import Admission, ClaimFilter, Database, Figures, SlotFilter, SlotPool, Unit, Watch
from booking.rules import check_window, choose_ordinal
from booking.seats import Seats
from booking.views import AppointmentView, owned_view, view_of

__all__ = ["AppointmentView", "Appointments", "Wish"]

TRIES = 6
"""How often a hold starts over after the pool proved wrong; each try has put one thing right."""
PAST_SHOWN = 50
"""How many past appointments of an account are read."""
BATCH = 500
"""How many appointments are completed in a transaction."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which slot for whom, asked by whom, through what; the same ``request_id`` again finds the first one's hold.

    ``replaces`` is the appointment that the new one is to stand for (R-A12); it stands until ``reschedule``. With
    staff ``openid`` may be None and ``channel`` ``phone`` or ``onsite`` (R-A1).
    """

    slot: str
    patient: str
    openid: str | None
    channel: Channel
    request_id: str
    replaces: str | None = None


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
        self._hold_for = hold_for
        self._figures = figures
        self._watch = watch
        self._changes = Changes(database=database, pool=pool, current=current, figures=figures, watch=watch)

    async def hold(self, wish: Wish, *, by: Actor | None = None, now: datetime) -> Claim:
        """Hold a seat until ``expires_at``; an earlier unconfirmed hold of this account for this patient is given up.

        ``by``, here and below, is who acts; None means the account itself. Staff act for any patient, and may until
        the visit begins (R-A12); the account of what they hold is found by the patient's telephone number
        (``PatientRows.account_of``). Raises the ``Refused`` leaf of the rule that forbids it, ``Busy``, or
        ``Unavailable``.
        """
        try:
            claim = await self._hold(wish, acting(wish.openid, by), now)
        except Refused as error:
            self._figures.refusal(error.rule)
            raise
        self._figures.hold()
        return claim

    async def _hold(self, wish: Wish, by: Actor, now: datetime) -> Claim:
        catalogue = await self._current.get()
        wish, count = await self._looked_up(wish, by)
        if wish.replaces is not None:
            await self._changes.check(
                wish.replaces, patient=wish.patient, slot=wish.slot, by=by, openid=wish.openid, now=now
            )
        doctor = catalogue.doctors[count.session.doctor]
        check_window(catalogue, doctor, count.session.date, count.slot.starts_at, now=now)
        for _ in range(TRIES):
            claim = await self._try_hold(wish, count, catalogue, by, now)
            if claim is not None:
                return claim
        raise Busy

    async def _looked_up(self, wish: Wish, by: Actor) -> tuple[Wish, SlotCount]:
        """Return the wish with the account that the claim will belong to, and the slot."""
        async with self._database.read() as unit:
            found = await unit.sessions.slots(SlotFilter(slot=wish.slot))
            if not found:
                raise UnknownSlot
            if await unit.patients.get(wish.patient, openid=by.owner(wish.openid)) is None:
                raise UnknownPatient
            return replace(wish, openid=await _account_of(unit, wish, by)), found[0]

    async def _try_hold(
        self, wish: Wish, count: SlotCount, catalogue: Catalogue, by: Actor, now: datetime
    ) -> Claim | None:
        """One attempt; None after putting right what made it fail."""
        session = count.session.id
        try:
            admission = await self._admit(wish, count, now)
            return await self._write(self._claim(wish, count, admission, now), wish, catalogue, by, now)
        except PoolMissing:
            await self._seats.rebuild(session)
        except StaleFence as error:
            await self._seats.rebuild(session, stale=error.gen)
        except AlreadyAdmitted as error:
            await self._give_up_admission(wish, session, error.owner, now)
        except SeatTaken:
            await self._pool.disown(session=session, owner=wish.request_id)
        except RepeatedRequest:
            return await self._repeated(wish, session)
        except (OrdinalTaken, NumberTaken):
            pass  # another claim of this patient, or the same number, came between: read and draw again
        except Refused:
            await self._tell_free(session, wish.request_id)
            raise
        return None

    async def _admit(self, wish: Wish, count: SlotCount, now: datetime) -> Admission:
        return await self._pool.admit(
            session=count.session.id,
            position=count.slot.position,
            patient=wish.patient,
            owner=wish.request_id,
            main=wish.replaces is None,
            now=now,
        )

    async def _write(self, claim: Claim, wish: Wish, catalogue: Catalogue, by: Actor, now: datetime) -> Claim:
        """Write the hold durably. Concurrent holds share one transaction here when group commit comes.

        Under the patient's lock: what the day holds, and whose the patient is, stays so until this is written.
        """
        limit, moving = catalogue.clinic.policy.per_patient_per_day, wish.replaces
        async with self._database.begin() as unit:
            await unit.patients.lock(claim.patient)
            claim = replace(claim, openid=await _account_of(unit, wish, by))
            given_up = await self._give_up_holds(unit, claim, now)
            day = await unit.claims.day_of(claim.patient, claim.date)
            if any(other.request_id == claim.request_id and other.session == claim.session for other in day):
                raise RepeatedRequest
            if moving is not None:
                await self._check_replacement(unit, claim, day, moving)
            ordinal = choose_ordinal(day, claim.starts_at, claim.ends_at, limit=limit, moving=moving)
            claim = replace(claim, ordinal=ordinal if moving is None else None)
            await unit.claims.insert(claim)
        self._moved(claim, held=1)
        for old in given_up:
            self._moved(old, held=-1)
            await self._tell_free(old.session, old.request_id)
        return claim

    async def _check_replacement(self, unit: Unit, claim: Claim, day: list[Claim], moving: str) -> None:
        """What the indexes say of main claims is said here of a replacement."""
        if await unit.claims.by_request(claim.session, claim.request_id) is not None:
            raise RepeatedRequest
        if any(other.session == claim.session and other.id != moving for other in day):
            raise AlreadyInSession

    async def _give_up_holds(self, unit: Unit, claim: Claim, now: datetime) -> list[Claim]:
        given_up = []
        for old in await unit.claims.find(ClaimFilter(patient=claim.patient, states=(ClaimState.HELD,))):
            if old.openid == claim.openid and old.request_id != claim.request_id:
                given_up.append(old)
                await unit.claims.end(old.id, was=(ClaimState.HELD,), to=ClaimState.RELEASED, now=now)
        return given_up

    async def _give_up_admission(self, wish: Wish, session: str, owner: str, now: datetime) -> None:
        """Free what the patient has in this session in Redis, when it is no appointment and no other account's hold.

        Raises ``AlreadyInSession``; ``Busy`` when SQL does not know the owner yet: its hold may be under way.
        """
        under_way = await self._seats.is_under_way(session, owner, now=now)  # before SQLite's one writer is taken
        async with self._database.begin() as unit:
            other = await unit.claims.by_request(session, owner)
            if other is None:
                if under_way:
                    raise Busy
            elif other.state is ClaimState.HELD:
                if other.openid != wish.openid and other.expires_at is not None and other.expires_at > now:
                    raise AlreadyInSession
                await unit.claims.end(other.id, was=(ClaimState.HELD,), to=ClaimState.RELEASED, now=now)
            elif other.state in LIVE:
                raise AlreadyInSession
        if other is not None:
            self._moved(other, held=-1 if other.state is ClaimState.HELD else 0)
        await self._tell_free(session, owner)

    async def _repeated(self, wish: Wish, session: str) -> Claim:
        """The request was acted on before: its hold is the answer, unless it has come to an end since."""
        async with self._database.read() as unit:
            claim = await unit.claims.by_request(session, wish.request_id)
        if claim is None or claim.state not in LIVE:
            await self._tell_free(session, wish.request_id)
            raise HoldExpired
        return claim

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
            claim = await unit.claims.confirm(claim_id, openid=actor.owner(openid), now=now)
            if claim is not None:
                await write_booked(unit, claim, by=actor, catalogue=catalogue, now=now)
        if claim is not None:
            self._figures.confirmation()
            self._moved(claim, held=-1, booked=1)
            return await self._shown(claim)
        view = await self.view(claim_id, openid=openid, by=by)
        if view.claim.state in LIVE and view.claim.state is not ClaimState.HELD:
            return view
        error = why_not_booked(view, kind=ClaimKind.MAIN, now=now)
        self._figures.refusal(error.rule)
        raise error

    async def release(self, claim_id: str, *, openid: str | None, by: Actor | None = None, now: datetime) -> None:
        """Give a hold back; nothing happens when it is none any more. Raises ``UnknownAppointment``."""
        owner = acting(openid, by).owner(openid)
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
            return await owned_view(unit, claim_id, owner=acting(openid, by).owner(openid))

    async def cancel(
        self, claim_id: str, *, openid: str | None, by: Actor | None = None, now: datetime
    ) -> AppointmentView:
        """Cancel an appointment; its seat is free at once. The same again returns the same cancelled one (R-A13).

        Raises ``TooLateToCancel``, ``NotCancellable``, ``UnknownAppointment``, ``Unavailable``.
        """
        return await self._changes.cancel(claim_id, by=acting(openid, by), openid=openid, now=now)

    async def reschedule(
        self, claim_id: str, *, to: str, openid: str | None, by: Actor | None = None, now: datetime
    ) -> AppointmentView:
        """Let the replacement ``to`` (a hold whose wish named this appointment) stand for it, or change nothing.

        The same again returns the same new appointment (R-A12). Raises ``HoldExpired``, ``SessionClosed``,
        ``TooLateToChange``, ``NotChangeable``, ``AlreadyInSession``, ``OverlappingAppointment``, ``DayLimitReached``,
        ``UnknownAppointment``, ``Busy``, ``Unavailable``.
        """
        return await self._changes.reschedule(claim_id, to=to, by=acting(openid, by), openid=openid, now=now)

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

    async def _shown(self, claim: Claim) -> AppointmentView:
        async with self._database.read() as unit:
            return await view_of(unit, claim)

    def _claim(self, wish: Wish, count: SlotCount, admission: Admission, now: datetime) -> Claim:
        return Claim(
            id=new_id(now),
            session=count.session.id,
            slot=count.slot.id,
            position=count.slot.position,
            seat=admission.seat,
            patient=wish.patient,
            openid=wish.openid,
            kind=ClaimKind.MAIN if wish.replaces is None else ClaimKind.REPLACEMENT,
            state=ClaimState.HELD,
            gen=admission.gen,
            seq=admission.seq,
            request_id=wish.request_id,
            number=f"{count.session.date:%y%m%d}{secrets.randbelow(10**8):08}",
            channel=wish.channel,
            date=count.session.date,
            starts_at=count.slot.starts_at,
            ends_at=count.slot.ends_at,
            ordinal=None,
            expires_at=now + self._hold_for,
            created_at=now,
            updated_at=now,
            first_booked_at=now,
        )


async def _account_of(unit: Unit, wish: Wish, by: Actor) -> str | None:
    """Return whose the claim will be: who changes an appointment for somebody leaves it theirs."""
    if by.kind == "account":
        return wish.openid
    if wish.replaces is not None:
        replaced = await unit.claims.get(wish.replaces)
        if replaced is not None and replaced.openid is not None:
            return replaced.openid
    return await unit.patients.account_of(wish.patient)


async def _in_order(unit: Unit, wanted: ClaimFilter, *, now: datetime) -> list[AppointmentView]:
    claims = await unit.claims.find(wanted)
    coming = [c for c in claims if c.ends_at > now and c.state in LIVE]
    past = [c for c in reversed(claims) if c not in coming]
    return [await view_of(unit, claim) for claim in coming + past[:PAST_SHOWN]]
