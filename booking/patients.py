"""Patients: registering, correcting, removing, finding, and an account's consent (R-A10, R-C1, R-C3, R-D4)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from booking.actors import Actor, account
from booking.details import check_details, same_person
from booking.errors import Busy, PersonKnown
from booking.ids import new_id
from booking.models import ClaimState, Patient, PatientDetails
from booking.patient_search import read_clues
from booking.patient_trail import (
    adopted,
    consented,
    corrected,
    followed,
    linked_to,
    mobile_set,
    registered,
    unlinked,
)
from booking.ports import ClaimFilter, Database, Unit
from booking.refusals import (
    IdentityMismatch,
    PatientHasAppointments,
    SharedPatient,
    TooManyPatients,
    TooManyTries,
    UnknownPatient,
)

MAX_PATIENTS = 5
FOUND_AT_MOST = 20
"""How many patients a search shows; more of one name are told apart by a number."""
_TRIES = 3
MISMATCHES, MISMATCHES_WITHIN = 3, timedelta(days=1)
"""How often an account may name known papers under wrong details, so that nobody learns by trying who is known here."""
MISMATCH = "papers of somebody else"
"""What the access log calls that."""
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

        Registering again sets the mobile number. Whoever names the number that was given at the desk has proved to be
        the person: what staff booked for them without an account becomes this account's. Nothing is told of other
        accounts. Raises ``InvalidDetail``, ``IdentityMismatch``, ``TooManyTries``, ``TooManyPatients`` or ``Busy``.
        """
        checked = check_details(details)
        try:
            return await self._in_turn(lambda unit: _register(unit, openid, checked, now))
        except IdentityMismatch:
            await self._note_mismatch(openid, checked, now)
            raise

    async def register_by_staff(self, details: PatientDetails, *, by: Actor, now: datetime) -> Patient:
        """Register a person who has no account here, or find them by these papers; the mobile number is the desk's.

        Registering again sets that number. Raises ``InvalidDetail``, ``IdentityMismatch`` or ``Busy``.
        """
        checked = check_details(details)
        return await self._in_turn(lambda unit: _register_at_desk(unit, checked, by, now))

    async def search(self, text: str, *, by: Actor, reason: str, now: datetime) -> list[Patient]:
        """Find patients for staff by papers', mobile, file or appointment number, or by the exact name.

        At most ``FOUND_AT_MOST``, newest first; each with the mobile number of the desk, else the one given last in
        chat. Every patient found is logged, and that nobody was, before anything is returned (R-A11, R-C4).
        """
        clues = read_clues(text)
        found: dict[str, Patient] = {}
        async with self._database.read() as unit:
            for clue in clues:
                for patient in await unit.patients.with_clue(clue, limit=FOUND_AT_MOST - len(found)):
                    found.setdefault(patient.id, patient)
        subjects = list(found) or [f"nobody: {', '.join(clue.masked for clue in clues)}"]
        async with self._database.begin() as unit:
            for subject in subjects:
                await unit.patients.log_access(
                    actor=by.id, channel=by.channel, purpose=reason, subject=subject, now=now
                )
        return list(found.values())

    async def correct(self, openid: str, patient_id: str, details: PatientDetails, *, now: datetime) -> Patient:
        """Correct a patient's details; the mobile number always may be, the rest while only this account knows them.

        Raises ``InvalidDetail``, ``UnknownPatient``, ``SharedPatient``, ``TooManyTries``, or ``IdentityMismatch`` when
        the papers' number is another person's (R-A10).
        """
        checked = check_details(details)
        try:
            async with self._database.begin() as unit:
                return await _correct(unit, openid, patient_id, checked, now)
        except PersonKnown:
            await self._note_mismatch(openid, checked, now)
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
            if await unit.patients.unlink(openid, patient_id, now=now):
                await unit.audit.record(unlinked(patient_id, by=account(openid), now=now))

    async def consent(self, openid: str) -> str | None:
        """Return the version of the text the account has agreed to, None when it never did (R-C3)."""
        async with self._database.read() as unit:
            return await unit.patients.consent(openid)

    async def agree(self, openid: str, version: str, *, now: datetime) -> None:
        """Record that the account agreed to a version of the text (R-C3)."""
        async with self._database.begin() as unit:
            if await unit.patients.record_consent(openid, version, now=now):
                await unit.audit.record(consented(version, by=account(openid), now=now))

    async def follow(self, openid: str, *, following: bool, now: datetime) -> None:
        """Record that an account follows, or no longer does."""
        async with self._database.begin() as unit:
            if await unit.patients.follow(openid, following=following, now=now):
                await unit.audit.record(followed(following=following, by=account(openid), now=now))

    async def _note_mismatch(self, openid: str, details: PatientDetails, now: datetime) -> None:
        async with self._database.begin() as unit:
            known = await unit.patients.by_papers(details)
            subject = known.id if known else ""
            await unit.patients.log_access(actor=openid, channel="wechat", purpose=MISMATCH, subject=subject, now=now)

    async def _in_turn(self, register: Callable[[Unit], Awaitable[Patient]]) -> Patient:
        for _ in range(_TRIES):
            try:
                async with self._database.begin() as unit:
                    return await register(unit)
            except PersonKnown:
                continue  # written by another request at this moment: it is found now
        raise Busy


async def _register(unit: Unit, openid: str, details: PatientDetails, now: datetime) -> Patient:
    by = account(openid)
    await _check_tries(unit, openid, now)
    person = await unit.patients.by_papers(details)
    if person is None:
        person = await unit.patients.add(new_id(now), details, now=now)
        await unit.audit.record(registered(person, by=by, now=now))
    await _link(unit, person.id, details.mobile, by=by, now=now)
    # Judged after the link, which locks: two registrations cannot both be the fifth, nor pass a correction unseen.
    linked = {patient.id: patient for patient in await unit.patients.of_account(openid)}
    if not same_person(linked[person.id].details, details):
        raise IdentityMismatch
    if len(linked) > MAX_PATIENTS:
        raise TooManyPatients(MAX_PATIENTS)
    await _adopt(unit, person.id, details.mobile, by=by, now=now)
    return linked[person.id]


async def _check_tries(unit: Unit, openid: str, now: datetime) -> None:
    tries = await unit.patients.looked_up(actor=openid, purpose=MISMATCH, since=now - MISMATCHES_WITHIN)
    if tries >= MISMATCHES:
        raise TooManyTries


async def _link(unit: Unit, patient_id: str, mobile: str, *, by: Actor, now: datetime) -> None:
    await unit.patients.lock_account(by.id, now=now)
    before = await unit.patients.get(patient_id, openid=by.id)
    await unit.patients.link(by.id, patient_id, mobile=mobile, now=now)
    if before is None:
        await unit.audit.record(linked_to(patient_id, mobile, by=by, now=now))
    elif before.details.mobile != mobile:
        await unit.audit.record(mobile_set(patient_id, before.details.mobile, mobile, by=by, now=now))


async def _adopt(unit: Unit, patient_id: str, mobile: str, *, by: Actor, now: datetime) -> None:
    """Give the account what staff booked for this patient, if it named the number that was given at the desk.

    Under the patient's lock: a booking by staff at this moment either sees the link or is seen here.
    """
    await unit.patients.lock(patient_id)
    person = await unit.patients.get(patient_id)
    if person is not None and person.details.mobile == mobile:
        claims = await unit.claims.adopt(patient_id, by.id)
        await unit.audit.record(*(adopted(claim, by=by, now=now) for claim in claims))


async def _register_at_desk(unit: Unit, details: PatientDetails, by: Actor, now: datetime) -> Patient:
    known = await unit.patients.by_papers(details)
    if known is None:
        person = await unit.patients.add(new_id(now), details, now=now, at_desk=True)
        await unit.audit.record(registered(person, by=by, now=now))
        return person
    await unit.patients.lock(known.id)
    person = await unit.patients.get(known.id) or known
    if not same_person(person.details, details):
        raise IdentityMismatch
    if person.details.mobile != details.mobile:
        await unit.patients.set_desk_mobile(person.id, details.mobile)
        await unit.audit.record(mobile_set(person.id, person.details.mobile, details.mobile, by=by, now=now))
    return replace(person, details=replace(person.details, mobile=details.mobile))


async def _correct(unit: Unit, openid: str, patient_id: str, details: PatientDetails, now: datetime) -> Patient:
    by = account(openid)
    known = await unit.patients.get(patient_id, openid=openid)
    if known is None:
        raise UnknownPatient
    await _link(unit, patient_id, details.mobile, by=by, now=now)
    if _identity_differs(known.details, details):
        await _check_tries(unit, openid, now)
        await unit.patients.correct(patient_id, details)
        # Counted after the correction, which locks the person: nobody is linked in between.
        if await unit.patients.accounts_of(patient_id) > 1:
            raise SharedPatient
        await unit.audit.record(corrected(known, details, by=by, now=now))
    await _adopt(unit, patient_id, details.mobile, by=by, now=now)
    return Patient(known.id, known.file_number, details, known.created_at)


def _identity_differs(one: PatientDetails, other: PatientDetails) -> bool:
    return (one.name, one.paper_kind, one.paper_number, one.sex, one.birth_date) != (
        other.name,
        other.paper_kind,
        other.paper_number,
        other.sex,
        other.birth_date,
    )
