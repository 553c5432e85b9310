"""Patients, their links to accounts, consents and the access log: sealed on the way in, opened on the way out."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BindParameter, RowMapping, Select, Table, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from booking.details import identity_of
from booking.errors import PersonKnown
from booking.models import PaperKind, Patient, PatientDetails, Sex
from storage.connection import SqlConnection
from storage.patient_tables import access_log, account, account_patient, consent, file_counter, patient
from storage.sealing import Sealer

_LIVE = account_patient.c.removed_at.is_(None)
_FILES = "patient"


class SqlPatientRows:
    """``PatientRows`` on one connection."""

    def __init__(self, connection: SqlConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    async def get(self, patient_id: str, *, openid: str | None = None) -> Patient | None:
        """Return a patient, with the mobile number this account gave; None when not linked to the account.

        Without an account the mobile number is empty: it belongs to the link.
        """
        query = select(patient) if openid is None else _linked(openid)
        return await self._one(query.where(patient.c.id == patient_id))

    async def of_account(self, openid: str) -> list[Patient]:
        """Return the account's patients in the order they were added."""
        rows = await self._connection.execute(_OF_ACCOUNT, {"openid": openid})
        return [self._patient(row) for row in rows.mappings()]

    async def names(self, patients: Sequence[str]) -> dict[str, str]:
        """Return the names of these patients, by id, in one statement."""
        query = select(patient.c.id, patient.c.name).where(patient.c.id.in_(patients))
        rows = await self._connection.execute(query)
        return {row.id: self._sealer.open(row.name, bound_to=place_of(row.id, "name")).decode() for row in rows}

    async def by_papers(self, details: PatientDetails) -> Patient | None:
        """Find the one person with these papers by their keyed hash, of any key in use; without a mobile number."""
        return await self._one(select(patient).where(patient.c.papers_hash.in_(self._hashes(details))))

    async def add(self, patient_id: str, details: PatientDetails, *, now: datetime) -> Patient:
        """Write a new person with the next file number (R-C1); raises ``PersonKnown`` when added meanwhile.

        The counter's row is locked until the transaction ends, so registrations follow one another. While keys
        change, another process may write under the other key: under that lock it is looked for once more.
        """
        file_number = await self._next_file_number()
        if self._sealer.rotating and await self.by_papers(details) is not None:
            raise PersonKnown
        row = self._sealed(patient_id, details) | {"id": patient_id, "file_number": file_number, "created_at": now}
        added = self._insert(patient).values(row).on_conflict_do_nothing()
        if (await self._connection.execute(added.returning(patient.c.id))).first() is None:
            raise PersonKnown
        return Patient(patient_id, file_number, details, now)

    async def link(self, openid: str, patient_id: str, *, mobile: str, now: datetime) -> None:
        """Link a person to an account, or set the mobile number of the link there is.

        Locks the account's row until the transaction ends, so that its links can be counted afterwards.
        """
        await self._know(openid, now)
        sealed = self._sealer.seal(mobile.encode(), bound_to=_link_place(openid, patient_id))
        row = {"mobile": sealed, "key_id": self._sealer.key_id}
        linked = self._insert(account_patient).values(openid=openid, patient_id=patient_id, added_at=now, **row)
        await self._connection.execute(
            linked.on_conflict_do_update(
                index_elements=[account_patient.c.openid, account_patient.c.patient_id], index_where=_LIVE, set_=row
            )
        )

    async def unlink(self, openid: str, patient_id: str, *, now: datetime) -> bool:
        """Take a person off an account; the person stays, and that there was a link."""
        removed = update(account_patient).where(
            account_patient.c.openid == openid, account_patient.c.patient_id == patient_id, _LIVE
        )
        return (await self._connection.execute(removed.values(removed_at=now))).rowcount > 0

    async def accounts_of(self, patient_id: str) -> int:
        """Return how many accounts know this person."""
        query = (
            select(func.count()).select_from(account_patient).where(account_patient.c.patient_id == patient_id, _LIVE)
        )
        count: int = (await self._connection.execute(query)).scalar_one()
        return count

    async def correct(self, patient_id: str, details: PatientDetails) -> None:
        """Overwrite a person's details (R-A10); raises ``PersonKnown`` when another person has the papers.

        After that the transaction is over. Locks the person against new links until the transaction ends. The
        mobile number is the link's and stays.
        """
        await self._lock(patient_id)
        known = await self.by_papers(details)
        if known is not None and known.id != patient_id:
            raise PersonKnown
        change = update(patient).where(patient.c.id == patient_id).values(self._sealed(patient_id, details))
        try:
            await self._connection.execute(change)
        except IntegrityError as error:
            raise PersonKnown from error

    async def consent(self, openid: str) -> str | None:
        """Return the version of the text this account has agreed to, None when it never did (R-C3)."""
        version: str | None = (await self._connection.execute(_CONSENT, {"openid": openid})).scalar()
        return version

    async def record_consent(self, openid: str, version: str, *, now: datetime) -> None:
        """Record that the account agreed to a version of the text, and when; agreeing again changes nothing."""
        await self._know(openid, now)
        if await self.consent(openid) != version:
            await self._connection.execute(insert(consent).values(openid=openid, version=version, agreed_at=now))

    async def follow(self, openid: str, *, following: bool, now: datetime) -> None:
        """Record that an account follows, or no longer does, and since when."""
        row = {"following": following, "follow_changed_at": now}
        seen = self._insert(account).values(openid=openid, first_seen_at=now, reminders=True, **row)
        await self._connection.execute(
            seen.on_conflict_do_update(
                index_elements=[account.c.openid], set_=row, where=account.c.following != following
            )
        )

    async def log_access(self, *, actor: str, channel: str, purpose: str, subject: str, now: datetime) -> None:
        """Record a look-up of patients by staff (R-A11, R-C4)."""
        row = {"actor": actor, "channel": channel, "purpose": purpose, "subject": subject, "at": now}
        await self._connection.execute(insert(access_log).values(row))

    async def reseal(self, *, limit: int) -> int:
        """Seal rows of previous keys again with the current one, at most ``limit`` (R-C7).

        Returns how many; 0 means that no row needs a previous key any more. A call changes one table only, so
        that a correction, which locks a link and then its person, and this never wait for each other.
        """
        return await self._reseal_patients(limit) or await self._reseal_links(limit)

    async def _reseal_patients(self, limit: int) -> int:
        stale = select(patient).where(patient.c.key_id != self._sealer.key_id)
        rows = await self._locked(stale.order_by(patient.c.id).limit(limit))
        for row in rows:
            found = self._patient(row)
            change = update(patient).where(patient.c.id == found.id).values(self._sealed(found.id, found.details))
            await self._connection.execute(change)
        return len(rows)

    async def _reseal_links(self, limit: int) -> int:
        stale = select(account_patient).where(account_patient.c.key_id != self._sealer.key_id)
        rows = await self._locked(stale.order_by(account_patient.c.id).limit(limit))
        for row in rows:
            place = _link_place(row["openid"], row["patient_id"])
            sealed = self._sealer.seal(self._sealer.open(row["mobile"], bound_to=place), bound_to=place)
            change = update(account_patient).where(account_patient.c.id == row["id"])
            await self._connection.execute(change.values(mobile=sealed, key_id=self._sealer.key_id))
        return len(rows)

    async def _locked(self, query: Select[tuple[object, ...]]) -> Sequence[RowMapping]:
        return (await self._connection.execute(query.with_for_update())).mappings().all()

    async def _lock(self, patient_id: str) -> None:
        await self._connection.execute(select(patient.c.id).where(patient.c.id == patient_id).with_for_update())

    async def _know(self, openid: str, now: datetime) -> None:
        row = {"openid": openid, "following": True, "first_seen_at": now, "follow_changed_at": now, "reminders": True}
        seen = self._insert(account).values(row)
        await self._connection.execute(
            seen.on_conflict_do_update(index_elements=[account.c.openid], set_={"openid": account.c.openid})
        )

    async def _next_file_number(self) -> str:
        counted = self._insert(file_counter).values(name=_FILES, value=1)
        query = counted.on_conflict_do_update(
            index_elements=[file_counter.c.name], set_={"value": file_counter.c.value + 1}
        ).returning(file_counter.c.value)
        value: int = (await self._connection.execute(query)).scalar_one()
        return f"F{value:08}"

    async def _one(self, query: Select[tuple[object, ...]]) -> Patient | None:
        row = (await self._connection.execute(query)).mappings().first()
        return None if row is None else self._patient(row)

    def _insert(self, table: Table) -> SqliteInsert | PostgresInsert:
        return sqlite_insert(table) if self._connection.dialect.name == "sqlite" else postgres_insert(table)

    def _hashes(self, details: PatientDetails) -> list[str]:
        return self._sealer.fingerprints(identity_of(details))

    def _sealed(self, patient_id: str, details: PatientDetails) -> dict[str, object]:
        return {
            "name": self._sealer.seal(details.name.encode(), bound_to=place_of(patient_id, "name")),
            "paper_kind": str(details.paper_kind),
            "paper_number": self._sealer.seal(
                details.paper_number.encode(), bound_to=place_of(patient_id, "paper_number")
            ),
            "papers_hash": self._sealer.fingerprint(identity_of(details)),
            "sex": str(details.sex),
            "birth_date": details.birth_date,
            "key_id": self._sealer.key_id,
        }

    def _patient(self, row: RowMapping) -> Patient:
        patient_id: str = row["id"]
        mobile = ""
        if "link_mobile" in row:
            place = _link_place(row["link_openid"], patient_id)
            mobile = self._sealer.open(row["link_mobile"], bound_to=place).decode()
        details = PatientDetails(
            name=self._sealer.open(row["name"], bound_to=place_of(patient_id, "name")).decode(),
            paper_kind=PaperKind(row["paper_kind"]),
            paper_number=self._sealer.open(row["paper_number"], bound_to=place_of(patient_id, "paper_number")).decode(),
            sex=Sex(row["sex"]),
            birth_date=row["birth_date"],
            mobile=mobile,
        )
        return Patient(patient_id, row["file_number"], details, row["created_at"])


def _linked(openid: str | BindParameter[str]) -> Select[tuple[object, ...]]:
    link = (account_patient.c.mobile.label("link_mobile"), account_patient.c.openid.label("link_openid"))
    query = select(*patient.c, *link).join(account_patient, account_patient.c.patient_id == patient.c.id)
    return query.where(account_patient.c.openid == openid, _LIVE)


# Read at the beginning of every dialogue; building a statement costs more than running it.
_OF_ACCOUNT = _linked(bindparam("openid")).order_by(account_patient.c.id)
_CONSENT = (
    select(consent.c.version).where(consent.c.openid == bindparam("openid")).order_by(consent.c.id.desc()).limit(1)
)


def place_of(patient_id: str, column: str) -> str:
    """Return the place that a sealed column of a person is bound to."""
    return f"patient:{patient_id}:{column}"


def _link_place(openid: str, patient_id: str) -> str:
    return f"account_patient:{openid}:{patient_id}:mobile"
