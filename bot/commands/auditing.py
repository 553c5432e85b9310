"""``zhenyue audit``: who changed what, when, through which channel; and whether the trail is whole (R-A16)."""

import json as json_text
from typing import Annotated
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from booking.audit import AuditRow, Facts
from booking.audit_chain import AuditChain, Fault, Verdict
from booking.ports import ClaimFilter
from bot import texts, texts_audit
from bot.connections import open_database, prepare
from bot.console import begin, complain, say
from bot.options import check_range
from bot.settings import RecordSettings
from bot.tables import print_array, print_table
from storage.clock import DatabaseClock
from storage.database import SqlDatabase

REFUSED = 1
SHOWN = 200
MOST = 1_000_000


async def audit(
    *,
    appointment: Annotated[str | None, Parameter(help=texts_audit.OPTION_APPOINTMENT)] = None,
    verify: Annotated[bool, Parameter(help=texts_audit.OPTION_VERIFY, negative="")] = False,
    limit: Annotated[int, Parameter(help=texts_audit.OPTION_LIMIT)] = SHOWN,
    json: Annotated[bool, Parameter(help=texts.OPTION_JSON, negative="")] = False,
) -> int:
    """List the newest changes, or those of one appointment; or verify the chain."""
    settings = begin(RecordSettings)
    check_range("--limit", limit, 1, MOST)
    await prepare(settings, None)
    async with open_database(settings) as database:
        if verify:
            clock = DatabaseClock(database)
            await clock.read()
            return _tell(await AuditChain(database).verify(now=clock.now()), as_json=json)
        claims = None if appointment is None else await _claims(database, appointment)
        if appointment is not None and not claims:
            complain(texts_audit.UNKNOWN_APPOINTMENT.format(number=appointment))
            return REFUSED
        async with database.read() as unit:
            found = await unit.chain.entries(of=claims, limit=limit + 1)
    if len(found) > limit:
        complain(texts_audit.MORE.format(limit=limit))
    rows = [_row(entry, link, settings.timezone) for entry, link in found[-limit:]]
    if json:
        print_array(rows)
    else:
        print_table(texts_audit.COLUMNS, [_cells(row) for row in rows])
    return 0


async def _claims(database: SqlDatabase, number: str) -> list[str]:
    async with database.read() as unit:
        return [claim.id for claim in await unit.claims.find(ClaimFilter(number=number))]


def _row(entry: AuditRow, link: int | None, zone: ZoneInfo) -> dict[str, object]:
    return {
        "id": entry.id,
        "at": entry.at.astimezone(zone).isoformat(timespec="seconds"),
        "actor_kind": entry.actor_kind,
        "actor": entry.actor,
        "channel": entry.channel,
        "action": entry.action,
        "entity": entry.entity,
        "entity_id": entry.entity_id,
        "before": entry.before,
        "after": entry.after,
        "sealed": entry.detail_hash is not None,
        "link": link,
    }


def _cells(row: dict[str, object]) -> list[str | int | None]:
    kind, channel, entity = str(row["actor_kind"]), str(row["channel"]), str(row["entity"])
    return [
        str(row["id"]),
        str(row["at"]),
        f"{texts_audit.KINDS.get(kind, kind)} {row['actor']}",
        texts_audit.CHANNELS.get(channel, channel),
        str(row["action"]),
        texts_audit.ENTITIES.get(entity, entity),
        str(row["entity_id"]),
        _facts(row["before"]),
        _facts(row["after"]),
        texts_audit.UNCHAINED if row["link"] is None else str(row["link"]),
    ]


def _facts(facts: Facts | object) -> str:
    return "" if facts is None else json_text.dumps(facts, ensure_ascii=False)


def _tell(verdict: Verdict, *, as_json: bool) -> int:
    if as_json:
        print_array([{"fault": each.kind, "link": each.link, "entry": each.entry} for each in verdict.faults])
    tell = complain if as_json or verdict.faults else say
    line = texts_audit.BROKEN if verdict.faults else texts_audit.SOUND
    tell(line.format(count=len(verdict.faults), links=verdict.links, head=verdict.head))
    if verdict.waiting:
        tell(texts_audit.WAITING.format(waiting=verdict.waiting))
    for fault in verdict.faults:
        complain(_line(fault))
    return REFUSED if verdict.faults else 0


def _line(fault: Fault) -> str:
    unknown = texts_audit.NONE
    return texts_audit.FAULTS[fault.kind].format(
        link=fault.link if fault.link is not None else unknown,
        entry=fault.entry if fault.entry is not None else unknown,
    )
