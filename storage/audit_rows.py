"""The audit trail in SQL: rows are only ever added; personal data is sealed beside them."""

from hashlib import sha256

import orjson
from sqlalchemy import insert

from booking.audit import Entry
from storage.connection import SqlConnection
from storage.entropy import random_bytes
from storage.sealing import Sealer
from storage.staff_tables import audit, audit_detail

_SALT = 16


class SqlAuditRows:
    """``AuditRows`` on one connection."""

    def __init__(self, connection: SqlConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    async def record(self, *entries: Entry) -> None:
        """Append entries; in one statement, however many they are (a second one for what is personal)."""
        plain = [_row(entry) for entry in entries if entry.personal is None]
        if plain:
            await self._connection.execute(insert(audit), plain)
        for entry in entries:
            if entry.personal is not None:
                await self._record_personal(entry)

    async def _record_personal(self, entry: Entry) -> None:
        # The salt keeps short values from being guessed by their hash.
        detail = random_bytes(_SALT) + orjson.dumps(entry.personal, option=orjson.OPT_SORT_KEYS)
        row = _row(entry) | {"detail_hash": sha256(detail).hexdigest()}
        added = await self._connection.execute(insert(audit).values(row).returning(audit.c.id))
        audit_id: int = added.scalar_one()
        sealed = self._sealer.seal(detail, bound_to=place_of(audit_id))
        detail_row = {"audit_id": audit_id, "sealed": sealed, "key_id": self._sealer.key_id}
        await self._connection.execute(insert(audit_detail).values(detail_row))


def place_of(audit_id: int) -> str:
    """Return the place that a sealed detail is bound to."""
    return f"audit:{audit_id}:detail"


def _row(entry: Entry) -> dict[str, object]:
    return {
        "at": entry.at,
        "actor_kind": entry.by.kind,
        "actor": entry.by.id,
        "channel": entry.by.channel,
        "action": entry.action,
        "entity": entry.entity,
        "entity_id": entry.entity_id,
        "before": None if entry.before is None else dict(entry.before),
        "after": None if entry.after is None else dict(entry.after),
        "detail_hash": None,
    }
