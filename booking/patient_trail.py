"""What the audit trail says of patients and accounts; whatever tells who somebody is goes there sealed (R-A16)."""

from datetime import datetime

from booking.actors import Actor
from booking.audit import Entry
from booking.models import Claim, Patient, PatientDetails


def registered(person: Patient, *, by: Actor, now: datetime) -> Entry:
    """A person was written for the first time."""
    facts = {"file_number": person.file_number, "paper_kind": str(person.details.paper_kind)}
    after = {f"after.{name}": value for name, value in _words(person.details).items()}
    return Entry(now, by, "registered", "patient", person.id, None, facts, after)


def corrected(person: Patient, details: PatientDetails, *, by: Actor, now: datetime) -> Entry:
    """A person's details were overwritten; only what differs is kept."""
    before, after = _words(person.details), _words(details)
    fields = [name for name in after if before[name] != after[name] and name != "mobile"]
    personal = {f"before.{name}": before[name] for name in fields} | {f"after.{name}": after[name] for name in fields}
    return Entry(now, by, "corrected", "patient", person.id, None, {"fields": fields}, personal)


def linked_to(patient_id: str, mobile: str, *, by: Actor, now: datetime) -> Entry:
    """The acting account got a patient."""
    return Entry(now, by, "linked", "patient", patient_id, None, {"account": by.id}, {"after.mobile": mobile})


def unlinked(patient_id: str, *, by: Actor, now: datetime) -> Entry:
    """The acting account took a patient off."""
    return Entry(now, by, "unlinked", "patient", patient_id, {"account": by.id}, None)


def mobile_set(patient_id: str, before: str, after: str, *, by: Actor, now: datetime) -> Entry:
    """The number that the acting account, or the desk, has for a patient was changed."""
    personal = {"before.mobile": before, "after.mobile": after}
    return Entry(now, by, "mobile_set", "patient", patient_id, None, None, personal)


def adopted(claim: Claim, *, by: Actor, now: datetime) -> Entry:
    """An appointment that staff booked became the acting account's."""
    return Entry(now, by, "adopted", "appointment", claim.id, {"account": None}, {"account": by.id})


def consented(version: str, *, by: Actor, now: datetime) -> Entry:
    """The acting account agreed to a text (R-C3)."""
    return Entry(now, by, "consented", "account", by.id, None, {"version": version})


def followed(*, following: bool, by: Actor, now: datetime) -> Entry:
    """The acting account follows now, or no longer does."""
    action = "followed" if following else "unfollowed"
    return Entry(now, by, action, "account", by.id, None, {"following": following})


def _words(details: PatientDetails) -> dict[str, str]:
    return {
        "name": details.name,
        "paper_kind": str(details.paper_kind),
        "paper_number": details.paper_number,
        "sex": str(details.sex),
        "birth_date": details.birth_date.isoformat(),
        "mobile": details.mobile,
    }
