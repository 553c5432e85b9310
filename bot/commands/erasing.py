"""``zhenyue erase``: an account on request, keeping what the law requires (R-C6)."""

from typing import Annotated

from cyclopts import Parameter

from booking.audit_chain import AuditChain
from booking.erasure import Erasure, Plan
from booking.errors import Refused
from booking.refusals import PatientHasAppointments
from booking.staff_refusals import AccountIsStaff, UnknownAccount
from bot import texts_erase
from bot.connections import open_database, prepare
from bot.console import begin, complain, say
from bot.operator import operator
from bot.settings import ConfigurationError, RecordSettings
from storage.clock import DatabaseClock
from storage.database import SqlDatabase

REFUSED = 1
LONGEST_REASON = 200
_REFUSALS: dict[type[Refused], str] = {
    UnknownAccount: texts_erase.UNKNOWN,
    AccountIsStaff: texts_erase.IS_STAFF,
    PatientHasAppointments: texts_erase.HAS_APPOINTMENTS,
}


async def erase(
    openid: Annotated[str, Parameter(help=texts_erase.ARGUMENT_OPENID)],
    /,
    *,
    reason: Annotated[str | None, Parameter(help=texts_erase.OPTION_REASON)] = None,
    preview: Annotated[bool, Parameter(help=texts_erase.OPTION_PREVIEW, negative="")] = False,
) -> int:
    """Erase an account; or, with a preview, only show what would become of whom."""
    words = (reason or "").strip()
    if not preview and not words:
        raise ConfigurationError(texts_erase.REASON_MISSING)
    if len(words) > LONGEST_REASON:
        raise ConfigurationError(texts_erase.REASON_TOO_LONG.format(longest=LONGEST_REASON))
    settings = begin(RecordSettings)
    await prepare(settings, None)
    async with open_database(settings) as database:
        try:
            plan = await _erase(database, openid, words, preview=preview)
        except (UnknownAccount, AccountIsStaff, PatientHasAppointments) as error:
            complain(_REFUSALS[type(error)].format(openid=openid))
            return REFUSED
        _tell(plan, preview=preview, file_numbers=await _file_numbers(database, plan.kept_by_law))
    return 0


async def _erase(database: SqlDatabase, openid: str, reason: str, *, preview: bool) -> Plan:
    clock = DatabaseClock(database)
    await clock.read()
    erasure = Erasure(database)
    if preview:
        return await erasure.plan(openid, now=clock.now())
    plan = await erasure.erase(openid, reason=reason, by=operator(), now=clock.now())
    await AuditChain(database).seal()
    return plan


async def _file_numbers(database: SqlDatabase, persons: tuple[str, ...]) -> list[str]:
    async with database.read() as unit:
        found = [await unit.patients.get(person) for person in persons]
    return [person.file_number for person in found if person is not None]


def _tell(plan: Plan, *, preview: bool, file_numbers: list[str]) -> None:
    say(texts_erase.WOULD if preview else texts_erase.DONE)
    say(texts_erase.ERASED.format(count=len(plan.erased)))
    if plan.kept_by_law:
        say(texts_erase.KEPT.format(count=len(plan.kept_by_law), names="、".join(file_numbers)))
    if plan.known_otherwise:
        say(texts_erase.OTHERWISE.format(count=len(plan.known_otherwise)))
    say(texts_erase.ACCOUNT)
    if not preview:
        say(texts_erase.BACKUPS)
