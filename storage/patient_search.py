"""Finding patients for staff by keyed hashes; names and numbers stay sealed (R-A11)."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, RowMapping, or_, select

from booking.models import PaperKind
from booking.names import name_key
from booking.patient_search import Clue
from storage.connection import SqlConnection
from storage.patient_sealing import mobile_clue, name_clue, number_clue, open_link, open_person
from storage.patient_tables import account_patient, patient
from storage.sealing import Sealer
from storage.tables import claim

SCANNED = 500
"""How many rows of before there were hashes are opened at a time."""


class PatientSearch:
    """Reads what a clue leads to."""

    def __init__(self, connection: SqlConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    async def rows(self, clue: Clue, *, limit: int) -> Sequence[RowMapping]:
        """Return at most ``limit`` rows of ``patient``, newest first.

        While older rows wait for their hashes (``add_hashes``), they are opened one by one: nobody is overlooked.
        """
        found = [self._condition(clue)]
        if clue.kind in {"name", "number", "mobile"}:
            found.append(patient.c.id.in_(await self._unhashed(clue)))
        query = select(patient).where(or_(*found)).order_by(patient.c.id.desc()).limit(limit)
        return (await self._connection.execute(query)).mappings().all()

    def _condition(self, clue: Clue) -> ColumnElement[bool]:
        if clue.kind == "file":
            return patient.c.file_number == clue.value
        if clue.kind == "appointment":
            return patient.c.id.in_(select(claim.c.patient).where(claim.c.number == clue.value))
        if clue.kind == "name":
            return patient.c.name_hash.in_(self._sealer.fingerprints(name_clue(clue.value)))
        if clue.kind == "number":
            whole, permit = number_clue(clue.value), number_clue(clue.value, PaperKind.HK_MACAO_PERMIT)
            return patient.c.number_hash.in_([*self._sealer.fingerprints(whole), *self._sealer.fingerprints(permit)])
        hashes = self._sealer.fingerprints(mobile_clue(clue.value))
        link = account_patient.c
        linked = select(link.patient_id).where(link.mobile_hash.in_(hashes), link.removed_at.is_(None))
        return or_(patient.c.mobile_hash.in_(hashes), patient.c.id.in_(linked))

    async def _unhashed(self, clue: Clue) -> list[str]:
        """Return the patients among rows without hashes to whom the clue leads."""
        if clue.kind == "mobile":
            return await self._unhashed_links(clue.value)
        found: list[str] = []
        last = ""
        while True:
            query = select(patient).where(patient.c.name_hash.is_(None), patient.c.id > last)
            rows = (await self._connection.execute(query.order_by(patient.c.id).limit(SCANNED))).mappings().all()
            if not rows:
                return found
            last = rows[-1]["id"]
            found += [row["id"] for row in rows if self._fits(row, clue)]

    def _fits(self, row: RowMapping, clue: Clue) -> bool:
        details = open_person(self._sealer, row).details
        if clue.kind == "name":
            return name_key(details.name) == name_key(clue.value)
        return number_clue(details.paper_number, details.paper_kind) == number_clue(clue.value, details.paper_kind)

    async def _unhashed_links(self, mobile: str) -> list[str]:
        link, last = account_patient.c, 0
        found: list[str] = []
        while True:
            query = select(account_patient).where(link.mobile_hash.is_(None), link.removed_at.is_(None), link.id > last)
            rows = (await self._connection.execute(query.order_by(link.id).limit(SCANNED))).mappings().all()
            if not rows:
                return found
            last = rows[-1]["id"]
            found += [
                row["patient_id"]
                for row in rows
                if open_link(self._sealer, row["openid"], row["patient_id"], row["mobile"]) == mobile
            ]
