"""Notices that are settled on the telephone, in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select, update

from booking.call_models import ABOUT_OFFERS, CALLED, SILENT, CallRow
from booking.models import ClaimState
from booking.notices import UNREACHED, CallOutcome, Notice, NoticeKind, NoticeState
from booking.stoppage_models import AFTER_THE_VISIT, UNSETTLED, DisplacementState
from storage.connection import SqlConnection
from storage.displacement_rows import displacement_of
from storage.notice_answers import notice_of
from storage.notice_tables import notice
from storage.patient_sealing import open_link, person_place
from storage.patient_tables import account_patient, patient
from storage.sealing import Sealer
from storage.stoppage_tables import displacement
from storage.tables import claim

MOST = 200
"""Notices that are read at once: more than anybody telephones in a day."""
_UNREACHED = tuple(map(str, UNREACHED))
_TOLD = (str(NoticeState.SENT), str(NoticeState.DELIVERED))
_OFFERS = tuple(map(str, ABOUT_OFFERS))
_NO_ANSWER = str(CallOutcome.NO_ANSWER)
_UNCALLED = or_(notice.c.outcome.is_(None), notice.c.outcome == _NO_ANSWER)


class SqlCallRows:
    """``CallRows`` on one connection."""

    def __init__(self, connection: SqlConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    async def unreached(self, *, now: datetime, stoppage: str | None) -> list[CallRow]:
        """Return notices that reached nobody and still matter, by when the visit begins."""
        waits = _displaced(displacement.c.state.in_(tuple(map(str, UNSETTLED))))
        stands = exists().where(claim.c.id == notice.c.claim, claim.c.state == str(ClaimState.BOOKED))
        about_offers = and_(notice.c.kind.in_(_OFFERS), notice.c.visit_at > now - AFTER_THE_VISIT, waits)
        about_the_visit = and_(
            notice.c.kind.not_in(_OFFERS),
            notice.c.visit_at > now,
            or_(notice.c.kind == str(NoticeKind.RESTORED), stands),
        )
        kinds = notice.c.kind.in_(tuple(map(str, CALLED)))
        return await self._rows(
            notice.c.state.in_(_UNREACHED), kinds, or_(about_offers, about_the_visit), stoppage=stoppage
        )

    async def unanswered(self, *, now: datetime, before: datetime, stoppage: str | None) -> list[CallRow]:
        """Return notices that were sent to displaced patients who do not answer, by when the visit begins.

        Of those with offers only where the deadline is before then.
        """
        in_time = or_(displacement.c.state != str(DisplacementState.OFFERED), displacement.c.deadline <= before)
        silent = _displaced(displacement.c.state.in_(tuple(map(str, SILENT))), in_time)
        conditions = (notice.c.kind.in_(_OFFERS), notice.c.state.in_(_TOLD), notice.c.visit_at > now - AFTER_THE_VISIT)
        return await self._rows(*conditions, silent, stoppage=stoppage)

    async def get(self, notice_id: str) -> CallRow | None:
        """Return a notice with whom it displaced."""
        row = (await self._connection.execute(select(notice).where(notice.c.id == notice_id))).mappings().first()
        return None if row is None else (await self._with_displaced([notice_of(row)]))[0]

    async def settle(
        self, notice_id: str, outcome: CallOutcome, *, by: str, seen: datetime | None, now: datetime
    ) -> bool:
        """Note what a call led to, at all notices about the same visit; ``seen``: when it was last telephoned.

        False, and nothing written, when somebody else was quicker.
        """
        values = {"outcome": str(outcome), "called_by": by, "called_at": now, "updated_at": now}
        as_seen = (
            notice.c.outcome.is_(None)
            if seen is None
            else and_(notice.c.outcome == _NO_ANSWER, notice.c.called_at == seen)
        )
        first = update(notice).where(notice.c.id == notice_id, as_seen).values(values)
        row = (await self._connection.execute(first.returning(notice.c.claim))).first()
        if row is None:
            return False
        if row.claim is not None:  # what is found by, since it has an index; of offers it is what was stopped
            same = (notice.c.claim == row.claim, notice.c.kind.in_(tuple(map(str, CALLED))))
            await self._connection.execute(update(notice).where(*same, _UNCALLED).values(values))
        return True

    async def telephones(self, patients: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """Return name and number of these patients: the desk's number, else the one given last in chat."""
        link = account_patient.c
        newest = select(link.patient_id, link.openid, link.mobile).where(
            link.patient_id.in_(patients), link.removed_at.is_(None)
        )
        numbers: dict[str, str] = {}
        for row in await self._connection.execute(newest.order_by(link.id)):
            numbers[row.patient_id] = open_link(self._sealer, row.openid, row.patient_id, row.mobile)
        people = select(patient.c.id, patient.c.name, patient.c.mobile).where(patient.c.id.in_(patients))
        found: dict[str, tuple[str, str]] = {}
        for row in await self._connection.execute(people):
            desk = self._opened(row.id, "mobile", row.mobile) if row.mobile is not None else ""
            found[row.id] = (self._opened(row.id, "name", row.name), desk or numbers.get(row.id, ""))
        return found

    def _opened(self, patient_id: str, column: str, sealed: bytes) -> str:
        return self._sealer.open(sealed, bound_to=person_place(patient_id, column)).decode()

    async def _rows(self, *conditions: ColumnElement[bool], stoppage: str | None) -> list[CallRow]:
        query = select(notice).where(*conditions, notice.c.patient.is_not(None), _UNCALLED)
        if stoppage is not None:
            query = query.where(notice.c.stoppage == stoppage)
        query = query.order_by(notice.c.visit_at, notice.c.created_at.desc(), notice.c.id).limit(MOST)
        rows = (await self._connection.execute(query)).mappings().all()
        return await self._with_displaced([notice_of(row) for row in rows])

    async def _with_displaced(self, notices: list[Notice]) -> list[CallRow]:
        ids = {each.displacement for each in notices if each.displacement is not None}
        found = await self._connection.execute(select(displacement).where(displacement.c.id.in_(ids)))
        displaced = {row["id"]: displacement_of(row) for row in found.mappings()}
        return [CallRow(each, displaced.get(each.displacement or "")) for each in notices]


def _displaced(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(displacement.c.id == notice.c.displacement, *conditions)
