"""Erasing an account on request: what the law lets go is destroyed, what it keeps is detached from the account (R-C6).

A person who was treated here has an outpatient record that must be kept for 15 years from the last visit; until then
the request ends every use but keeping (PIPL, article 47). Whoever never came, and is known to nobody else, is erased.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from booking.actors import Actor
from booking.audit import Entry, Facts
from booking.ids import new_id
from booking.models import ClaimState, PaperKind, PatientDetails, Sex
from booking.ports import ClaimFilter, Database, Unit
from booking.refusals import PatientHasAppointments
from booking.staff_refusals import AccountIsStaff, UnknownAccount

RETENTION = timedelta(days=15 * 365 + 4)
"""医疗机构管理条例实施细则, article 53: outpatient records, from the last visit."""
ALIAS = "erased-"
NO_NAME = "-"
"""The name of who was erased."""
_COMING = (ClaimState.HELD, ClaimState.OFFERED, ClaimState.BOOKED, ClaimState.ARRIVED)
_VISITS = (ClaimState.ARRIVED, ClaimState.COMPLETED, ClaimState.BOOKED)


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the persons that an account ever knew: their ids."""

    erased: tuple[str, ...]
    kept_by_law: tuple[str, ...]
    """Who came within the time for which records must be kept."""
    known_otherwise: tuple[str, ...]
    """Whom another account or the front desk knows too, or who has an appointment that somebody else made."""


class Erasure:
    """Erases accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def plan(self, openid: str, *, now: datetime) -> Plan:
        """Return what erasing would do; raises as ``erase``."""
        async with self._database.read() as unit:
            return await _plan(unit, openid, now)

    async def erase(self, openid: str, *, reason: str, by: Actor, now: datetime) -> Plan:
        """Erase an account in one transaction, with one entry in the audit trail.

        Raises ``UnknownAccount``, ``AccountIsStaff``, or ``PatientHasAppointments`` while it has coming ones.
        """
        async with self._database.begin() as unit:
            if not await unit.erasure.knows(openid):
                raise UnknownAccount
            await unit.patients.lock_account(openid, now=now)
            for patient in sorted(await unit.erasure.persons(openid)):
                await unit.patients.lock(patient)
            plan = await _plan(unit, openid, now)
            for patient in plan.erased:
                await unit.erasure.erase_person(patient, _nobody(patient))
            destroyed = await unit.erasure.destroy_details(openid, plan.erased)
            alias = f"{ALIAS}{new_id(now)}"
            await unit.erasure.rename(openid, alias, now=now)
            facts: Facts = {
                "erased": list(plan.erased),
                "kept_by_law": list(plan.kept_by_law),
                "known_otherwise": list(plan.known_otherwise),
                "details": [str(entry) for entry in destroyed],
                "reason": reason,
            }
            await unit.audit.record(Entry(now, by, "erased", "account", alias, None, facts))
        return plan


async def _plan(unit: Unit, openid: str, now: datetime) -> Plan:
    if not await unit.erasure.knows(openid):
        raise UnknownAccount
    if await unit.staff.of(openid) is not None:
        raise AccountIsStaff
    if await _coming(unit, ClaimFilter(openid=openid, states=_COMING, ends_after=now), now):
        raise PatientHasAppointments
    erased, kept, otherwise = [], [], []
    for patient in await unit.erasure.persons(openid):
        came = ClaimFilter(patient=patient, states=_VISITS, ends_after=now - RETENTION, ends_before=now)
        if await unit.claims.find(came):
            kept.append(patient)
        elif await unit.erasure.known_otherwise(patient, openid) or await _coming(
            unit, ClaimFilter(patient=patient, states=_COMING, ends_after=now), now
        ):
            otherwise.append(patient)
        else:
            erased.append(patient)
    return Plan(tuple(erased), tuple(kept), tuple(otherwise))


async def _coming(unit: Unit, which: ClaimFilter, now: datetime) -> bool:
    return any(claim.expires_at is None or claim.expires_at > now for claim in await unit.claims.find(which))


def _nobody(patient_id: str) -> PatientDetails:
    """Return details that tell nothing and are nobody else's: papers are unique."""
    return PatientDetails(NO_NAME, PaperKind.PASSPORT, f"{ALIAS}{patient_id}", Sex.FEMALE, date(1900, 1, 1), "")
