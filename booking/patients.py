"""Patients of an account: registering, correcting, removing, and the account's consent (R-A10, R-C1, R-C3, R-D4)."""

from dataclasses import dataclass
from datetime import datetime

from booking.details import check_details, same_person
from booking.errors import (
    Busy,
    IdentityMismatch,
    PatientHasAppointments,
    PersonKnown,
    SharedPatient,
    TooManyPatients,
    UnknownPatient,
)
from booking.ids import new_id
from booking.models import ClaimState, Patient, PatientDetails
from booking.ports import ClaimFilter, Database, Unit

MAX_PATIENTS = 5
_TRIES = 3
_COMING = (ClaimState.HELD, ClaimState.OFFERED, ClaimState.BOOKED, ClaimState.ARRIVED)


@dataclass(frozen=True, slots=True)
class Known:
    """An account: the version of the consent it gave, None without one, and its patients."""

    consent: str | None
    patients: list[Patient]


class Patients:
    """The patients a person may book for. Every call is one transaction and repeat-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_account(self, openid: str) -> list[Patient]:
        """Return the account's patients in the order they were added."""
        async with self._database.read() as unit:
            return await unit.patients.of_account(openid)

    async def known(self, openid: str) -> Known:
        """Return what a dialogue must know of an account before anything personal is asked, in one reading."""
        async with self._database.read() as unit:
            return Known(await unit.patients.consent(openid), await unit.patients.of_account(openid))

    async def register(self, openid: str, details: PatientDetails, *, now: datetime) -> Patient:
        """Register a person for this account, or link the one known by these papers (R-A4, R-C1).

        Registering again sets the mobile number. Nothing is told of other accounts. Raises ``InvalidDetail``,
        ``IdentityMismatch``, ``TooManyPatients`` or ``Busy``.
        """
        checked = check_details(details)
        for _ in range(_TRIES):
            try:
                async with self._database.begin() as unit:
                    return await _register(unit, openid, checked, now)
            except PersonKnown:
                continue  # written by another request at this moment: it is found now
        raise Busy

    async def correct(self, openid: str, patient_id: str, details: PatientDetails, *, now: datetime) -> Patient:
        """Correct a patient's details; the mobile number always may be, the rest while only this account knows them.

        Raises ``InvalidDetail``, ``UnknownPatient``, ``SharedPatient``, or ``IdentityMismatch`` when the papers'
        number is another person's (R-A10).
        """
        checked = check_details(details)
        try:
            async with self._database.begin() as unit:
                return await _correct(unit, openid, patient_id, checked, now)
        except PersonKnown:
            raise IdentityMismatch from None

    async def remove(self, openid: str, patient_id: str, *, now: datetime) -> None:
        """Take a patient off the account; the person, their file and what is past stay.

        Removing again changes nothing. Raises ``PatientHasAppointments`` while this account has coming ones.
        """
        coming = ClaimFilter(openid=openid, patient=patient_id, states=_COMING, ends_after=now)
        async with self._database.begin() as unit:
            claims = await unit.claims.find(coming)
            if any(claim.expires_at is None or claim.expires_at > now for claim in claims):
                raise PatientHasAppointments
            await unit.patients.unlink(openid, patient_id, now=now)

    async def consent(self, openid: str) -> str | None:
        """Return the version of the text the account has agreed to, None when it never did (R-C3)."""
        async with self._database.read() as unit:
            return await unit.patients.consent(openid)

    async def agree(self, openid: str, version: str, *, now: datetime) -> None:
        """Record that the account agreed to a version of the text (R-C3)."""
        async with self._database.begin() as unit:
            await unit.patients.record_consent(openid, version, now=now)

    async def follow(self, openid: str, *, following: bool, now: datetime) -> None:
        """Record that an account follows, or no longer does."""
        async with self._database.begin() as unit:
            await unit.patients.follow(openid, following=following, now=now)


async def _register(unit: Unit, openid: str, details: PatientDetails, now: datetime) -> Patient:
    person = await unit.patients.by_papers(details)
    if person is None:
        person = await unit.patients.add(new_id(now), details, now=now)
    await unit.patients.link(openid, person.id, mobile=details.mobile, now=now)
    # Judged after the link, which locks: two registrations cannot both be the fifth, nor pass a correction unseen.
    linked = {patient.id: patient for patient in await unit.patients.of_account(openid)}
    if not same_person(linked[person.id].details, details):
        raise IdentityMismatch
    if len(linked) > MAX_PATIENTS:
        raise TooManyPatients(MAX_PATIENTS)
    return linked[person.id]


async def _correct(unit: Unit, openid: str, patient_id: str, details: PatientDetails, now: datetime) -> Patient:
    known = await unit.patients.get(patient_id, openid=openid)
    if known is None:
        raise UnknownPatient
    await unit.patients.link(openid, patient_id, mobile=details.mobile, now=now)
    if _identity_differs(known.details, details):
        await unit.patients.correct(patient_id, details)
        # Counted after the correction, which locks the person: nobody is linked in between.
        if await unit.patients.accounts_of(patient_id) > 1:
            raise SharedPatient
    return Patient(known.id, known.file_number, details, known.created_at)


def _identity_differs(one: PatientDetails, other: PatientDetails) -> bool:
    return (one.name, one.paper_kind, one.paper_number, one.sex, one.birth_date) != (
        other.name,
        other.paper_kind,
        other.paper_number,
        other.sex,
        other.birth_date,
    )
