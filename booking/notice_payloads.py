"""What notices are made of: plain JSON, so that a notice says later what was so when it was written."""

from booking.masking import mask_name
from booking.models import Claim, ClinicSession


def visit(claim: Claim, session: ClinicSession, patient_name: str) -> dict[str, str]:
    """Return a visit as every payload holds it: ``visit``, ``before``, each of ``offers``.

    Codes of department and doctor, moments in ISO 8601 with their offset, the fee in yuan, the name masked.
    """
    return {
        "claim": claim.id,
        "number": claim.number,
        "department": session.department,
        "doctor": session.doctor,
        "date": claim.date.isoformat(),
        "start": claim.starts_at.isoformat(),
        "end": claim.ends_at.isoformat(),
        "room": session.room,
        "fee": str(session.fee),
        "patient": mask_name(patient_name),
    }
