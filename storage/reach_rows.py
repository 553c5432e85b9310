"""Whom a stoppage would reach, in SQL: what its preview counts (R-A14)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import cast

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from booking.models import ClaimState, SessionState
from booking.stoppage_models import Scope
from booking.stoppage_ports import Waiting
from storage.connection import SqlConnection, fetch
from storage.patient_tables import account, account_patient, patient
from storage.stoppage_rows import ahead, of_scope
from storage.tables import claim, clinic_session, is_live, slot

_JOINED = claim.join(slot, slot.c.id == claim.c.slot).join(clinic_session, clinic_session.c.id == claim.c.session)


class SqlReachRows:
    """``ReachRows`` on one connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def last_day(self, department: str | None) -> date | None:
        """Return the last day with a published session of a department, or of any; None without one."""
        query = select(func.max(clinic_session.c.date))
        if department is not None:
            query = query.where(clinic_session.c.department == department)
        return (await self._connection.execute(query)).scalar()

    async def sessions(self, scope: Scope, from_at: datetime, to_at: datetime, *, now: datetime) -> list[str]:
        """Return the open sessions with a slot that a stoppage of this range would stop, by id."""
        inside = exists().where(_unstopped(clinic_session.c.id, from_at, to_at, now))
        query = select(clinic_session.c.id).where(of_scope(scope), clinic_session.c.state == SessionState.OPEN, inside)
        return list((await self._connection.execute(query.order_by(clinic_session.c.id))).scalars())

    async def slots(self, scope: Scope, from_at: datetime, to_at: datetime, *, now: datetime) -> set[str]:
        """Return the slots that a stoppage of this range would stop."""
        query = select(slot.c.id).join(clinic_session, clinic_session.c.id == slot.c.session)
        query = query.where(of_scope(scope), ahead(from_at, to_at, now))
        return set((await self._connection.execute(query)).scalars())

    async def departments(self, scope: Scope, from_at: datetime, to_at: datetime, *, now: datetime) -> list[str]:
        """Return the departments in which a stoppage of this range would stop anything."""
        inside = exists().where(_unstopped(clinic_session.c.id, from_at, to_at, now))
        query = select(clinic_session.c.department).where(of_scope(scope), inside).distinct()
        return list((await self._connection.execute(query)).scalars())

    async def people(
        self, scope: Scope, from_at: datetime, to_at: datetime, sessions: Sequence[str], *, now: datetime
    ) -> list[Waiting]:
        """Return whom it would displace in these sessions."""
        session = clinic_session.c
        columns = (claim.c.id, claim.c.patient, session.department, session.doctor, claim.c.starts_at)
        query = select(*columns, claim.c.first_booked_at).select_from(_JOINED)
        query = query.where(session.id.in_(sessions), _displaced(scope, from_at, to_at, now))
        return cast("list[Waiting]", list(await fetch(self._connection, query)))

    async def patients(
        self, scope: Scope, from_at: datetime, to_at: datetime, sessions: Sequence[str], *, sms: bool, now: datetime
    ) -> list[tuple[str, bool]]:
        """Return the patient of each appointment it would end in these sessions, and whether they can be reached."""
        within = (clinic_session.c.id.in_(sessions), _displaced(scope, from_at, to_at, now))
        query = select(claim.c.patient, _can_be_reached(sms=sms)).select_from(_JOINED).where(*within)
        return [(row[0], bool(row[1])) for row in await fetch(self._connection, query)]


def _unstopped(session: ColumnElement[str], from_at: datetime, to_at: datetime, now: datetime) -> ColumnElement[bool]:
    return and_(slot.c.session == session, ahead(from_at, to_at, now), slot.c.stoppage.is_(None))


def _displaced(scope: Scope, from_at: datetime, to_at: datetime, now: datetime) -> ColumnElement[bool]:
    expected = claim.c.state.in_([str(ClaimState.BOOKED), str(ClaimState.ARRIVED)])
    slot_open = _unstopped(clinic_session.c.id, from_at, to_at, now)
    return and_(of_scope(scope), clinic_session.c.state == SessionState.OPEN, slot_open, is_live, expected)


def _can_be_reached(*, sms: bool) -> ColumnElement[bool]:
    """Whether the account follows or, where SMS are sent, a telephone number is known."""
    follows = exists().where(account.c.openid == claim.c.openid, account.c.following)
    return or_(follows, has_number(claim.c.patient)) if sms else follows


def has_number(of: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that a telephone number of a patient is known, from an account or the front desk."""
    linked = exists().where(account_patient.c.patient_id == of, account_patient.c.removed_at.is_(None))
    return or_(linked, exists().where(patient.c.id == of, patient.c.mobile.is_not(None)))
