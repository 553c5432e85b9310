"""Sealing rows again while keys change, and giving older rows the hashes by which staff find them (R-C7)."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, Select, select, update

from storage.audit_rows import place_of
from storage.connection import SqlConnection
from storage.patient_sealing import link_columns, open_link, open_person, person_columns
from storage.patient_tables import account_patient, patient
from storage.sealing import Sealer
from storage.staff_tables import audit_detail


class Resealing:
    """Works on rows in batches. A call changes one table only.

    So a correction, which locks a link and then its person, and this never wait for each other.
    """

    def __init__(self, connection: SqlConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    async def work(self, *, limit: int) -> int:
        """Seal rows of previous keys again, at most ``limit``; 0 means that no row needs a previous key any more."""
        key = self._sealer.key_id
        persons = select(patient).where(patient.c.key_id != key).order_by(patient.c.id)
        links = select(account_patient).where(account_patient.c.key_id != key).order_by(account_patient.c.id)
        return (
            await self._persons(persons.limit(limit))
            or await self._links(links.limit(limit))
            or await self._audit_details(limit)
        )

    async def add_hashes(self, *, limit: int) -> int:
        """Give rows without hashes theirs, at most ``limit``; return how many."""
        persons = select(patient).where(patient.c.name_hash.is_(None)).order_by(patient.c.id)
        links = select(account_patient).where(account_patient.c.mobile_hash.is_(None)).order_by(account_patient.c.id)
        return await self._persons(persons.limit(limit)) or await self._links(links.limit(limit))

    async def _persons(self, stale: Select[tuple[object, ...]]) -> int:
        rows = await self._locked(stale)
        for row in rows:
            found = open_person(self._sealer, row)
            sealed = person_columns(self._sealer, found.id, found.details, desk_mobile=found.details.mobile or None)
            await self._connection.execute(update(patient).where(patient.c.id == found.id).values(sealed))
        return len(rows)

    async def _links(self, stale: Select[tuple[object, ...]]) -> int:
        rows = await self._locked(stale)
        for row in rows:
            mobile = open_link(self._sealer, row["openid"], row["patient_id"], row["mobile"])
            sealed = link_columns(self._sealer, row["openid"], row["patient_id"], mobile)
            await self._connection.execute(
                update(account_patient).where(account_patient.c.id == row["id"]).values(sealed)
            )
        return len(rows)

    async def _audit_details(self, limit: int) -> int:
        """What the audit trail commits to is the content, so its seal may change."""
        stale = select(audit_detail).where(audit_detail.c.key_id != self._sealer.key_id)
        rows = await self._locked(stale.order_by(audit_detail.c.audit_id).limit(limit))
        for row in rows:
            place = place_of(row["audit_id"])
            sealed = self._sealer.seal(self._sealer.open(row["sealed"], bound_to=place), bound_to=place)
            change = update(audit_detail).where(audit_detail.c.audit_id == row["audit_id"])
            await self._connection.execute(change.values(sealed=sealed, key_id=self._sealer.key_id))
        return len(rows)

    async def _locked(self, query: Select[tuple[object, ...]]) -> Sequence[RowMapping]:
        return (await self._connection.execute(query.with_for_update())).mappings().all()
