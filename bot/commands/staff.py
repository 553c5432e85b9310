"""Commands on staff accounts: add, list, remove. They need only the database."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

from booking.actors import Role, Staff
from booking.errors import NoCatalogue
from booking.models import Catalogue
from booking.staff_refusals import InvalidStaffName, StaffNameTaken, UnknownDoctor, UnknownStaff
from booking.staffing import StaffAccounts
from bot import texts, texts_staff
from bot.connections import open_database, prepare
from bot.console import begin, complain, say
from bot.operator import operator
from bot.options import check_known
from bot.settings import ConfigurationError, RecordSettings
from bot.tables import print_array, print_table
from storage.clock import DatabaseClock

REFUSED = 1


@dataclass(frozen=True, slots=True)
class _Tools:
    accounts: StaffAccounts
    catalogue: Catalogue
    now: datetime


async def add(
    name: Annotated[str, Parameter(help=texts_staff.ARGUMENT_NAME)],
    /,
    *,
    role: Annotated[str, Parameter(help=texts_staff.OPTION_ROLE)],
    doctor: Annotated[str | None, Parameter(help=texts_staff.OPTION_DOCTOR)] = None,
) -> int:
    """Add a member of staff and print the code by which they bind their WeChat account."""
    check_known("--role", role, [known.value for known in Role])
    async with _opened() as tools:
        if tools is None:
            return REFUSED
        _check_doctor(Role(role), doctor, tools.catalogue)
        try:
            added, code = await tools.accounts.add(name, Role(role), doctor, by=operator(), now=tools.now)
        except InvalidStaffName as error:
            raise ConfigurationError(texts_staff.NAME_WRONG.format(longest=error.longest)) from None
        except StaffNameTaken:
            complain(texts_staff.NAME_TAKEN.format(name=name))
            return REFUSED
        except UnknownDoctor as error:
            complain(texts_staff.NOT_ACTIVE.format(code=error.code))
            return REFUSED
    say(texts_staff.ADDED.format(role=texts_staff.ROLES[added.role], name=added.name, code=code))
    say(texts_staff.ADDED_NEXT.format(code=code))
    return 0


async def show(*, json: Annotated[bool, Parameter(help=texts.OPTION_JSON, negative="")] = False) -> int:
    """List who works here, and through which account."""
    async with _opened() as tools:
        if tools is None:
            return REFUSED
        rows = [_row(one, tools.catalogue) for one in await tools.accounts.all()]
    if json:
        print_array(rows)
    else:
        print_table(texts_staff.COLUMNS, [list(_shown(row).values()) for row in rows])
    return 0


async def remove(who: Annotated[str, Parameter(help=texts_staff.ARGUMENT_WHO)], /) -> int:
    """Remove a member of staff; their account is unbound at once."""
    async with _opened() as tools:
        if tools is None:
            return REFUSED
        try:
            removed = await tools.accounts.remove(who, by=operator(), now=tools.now)
        except UnknownStaff:
            complain(texts_staff.UNKNOWN.format(who=who))
            return REFUSED
    say(texts_staff.REMOVED.format(role=texts_staff.ROLES[removed.role], name=removed.name))
    return 0


@asynccontextmanager
async def _opened() -> AsyncGenerator[_Tools | None]:
    """Open the database for a command; None, and said, when no catalogue is loaded."""
    settings = begin(RecordSettings)
    await prepare(settings, None)
    async with open_database(settings) as database:
        clock = DatabaseClock(database)
        await clock.read()
        try:
            async with database.read() as unit:
                catalogue = await unit.catalogue.load()
        except NoCatalogue:
            complain(texts.NO_CATALOGUE)
            yield None
            return
        yield _Tools(StaffAccounts(database), catalogue, clock.now())


def _check_doctor(role: Role, doctor: str | None, catalogue: Catalogue) -> None:
    """Raise ``ConfigurationError`` for a doctor without a code, a code without a doctor, or an unknown one."""
    if role is not Role.DOCTOR and doctor is not None:
        raise ConfigurationError(texts_staff.DOCTOR_NOT_WANTED)
    if role is Role.DOCTOR and doctor is None:
        known = next((one.code for one in catalogue.doctors.values() if one.active), "CODE")
        raise ConfigurationError(texts_staff.DOCTOR_MISSING.format(known=known))
    check_known("--doctor", doctor, catalogue.doctors)


def _row(one: Staff, catalogue: Catalogue) -> dict[str, str | int | None]:
    zone = catalogue.clinic.zone
    bound_at = one.bound_at.astimezone(zone).isoformat(timespec="seconds") if one.bound_at else None
    return {
        "id": one.id,
        "name": one.name,
        "role": one.role.value,
        "doctor": one.doctor,
        "openid": one.openid,
        "bound_at": bound_at,
        "created_at": one.created_at.astimezone(zone).isoformat(timespec="seconds"),
    }


def _shown(row: dict[str, str | int | None]) -> dict[str, str | int | None]:
    return {**row, "role": texts_staff.ROLES[str(row["role"])], "openid": row["openid"] or texts_staff.UNBOUND}
