"""The rows of ``zhenyue slots`` and ``zhenyue appointments``, with the names the contract gives them.

Dates and times of day are the clinic's; ``created_at`` is a moment with its offset.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from booking.masking import mask_name
from booking.models import APPOINTED, Claim, ClaimState, ClinicSession, SlotCount
from booking.ports import ClaimFilter, Unit
from booking.rules import status_of

SlotRow = dict[str, str | int | None]
AppointmentRow = dict[str, str | int | None]
APPOINTMENT_STATES = tuple(str(state) for state in APPOINTED)


def slot_rows(counts: Sequence[SlotCount], zone: ZoneInfo, *, now: datetime) -> list[SlotRow]:
    """Return one row a slot."""
    return [
        {
            "session": count.session.id,
            "slot": count.slot.id,
            "date": count.session.date.isoformat(),
            "start": _clock(count.slot.starts_at, zone),
            "end": _clock(count.slot.ends_at, zone),
            "department": count.session.department,
            "doctor": count.session.doctor,
            "capacity": count.slot.capacity,
            "booked": count.booked,
            "held": count.held,
            "free": count.free,
            "status": status_of(count, now=now),
        }
        for count in counts
    ]


async def appointment_rows(
    unit: Unit, wanted: ClaimFilter, zone: ZoneInfo, *, status: str | None, now: datetime
) -> list[AppointmentRow]:
    """Return one row an appointment, by start; what was only held and came to nothing is none."""
    found = await unit.claims.find(ClaimFilter(openid=wanted.openid, day=wanted.day, states=_states_behind(status)))
    claims = [claim for claim in found if status is None or status_now(claim, now=now) == status]
    if not claims:
        return []
    first_day = min(claim.date for claim in claims)
    sessions = {session.id: session for session in await unit.sessions.sessions_from(first_day)}
    names = await _masked_names(unit, {claim.patient for claim in claims})
    return [_appointment(claim, sessions[claim.session], names, zone, now=now) for claim in claims]


def status_now(claim: Claim, *, now: datetime) -> str:
    """Return an appointment's status: one whose time has passed is completed (contract, Statuses)."""
    if claim.state == ClaimState.BOOKED and claim.ends_at <= now:
        return str(ClaimState.COMPLETED)
    return str(claim.state)


def _states_behind(status: str | None) -> tuple[ClaimState, ...]:
    if status is None:
        return APPOINTED
    if status == ClaimState.COMPLETED:
        return (ClaimState.COMPLETED, ClaimState.BOOKED)
    return (ClaimState(status),)


async def _masked_names(unit: Unit, patients: set[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for patient_id in sorted(patients):
        patient = await unit.patients.get(patient_id)
        names[patient_id] = mask_name(patient.details.name) if patient else ""
    return names


def _appointment(
    claim: Claim, session: ClinicSession, names: dict[str, str], zone: ZoneInfo, *, now: datetime
) -> AppointmentRow:
    return {
        "number": claim.number,
        "status": status_now(claim, now=now),
        "patient": names[claim.patient],
        "department": session.department,
        "doctor": session.doctor,
        "date": claim.date.isoformat(),
        "start": _clock(claim.starts_at, zone),
        "end": _clock(claim.ends_at, zone),
        "session": claim.session,
        "slot": claim.slot,
        "seat": claim.seat,
        "channel": claim.channel,
        "openid": claim.openid,
        "created_at": claim.created_at.astimezone(zone).isoformat(timespec="seconds"),
    }


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M}"
