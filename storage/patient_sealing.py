"""How a person's row and their links are sealed and opened, and by which keyed hashes they are found again."""

from sqlalchemy import RowMapping

from booking.details import identity_of
from booking.id_numbers import compact
from booking.models import PaperKind, Patient, PatientDetails, Sex
from booking.names import name_key
from storage.sealing import Sealer

PERMIT_DIGITS = 9
"""How much of a permit of Hong Kong or Macao stays when it is renewed."""


def person_columns(
    sealer: Sealer, patient_id: str, details: PatientDetails, *, desk_mobile: str | None
) -> dict[str, object]:
    """Return a person's sealed columns and hashes, all under the current key."""

    def sealed(column: str, value: str) -> bytes:
        return sealer.seal(value.encode(), bound_to=person_place(patient_id, column))

    return {
        "name": sealed("name", details.name),
        "name_hash": sealer.fingerprint(name_clue(details.name)),
        "paper_kind": str(details.paper_kind),
        "paper_number": sealed("paper_number", details.paper_number),
        "papers_hash": sealer.fingerprint(identity_of(details)),
        "number_hash": sealer.fingerprint(number_clue(details.paper_number, details.paper_kind)),
        "sex": str(details.sex),
        "birth_date": details.birth_date,
        "mobile": sealed("mobile", desk_mobile) if desk_mobile else None,
        "mobile_hash": sealer.fingerprint(mobile_clue(desk_mobile)) if desk_mobile else None,
        "key_id": sealer.key_id,
    }


def link_columns(sealer: Sealer, openid: str, patient_id: str, mobile: str) -> dict[str, object]:
    """Return a link's sealed columns and hash."""
    return {
        "mobile": sealer.seal(mobile.encode(), bound_to=link_place(openid, patient_id)),
        "mobile_hash": sealer.fingerprint(mobile_clue(mobile)),
        "key_id": sealer.key_id,
    }


def open_person(sealer: Sealer, row: RowMapping) -> Patient:
    """Return the person of a row: with the link's mobile number where there is one in it, else the desk's."""
    patient_id: str = row["id"]

    def opened(column: str) -> str:
        return sealer.open(row[column], bound_to=person_place(patient_id, column)).decode()

    details = PatientDetails(
        name=opened("name"),
        paper_kind=PaperKind(row["paper_kind"]),
        paper_number=opened("paper_number"),
        sex=Sex(row["sex"]),
        birth_date=row["birth_date"],
        mobile=_mobile(sealer, row),
    )
    return Patient(patient_id, row["file_number"], details, row["created_at"])


def _mobile(sealer: Sealer, row: RowMapping) -> str:
    if "link_mobile" in row:
        return open_link(sealer, row["link_openid"], row["id"], row["link_mobile"])
    if row["mobile"] is None:
        return ""
    return sealer.open(row["mobile"], bound_to=person_place(row["id"], "mobile")).decode()


def open_link(sealer: Sealer, openid: str, patient_id: str, mobile: bytes) -> str:
    """Return the mobile number of a link."""
    return sealer.open(mobile, bound_to=link_place(openid, patient_id)).decode()


def person_place(patient_id: str, column: str) -> str:
    """Return the place that a person's sealed column is bound to."""
    return f"patient:{patient_id}:{column}"


def link_place(openid: str, patient_id: str) -> str:
    """Return the place that a link's mobile number is bound to."""
    return f"account_patient:{openid}:{patient_id}:mobile"


def name_clue(name: str) -> str:
    """Return the text whose keyed hash finds everybody of a name."""
    return f"name:{name_key(name)}"


def mobile_clue(mobile: str) -> str:
    """Return the text whose keyed hash finds everybody with a mobile number."""
    return f"mobile:{mobile}"


def number_clue(number: str, kind: PaperKind | None = None) -> str:
    """Return the text whose keyed hash finds a papers' number on whatever papers; a child by the guardian's.

    A permit's number is cut to what stays when it is renewed.
    """
    plain = compact(number)
    return f"number:{plain[:PERMIT_DIGITS] if kind is PaperKind.HK_MACAO_PERMIT else plain}"
