"""Reminders: the day before at a set time, and again shortly before, to who wants them (R-B3).

They are notices like others, written in batches: two statements read a batch, one writes it. The key of each is its
appointment's and start's, so that whatever runs twice reminds once, and a visit that was moved is reminded of anew.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from booking.actors import account
from booking.audit import Entry
from booking.current import CurrentCatalogue
from booking.errors import NoCatalogue
from booking.models import Claim
from booking.notice_payloads import visit
from booking.notices import Notice, NoticeKind, new_notice
from booking.ports import Database, Unit
from booking.timed_ports import Place, RemindFilter

BATCH = 500


class Reminders:
    """Writes the reminders that are due, and knows who wants none."""

    def __init__(self, database: Database, current: CurrentCatalogue) -> None:
        self._database = database
        self._current = current

    async def remind_day(self, due: datetime, *, now: datetime) -> int:
        """Remind those who come on the day after ``due`` and had booked by then; return how many.

        Made up late, it leaves out who is reminded shortly before anyway. Raises ``Unavailable``.
        """
        clinic = (await self._current.get()).clinic
        wanted = RemindFilter(
            NoticeKind.REMINDER_DAY,
            starts_after=now + clinic.policy.remind_before,
            booked_before=due,
            days=(due.astimezone(clinic.zone).date() + timedelta(days=1),),
        )
        return await self._remind(wanted, now=now)

    async def remind_soon(self, *, now: datetime) -> int:
        """Remind those whose visit begins within the policy's time, unless they booked within it; return how many."""
        try:
            clinic = (await self._current.get()).clinic
        except NoCatalogue:
            return 0
        before = clinic.policy.remind_before
        if not before:
            return 0
        wanted = RemindFilter(
            NoticeKind.REMINDER_SOON,
            starts_after=now,
            starts_until=now + before,
            booked_before=now,
            days=tuple({moment.astimezone(clinic.zone).date() for moment in (now, now + before)}),
        )
        return await self._remind(wanted, now=now, at_least=before)

    async def want(self, openid: str, *, wanted: bool, now: datetime) -> None:
        """Start or stop an account's reminders; the same again changes nothing."""
        async with self._database.begin() as unit:
            await unit.patients.follow(openid, following=True, now=now)  # whoever writes is there and follows
            if await unit.reminders.want(openid, wanted=wanted):
                was, is_ = {"reminders": not wanted}, {"reminders": wanted}
                await unit.audit.record(Entry(now, account(openid), "reminders", "account", openid, was, is_))

    async def _remind(self, wanted: RemindFilter, *, now: datetime, at_least: timedelta | None = None) -> int:
        """Write a page of reminders a transaction; ``at_least``: how long before the visit it must have been booked."""
        written, after = 0, None
        while True:
            async with self._database.read() as unit:
                page = await unit.reminders.due(wanted, after=after, limit=BATCH)
                claims = [c for c in page if at_least is None or c.created_at < c.starts_at - at_least]
                notices = await _notices(unit, wanted.kind, claims, now)
            if notices:
                async with self._database.begin() as unit:
                    await unit.notices.add(notices)
            written += len(notices)
            if len(page) < BATCH:
                return written
            after = _place(page[-1])


def _place(claim: Claim) -> Place:
    return claim.starts_at, claim.id


async def _notices(unit: Unit, kind: NoticeKind, claims: Sequence[Claim], now: datetime) -> list[Notice]:
    if not claims:
        return []
    sessions = await unit.offers.sessions(sorted({claim.session for claim in claims}))
    names = await unit.patients.names(sorted({claim.patient for claim in claims}))
    return [
        new_notice(
            kind,
            dedupe_key=f"{kind}:{claim.id}:{int(claim.starts_at.timestamp())}",
            payload={"visit": visit(claim, sessions[claim.session], names[claim.patient])},
            now=now,
            openid=claim.openid,
            patient=claim.patient,
            claim=claim.id,
            visit_at=claim.starts_at,
            void_after=claim.starts_at,
            asks_until=claim.starts_at,
        )
        for claim in claims
    ]
