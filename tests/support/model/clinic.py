"""The model: what the clinic is at one moment, and what each command of a patient must come to there.

It is written from the promises (requirements, contract), not from the code: no statement, no Redis, a few dictionaries.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from booking.appointments import Wish
from booking.models import APPOINTED, LIVE, Claim, ClaimKind, ClaimState, ClinicSession, Policy, SessionState, Slot
from booking.refusals import (
    AlreadyInSession,
    DayLimitReached,
    HoldExpired,
    NotCancellable,
    NotChangeable,
    NotOpenYet,
    OfferGone,
    OverlappingAppointment,
    PastCutOff,
    SameSlot,
    SessionClosed,
    SoldOut,
    TooFarAhead,
    TooLateToCancel,
    TooLateToChange,
    UnknownAppointment,
    UnknownPatient,
)
from booking.stoppage_models import UNSETTLED, Displacement, DisplacementState
from tests.support.clinic import CLINIC
from tests.support.model.snapshot import Told

HOLD_FOR = timedelta(minutes=5)
ENDED = (ClaimState.CANCELLED, ClaimState.MOVED, ClaimState.STOPPED)
"""What may become of an appointment that was chosen: nothing may be answered any more as if it stood."""
Refusal = type[Exception]


@dataclass(frozen=True)
class Expected:
    """What a command must come to: one of ``refusals`` where there are any, else these changes of claims.

    ``may``: refusals that are right as well, where the promise leaves it open. ``result``: the claim that is answered.
    """

    refusals: frozenset[Refusal] = frozenset()
    changes: dict[str, ClaimState] = field(default_factory=dict)
    new: Wish | None = None
    may: frozenset[Refusal] = frozenset()
    result: str | None = None


def refused(*kinds: Refusal) -> Expected:
    """A command that must be refused, by one of these rules."""
    return Expected(frozenset(kinds))


@dataclass(frozen=True)
class Clinic:
    """Claims, slots and sessions as they are; ``links`` are the accounts of each patient, the newest last."""

    claims: dict[str, Claim]
    slots: dict[str, Slot]
    sessions: dict[str, ClinicSession]
    displaced: dict[str, Displacement]
    links: dict[str, tuple[str, ...]]
    policy: Policy

    def is_open(self, slot: str) -> bool:
        """Whether a slot takes anybody at all."""
        found = self.slots[slot]
        return found.stoppage is None and self.sessions[found.session].state is SessionState.OPEN

    def live(self, slot: str) -> list[Claim]:
        """Who sits in a slot."""
        return [claim for claim in self.claims.values() if claim.slot == slot and claim.state in LIVE]

    def account(self, wish: Wish, owner: str | None) -> str | None:
        """Whose a claim will be; ``owner`` None stands for staff."""
        if owner is not None:
            return owner
        replaced = self.claims.get(wish.replaces or "")
        return replaced.openid if replaced is not None else self.links[wish.patient][-1]

    def hold(self, wish: Wish, *, owner: str | None, now: datetime) -> Expected:
        """What asking for a seat must come to."""
        if owner is not None and owner not in self.links[wish.patient]:
            known = self._hold(wish, owner=owner, now=now)  # whose the patient is, is seen last
            return replace(refused(UnknownPatient, *known.refusals), may=known.may)
        return self._hold(wish, owner=owner, now=now)

    def _hold(self, wish: Wish, *, owner: str | None, now: datetime) -> Expected:
        slot = self.slots[wish.slot]
        wrong = self._unchangeable(wish, owner, now) or self._outside_window(slot, now)
        if wrong is not None:
            return refused(wrong)
        mine = [c for c in self.claims.values() if c.session == slot.session and c.request_id == wish.request_id]
        if mine:
            return self._held_before(mine[0])
        return self._new_hold(wish, slot, self.account(wish, owner), now)

    def _unchangeable(self, wish: Wish, owner: str | None, now: datetime) -> Refusal | None:
        if wish.replaces is None:
            return None
        old = self.claims.get(wish.replaces)
        if old is None or not self._owns(old, owner) or old.state not in APPOINTED or old.patient != wish.patient:
            return UnknownAppointment
        if old.state is not ClaimState.BOOKED:
            return NotChangeable
        if not self._in_time(old, self.policy.change_notice, owner, now):
            return TooLateToChange
        return SameSlot if old.slot == wish.slot else None

    def _outside_window(self, slot: Slot, now: datetime) -> Refusal | None:
        today = now.astimezone(CLINIC.zone).date()
        if self.sessions[slot.session].date > today + timedelta(days=self.policy.advance_days):
            return TooFarAhead
        return PastCutOff if slot.starts_at - now < self.policy.stop_before else None

    @staticmethod
    def _held_before(claim: Claim) -> Expected:
        """The same request again: the same seat while it is the patient's, and never another one after that."""
        if claim.state in LIVE:
            return Expected(result=claim.id)
        late = (HoldExpired, SoldOut, SessionClosed, NotOpenYet, AlreadyInSession, OverlappingAppointment)
        return refused(*late, DayLimitReached)

    def _new_hold(self, wish: Wish, slot: Slot, account: str | None, now: datetime) -> Expected:
        own = [c for c in self.claims.values() if c.patient == wish.patient and c.state in LIVE]
        given_up = [c for c in own if c.state is ClaimState.HELD and c.openid == account]
        staying = [c for c in own if c not in given_up and c.kind is ClaimKind.MAIN and c.id != wish.replaces]
        past = [
            c for c in staying if c.session == slot.session and c.state is ClaimState.HELD and not self._is_kept(c, now)
        ]
        wrong = self._closed(slot, now) | self._unfit(slot, [c for c in staying if c not in past])
        may: set[Refusal] = {AlreadyInSession, OverlappingAppointment, DayLimitReached} if past else set()
        seats = self.live(wish.slot)
        if len(seats) - sum(c in seats for c in (*given_up, *past)) >= slot.capacity:
            wrong.add(SoldOut)
        elif len(seats) >= slot.capacity and not self._gives_its_own_seat(wish, given_up):
            may.add(SoldOut)
        changes = dict.fromkeys((c.id for c in (*given_up, *past)), ClaimState.RELEASED)
        return Expected(frozenset(wrong), {} if wrong else changes, None if wrong else wish, frozenset(may))

    def _closed(self, slot: Slot, now: datetime) -> set[Refusal]:
        """What keeps everybody out of a slot."""
        early: set[Refusal] = {NotOpenYet} if now < self.sessions[slot.session].opens_at else set()
        return early if self.is_open(slot.id) else early | {SessionClosed, SoldOut}

    def _unfit(self, slot: Slot, others: list[Claim]) -> set[Refusal]:
        """What a patient's other visits forbid."""
        wrong: set[Refusal] = set()
        day = [c for c in others if c.date == self.sessions[slot.session].date]
        if any(c.session == slot.session for c in day):
            wrong.add(AlreadyInSession)
        if any(c.starts_at < slot.ends_at and slot.starts_at < c.ends_at for c in day):
            wrong.add(OverlappingAppointment)
        if len(day) >= self.policy.per_patient_per_day:
            wrong.add(DayLimitReached)
        return wrong

    @staticmethod
    def _gives_its_own_seat(wish: Wish, given_up: list[Claim]) -> bool:
        """Whether the patient's own earlier hold leaves the seat: a choice made twice needs no second seat."""
        return wish.replaces is None and any(c.slot == wish.slot and c.kind is ClaimKind.MAIN for c in given_up)

    def confirm(self, claim_id: str, *, owner: str | None, now: datetime) -> Expected:
        """What confirming must come to."""
        claim = self.claims[claim_id]
        if not self._owns(claim, owner):
            return refused(UnknownAppointment)
        if claim.state in LIVE and claim.state is not ClaimState.HELD:
            return Expected(result=claim_id)
        if claim.kind is ClaimKind.MAIN and self._is_kept(claim, now) and self.is_open(claim.slot):
            return Expected(changes={claim_id: ClaimState.BOOKED}, result=claim_id)
        return refused(HoldExpired, SessionClosed)

    def release(self, claim_id: str, *, owner: str | None) -> Expected:
        """What giving a hold back must come to."""
        claim = self.claims[claim_id]
        if not self._owns(claim, owner):
            return refused(UnknownAppointment)
        return Expected(changes={claim_id: ClaimState.RELEASED} if claim.state is ClaimState.HELD else {})

    def cancel(self, claim_id: str, *, owner: str | None, now: datetime) -> Expected:
        """What cancelling must come to."""
        claim = self.claims[claim_id]
        if not self._owns(claim, owner) or claim.state not in APPOINTED:
            return refused(UnknownAppointment)
        if claim.state is ClaimState.CANCELLED:
            return Expected(result=claim_id)
        if claim.state is not ClaimState.BOOKED:
            return refused(NotCancellable)
        if not self._in_time(claim, self.policy.cancel_notice, owner, now):
            return refused(TooLateToCancel)
        return Expected(changes={claim_id: ClaimState.CANCELLED}, result=claim_id)

    def reschedule(self, claim_id: str, to: str, *, owner: str | None, now: datetime) -> Expected:
        """What changing an appointment to a replacement must come to."""
        old, new = self.claims[claim_id], self.claims[to]
        if not self._owns(old, owner) or not self._owns(new, owner):
            return refused(UnknownAppointment)
        if old.state is ClaimState.MOVED and new.kind is ClaimKind.MAIN and new.state in LIVE:
            return Expected(result=to)
        wrong: set[Refusal] = set()
        if old.state not in APPOINTED or old.patient != new.patient:
            wrong.add(UnknownAppointment)
        if old.state in APPOINTED and old.state is not ClaimState.BOOKED:
            wrong.add(NotChangeable)
        if not self._in_time(old, self.policy.change_notice, owner, now):
            wrong.add(TooLateToChange)
        if new.kind is not ClaimKind.REPLACEMENT or not self._is_kept(new, now) or not self.is_open(new.slot):
            wrong |= {HoldExpired, SessionClosed}
        own = [c for c in self.claims.values() if c.patient == new.patient and c.state in LIVE]
        others = [c for c in own if c.kind is ClaimKind.MAIN and c.id not in {old.id, new.id}]
        wrong |= self._unfit(self.slots[new.slot], others)
        changes = {claim_id: ClaimState.MOVED, to: ClaimState.BOOKED}
        return Expected(frozenset(wrong), {} if wrong else changes, result=None if wrong else to)

    def answer(self, asked: Told, place: int, *, owner: str, now: datetime) -> Expected:
        """What choosing the offer at this place of a notice, or none with 0, must come to."""
        offers = asked.payload["offers"]
        if asked.openid != owner or place > len(offers):
            return refused(UnknownAppointment)
        person = self.displaced[asked.displacement or ""]
        if place:
            return self._choose(person, self.claims[offers[place - 1]["claim"]], now)
        if person.state is DisplacementState.DECLINED:
            return Expected()
        return Expected(changes=self._given_back(person)) if person.state in UNSETTLED else refused(OfferGone)

    def _choose(self, person: Displacement, offer: Claim, now: datetime) -> Expected:
        if person.state is DisplacementState.REBOOKED and person.chosen == offer.id:
            return refused(OfferGone) if offer.state in ENDED else Expected(result=offer.id)
        wrong: set[Refusal] = set()
        in_time = offer.expires_at is not None and offer.expires_at > now
        if offer.state is not ClaimState.OFFERED or not in_time or not self.is_open(offer.slot):
            wrong.add(OfferGone)
        own = [c for c in self.claims.values() if c.patient == offer.patient and c.state in LIVE]
        wrong |= self._unfit(self.slots[offer.slot], [c for c in own if c.kind is ClaimKind.MAIN and c.id != offer.id])
        changes = self._given_back(person) | {offer.id: ClaimState.BOOKED}
        return Expected(frozenset(wrong), {} if wrong else changes, result=None if wrong else offer.id)

    def _given_back(self, person: Displacement) -> dict[str, ClaimState]:
        """What is kept for somebody is free again."""
        return dict.fromkeys((c.id for c in self._kept_for(person)), ClaimState.RELEASED)

    def _kept_for(self, person: Displacement) -> list[Claim]:
        return [c for c in self.claims.values() if c.displacement == person.id and c.state is ClaimState.OFFERED]

    def expire_offers(self, now: datetime) -> Expected:
        """What is kept ends when the time to choose is over, and nothing else."""
        late = [d for d in self.displaced.values() if d.deadline is not None and d.deadline <= now]
        return Expected(changes={c.id: ClaimState.EXPIRED for person in late for c in self._kept_for(person)})

    def expire(self, now: datetime) -> Expected:
        """Holds past their deadline end, and no others."""
        due = [c for c in self.claims.values() if c.state is ClaimState.HELD and not self._is_kept(c, now)]
        return Expected(changes={c.id: ClaimState.EXPIRED for c in due})

    def complete(self, now: datetime) -> Expected:
        """Visits that are over are completed, and no others."""
        due = [c for c in self.claims.values() if c.state is ClaimState.BOOKED and c.ends_at <= now]
        return Expected(changes={c.id: ClaimState.COMPLETED for c in due})

    @staticmethod
    def _owns(claim: Claim, owner: str | None) -> bool:
        return owner is None or claim.openid == owner

    @staticmethod
    def _is_kept(claim: Claim, now: datetime) -> bool:
        return claim.state is ClaimState.HELD and claim.expires_at is not None and claim.expires_at > now

    @staticmethod
    def _in_time(claim: Claim, notice: timedelta, owner: str | None, now: datetime) -> bool:
        until_it_begins = owner is None or claim.waived
        return now <= claim.starts_at - (timedelta(0) if until_it_begins else notice)
