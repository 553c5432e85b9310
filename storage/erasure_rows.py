"""Erasing an account in SQL: persons overwritten, sealed details destroyed, the account's id replaced by an alias."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, delete, exists, insert, or_, select, update

from booking.models import PatientDetails
from booking.notices import NoticeState
from booking.stoppage_models import UNSETTLED, DisplacementState
from storage.connection import SqlConnection, fetch
from storage.notice_tables import notice, notice_consent
from storage.patient_sealing import link_columns, person_columns
from storage.patient_tables import account, account_patient, consent, patient
from storage.sealing import Sealer
from storage.staff_tables import audit, audit_detail
from storage.stoppage_tables import displacement
from storage.tables import claim

_LIVE = account_patient.c.removed_at.is_(None)
_NUMBERS = ("linked", "mobile_set")
"""Entries whose sealed part is a mobile number that the acting account gave."""


class SqlErasureRows:
    """``ErasureRows`` on one connection."""

    def __init__(self, connection: SqlConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    async def knows(self, openid: str) -> bool:
        """Tell whether there is such an account."""
        found = await self._connection.execute(select(exists().where(account.c.openid == openid)))
        return bool(found.scalar())

    async def persons(self, openid: str) -> list[str]:
        """Return everybody whom the account ever knew, in the order they were added."""
        link = account_patient.c
        rows = await fetch(self._connection, select(link.patient_id).where(link.openid == openid).order_by(link.id))
        return list(dict.fromkeys(row[0] for row in rows))

    async def known_otherwise(self, patient_id: str, openid: str) -> bool:
        """Tell whether another account, or the desk by a number of its own, knows a person."""
        link = account_patient.c
        linked = exists().where(link.patient_id == patient_id, link.openid != openid, _LIVE)
        at_desk = exists().where(patient.c.id == patient_id, patient.c.mobile.is_not(None))
        return bool((await self._connection.execute(select(or_(linked, at_desk)))).scalar())

    async def erase_person(self, patient_id: str, nobody: PatientDetails) -> None:
        """Overwrite who somebody is with what tells nothing; their appointments stay as figures."""
        row = person_columns(self._sealer, patient_id, nobody, desk_mobile=None)
        await self._connection.execute(update(patient).where(patient.c.id == patient_id).values(row))

    async def destroy_details(self, openid: str, persons: Sequence[str]) -> list[int]:
        """Destroy what the audit trail has sealed of these persons, and the numbers this account gave."""
        theirs = and_(audit.c.entity == "patient", audit.c.entity_id.in_(persons))
        given = and_(audit.c.actor_kind == "account", audit.c.actor == openid, audit.c.action.in_(_NUMBERS))
        # Only of persons that the account knew, which are found by an index; the trail may be long.
        known = audit.c.entity_id.in_(await self.persons(openid))
        sealed = audit.c.detail_hash.is_not(None)
        query = select(audit.c.id).where(audit.c.entity == "patient", known, sealed, or_(theirs, given))
        entries = sorted(row[0] for row in await fetch(self._connection, query))
        await self._connection.execute(delete(audit_detail).where(audit_detail.c.audit_id.in_(entries)))
        return entries

    async def rename(self, openid: str, alias: str, *, now: datetime) -> None:
        """Let an alias stand wherever the account did, outside the audit trail."""
        row = {"following": False, "first_seen_at": now, "follow_changed_at": now, "reminders": False}
        await self._connection.execute(insert(account).values(openid=alias, **row))
        await self._end_links(openid, alias, now)
        waits = and_(displacement.c.openid == openid, displacement.c.state.in_([str(state) for state in UNSETTLED]))
        declined = {
            "state": str(DisplacementState.DECLINED),
            "updated_at": now,
        }
        await self._connection.execute(update(displacement).where(waits).values(declined))
        for table in (consent, claim, displacement):
            await self._connection.execute(update(table).where(table.c.openid == openid).values(openid=alias))
        waiting = and_(notice.c.openid == openid, notice.c.state == str(NoticeState.PENDING))
        await self._connection.execute(update(notice).where(waiting).values(state=str(NoticeState.VOID)))
        await self._connection.execute(update(notice).where(notice.c.openid == openid).values(openid=alias))
        await self._connection.execute(delete(notice_consent).where(notice_consent.c.openid == openid))
        await self._connection.execute(delete(account).where(account.c.openid == openid))

    async def _end_links(self, openid: str, alias: str, now: datetime) -> None:
        link = account_patient.c
        live = update(account_patient).where(link.openid == openid, _LIVE)
        await self._connection.execute(live.values(removed_at=now))
        for patient_id in await self.persons(openid):
            row = link_columns(self._sealer, alias, patient_id, "")
            ended = update(account_patient).where(link.openid == openid, link.patient_id == patient_id)
            await self._connection.execute(ended.values(openid=alias, **row))
