"""Two members of staff who do the same thing at once, each with a control without the protection (R-B7, R-A14)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import text, update

from booking.actors import Actor, Role, Staff
from booking.calls import Calls
from booking.notices import CallOutcome, Notice, NoticeKind, NoticeState, new_notice
from booking.staff_refusals import CallSettled, StaffNameTaken
from booking.staffing import StaffAccounts
from storage.call_rows import SqlCallRows
from storage.database import SqlDatabase
from storage.notice_tables import notice
from storage.staff_rows import SqlStaffRows
from storage.staff_tables import staff
from tests.support.clinic import add_patient, open_clinic
from tests.support.staffing import OPERATOR

POSTGRES = pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
"""SQLite has one writer, so that nothing comes between."""
MEETING = 0.7
"""Seconds one waits for the other before it goes on; where one writes alone the other one cannot come."""
NAME = "林前台"


def meet_after(patch: pytest.MonkeyPatch, rows: type, step: str) -> None:
    """Let two come to the end of a step before either goes on, if the database lets them."""
    barrier, really = asyncio.Barrier(2), getattr(rows, step)

    async def look(self: object, *args: object, **rest: object) -> object:
        found = await really(self, *args, **rest)
        try:
            await asyncio.wait_for(barrier.wait(), MEETING)
        except (TimeoutError, asyncio.BrokenBarrierError):
            await barrier.abort()
        return found

    patch.setattr(rows, step, look)


async def bind_twice(database: SqlDatabase, now: datetime, patch: pytest.MonkeyPatch) -> list[Staff]:
    """Two accounts send one code, and both find it valid; return what those read who are told that they are bound."""
    await open_clinic(database)
    accounts = StaffAccounts(database)
    _, code = await accounts.add(NAME, Role.FRONTDESK, by=OPERATOR, now=now)
    meet_after(patch, SqlStaffRows, "awaits")
    bound = await asyncio.gather(*(accounts.bind(code, f"o-{n}", now=now) for n in range(2)))
    return [one for one in bound if one is not None]


async def test_a_code_sent_by_two_accounts_at_once_binds_one(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    [bound] = await bind_twice(database, now, monkeypatch)
    assert await StaffAccounts(database).of(str(bound.openid)) == bound


async def test_control_a_binding_that_trusts_what_was_found_tells_both_that_they_are_bound(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def bind(self: SqlStaffRows, code: str, openid: str, *, now: datetime) -> Staff | None:
        await self._connection.execute(update(staff).where(staff.c.name == NAME).values(openid=openid, bound_at=now))
        return await self.find(NAME)

    monkeypatch.setattr(SqlStaffRows, "bind", bind)
    assert {one.openid for one in await bind_twice(database, now, monkeypatch)} == {"o-0", "o-1"}
    assert len(await StaffAccounts(database).bound(list(Role))) == 1


async def add_twice(database: SqlDatabase, now: datetime, patch: pytest.MonkeyPatch) -> list[object]:
    """Two managers add one name, and both find it free."""
    await open_clinic(database)
    meet_after(patch, SqlStaffRows, "find")
    adding = (StaffAccounts(database).add(NAME, role, by=OPERATOR, now=now) for role in (Role.FRONTDESK, Role.MANAGER))
    return list(await asyncio.gather(*adding, return_exceptions=True))


async def test_a_name_added_twice_at_once_is_one_person(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = await add_twice(database, now, monkeypatch)
    assert sorted(isinstance(each, StaffNameTaken) for each in outcomes) == [False, True]
    assert [one.name for one in await StaffAccounts(database).all()] == [NAME]


@POSTGRES
async def test_control_without_the_index_one_name_is_two_people(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.begin() as unit:
        await unit.connection.execute(text("DROP INDEX uq_staff_name"))
    outcomes = await add_twice(database, now, monkeypatch)
    assert not any(isinstance(each, BaseException) for each in outcomes)
    assert [one.name for one in await StaffAccounts(database).all()] == [NAME, NAME]


async def call_twice(database: SqlDatabase, now: datetime, patch: pytest.MonkeyPatch) -> tuple[list[object], Notice]:
    """Two members of staff telephone one patient and record different outcomes; what they read, and what is kept."""
    await open_clinic(database)
    patient = await add_patient(database, "李四", openid="o-li", now=now)
    told = new_notice(
        NoticeKind.STOPPED, dedupe_key="stopped:x", payload={}, now=now, openid="o-li", patient=patient.id
    )
    async with database.begin() as unit:
        await unit.notices.add([replace(told, state=NoticeState.UNREACHABLE)])
    meet_after(patch, SqlCallRows, "get")
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: Calls(database).settle(told.id, CallOutcome.CHANGED, by=Actor("staff", "a", "wechat"), now=now),
        lambda: Calls(database).settle(told.id, CallOutcome.CANCELLED, by=Actor("staff", "b", "wechat"), now=now),
    ]
    outcomes = await asyncio.gather(*(call() for call in calls), return_exceptions=True)
    async with database.read() as unit:
        kept = await unit.notices.get(told.id)
    assert kept is not None
    return list(outcomes), kept


async def test_of_two_outcomes_of_one_call_one_is_kept_and_the_other_caller_is_told(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes, kept = await call_twice(database, now, monkeypatch)
    [recorded] = [each for each in outcomes if isinstance(each, Notice)]
    [refused] = [each for each in outcomes if isinstance(each, CallSettled)]
    assert (recorded.outcome, recorded.called_by) == (kept.outcome, kept.called_by)
    assert (refused.outcome, refused.by) == (kept.outcome, kept.called_by)


async def test_control_without_the_condition_one_callers_outcome_is_lost_unsaid(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def settle(
        self: SqlCallRows, notice_id: str, outcome: CallOutcome, *, by: str, seen: datetime | None, now: datetime
    ) -> bool:
        values = {"outcome": str(outcome), "called_by": by, "called_at": now}
        await self._connection.execute(update(notice).where(notice.c.id == notice_id).values(values))
        return True

    monkeypatch.setattr(SqlCallRows, "settle", settle)
    outcomes, _ = await call_twice(database, now, monkeypatch)
    assert sorted(each.outcome or "" for each in outcomes if isinstance(each, Notice)) == ["cancelled", "changed"]
