"""The rules of changing a published session: what it shall be, and what becomes of those in it (R-A8). Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from booking.adjustment_models import Adjustment, Left, Moved, Part, Target
from booking.models import Catalogue, Claim, ClaimState, ClinicSession, SessionState, Slot
from booking.session_plan import SessionPlan
from booking.staff_refusals import CannotAdjust


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of the claims: those ``rewritten``, those ``told``, holds ``released``, offers ``withdrawn``."""

    rewritten: tuple[Claim, ...]
    told: tuple[Moved, ...]
    released: tuple[Claim, ...]
    withdrawn: tuple[Claim, ...]
    overbooked: tuple[str, ...]


def check_adjustable(session: ClinicSession, *, now: datetime) -> None:
    """Check that a session may be changed at all; raises ``CannotAdjust``."""
    if session.ends_at <= now:
        raise CannotAdjust("past", session=session.id)
    if session.state is not SessionState.OPEN:
        raise CannotAdjust("stopped" if session.state is SessionState.STOPPED else "closed", session=session.id)


def aim(wish: Adjustment, there: Target, catalogue: Catalogue, planned: SessionPlan | None) -> Target:
    """Return what the session shall be; raises ``CannotAdjust`` for what it cannot be."""
    return _as_rostered(there, planned) if wish.to_roster else _as_wished(wish, there, catalogue)


def _as_wished(wish: Adjustment, there: Target, catalogue: Catalogue) -> Target:
    if all(value is None for value in (wish.room, wish.start, wish.doctor, wish.capacity)):
        raise CannotAdjust("nothing", session=wish.session)
    if wish.capacity is not None and wish.capacity < 1:
        raise CannotAdjust("capacity", session=wish.session)
    session = there.session
    if wish.doctor is not None and wish.doctor != session.doctor:
        session = _replaced(session, wish.doctor, catalogue)
    if wish.room is not None:
        session = replace(session, room=wish.room)
    slots = there.slots
    if wish.capacity is not None:
        slots = tuple(replace(slot, capacity=wish.capacity) for slot in slots)
    target = Target(session, slots)
    if wish.start is not None:
        target = _shifted(target, _moment(wish.start, session, catalogue) - session.starts_at)
    changed = changed_parts(there, target)
    return replace(target, session=replace(target.session, adjusted=True)) if changed else there


def _as_rostered(there: Target, planned: SessionPlan | None) -> Target:
    """Bring a session as near to the rosters as can be with the slots it has."""
    if planned is None:
        raise CannotAdjust("not_rostered", session=there.session.id)
    left: list[Left] = []
    session = replace(there.session, room=planned.session.room, doctor=planned.session.doctor, adjusted=False)
    if planned.session.department != there.session.department:
        left.append("department")
        session = replace(session, doctor=there.session.doctor)
    target = Target(session, there.slots)
    if _grid(planned.slots) == _grid(there.slots):
        wished = zip(there.slots, planned.slots, strict=True)
        target = Target(session, tuple(replace(slot, capacity=plan.capacity) for slot, plan in wished))
        target = _shifted(target, planned.session.starts_at - session.starts_at)
    else:
        left += ["time", "capacity"]
    if left and not changed_parts(there, target):
        raise CannotAdjust("needs_stoppage", session=there.session.id, left=" ".join(left))
    return replace(target, left=tuple(left))


def _replaced(session: ClinicSession, code: str, catalogue: Catalogue) -> ClinicSession:
    """Give the session to another doctor of its department; nobody pays more than they were told."""
    doctor = catalogue.doctors.get(code)
    if doctor is None or not doctor.active:
        raise CannotAdjust("unknown_doctor", session=session.id, doctor=code)
    if doctor.department != session.department:
        raise CannotAdjust("other_department", session=session.id, doctor=code)
    return replace(session, doctor=code, fee=min(session.fee, doctor.fee))


def _moment(start: time, session: ClinicSession, catalogue: Catalogue) -> datetime:
    return datetime.combine(session.date, start, catalogue.clinic.zone).astimezone(UTC)


def _shifted(target: Target, by: timedelta) -> Target:
    session = target.session
    moved = replace(session, starts_at=session.starts_at + by, ends_at=session.ends_at + by)
    slots = (replace(s, starts_at=s.starts_at + by, ends_at=s.ends_at + by) for s in target.slots)
    return replace(target, session=moved, slots=tuple(slots))


def _grid(slots: Sequence[Slot]) -> list[tuple[timedelta, timedelta]]:
    first = slots[0].starts_at
    return [(slot.starts_at - first, slot.ends_at - first) for slot in slots]


def changed_parts(before: Target, after: Target) -> tuple[Part, ...]:
    """Return what differs."""
    old, new = before.session, after.session
    differs: dict[Part, bool] = {
        "room": old.room != new.room,
        "time": old.starts_at != new.starts_at,
        "doctor": old.doctor != new.doctor,
        "capacity": [slot.capacity for slot in before.slots] != [slot.capacity for slot in after.slots],
    }
    return tuple(part for part, so in differs.items() if so)


def check_whole(before: Target, parts: Sequence[Part]) -> None:
    """Check that no slot is stopped when times or seats change; raises ``CannotAdjust``.

    Appointments in such a slot wait for the stoppage to be lifted, at the time and on the seat they had.
    """
    if {"time", "capacity"}.intersection(parts) and any(slot.stoppage for slot in before.slots):
        raise CannotAdjust("partly_stopped", session=before.session.id)


def check_times(
    before: Target, after: Target, others: Iterable[ClinicSession], catalogue: Catalogue, *, now: datetime
) -> None:
    """Check new times, and that the doctor has no other session then; raises ``CannotAdjust``.

    A session that is stopped keeps its doctor: who cannot come then cannot stand in either.
    """
    old, new = before.session, after.session
    parts = changed_parts(before, after)
    if "time" in parts:
        if old.starts_at <= now:
            raise CannotAdjust("begun", session=new.id)
        if new.starts_at <= now:
            raise CannotAdjust("start_past", session=new.id)
        zone = catalogue.clinic.zone
        # Up to midnight: the last moment of a session that ends then is still its day's.
        days = {moment.astimezone(zone).date() for moment in (new.starts_at, new.ends_at - timedelta(microseconds=1))}
        if days != {new.date}:
            raise CannotAdjust("leaves_day", session=new.id)
    if "time" in parts or "doctor" in parts:
        for other in others:
            if _collides(new, other):
                raise CannotAdjust("doctor_busy", session=new.id, doctor=new.doctor, other=other.id)


def _collides(new: ClinicSession, other: ClinicSession) -> bool:
    theirs = other.doctor == new.doctor and other.id != new.id and other.state is not SessionState.CLOSED
    return theirs and other.starts_at < new.ends_at and new.starts_at < other.ends_at


def effect_of(before: Target, after: Target, claims: Sequence[Claim], *, now: datetime) -> Effect:
    """Work out what becomes of the live claims of a session.

    Who holds a seat or was offered one was shown the old time and doctor, so it goes when these change; a hold goes
    before it overbooks a slot, too. Else whoever is booked or was offered a seat keeps it, beyond the capacity as well,
    on the lowest seats there are.
    """
    parts = changed_parts(before, after)
    capacities = {slot.id: slot.capacity for slot in after.slots}
    released = _released(parts, claims, capacities)
    elsewhere = bool({"time", "doctor"}.intersection(parts))
    withdrawn = [claim for claim in claims if elsewhere and claim.state is ClaimState.OFFERED]
    gone = {claim.id for claim in (*released, *withdrawn)}
    staying = [claim for claim in claims if claim.id not in gone]
    taken = Counter(claim.slot for claim in staying)
    overbooked = tuple(slot.id for slot in after.slots if taken[slot.id] > slot.capacity)
    seats = _seats(staying, capacities)
    by = after.session.starts_at - before.session.starts_at
    rewritten: list[Claim] = []
    told: list[Moved] = []
    for claim in sorted(staying, key=lambda each: (each.starts_at, each.first_booked_at, each.id)):
        theirs = _parts_for(claim, parts, overbooked, now=now)
        moved = replace(
            claim,
            starts_at=claim.starts_at + by,
            ends_at=claim.ends_at + by,
            seat=seats[claim.id],
            waived=claim.waived or bool(theirs),
        )
        if moved != claim:
            rewritten.append(moved)
        if theirs and claim.state is ClaimState.BOOKED:
            told.append(Moved(claim, moved, theirs))
    return Effect(tuple(rewritten), tuple(told), tuple(released), tuple(withdrawn), overbooked)


def _parts_for(claim: Claim, parts: Sequence[Part], overbooked: Sequence[str], *, now: datetime) -> tuple[Part, ...]:
    """Return what changes for one person who is still to come."""
    if claim.ends_at <= now or claim.state not in {ClaimState.BOOKED, ClaimState.OFFERED}:
        return ()
    return tuple(part for part in parts if part != "capacity" or claim.slot in overbooked)


def _released(parts: Sequence[Part], claims: Sequence[Claim], capacities: dict[str, int]) -> list[Claim]:
    holds = [claim for claim in claims if claim.state is ClaimState.HELD]
    if "time" in parts or "doctor" in parts:
        return holds
    if "capacity" not in parts:
        return []
    taken = Counter(claim.slot for claim in claims)
    released: list[Claim] = []
    for hold in sorted(holds, key=lambda claim: (claim.created_at, claim.id), reverse=True):
        if taken[hold.slot] > capacities[hold.slot]:
            taken[hold.slot] -= 1
            released.append(hold)
    return released


def _seats(claims: Sequence[Claim], capacities: dict[str, int]) -> dict[str, int]:
    """Move those beyond the capacity to free seats, so that what is free is never sold while somebody is beyond."""
    seats = {claim.id: claim.seat for claim in claims}
    for slot, capacity in capacities.items():
        own = [claim for claim in claims if claim.slot == slot]
        free = sorted(set(range(1, capacity + 1)) - {claim.seat for claim in own})
        beyond = sorted((claim for claim in own if claim.seat > capacity), key=lambda claim: claim.seat)
        seats |= {claim.id: seat for claim, seat in zip(beyond, free, strict=False)}
    return seats
