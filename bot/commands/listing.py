"""Commands that list: slots, appointments. They need only the database, and read it beside a running ``serve``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

from booking.errors import NoCatalogue, Unavailable
from booking.models import Catalogue
from booking.ports import ClaimFilter, SlotFilter
from booking.rules import clinic_day
from bot import texts
from bot.connections import key_problem, open_database
from bot.console import begin, complain
from bot.listing_rows import APPOINTMENT_STATES, AppointmentRow, SlotRow, appointment_rows, slot_rows
from bot.operator import operator
from bot.options import check_known, read_day
from bot.settings import ConfigurationError, DatabaseSettings, RecordSettings
from bot.tables import print_array, print_table
from storage.clock import DatabaseClock
from storage.database import SqlDatabase
from storage.migrate import newest_revision, revision

REFUSED = 1
Json = Annotated[bool, Parameter(help=texts.OPTION_JSON, negative="")]
Day = Annotated[str | None, Parameter(help=texts.OPTION_DATE)]


async def slots(
    *,
    date: Day = None,
    department: Annotated[str | None, Parameter(help=texts.OPTION_DEPARTMENT)] = None,
    doctor: Annotated[str | None, Parameter(help=texts.OPTION_DOCTOR)] = None,
    json: Json = False,
) -> int:
    """List published slots, from today on unless a date is given."""
    settings = begin(DatabaseSettings)
    day = read_day("--date", date)
    async with open_database(settings) as database:
        catalogue = await catalogue_of(database)
        if catalogue is None:
            return REFUSED
        check_known("--department", department, catalogue.departments)
        check_known("--doctor", doctor, catalogue.doctors)
        now = await now_of(database)
        wanted = SlotFilter(
            first_day=day or clinic_day(catalogue, now), last_day=day, department=department, doctor=doctor
        )
        async with database.read() as unit:
            found = await unit.sessions.slots(wanted)
    rows = slot_rows(found, catalogue.clinic.zone, now=now)
    if json:
        print_array(rows)
    else:
        print_table(texts.SLOT_COLUMNS, [_slot_cells(row) for row in rows])
    return 0


async def appointments(
    *,
    date: Day = None,
    status: Annotated[str | None, Parameter(help=texts.OPTION_STATUS)] = None,
    openid: Annotated[str | None, Parameter(help=texts.OPTION_OPENID)] = None,
    json: Json = False,
) -> int:
    """List appointments, all unless filtered."""
    settings = begin(RecordSettings)
    day = read_day("--date", date)
    check_known("--status", status, APPOINTMENT_STATES)
    async with open_database(settings) as database:
        catalogue = await catalogue_of(database)
        if catalogue is None:
            return REFUSED
        problem = await key_problem(database, settings)
        if problem:
            raise ConfigurationError(problem)
        now = await now_of(database)
        async with database.read() as unit:
            wanted = ClaimFilter(openid=openid, day=day)
            rows = await appointment_rows(unit, wanted, catalogue.clinic.zone, status=status, now=now)
        await _log_access(database, f"date={date} status={status} openid={openid}", len(rows), now)
    if json:
        print_array(rows)
    else:
        print_table(texts.APPOINTMENT_COLUMNS, [_appointment_cells(row) for row in rows])
    return 0


async def catalogue_of(database: SqlDatabase) -> Catalogue | None:
    """Return the catalogue; without one, say so. Raises ``ConfigurationError`` on an outdated schema."""
    found = await revision(database)
    if found is not None and found != newest_revision():
        raise ConfigurationError(texts.DATABASE_OUTDATED.format(found=found, newest=newest_revision()))
    try:
        async with database.read() as unit:
            if found is not None:
                return await unit.catalogue.load()
    except NoCatalogue:
        pass
    complain(texts.NO_CATALOGUE)
    return None


async def now_of(database: SqlDatabase) -> datetime:
    clock = DatabaseClock(database)
    await clock.read()
    return clock.now()


async def _log_access(database: SqlDatabase, filters: str, count: int, now: datetime) -> None:
    """Record who looked at patients (R-A11); a database that can only be read is read all the same."""
    try:
        async with database.begin() as unit:
            await unit.patients.log_access(
                actor=operator().id, channel="cli", purpose="appointments", subject=f"{filters} count={count}", now=now
            )
    except Unavailable:
        complain(texts.ACCESS_NOT_LOGGED)


def _slot_cells(row: SlotRow) -> Sequence[str | int | None]:
    return [*list(row.values())[:-1], texts.SLOT_STATUSES[str(row["status"])]]


def _appointment_cells(row: AppointmentRow) -> Sequence[str | int | None]:
    shown = {
        **row,
        "status": texts.APPOINTMENT_STATUSES[str(row["status"])],
        "channel": texts.CHANNELS.get(str(row["channel"]), row["channel"]),
    }
    return list(shown.values())
