"""Which sessions the rosters, the extra sessions and the closed days ask for, and how published ones compare (R-A7)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from booking.catalogue_checks import closes, works_on
from booking.models import (
    CalendarDay,
    Catalogue,
    ClinicSession,
    Doctor,
    Roster,
    SessionState,
    Slot,
    SlotCount,
)

Action = Literal["create", "existing", "reopen", "revise", "close", "keep", "adjusted", "blocked", "none"]
"""What publishing does about a session. ``keep``: it no longer matches but people have seats in it, so staff decide.
``adjusted``: staff have decided already that it shall differ (R-A8).
``blocked``: its doctor is at that time in a session that is kept. ``none``: nothing is asked and nothing is there."""


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """A session with its slots, as planned or as published; ``claims`` counts the seats people have in it."""

    session: ClinicSession
    slots: tuple[Slot, ...]
    claims: int = 0

    @property
    def seats(self) -> int:
        """How many people the session can take."""
        return sum(slot.capacity for slot in self.slots)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done about one session: the one wished for, the one there is, or both."""

    action: Action
    planned: SessionPlan | None
    existing: SessionPlan | None

    @property
    def subject(self) -> SessionPlan:
        """The session spoken of: as it stands, or as planned where none stands."""
        subject = self.existing or self.planned
        if subject is None:
            raise ValueError("a verdict is about a session")
        return subject


@dataclass(frozen=True, slots=True)
class _Period:
    doctor: Doctor
    start: time
    end: time
    slot_minutes: int
    capacity: int
    room: str


def plan_day(
    catalogue: Catalogue, rosters: Sequence[Roster], calendar: Sequence[CalendarDay], day: date, *, now: datetime
) -> list[SessionPlan]:
    """Return the sessions of a day: rosters outside closed days, and every extra session.

    An extra session is held on a closed day too: whoever writes it down means it.
    """
    here = [entry for entry in calendar if entry.date == day]
    periods = [*_rostered(catalogue, rosters, here, day), *_extra(catalogue, here)]
    plans = (_plan(catalogue, period, day, now=now) for period in periods)
    return [plan for plan in plans if plan is not None]


def opening(catalogue: Catalogue, doctor: Doctor, day: date, *, now: datetime) -> datetime:
    """Return when a day's sessions of a doctor open.

    With ``release_at``: at that time on the day the date comes into the doctor's window, even when that moment is
    past, which opens them at once. Without it: now (contract, ``release_at``).
    """
    release_at = catalogue.release_at(doctor)
    if release_at is None:
        return now
    released_on = day - timedelta(days=catalogue.advance_days(doctor))
    return datetime.combine(released_on, release_at, catalogue.clinic.zone).astimezone(UTC)


def group_sessions(counts: Sequence[SlotCount]) -> dict[str, SessionPlan]:
    """Gather the slots of published sessions, by session id."""
    slots: dict[str, list[SlotCount]] = {}
    for count in counts:
        slots.setdefault(count.session.id, []).append(count)
    return {
        session_id: SessionPlan(
            own[0].session,
            tuple(sorted((count.slot for count in own), key=lambda slot: slot.position)),
            sum(count.booked + count.held for count in own),
        )
        for session_id, own in slots.items()
    }


def judge_sessions(planned: Sequence[SessionPlan], existing: Sequence[SessionPlan], *, now: datetime) -> list[Verdict]:
    """Compare what a day should have with what it has; a stoppage and what is over are left alone."""
    wished = {plan.session.id: plan for plan in planned}
    standing = [judge_existing(wished.get(plan.session.id), plan, now=now) for plan in existing]
    there = {plan.session.id for plan in existing}
    staying = [verdict.subject for verdict in standing if _stays(verdict)]
    asked = [*standing, *(Verdict("create", plan, None) for plan in planned if plan.session.id not in there)]
    return [_unless_blocked(verdict, staying) for verdict in asked]


def _stays(verdict: Verdict) -> bool:
    closed = verdict.existing is not None and verdict.existing.session.state == SessionState.CLOSED
    return verdict.action in {"keep", "adjusted", "existing", "none"} and not closed


def _unless_blocked(verdict: Verdict, staying: Sequence[SessionPlan]) -> Verdict:
    """No doctor is given a new time while a session that stays has them then."""
    planned = verdict.planned
    if planned is None or verdict.action not in {"create", "reopen", "revise"}:
        return verdict
    blocked = any(_collide(planned, other) for other in staying)
    return replace(verdict, action="blocked") if blocked else verdict


def judge_existing(planned: SessionPlan | None, existing: SessionPlan, *, now: datetime) -> Verdict:
    """Compare one published session with the one that is wished for."""
    state = existing.session.state
    if state == SessionState.STOPPED or existing.session.ends_at <= now:
        return Verdict("existing" if planned else "none", planned, existing)
    if planned is None:
        if state == SessionState.CLOSED:
            return Verdict("none", None, existing)
        return Verdict("keep" if existing.claims else "close", None, existing)
    if not same_shape(planned, existing, now=now):
        if existing.session.adjusted and state == SessionState.OPEN:
            return Verdict("adjusted", planned, existing)
        return Verdict("keep" if existing.claims else "revise", planned, existing)
    return Verdict("reopen" if state == SessionState.CLOSED else "existing", planned, existing)


def same_shape(planned: SessionPlan, existing: SessionPlan, *, now: datetime) -> bool:
    """Tell whether a published session is as the rosters ask. Its fee stays as it was published.

    When it opens matters only until it has opened.
    """
    new, old = planned.session, existing.session
    if (new.doctor, new.department, new.room) != (old.doctor, old.department, old.room):
        return False
    if (new.starts_at, new.ends_at) != (old.starts_at, old.ends_at):
        return False
    if old.opens_at > now and new.opens_at != old.opens_at:
        return False
    return planned.slots == tuple(replace(slot, stoppage=None) for slot in existing.slots)


def _collide(one: SessionPlan, other: SessionPlan) -> bool:
    first, second = one.session, other.session
    same = first.doctor == second.doctor
    return same and first.starts_at < second.ends_at and second.starts_at < first.ends_at


def _rostered(
    catalogue: Catalogue, rosters: Sequence[Roster], here: Sequence[CalendarDay], day: date
) -> Iterator[_Period]:
    for roster in rosters:
        doctor = _working(catalogue, roster.doctor)
        if doctor is None or not works_on(roster, day):
            continue
        if not any(closes(entry, doctor.code, doctor.department) for entry in here):
            yield _Period(doctor, roster.start, roster.end, roster.slot_minutes, roster.capacity, roster.room)


def _extra(catalogue: Catalogue, here: Sequence[CalendarDay]) -> Iterator[_Period]:
    for entry in here:
        doctor = _working(catalogue, entry.doctor or "")
        if doctor and entry.start and entry.end and entry.slot_minutes and entry.capacity:
            yield _Period(doctor, entry.start, entry.end, entry.slot_minutes, entry.capacity, entry.room)


def _working(catalogue: Catalogue, code: str) -> Doctor | None:
    doctor = catalogue.doctors.get(code)
    if doctor is None or not doctor.active or not catalogue.departments[doctor.department].active:
        return None
    return doctor


def _plan(catalogue: Catalogue, period: _Period, day: date, *, now: datetime) -> SessionPlan | None:
    doctor = period.doctor
    session_id = f"{doctor.code}-{day:%Y%m%d}-{period.start:%H%M}"
    slots = tuple(_slots(session_id, period, day, catalogue.clinic.zone))
    if not slots:
        return None
    session = ClinicSession(
        id=session_id,
        doctor=doctor.code,
        department=doctor.department,
        date=day,
        starts_at=slots[0].starts_at,
        ends_at=slots[-1].ends_at,
        room=period.room,
        fee=doctor.fee,
        state=SessionState.OPEN,
        opens_at=opening(catalogue, doctor, day, now=now),
    )
    return SessionPlan(session, slots)


def _slots(session_id: str, period: _Period, day: date, zone: ZoneInfo) -> Iterator[Slot]:
    """Cut a period into whole slots by the clinic's clock; times which that clock skips in spring have no slot."""
    length = timedelta(minutes=period.slot_minutes)
    at, end = datetime.combine(day, period.start), datetime.combine(day, period.end)
    position = 0
    while at + length <= end:
        starts_at = at.replace(tzinfo=zone).astimezone(UTC)
        if starts_at.astimezone(zone).replace(tzinfo=None) == at:
            yield Slot(f"{session_id}-{at:%H%M}", session_id, position, starts_at, starts_at + length, period.capacity)
            position += 1
        at += length
