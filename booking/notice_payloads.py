"""What notices are made of: plain JSON, so that a notice says later what was so when it was written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

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


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as a notice remembers it; the name is masked."""

    claim: str
    number: str
    department: str
    doctor: str
    date: date
    starts_at: datetime
    ends_at: datetime
    room: str
    fee: Decimal
    patient: str


def read_visit(payload: Mapping[str, str]) -> Visit:
    """Read what ``visit`` wrote."""
    return Visit(
        claim=payload["claim"],
        number=payload["number"],
        department=payload["department"],
        doctor=payload["doctor"],
        date=date.fromisoformat(payload["date"]),
        starts_at=datetime.fromisoformat(payload["start"]),
        ends_at=datetime.fromisoformat(payload["end"]),
        room=payload["room"],
        fee=Decimal(payload["fee"]),
        patient=payload["patient"],
    )
