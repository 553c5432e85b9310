"""An appointment as it is shown: the claim with its session and its patient."""

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


async def view_of(unit: Unit, claim: Claim) -> AppointmentView:
    """Read what is shown beside a claim."""
    found = await unit.sessions.get(claim.session)
    patient = await unit.patients.get(claim.patient)
    if found is None or patient is None:  # foreign keys make both impossible
        raise UnknownAppointment
    return AppointmentView(claim, found[0], patient)


async def owned_view(unit: Unit, claim_id: str, *, owner: str | None) -> AppointmentView:
    """Read one of an account's claims, with ``owner`` None whoever's; raises ``UnknownAppointment``."""
    claim = await unit.claims.get(claim_id)
    if claim is None or (owner is not None and claim.openid != owner):
        raise UnknownAppointment
    return await view_of(unit, claim)
