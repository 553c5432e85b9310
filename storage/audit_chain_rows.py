"""The chain of the audit trail in SQL, and the trail as it is read."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import RowMapping, and_, delete, exists, func, insert, not_, or_, select
from sqlalchemy.exc import IntegrityError

from booking.audit import AuditRow, Chained, Detail, Link
from booking.errors import ChainMoved
from storage.audit_rows import place_of
from storage.connection import SqlConnection, fetch
from storage.sealing import SealBroken, Sealer
from storage.staff_tables import audit, audit_chain, audit_detail, audit_queue

_DETAIL = (audit_detail.c.sealed.label("sealed"),)
_LINK = (audit_chain.c.seq.label("link_seq"), audit_chain.c.audit_id.label("link_entry"), audit_chain.c.hash)


class SqlChainRows:
    """``ChainRows`` on one connection."""

    def __init__(self, connection: SqlConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    async def is_waiting(self) -> bool:
        """Tell whether any entry waits to be chained."""
        return (await self._connection.execute(select(audit_queue.c.audit_id).limit(1))).first() is not None

    async def waiting(self, *, limit: int) -> list[AuditRow]:
        """Return committed entries that wait, locked for this transaction; skips those another sealer has."""
        query = select(audit_queue.c.audit_id).order_by(audit_queue.c.audit_id).limit(limit)
        ids = list((await self._connection.execute(query.with_for_update(skip_locked=True))).scalars())
        if not ids:
            return []
        rows = await self._connection.execute(select(audit).where(audit.c.id.in_(ids)).order_by(audit.c.id))
        return [_row(row) for row in rows.mappings()]

    async def last(self) -> Link | None:
        """Return the newest link."""
        query = select(audit_chain).order_by(audit_chain.c.seq.desc()).limit(1)
        row = (await self._connection.execute(query)).mappings().first()
        return None if row is None else Link(**row)

    async def append(self, links: Sequence[Link]) -> None:
        """Write links and let their entries wait no more; raises ``ChainMoved`` when somebody else was quicker."""
        rows = [{"seq": link.seq, "audit_id": link.audit_id, "hash": link.hash} for link in links]
        try:
            await self._connection.execute(insert(audit_chain), rows)
        except IntegrityError as error:
            raise ChainMoved from error
        ids = [link.audit_id for link in links]
        await self._connection.execute(delete(audit_queue).where(audit_queue.c.audit_id.in_(ids)))

    async def chained(self, *, after: int, limit: int) -> list[Chained]:
        """Return links in their order."""
        query = (
            select(*_LINK, audit, *_DETAIL)
            .select_from(
                audit_chain.outerjoin(audit, audit.c.id == audit_chain.c.audit_id).outerjoin(
                    audit_detail, audit_detail.c.audit_id == audit_chain.c.audit_id
                )
            )
            .where(audit_chain.c.seq > after)
            .order_by(audit_chain.c.seq)
            .limit(limit)
        )
        rows = (await self._connection.execute(query)).mappings()
        return [self._chained(row) for row in rows]

    async def unchained(self, *, overdue: datetime, limit: int) -> tuple[int, list[int]]:
        """Count entries without a link; return those that nobody would chain any more, or that wait too long."""
        without = not_(exists().where(audit_chain.c.audit_id == audit.c.id))
        queued = exists().where(audit_queue.c.audit_id == audit.c.id)
        count: int = (
            await self._connection.execute(select(func.count()).select_from(audit).where(without))
        ).scalar_one()
        query = select(audit.c.id).where(and_(without, or_(not_(queued), audit.c.at < overdue)))
        lost = (await self._connection.execute(query.order_by(audit.c.id).limit(limit))).scalars()
        return count, list(lost)

    async def destroyed(self) -> set[int]:
        """Return the entries whose sealed parts an erasure has destroyed, as entries tell (``booking.erasure``)."""
        told = select(audit.c.after).where(audit.c.action == "erased", audit.c.entity == "account")
        return {int(entry) for row in await fetch(self._connection, told) for entry in row[0]["details"]}

    async def entries(self, *, of: Sequence[str] | None, limit: int) -> list[tuple[AuditRow, int | None]]:
        """Return the newest entries with the number of their link, oldest first; ``of``: of these things only."""
        query = select(audit, audit_chain.c.seq.label("link_seq")).outerjoin(
            audit_chain, audit_chain.c.audit_id == audit.c.id
        )
        if of is not None:
            query = query.where(audit.c.entity == "appointment", audit.c.entity_id.in_(of))
        rows = (await self._connection.execute(query.order_by(audit.c.id.desc()).limit(limit))).mappings().all()
        return [(_row(row), row["link_seq"]) for row in reversed(rows)]

    def _chained(self, row: RowMapping) -> Chained:
        link = Link(row["link_seq"], row["link_entry"], row["hash"])
        entry = None if row["id"] is None else _row(row)
        return Chained(link, entry, "none" if entry is None else self._detail(entry, row["sealed"]))

    def _detail(self, entry: AuditRow, sealed: bytes | None) -> Detail:
        if entry.detail_hash is None:
            return "none" if sealed is None else "altered"
        if sealed is None:
            return "missing"
        try:
            detail = self._sealer.open(sealed, bound_to=place_of(entry.id))
        except SealBroken:
            return "altered"
        return "sound" if sha256(detail).hexdigest() == entry.detail_hash else "altered"


def _row(row: RowMapping) -> AuditRow:
    return AuditRow(**{name: row[name] for name in AuditRow.__slots__})
