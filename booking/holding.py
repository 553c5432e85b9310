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
    SessionMoved,
    StaleFence,
    Unavailable,
)
from booking.hold_writing import HoldWriting, NewHold, Wish, account_of
from booking.ids import new_id
from booking.models import LIVE, Catalogue, Claim, ClaimKind, ClaimState, SlotCount
from booking.pool_port import Admission, SlotPool
from booking.ports import Database, Figures, SlotFilter, Watch
from booking.refusals import AlreadyInSession, HoldExpired, UnknownPatient, UnknownSlot
from booking.rules import check_window
from booking.seats import Seats
from booking.single_flight import SingleFlight

__all__ = ["Holds", "Wish"]

TRIES = 6
"""How often a hold starts over after the pool proved wrong; each try has put one thing right."""
MOST_SLOTS = 10_000
"""Slots that are remembered."""


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

    def check(self) -> None:
        """Raise the ``Refused`` of the rule that forbids to book this slot now."""
        session, slot = self.count.session, self.count.slot
        check_window(self.catalogue, self.catalogue.doctors[session.doctor], session.date, slot.starts_at, now=self.now)


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
        self._writing = HoldWriting(database)
        self._slots: dict[str, SlotCount] = {}
        self._reading: SingleFlight[SlotCount] = SingleFlight()

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
        wish = await self._theirs(wish, by)
        if wish.replaces is not None:
            await self._changes.check(wish.replaces, patient=wish.patient, slot=wish.slot, by=by, now=now)
        attempt = _Attempt(wish, await self._slot(wish.slot), catalogue, by, now)
        try:
            attempt.check()
        except Refused:
            attempt.count = await self._slot(wish.slot, gen=attempt.count.session.gen + 1)
            attempt.check()
        for _ in range(TRIES):
            claim = await self._try_hold(attempt)
            if claim is not None:
                return claim
        raise Busy

    async def _slot(self, slot: str, *, gen: int = 0) -> SlotCount:
        """Return what there is to know of a slot, as it was kept unless its session was of an older generation then.

        Whoever changes a session's times gives it a new generation, and a hold of an older one is not written.
        """
        known = self._slots.get(slot)
        if known is not None and known.session.gen >= gen:
            return known
        return await self._reading((slot, gen), lambda: self._read_slot(slot))

    async def _read_slot(self, slot: str) -> SlotCount:
        async with self._database.read() as unit:
            found = await unit.sessions.slots(SlotFilter(slot=slot))
        if not found:
            raise UnknownSlot
        if len(self._slots) >= MOST_SLOTS:
            self._slots.clear()
        self._slots[slot] = found[0]
        return found[0]

    async def _theirs(self, wish: Wish, by: Actor) -> Wish:
        """Return the wish with the account that the claim will belong to."""
        if by.owner is not None:  # whether the patient is theirs is seen when it is written
            return wish if wish.openid == by.owner else replace(wish, openid=by.owner)
        async with self._database.read() as unit:
            if await unit.patients.get(wish.patient) is None:
                raise UnknownPatient
            return replace(wish, openid=await account_of(unit, wish, by))

    async def _try_hold(self, attempt: "_Attempt") -> Claim | None:
        """One attempt; None after putting right what made it fail."""
        wish, session, now = attempt.wish, attempt.count.session.id, attempt.now
        try:
            admission = await self._admit(attempt)
            return await self._write(self._claim(wish, attempt.count, admission, now), attempt)
        except (PoolMissing, StaleFence) as error:
            await self._seats.rebuild(session, stale=getattr(error, "gen", None))
        except SessionMoved as error:
            await self._catch_up(attempt, error.gen)
        except AlreadyAdmitted as error:
            attempt.met = error.owner
        except SeatTaken:
            await self._pool.disown(session=session, owner=wish.request_id)
        except RepeatedRequest:
            return await self._repeated(wish, session)
        except (OrdinalTaken, NumberTaken):
            pass  # another claim of this patient, or the same number, came between: read and draw again
        return None

    async def _catch_up(self, attempt: "_Attempt", gen: int) -> None:
        """Look at a slot again whose session is of another generation in Redis, or put Redis right: SQL decides."""
        attempt.count = await self._slot(attempt.wish.slot, gen=gen)
        if attempt.count.session.gen < gen:
            await self._seats.rebuild(attempt.count.session.id, stale=gen)
        attempt.check()

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
            known_gen=count.session.gen,
        )

    async def _write(self, claim: Claim, attempt: "_Attempt") -> Claim:
        """Write the hold durably, and tell of those it took the place of."""
        limit = attempt.catalogue.clinic.policy.per_patient_per_day
        try:
            written = await self._writing.write(NewHold(claim, attempt.wish, attempt.by, limit, attempt.now))
        except Refused:
            await self._tell_free(claim.session, claim.request_id)
            raise
        self._moved(claim, held=1)
        for old in written.given_up:
            self._moved(old, held=-1)
            await self._tell_free(old.session, old.request_id)
        return written.claim

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
