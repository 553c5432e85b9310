"""What staff see of the clinic's days: who is expected, and how the seats stand (R-A1, R-A9, R-A11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from booking.actors import Actor
from booking.models import Claim, ClaimState, ClinicSession, SessionState, SlotCount
from booking.ports import ClaimFilter, Database, SlotFilter
from booking.stoppage_models import StoppedState

EXPECTED = (ClaimState.BOOKED, ClaimState.ARRIVED, ClaimState.COMPLETED, ClaimState.NO_SHOW, ClaimState.STOPPED)
"""Whom a day's list names: not who cancelled or moved away, but who was stopped and may come all the same."""


_A_DAY = timedelta(days=1)
_STOPPED = (StoppedState.STOPPING, StoppedState.STOPPED)


@dataclass(frozen=True, slots=True)
class Expected:
    """A patient of the day's list."""

    claim: Claim
    session: ClinicSession
    patient_name: str


@dataclass(frozen=True, slots=True)
class DayFigures:
    """How the seats of a day stand, as far as they are still ahead; ``stopped`` are seats of stopped slots."""

    day: date
    free: int
    held: int
    booked: int
    stopped: int


class Desk:
    """Readings for staff."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def expected(self, day: date, *, doctor: str | None = None) -> dict[str, int]:
        """Return how many patients each doctor's day has, by the doctor's code."""
        async with self._database.read() as unit:
            doctors = {
                count.session.id: count.session.doctor
                for count in await unit.sessions.slots(SlotFilter(first_day=day, last_day=day, doctor=doctor))
            }
            claims = await unit.claims.find(ClaimFilter(day=day, states=EXPECTED))
        numbers: dict[str, int] = {}
        for claim in claims:
            if claim.session in doctors:
                code = doctors[claim.session]
                numbers[code] = numbers.get(code, 0) + 1
        return numbers

    async def day_list(self, day: date, doctors: Sequence[str], *, by: Actor, now: datetime) -> list[Expected]:
        """Return who is expected of these doctors that day, by time; the look-up is logged (R-A11)."""
        async with self._database.begin() as unit:
            sessions = {
                count.session.id: count.session
                for count in await unit.sessions.slots(SlotFilter(first_day=day, last_day=day))
                if count.session.doctor in doctors
            }
            claims = [
                claim
                for claim in await unit.claims.find(ClaimFilter(day=day, states=EXPECTED))
                if claim.session in sessions
            ]
            names = await unit.patients.names(sorted({claim.patient for claim in claims}))
            subject = f"date={day} doctors={','.join(doctors)} count={len(claims)}"
            await unit.patients.log_access(
                actor=by.id, channel=by.channel, purpose="day_list", subject=subject[:200], now=now
            )
        return [Expected(claim, sessions[claim.session], names[claim.patient]) for claim in claims]

    async def session(self, session_id: str) -> ClinicSession | None:
        """Return a session by id."""
        async with self._database.read() as unit:
            found = await unit.sessions.get(session_id)
        return None if found is None else found[0]

    async def stopped_sessions(self, stoppage: str, *, now: datetime) -> list[ClinicSession]:
        """Return the sessions that a stoppage still stops and that are not over, by start."""
        async with self._database.read() as unit:
            stopped = [each.session for each in await unit.stoppages.sessions(stoppage) if each.state in _STOPPED]
            found = [await unit.sessions.get(session) for session in stopped]
        ahead = [one[0] for one in found if one is not None and one[0].ends_at > now]
        return sorted(ahead, key=lambda session: session.starts_at)

    async def coming_sessions(self, doctor: str, *, now: datetime) -> list[tuple[ClinicSession, int]]:
        """Return a doctor's sessions that can still be stopped, by start, each with the number of its appointments."""
        async with self._database.read() as unit:
            counts = await unit.sessions.slots(SlotFilter(first_day=(now - _A_DAY).date(), doctor=doctor))
        sessions = {count.session.id: count.session for count in counts if count.session.ends_at > now}
        booked = {id_: sum(count.booked for count in counts if count.session.id == id_) for id_ in sessions}
        return [(session, booked[id_]) for id_, session in sessions.items() if session.state is SessionState.OPEN]

    async def figures(
        self,
        first_day: date,
        last_day: date,
        *,
        department: str | None = None,
        doctor: str | None = None,
        now: datetime,
    ) -> list[DayFigures]:
        """Return the figures of each of these days, also of those without sessions."""
        wanted = SlotFilter(first_day=first_day, last_day=last_day, department=department, doctor=doctor)
        async with self._database.read() as unit:
            counts = await unit.sessions.slots(wanted)
        days = [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]
        return [_figures(day, [count for count in counts if count.session.date == day], now) for day in days]


def _figures(day: date, counts: Sequence[SlotCount], now: datetime) -> DayFigures:
    ahead = [count for count in counts if count.slot.starts_at > now]
    taking = [count for count in ahead if count.session.state is SessionState.OPEN and count.slot.stoppage is None]
    return DayFigures(
        day,
        free=sum(count.free for count in taking),
        held=sum(count.held for count in taking),
        booked=sum(count.booked for count in counts),
        stopped=sum(count.slot.capacity for count in ahead if _is_stopped(count)),
    )


def _is_stopped(count: SlotCount) -> bool:
    return count.slot.stoppage is not None or count.session.state is SessionState.STOPPED
