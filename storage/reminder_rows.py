"""Who is to be reminded, who wants no reminders, and whom nobody could tell, in SQL (R-B3)."""

from typing import Any

from sqlalchemy import Column, ColumnElement, String, and_, exists, literal, or_, select, update

from booking.models import Claim
from booking.notices import Notice, NoticeKind
from booking.timed_ports import Place, RemindFilter, UntoldFilter
from storage.claim_rows import claim_of
from storage.connection import SqlConnection
from storage.notice_answers import notice_of
from storage.notice_tables import notice, unreached
from storage.patient_tables import account
from storage.tables import claim, is_booked

_REMINDERS = tuple(map(str, (NoticeKind.REMINDER_DAY, NoticeKind.REMINDER_SOON)))
_OF_A_VISIT = (*_REMINDERS, str(NoticeKind.SESSION_CHANGED), str(NoticeKind.CHANGED), str(NoticeKind.RESTORED))
_WORTH_A_CALL = (*_OF_A_VISIT, str(NoticeKind.STOPPED), str(NoticeKind.OFFER), str(NoticeKind.CANCELLED))

_alert = notice.alias("alert")


class SqlReminderRows:
    """``ReminderRows`` on one connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def due(self, wanted: RemindFilter, *, after: Place | None, limit: int) -> list[Claim]:
        """Return booked appointments without a reminder of this kind, by start and id; none of who wants none.

        What was written of another start, before the visit was moved, reminds of nothing any more.
        """
        of_this_visit = (notice.c.claim == claim.c.id, notice.c.visit_at == claim.c.starts_at)
        reminded = exists().where(*of_this_visit, notice.c.kind == str(wanted.kind))
        unwanted = exists().where(account.c.openid == claim.c.openid, account.c.reminders.is_(False))
        query = select(claim).where(
            is_booked,
            claim.c.date.in_(wanted.days),
            claim.c.starts_at > wanted.starts_after,
            claim.c.created_at < wanted.booked_before,
            ~reminded,
            ~unwanted,
        )
        if wanted.starts_until is not None:
            query = query.where(claim.c.starts_at <= wanted.starts_until)
        if after is not None:
            query = query.where(_later(claim.c.starts_at, claim.c.id, after))
        rows = await self._connection.execute(query.order_by(claim.c.starts_at, claim.c.id).limit(limit))
        return [claim_of(row) for row in rows.mappings()]

    async def want(self, openid: str, *, wanted: bool) -> bool:
        """Set whether an account wants reminders; False when that was so already."""
        change = update(account).where(account.c.openid == openid, account.c.reminders.is_not(wanted))
        return (await self._connection.execute(change.values(reminders=wanted))).rowcount == 1

    async def untold(self, wanted: UntoldFilter, *, after: Place | None, limit: int) -> list[Notice]:
        """Return patients' notices that no channel brought and nobody called about, by visit and id.

        Of visits that still stand, or were stopped or cancelled for the patient; not reminders to who has no account,
        whom the desk told when it booked.
        """
        visit_stands = exists().where(claim.c.id == notice.c.claim, is_booked)
        query = select(notice).where(
            unreached,
            notice.c.outcome.is_(None),
            notice.c.patient.is_not(None),
            notice.c.visit_at > wanted.visit_after,
            notice.c.visit_at <= wanted.visit_until,
            notice.c.kind.in_(_WORTH_A_CALL),
            or_(notice.c.kind.not_in(_REMINDERS), notice.c.openid.is_not(None)),
            or_(notice.c.kind.not_in(_OF_A_VISIT), visit_stands),
            or_(*(~_is_written(alert) for alert in wanted.alerts)),
        )
        if after is not None:
            query = query.where(_later(notice.c.visit_at, notice.c.id, after))
        rows = await self._connection.execute(query.order_by(notice.c.visit_at, notice.c.id).limit(limit))
        return [notice_of(row) for row in rows.mappings()]


def _is_written(alert: tuple[str, str]) -> ColumnElement[bool]:
    before, behind = (literal(part, String) for part in alert)
    key = before + notice.c.id + behind
    return exists().where(_alert.c.dedupe_key == key)


def _later(moment: Column[Any], id_: Column[Any], after: Place) -> ColumnElement[bool]:
    """Behind the place where a page ended; the first bound lets the index begin there."""
    start = literal(after[0], moment.type)
    return and_(moment >= start, or_(moment > start, id_ > after[1]))
