"""The catalogue in SQL: few rows, read whole."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import time, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, update

from booking.errors import NoCatalogue
from booking.models import CalendarDay, Catalogue, Clinic, Department, Doctor, Policy, Roster, Template
from storage import tables
from storage.connection import SqlConnection

_LOADING = 724_002
_SPANS = frozenset({"stop_before", "change_notice", "cancel_notice", "offer_for", "remind_before"})
_TIMES = frozenset({"release_at", "remind_at", "publish_at"})


class SqlCatalogueRows:
    """``CatalogueRows`` on one connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def load(self) -> Catalogue:
        """Return the catalogue; raises ``NoCatalogue``."""
        row = (await self._connection.execute(select(tables.clinic))).mappings().first()
        if row is None:
            raise NoCatalogue
        fields = dict(row)
        version = fields.pop("version")
        templates = fields.pop("templates")
        fields["policy"] = _policy(fields["policy"])
        departments = await self._all(tables.department)
        doctors = await self._all(tables.doctor)
        return Catalogue(
            clinic=Clinic(**fields),
            departments={r["code"]: Department(**_tupled(r, "aliases")) for r in departments},
            doctors={r["code"]: Doctor(**_tupled(r, "skills")) for r in doctors},
            version=version,
            templates={kind: Template(**template) for kind, template in templates.items()},
        )

    async def version(self) -> int:
        """Return the catalogue's version, 0 when there is none."""
        return (await self._connection.execute(select(tables.clinic.c.version))).scalar() or 0

    async def rosters(self) -> list[Roster]:
        """Return all rosters."""
        return [Roster(**_tupled(row, "weekdays")) for row in await self._all(tables.roster, by="id")]

    async def calendar(self) -> list[CalendarDay]:
        """Return all calendar days."""
        return [CalendarDay(**row) for row in await self._all(tables.calendar_day, by="id")]

    async def replace(
        self,
        clinic: Clinic,
        departments: Sequence[Department],
        doctors: Sequence[Doctor],
        rosters: Sequence[Roster],
        calendar: Sequence[CalendarDay],
        *,
        templates: Mapping[str, Template] = MappingProxyType({}),
    ) -> None:
        """Write the whole catalogue: codes that are there are updated, missing ones become inactive, version grows."""
        await self._one_at_a_time()
        version = await self.version()
        await self._connection.execute(delete(tables.clinic))
        row = _columns(clinic) | {
            "policy": _policy_json(clinic.policy),
            "version": version + 1,
            "templates": {kind: asdict(template) for kind, template in templates.items()},
        }
        await self._connection.execute(insert(tables.clinic), row)
        await self._upsert(tables.department, departments)
        await self._upsert(tables.doctor, doctors)
        await self._refill(tables.roster, [_columns(thing) for thing in rosters])
        await self._refill(tables.calendar_day, [_columns(thing) for thing in calendar])

    async def _one_at_a_time(self) -> None:
        """Let two loads follow each other; SQLite's only writer does so anyway."""
        if self._connection.dialect.name == "postgresql":
            await self._connection.execute(select(func.pg_advisory_xact_lock(_LOADING)))

    async def _all(self, table: Table, by: str = "position") -> list[dict[str, Any]]:
        rows = await self._connection.execute(select(table).order_by(table.c[by]))
        return [{k: v for k, v in row.items() if k != by} for row in rows.mappings()]

    async def _refill(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        await self._connection.execute(delete(table))
        if rows:
            await self._connection.execute(insert(table), rows)

    async def _upsert(self, table: Table, things: Sequence[Department | Doctor]) -> None:
        known = set((await self._connection.execute(select(table.c.code))).scalars())
        await self._connection.execute(update(table).values(active=False))
        for position, thing in enumerate(things):
            row = _columns(thing) | {"position": position}
            if thing.code in known:
                await self._connection.execute(update(table).where(table.c.code == thing.code).values(row))
            else:
                await self._connection.execute(insert(table), row)


def _columns(thing: Clinic | Department | Doctor | Roster | CalendarDay) -> dict[str, Any]:
    row = {name: getattr(thing, name) for name in type(thing).__slots__}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()}


def _tupled(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {**row, name: tuple(row[name])}


def _policy_json(policy: Policy) -> dict[str, float | str | None]:
    row: dict[str, float | str | None] = {}
    for name in Policy.__slots__:
        value = getattr(policy, name)
        match value:
            case timedelta():
                row[name] = round(value.total_seconds())
            case time():
                row[name] = value.isoformat("minutes")
            case _:
                row[name] = value
    return row


def _policy(row: Mapping[str, Any]) -> Policy:
    """Read the policy; what an older release did not write keeps its default."""
    fields = dict(row)
    for name, value in row.items():
        if name in _SPANS:
            fields[name] = timedelta(seconds=value)
        elif name in _TIMES and value:
            fields[name] = time.fromisoformat(value)
    return Policy(**fields)
