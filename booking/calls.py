"""The unreached: whom to telephone, and what the call led to (R-A14, R-A11)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from booking.actors import Actor
from booking.audit import Entry
from booking.call_models import Call, CallRow, Why
from booking.notices import CallOutcome, Notice
from booking.ports import Database, Unit
from booking.staff_refusals import CallSettled, UnknownCall

NEAR_DEADLINE = timedelta(hours=4)
"""How long before the deadline of an offer its patient is telephoned, who was told and is silent."""


class Calls:
    """Telephone calls to patients; every look at their numbers is logged."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, *, by: Actor, now: datetime, stoppage: str | None = None) -> list[Call]:
        """Return whom to telephone: first whom no channel reached, then who is silent; who did not answer last.

        A patient stands once for each visit. The look-up is logged (R-A11).
        """
        async with self._database.read() as unit:
            unreached = await unit.calls.unreached(now=now, stoppage=stoppage)
            silent = await unit.calls.unanswered(now=now, before=now + NEAR_DEADLINE, stoppage=stoppage)
            rows = [*((row, Why.UNREACHED) for row in unreached), *((row, Why.UNANSWERED) for row in silent)]
            calls = await _calls(unit, _once_a_visit(rows))
        calls.sort(key=lambda call: call.tried)  # stable: the order of the visits stays
        if calls:
            async with self._database.begin() as unit:
                await unit.patients.log_access(
                    actor=by.id, channel=by.channel, purpose="call_list", subject=f"count={len(calls)}", now=now
                )
        return calls

    async def get(self, notice_id: str, *, by: Actor, now: datetime) -> Call:
        """Return one call, whatever became of it; the look-up is logged. Raises ``UnknownCall``."""
        async with self._database.begin() as unit:
            row = await unit.calls.get(notice_id)
            if row is None or row.notice.patient is None:
                raise UnknownCall
            await unit.patients.log_access(
                actor=by.id, channel=by.channel, purpose="call", subject=row.notice.patient, now=now
            )
            return (await _calls(unit, [(row, Why.UNREACHED)]))[0]

    async def settle(
        self, notice_id: str, outcome: CallOutcome, *, by: Actor, now: datetime, seen: datetime | None = None
    ) -> Notice:
        """Record what a call led to (已电话通知); the same by the same person again changes nothing.

        ``seen`` is when it had been telephoned before, as far as the caller knew. Raises ``CallSettled`` when somebody
        else was quicker, ``UnknownCall``.
        """
        async with self._database.begin() as unit:
            before = await _known(unit, notice_id)
            if before.outcome is outcome and before.called_by == by.id and before.called_at != seen:
                return before
            if not await unit.calls.settle(notice_id, outcome, by=by.id, seen=seen, now=now):
                settled = await _known(unit, notice_id)
                raise CallSettled(str(settled.outcome or outcome), settled.called_by or "")
            was = {"outcome": None if before.outcome is None else str(before.outcome)}
            await unit.audit.record(
                Entry(now, by, "notice_called", "notice", notice_id, was, {"outcome": str(outcome)})
            )
            return await _known(unit, notice_id)


async def _known(unit: Unit, notice_id: str) -> Notice:
    row = await unit.calls.get(notice_id)
    if row is None:
        raise UnknownCall
    return row.notice


def _once_a_visit(rows: Iterable[tuple[CallRow, Why]]) -> list[tuple[CallRow, Why]]:
    found: dict[str, tuple[CallRow, Why]] = {}
    for row, why in rows:
        found.setdefault(row.notice.displacement or row.notice.claim or row.notice.id, (row, why))
    return list(found.values())


async def _calls(unit: Unit, rows: list[tuple[CallRow, Why]]) -> list[Call]:
    patients = {row.notice.patient for row, _ in rows if row.notice.patient is not None}
    known = await unit.calls.telephones(sorted(patients))
    found = []
    for row, why in rows:
        patient = row.notice.patient
        if patient is not None and patient in known:
            found.append(_call(row, why, patient, *known[patient]))
    return found


def _call(row: CallRow, why: Why, patient: str, name: str, mobile: str) -> Call:
    tried = row.notice.outcome is CallOutcome.NO_ANSWER
    return Call(row.notice, why, patient, name, mobile, row.displacement, tried)
