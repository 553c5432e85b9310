"""Alerts: the desk is told when somebody cannot be reached within a day of the visit, once a case (R-A14)."""

from datetime import datetime, timedelta

from booking.actors import Role, Staff
from booking.notices import Notice, NoticeKind, new_notice
from booking.ports import Database
from booking.staffing import StaffAccounts
from booking.timed_ports import Place, UntoldFilter

WITHIN = timedelta(hours=24)
TOLD = (Role.FRONTDESK, Role.MANAGER)
BATCH = 200
_KEY = 24
"""Characters of a staff id that stand in a key; its random ones."""


class Alerts:
    """Tells front desk and managers, in chat, whom to call."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._staff = StaffAccounts(database)

    async def write(self, *, now: datetime) -> None:
        """Write what is due, to everybody of the desk who is bound; once a case. Raises ``Unavailable``.

        Where all was written before, it only reads.
        """
        after: Place | None = None
        desk = await self._staff.bound(TOLD)
        wanted = UntoldFilter(visit_after=now, visit_until=now + WITHIN, alerts=[_around(one) for one in desk])
        while desk:
            async with self._database.read() as unit:
                page = await unit.reminders.untold(wanted, after=after, limit=BATCH)
            if page:
                async with self._database.begin() as unit:
                    await unit.notices.add([_alert(notice, one, now) for notice in page for one in desk])
            if len(page) < BATCH:
                break
            last = page[-1]
            after = (last.visit_at or now, last.id)


def _around(to: Staff) -> tuple[str, str]:
    """Return what stands before and behind the id of a notice in the key of its alert to somebody."""
    return f"{NoticeKind.ALERT}:", f":{to.id[-_KEY:]}"


def _alert(notice: Notice, to: Staff, now: datetime) -> Notice:
    return new_notice(
        NoticeKind.ALERT,
        dedupe_key=notice.id.join(_around(to)),
        payload={"visit": notice.payload["visit"], "why": str(notice.state)},
        now=now,
        openid=to.openid,
        claim=notice.claim,
        visit_at=notice.visit_at,
        void_after=notice.visit_at,
    )
