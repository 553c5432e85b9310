"""An appointment as it is shown: the claim with its session and its patient."""

from collections.abc import Sequence
from dataclasses import dataclass

from booking.models import Claim, ClinicSession, Patient
from booking.ports import Unit
from booking.refusals import UnknownAppointment


@dataclass(frozen=True, slots=True)
class AppointmentView:
    """A claim with what is shown beside it."""

    claim: Claim
    session: ClinicSession
    patient: Patient


async def views_of(unit: Unit, claims: Sequence[Claim]) -> list[AppointmentView]:
    """Read what is shown beside these claims, in as many statements as for one."""
    if not claims:
        return []
    sessions = await unit.sessions.by_ids({claim.session for claim in claims})
    patients = await unit.patients.by_ids({claim.patient for claim in claims})
    try:
        return [AppointmentView(claim, sessions[claim.session], patients[claim.patient]) for claim in claims]
    except KeyError:  # foreign keys make it impossible
        raise UnknownAppointment from None


async def view_of(unit: Unit, claim: Claim) -> AppointmentView:
    """Read what is shown beside a claim."""
    return (await views_of(unit, [claim]))[0]


async def owned_view(unit: Unit, claim_id: str, *, owner: str | None) -> AppointmentView:
    """Read one of an account's claims, with ``owner`` None whoever's; raises ``UnknownAppointment``."""
    claim = await unit.claims.get(claim_id)
    if claim is None or (owner is not None and claim.openid != owner):
        raise UnknownAppointment
    return await view_of(unit, claim)
