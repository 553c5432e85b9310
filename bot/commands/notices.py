"""``zhenyue notices``: every notice's state, and the list of those to telephone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

from booking.errors import Unavailable
from booking.notices import Notice, NoticeFilter
from booking.ports import Unit
from bot import texts, texts_notices
from bot.commands.listing import REFUSED, Json, catalogue_of, now_of
from bot.connections import key_problem, open_database
from bot.console import begin, complain
from bot.notice_listing import Row, call_rows, notice_rows
from bot.operator import operator
from bot.settings import ConfigurationError, RecordSettings
from bot.tables import print_array, print_table
from storage.database import SqlDatabase


async def notices(
    *,
    stoppage: Annotated[str | None, Parameter(help=texts_notices.OPTION_STOPPAGE)] = None,
    unreachable: Annotated[bool, Parameter(help=texts_notices.OPTION_UNREACHABLE, negative="")] = False,
    json: Json = False,
) -> int:
    """List notices, all unless filtered; with ``--unreachable`` those to telephone, by when their visit begins."""
    settings = begin(RecordSettings)
    async with open_database(settings) as database:
        catalogue = await catalogue_of(database)
        if catalogue is None:
            return REFUSED
        if stoppage is not None and not await _is_known(database, stoppage):
            complain(texts_notices.UNKNOWN_STOPPAGE.format(id=stoppage))
            return REFUSED
        problem = await key_problem(database, settings)
        if problem:
            raise ConfigurationError(problem)
        async with database.read() as unit:
            found = await unit.notices.find(NoticeFilter(stoppage, unreached=unreachable))
            mobiles, callers = (await _mobiles(unit, found), await _callers(unit, found)) if unreachable else ({}, {})
        if mobiles:
            await _log_access(database, found, await now_of(database))
    zone = catalogue.clinic.zone
    _print(
        call_rows(found, mobiles, callers, zone) if unreachable else notice_rows(found, zone),
        json=json,
        calls=unreachable,
    )
    return 0


async def _is_known(database: SqlDatabase, stoppage: str) -> bool:
    async with database.read() as unit:
        return await unit.stoppages.get(stoppage) is not None


async def _mobiles(unit: Unit, found: Sequence[Notice]) -> dict[str, str]:
    """Return telephone numbers by the notice's id: the same that the call list in chat shows."""
    known = await unit.calls.telephones(sorted({each.patient for each in found if each.patient is not None}))
    return {each.id: known[each.patient][1] for each in found if each.patient is not None and each.patient in known}


async def _callers(unit: Unit, found: Sequence[Notice]) -> dict[str, str]:
    """Return the names of the staff who called."""
    known = [await unit.staff.get(caller) for caller in sorted({each.called_by for each in found if each.called_by})]
    return {one.id: one.name for one in known if one is not None}


async def _log_access(database: SqlDatabase, found: Sequence[Notice], now: datetime) -> None:
    """Record each patient whose telephone number is shown (R-A11)."""
    actor = operator()
    try:
        async with database.begin() as unit:
            for patient in sorted({each.patient for each in found if each.patient is not None}):
                await unit.patients.log_access(
                    actor=actor.id, channel=actor.channel, purpose="notices --unreachable", subject=patient, now=now
                )
    except Unavailable:
        complain(texts.ACCESS_NOT_LOGGED)


def _print(rows: Sequence[Row], *, json: bool, calls: bool) -> None:
    if json:
        print_array(rows)
        return
    columns = texts_notices.CALL_COLUMNS if calls else texts_notices.COLUMNS
    print_table(list(columns.values()), [[_cell(row, name) for name in columns] for row in rows])


def _cell(row: Row, name: str) -> str | int | None:
    words = {"kind": texts_notices.KINDS, "state": texts_notices.STATES, "outcome": texts_notices.OUTCOMES}
    value = row[name]
    return words[name].get(value, value) if name in words and isinstance(value, str) else value
