"""What changing a published session writes: the session, its slots, and the claims in it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, update

from booking.models import Claim, ClaimState, ClinicSession, Slot
from storage.claim_rows import claim_of
from storage.connection import SqlConnection
from storage.patient_tables import account, patient
from storage.reach_rows import has_number
from storage.tables import claim, clinic_session, doctor, is_held, is_live, slot

_OF_SESSION = ("doctor", "starts_at", "ends_at", "room", "fee", "adjusted")
_OF_SLOT = ("starts_at", "ends_at", "capacity")
_OF_CLAIM = ("starts_at", "ends_at", "seat", "waived", "updated_at")


class SqlAdjustmentRows:
    """``AdjustmentRows`` on one connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def lock_doctor(self, code: str) -> None:
        """Lock a doctor's row until the transaction ends; a new session of theirs waits by its foreign key."""
        await self._connection.execute(select(doctor.c.code).where(doctor.c.code == code).with_for_update())

    async def lock_live(self, session_id: str) -> list[Claim]:
        """Lock and return the claims that occupy seats of a session: none of them ends meanwhile.

        In the order of their ids, since a session's claims are locked together in other places too.
        """
        query = select(claim).where(claim.c.session == session_id, is_live).order_by(claim.c.id).with_for_update()
        return [claim_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def following(self, openids: Iterable[str]) -> frozenset[str]:
        """Return which of these accounts follow."""
        query = select(account.c.openid).where(account.c.openid.in_(set(openids)), account.c.following)
        return frozenset((await self._connection.execute(query)).scalars())

    async def with_number(self, patients: Iterable[str]) -> frozenset[str]:
        """Return of which of these patients a telephone number is known."""
        query = select(patient.c.id).where(patient.c.id.in_(set(patients)), has_number(patient.c.id))
        return frozenset((await self._connection.execute(query)).scalars())

    async def write(self, session: ClinicSession, slots: Sequence[Slot]) -> None:
        """Write what may change of a session and its slots."""
        change = update(clinic_session).where(clinic_session.c.id == session.id)
        await self._connection.execute(change.values({name: getattr(session, name) for name in _OF_SESSION}))
        rows = [{"of": each.id, **{f"new_{name}": getattr(each, name) for name in _OF_SLOT}} for each in slots]
        values = {name: bindparam(f"new_{name}", type_=slot.c[name].type) for name in _OF_SLOT}
        await self._connection.execute(update(slot).where(slot.c.id == bindparam("of")).values(values), rows)

    async def rewrite(self, claims: Sequence[Claim]) -> None:
        """Write time, seat and waiver of claims that have just been read under their lock."""
        if not claims:
            return
        rows = [{"of": each.id, **{f"new_{name}": getattr(each, name) for name in _OF_CLAIM}} for each in claims]
        values = {name: bindparam(f"new_{name}", type_=claim.c[name].type) for name in _OF_CLAIM}
        await self._connection.execute(update(claim).where(claim.c.id == bindparam("of")).values(values), rows)

    async def release(self, claims: Sequence[Claim], *, now: datetime) -> None:
        """Let holds go. No repair row: the session's pool is made anew after the commit."""
        if claims:
            ids = [each.id for each in claims]
            change = update(claim).where(claim.c.id.in_(ids), is_held)
            await self._connection.execute(change.values(state=ClaimState.RELEASED, updated_at=now))
