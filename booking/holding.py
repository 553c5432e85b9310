"""Holding seats: the order of Redis and SQL that never sells a seat twice.

Redis admits, SQL decides. A hold is a row in SQL before anyone is told of it; whatever Redis forgets or invents, the
indexes of ``claim`` refuse a second live claim on a seat, and the pool is put right and the request tried again.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from booking.actors import Actor
from booking.changes import Changes
from booking.current import CurrentCatalogue
from booking.errors import (
    AlreadyAdmitted,
    Busy,
    NumberTaken,
    OrdinalTaken,
    PoolMissing,
    Refused,
    RepeatedRequest,
    SeatTaken,
    StaleFence,
    Unavailable,
)
from booking.ids import new_id
from booking.models import LIVE, Catalogue, Channel, Claim, ClaimKind, ClaimState, SlotCount
from booking.pool_port import Admission, SlotPool
from booking.ports import ClaimFilter, Database, Figures, SlotFilter, Unit, Watch
from booking.refusals import AlreadyInSession, HoldExpired, UnknownPatient, UnknownSlot
from booking.rules import check_window, choose_ordinal
from booking.seats import Seats

TRIES = 6
"""How often a hold starts over after the pool proved wrong; each try has put one thing right."""


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


@dataclass(slots=True)
class _Attempt:
    """A hold that is tried until it is written or refused; whom it met in Redis, and whose place it may take there."""

    wish: Wish
    count: SlotCount
    catalogue: Catalogue
    by: Actor
    now: datetime
    met: str | None = None
    instead_of: str = ""


class Holds:
    """Part of ``Appointments``: how a seat comes to be kept."""

    def __init__(
        self,
        *,
        database: Database,
        pool: SlotPool,
        seats: Seats,
        current: CurrentCatalogue,
        changes: Changes,
        hold_for: timedelta,
        figures: Figures,
        watch: Watch | None,
    ) -> None:
        self._database = database
        self._pool = pool
        self._seats = seats
        self._current = current
        self._changes = changes
        self._hold_for = hold_for
        self._figures = figures
        self._watch = watch

    async def hold(self, wish: Wish, *, by: Actor, now: datetime) -> Claim:
        """See ``Appointments.hold``."""
        try:
            claim = await self._hold(wish, by, now)
        except Refused as error:
            self._figures.refusal(error.rule)
            raise
        self._figures.hold()
        return claim

    async def _hold(self, wish: Wish, by: Actor, now: datetime) -> Claim:
        catalogue = await self._current.get()
        wish, count = await self._looked_up(wish, by)
        if wish.replaces is not None:
            await self._changes.check(wish.replaces, patient=wish.patient, slot=wish.slot, by=by, now=now)
        doctor = catalogue.doctors[count.session.doctor]
        check_window(catalogue, doctor, count.session.date, count.slot.starts_at, now=now)
        attempt = _Attempt(wish, count, catalogue, by, now)
        for _ in range(TRIES):
            claim = await self._try_hold(attempt)
            if claim is not None:
                return claim
        raise Busy

    async def _looked_up(self, wish: Wish, by: Actor) -> tuple[Wish, SlotCount]:
        """Return the wish with the account that the claim will belong to, and the slot."""
        async with self._database.read() as unit:
            found = await unit.sessions.slots(SlotFilter(slot=wish.slot))
            if not found:
                raise UnknownSlot
            if await unit.patients.get(wish.patient, openid=by.owner) is None:
                raise UnknownPatient
            return replace(wish, openid=await _account_of(unit, wish, by)), found[0]

    async def _try_hold(self, attempt: "_Attempt") -> Claim | None:
        """One attempt; None after putting right what made it fail."""
        wish, session, now = attempt.wish, attempt.count.session.id, attempt.now
        try:
            admission = await self._admit(attempt)
            claim = self._claim(wish, attempt.count, admission, now)
            return await self._write(claim, wish, attempt.catalogue, attempt.by, now)
        except PoolMissing:
            await self._seats.rebuild(session)
        except StaleFence as error:
            await self._seats.rebuild(session, stale=error.gen)
        except AlreadyAdmitted as error:
            attempt.met = error.owner
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

    async def _admit(self, attempt: "_Attempt") -> Admission:
        wish, count = attempt.wish, attempt.count
        if attempt.met is not None:
            attempt.instead_of = await self._may_replace(wish, count.session.id, attempt.met, attempt.now)
        return await self._pool.admit(
            session=count.session.id,
            position=count.slot.position,
            patient=wish.patient,
            owner=wish.request_id,
            main=wish.replaces is None,
            now=attempt.now,
            instead_of=attempt.instead_of,
        )

    async def _write(self, claim: Claim, wish: Wish, catalogue: Catalogue, by: Actor, now: datetime) -> Claim:
        """Write the hold durably. Concurrent holds share one transaction here when group commit comes.

        Under the patient's lock: what the day holds, and whose the patient is, stays so until this is written.
        """
        limit, moving = catalogue.clinic.policy.per_patient_per_day, wish.replaces
        async with self._database.begin() as unit:
            await unit.patients.lock(claim.patient)
            if by.owner is not None and not await unit.patients.belongs(claim.patient, by.owner):
                raise UnknownPatient  # removed or erased since it was looked up
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

    async def _may_replace(self, wish: Wish, session: str, owner: str, now: datetime) -> str:
        """Return whose place in Redis the wish may take; what SQL does not know, or no longer, is freed there.

        A hold of the same account is only given up with the new one's row: whoever finds the other slot full keeps it,
        and so does whoever's older message is delivered again. Raises ``AlreadyInSession`` for an appointment or
        another account's hold, ``Busy`` when SQL does not know the owner yet: its hold may be under way, and
        ``RepeatedRequest`` when the wish was acted on before.
        """
        under_way = await self._seats.is_under_way(session, owner, now=now)  # before SQLite's one writer is taken
        async with self._database.begin() as unit:
            if await unit.claims.by_request(session, wish.request_id) is not None:
                raise RepeatedRequest
            other = await unit.claims.by_request(session, owner)
            if other is None and under_way:
                raise Busy
            if other is not None and other.state is ClaimState.HELD:
                if other.openid == wish.openid:
                    return owner
                if other.expires_at is not None and other.expires_at > now:
                    raise AlreadyInSession
                await unit.claims.end(other.id, was=(ClaimState.HELD,), to=ClaimState.RELEASED, now=now)
            elif other is not None and other.state in LIVE:
                raise AlreadyInSession
        if other is not None:
            self._moved(other, held=-1 if other.state is ClaimState.HELD else 0)
        await self._tell_free(session, owner)
        return ""

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
    if by.owner is not None:
        return by.owner
    if wish.replaces is not None:
        replaced = await unit.claims.get(wish.replaces)
        if replaced is not None and replaced.openid is not None:
            return replaced.openid
    return await unit.patients.account_of(wish.patient)
