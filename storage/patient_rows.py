"""Patients, their links to accounts, consents and the access log: sealed on the way in, opened on the way out."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import BindParameter, RowMapping, Select, Table, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from booking.details import identity_of
from booking.errors import PersonKnown
from booking.models import Patient, PatientDetails
from booking.patient_search import Clue
from storage.connection import SqlConnection
from storage.patient_sealing import link_columns, open_link, open_person, person_columns, person_place
from storage.patient_search import PatientSearch
from storage.patient_tables import access_log, account, account_patient, consent, file_counter, patient
from storage.resealing import Resealing
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

        Without an account it is the number given at the desk, empty where there is none.
        """
        query = select(patient) if openid is None else _linked(openid)
        return await self._one(query.where(patient.c.id == patient_id))

    async def by_ids(self, patient_ids: Collection[str]) -> dict[str, Patient]:
        """Return these patients by id, as ``get`` does without an account."""
        rows = await self._connection.execute(_BY_IDS, {"ids": list(patient_ids)})
        return {row["id"]: self._patient(row) for row in rows.mappings()}

    async def of_account(self, openid: str) -> list[Patient]:
        """Return the account's patients in the order they were added."""
        rows = await self._connection.execute(_OF_ACCOUNT, {"openid": openid})
        return [self._patient(row) for row in rows.mappings()]

    async def names(self, patients: Sequence[str]) -> dict[str, str]:
        """Return the names of these patients, by id, in one statement."""
        query = select(patient.c.id, patient.c.name).where(patient.c.id.in_(patients))
        rows = await self._connection.execute(query)
        return {row.id: self._sealer.open(row.name, bound_to=person_place(row.id, "name")).decode() for row in rows}

    async def by_papers(self, details: PatientDetails) -> Patient | None:
        """Find the one person with these papers by their keyed hash, of any key in use; with the desk's number."""
        return await self._one(select(patient).where(patient.c.papers_hash.in_(self._hashes(details))))

    async def add(self, patient_id: str, details: PatientDetails, *, now: datetime, at_desk: bool = False) -> Patient:
        """Write a new person with the next file number (R-C1); raises ``PersonKnown`` when added meanwhile.

        At the desk the mobile number is the person's own; one given in chat belongs to the link.

        The counter's row is locked until the transaction ends, so registrations follow one another. While keys
        change, another process may write under the other key: under that lock it is looked for once more.
        """
        file_number = await self._next_file_number()
        if self._sealer.rotating and await self.by_papers(details) is not None:
            raise PersonKnown
        sealed = person_columns(self._sealer, patient_id, details, desk_mobile=details.mobile if at_desk else None)
        row = sealed | {"id": patient_id, "file_number": file_number, "created_at": now}
        added = self._insert(patient).values(row).on_conflict_do_nothing()
        if (await self._connection.execute(added.returning(patient.c.id))).first() is None:
            raise PersonKnown
        return Patient(patient_id, file_number, details, now)

    async def link(self, openid: str, patient_id: str, *, mobile: str, now: datetime) -> None:
        """Link a person to an account, or set the mobile number of the link there is.

        Locks the account's row until the transaction ends, so that its links can be counted afterwards.
        """
        await self._know(openid, now)
        row = link_columns(self._sealer, openid, patient_id, mobile)
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
        kept = await self.get(patient_id)
        try:
            await self._write(patient_id, details, desk_mobile=kept.details.mobile if kept else None)
        except IntegrityError as error:
            raise PersonKnown from error

    async def set_desk_mobile(self, patient_id: str, mobile: str) -> None:
        """Set the number that the person gave at the desk; with all else, so that a row is of one key."""
        await self.lock(patient_id)
        kept = await self.get(patient_id)
        if kept is not None:
            await self._write(patient_id, kept.details, desk_mobile=mobile)

    async def account_of(self, patient_id: str) -> str | None:
        """Return the account that hears of what staff book for this patient; None when there is none.

        It is the account whose link gave the number that staff see: the desk's, else the newest link's.
        """
        desk = await self.get(patient_id)
        links = await self._links([patient_id])
        number = (desk.details.mobile if desk else "") or next((mobile for _, _, mobile in links), "")
        return next((openid for _, openid, mobile in links if mobile == number), None)

    async def with_clue(self, clue: Clue, *, limit: int) -> list[Patient]:
        """Find persons for staff, newest first, with the number that staff see; see ``storage.patient_search``."""
        rows = await PatientSearch(self._connection, self._sealer).rows(clue, limit=limit)
        persons = [open_person(self._sealer, row) for row in rows]
        newest = {patient_id: mobile for patient_id, _, mobile in reversed(await self._links([p.id for p in persons]))}
        return [
            person
            if person.details.mobile
            else replace(person, details=replace(person.details, mobile=newest.get(person.id, "")))
            for person in persons
        ]

    async def lock(self, patient_id: str) -> None:
        """Let nobody else book for this patient, or link or correct them, until the transaction ends.

        Of PostgreSQL's row locks the one that lets others refer to the row, as a claim or a displacement does.
        """
        await self.lock_all([patient_id])

    async def lock_all(self, patients: Sequence[str]) -> None:
        """Lock each of these in this order, so that nobody waits for each other."""
        if self._connection.dialect.name != "sqlite":  # whose one writer has it all locked
            await self._connection.execute(_LOCK, {"patients": sorted(patients)})

    async def owners(self, patients: Sequence[str]) -> set[tuple[str, str]]:
        """Return which patient is which account's now."""
        rows = await self._connection.execute(_OWNERS, {"patients": patients})
        return {(row.patient_id, row.openid) for row in rows}

    async def consent(self, openid: str) -> str | None:
        """Return the version of the text this account has agreed to, None when it never did (R-C3)."""
        version: str | None = (await self._connection.execute(_CONSENT, {"openid": openid})).scalar()
        return version

    async def record_consent(self, openid: str, version: str, *, now: datetime) -> bool:
        """Record that the account agreed to a version of the text, and when; False when it had already."""
        await self._know(openid, now)
        if await self.consent(openid) == version:
            return False
        await self._connection.execute(insert(consent).values(openid=openid, version=version, agreed_at=now))
        return True

    async def follow(self, openid: str, *, following: bool, now: datetime) -> bool:
        """Record that an account follows, or no longer does, and since when; False when that was known."""
        row = {"following": following, "follow_changed_at": now}
        seen = self._insert(account).values(openid=openid, first_seen_at=now, reminders=True, **row)
        changed = seen.on_conflict_do_update(
            index_elements=[account.c.openid], set_=row, where=account.c.following != following
        )
        return (await self._connection.execute(changed.returning(account.c.openid))).first() is not None

    async def log_access(self, *, actor: str, channel: str, purpose: str, subject: str, now: datetime) -> None:
        """Record a look-up of patients by staff (R-A11, R-C4)."""
        row = {"actor": actor, "channel": channel, "purpose": purpose, "subject": subject, "at": now}
        await self._connection.execute(insert(access_log).values(row))

    async def looked_up(self, *, actor: str, purpose: str, since: datetime) -> int:
        """Return how often somebody's look-ups for a purpose were recorded since then."""
        which = (access_log.c.at > since, access_log.c.actor == actor, access_log.c.purpose == purpose)
        count: int = (
            await self._connection.execute(select(func.count()).select_from(access_log).where(*which))
        ).scalar_one()
        return count

    async def reseal(self, *, limit: int) -> int:
        """Seal rows of previous keys again with the current one; see ``storage.resealing``."""
        return await Resealing(self._connection, self._sealer).work(limit=limit)

    async def add_hashes(self, *, limit: int) -> int:
        """Give rows of before there were hashes for searching theirs; return how many, 0 when all have them."""
        return await Resealing(self._connection, self._sealer).add_hashes(limit=limit)

    async def _write(self, patient_id: str, details: PatientDetails, *, desk_mobile: str | None) -> None:
        row = person_columns(self._sealer, patient_id, details, desk_mobile=desk_mobile)
        await self._connection.execute(update(patient).where(patient.c.id == patient_id).values(row))

    async def _links(self, patient_ids: Sequence[str]) -> list[tuple[str, str, str]]:
        """Return (patient, account, mobile number) of the live links, newest first."""
        link = account_patient.c
        query = select(link.patient_id, link.openid, link.mobile).where(link.patient_id.in_(patient_ids), _LIVE)
        rows = (await self._connection.execute(query.order_by(link.id.desc()))).mappings()
        return [
            (row["patient_id"], row["openid"], open_link(self._sealer, row["openid"], row["patient_id"], row["mobile"]))
            for row in rows
        ]

    async def lock_account(self, openid: str, *, now: datetime) -> None:
        """Let nobody else change this account's links until the transaction ends."""
        await self._know(openid, now)

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

    def _patient(self, row: RowMapping) -> Patient:
        return open_person(self._sealer, row)


def _linked(openid: str | BindParameter[str]) -> Select[tuple[object, ...]]:
    link = (account_patient.c.mobile.label("link_mobile"), account_patient.c.openid.label("link_openid"))
    query = select(*patient.c, *link).join(account_patient, account_patient.c.patient_id == patient.c.id)
    return query.where(account_patient.c.openid == openid, _LIVE)


# Read at the beginning of every dialogue; building a statement costs more than running it.
_OF_ACCOUNT = _linked(bindparam("openid")).order_by(account_patient.c.id)
_BY_IDS = select(patient).where(patient.c.id.in_(bindparam("ids", expanding=True)))
_LOCK = (
    select(patient.c.id)
    .where(patient.c.id.in_(bindparam("patients", expanding=True)))
    .order_by(patient.c.id)
    .with_for_update(key_share=True)
)
_OWNERS = select(account_patient.c.patient_id, account_patient.c.openid).where(
    account_patient.c.patient_id.in_(bindparam("patients", expanding=True)), _LIVE
)
_CONSENT = (
    select(consent.c.version).where(consent.c.openid == bindparam("openid")).order_by(consent.c.id.desc()).limit(1)
)
