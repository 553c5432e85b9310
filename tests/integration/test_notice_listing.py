"""``zhenyue notices``: every state, and the call list with telephone numbers, each look at it written down (R-A11)."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from booking.actors import Role, Staff
from booking.notices import CallOutcome, Notice, NoticeKind, NoticeState
from storage.database import SqlDatabase
from storage.patient_tables import access_log
from storage.sealing import Sealer
from tests.support.clinic import add_patient, open_clinic
from tests.support.command_line import CommandLine
from tests.support.notices import notice

BROUGHT, UNBROUGHT = NoticeState.DELIVERED, (NoticeState.UNREACHABLE, NoticeState.UNKNOWN, NoticeState.FAILED)


@pytest.fixture
def zhenyue(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    return CommandLine(tmp_path, database_url, monkeypatch, capfd)


@pytest.fixture
def written(database_url: str, sealer: Sealer, now: datetime) -> list[Notice]:
    """One notice that arrived and three that did not, the first of those the last to come to the clinic."""

    async def prepare() -> list[Notice]:
        database = SqlDatabase.open(database_url, sealer)
        await open_clinic(database)
        patient = await add_patient(database, "张三", openid="o-zhang", now=now)
        made = [
            replace(
                notice(
                    NoticeKind.STOPPED,
                    now=now,
                    dedupe_key=f"stopped:{place}",
                    patient=patient.id,
                    visit_at=now + timedelta(days=9 - place),
                ),
                state=state,
                reason="custom outside_window 45015",
            )
            for place, state in enumerate((BROUGHT, *UNBROUGHT))
        ]
        async with database.begin() as unit:
            await unit.notices.add(made)
            await unit.notices.add([replace(notice(NoticeKind.ALERT, now=now), state=NoticeState.UNREACHABLE)])
            confirming = notice(NoticeKind.CHANGED, now=now, patient=patient.id)  # what staff did with them on the call
            await unit.notices.add([replace(confirming, state=NoticeState.UNREACHABLE)])
            staff = Staff("s-1", "前台小周", Role.FRONTDESK, None, None, now, None, None)
            await unit.staff.add(staff, code="K7PM4QXR9TBE", code_expires_at=now, request="r1")
            assert await unit.calls.settle(made[-1].id, CallOutcome.NO_ANSWER, by=staff.id, seen=None, now=now)
        await database.close()
        return made

    return asyncio.run(prepare())


def test_every_notice_is_listed_with_its_state(zhenyue: CommandLine, written: list[Notice]) -> None:
    rows = zhenyue("notices", "--json").rows
    assert len(rows) == 6
    first = next(row for row in rows if row["notice"] == written[0].id)
    assert (first["state"], first["patient"], first["number"]) == ("delivered", "张*", "26112400000000")
    assert first["visit_at"] == "2026-12-02T09:00:00+08:00"
    assert "mobile" not in first


def test_the_call_list_has_numbers_and_the_next_visit_first_and_is_written_down(
    zhenyue: CommandLine, written: list[Notice], database_url: str, sealer: Sealer
) -> None:
    rows = zhenyue("notices", "--unreachable", "--json").rows
    assert [row["notice"] for row in rows] == [each.id for each in reversed(written[1:])]
    assert {row["mobile"] for row in rows} == {"13800138000"}
    assert {(row["outcome"], row["called_by"]) for row in rows} == {(None, None), ("no_answer", "前台小周")}

    async def logged() -> list[tuple[str, str]]:
        database = SqlDatabase.open(database_url, sealer)
        async with database.read() as unit:
            found = (await unit.connection.execute(select(access_log.c.purpose, access_log.c.subject))).all()
        await database.close()
        return [(row[0], row[1]) for row in found]

    assert asyncio.run(logged()) == [("notices --unreachable", "p-张三")]


def test_the_number_given_at_the_desk_is_called_as_in_the_list_in_chat(
    zhenyue: CommandLine, written: list[Notice], database_url: str, sealer: Sealer, now: datetime
) -> None:
    async def at_the_desk() -> None:
        database = SqlDatabase.open(database_url, sealer)
        async with database.begin() as unit:
            await unit.patients.set_desk_mobile("p-张三", "13900139000")
        await database.close()

    asyncio.run(at_the_desk())
    assert {row["mobile"] for row in zhenyue("notices", "--unreachable", "--json").rows} == {"13900139000"}


def test_people_read_chinese(zhenyue: CommandLine, written: list[Notice]) -> None:
    out = zhenyue("notices").out
    assert "停诊" in out
    assert "未送达，需电话" in out
    assert "13800138000" not in out
    assert "13800138000" in zhenyue("notices", "--unreachable").out


def test_an_unknown_stoppage_is_refused(zhenyue: CommandLine, written: list[Notice]) -> None:
    result = zhenyue("notices", "--stoppage", "nobody")
    assert result.status == 1
    assert "nobody" in result.err
