"""``zhenyue audit``: who changed what, when, through which channel, and whether the trail is whole (R-A16)."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from booking.audit_chain import AuditChain
from booking.catalogue_loading import CatalogueLoading
from booking.publishing import Publishing
from storage.clock import DatabaseClock
from storage.database import SqlDatabase
from storage.sealing import Sealer
from tests.support.catalogues import catalogue_of
from tests.support.command_line import CommandLine
from tests.support.trail import tamper, write_entries


@pytest.fixture
def zhenyue(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    return CommandLine(tmp_path, database_url, monkeypatch, capfd)


def do(work: Coroutine[object, object, None]) -> None:
    asyncio.run(work)


async def written(url: str, sealer: Sealer, *, chained: bool = True, ago: timedelta = timedelta()) -> None:
    """Write four entries and chain them."""
    database = SqlDatabase.open(url, sealer)
    clock = DatabaseClock(database)
    await clock.read()
    await write_entries(database, clock.now() - ago, count=4)
    if chained:
        await AuditChain(database).seal()
    await database.close()


async def broken(url: str, sealer: Sealer, *statements: str) -> None:
    database = SqlDatabase.open(url, sealer)
    await tamper(database, url, statements)
    await database.close()


def test_changes_are_listed_with_who_what_when_and_how(zhenyue: CommandLine, database_url: str, sealer: Sealer) -> None:
    do(written(database_url, sealer))
    listed = zhenyue("audit", "--json")
    assert (listed.status, listed.err) == (0, "")
    first, second, *_ = listed.rows
    assert {name: first[name] for name in ("actor_kind", "actor", "channel", "action", "entity", "entity_id")} == {
        "actor_kind": "staff",
        "actor": "s1",
        "channel": "phone",
        "action": "booked",
        "entity": "appointment",
        "entity_id": "c0",
    }
    assert (first["before"], first["after"], first["sealed"], second["sealed"]) == ({"n": 0}, {"n": 1}, False, True)
    assert "name 1" not in listed.out
    assert "员工 s1" in zhenyue("audit").out


def test_only_the_newest_are_shown_and_it_is_said(zhenyue: CommandLine, database_url: str, sealer: Sealer) -> None:
    do(written(database_url, sealer))
    listed = zhenyue("audit", "--json", "--limit", "2")
    assert [row["entity_id"] for row in listed.rows] == ["c2", "c3"]
    assert "2 条" in listed.err
    assert zhenyue("audit", "--limit", "0").status == 2


def test_an_unknown_appointment_is_refused(zhenyue: CommandLine) -> None:
    asked = zhenyue("audit", "--appointment", "1")
    assert (asked.status, asked.out) == (1, "")
    assert "没有预约号为“1”的预约；预约号见 zhenyue appointments" in asked.err


def test_a_whole_chain_is_said_to_be_so_with_its_head(zhenyue: CommandLine, database_url: str, sealer: Sealer) -> None:
    do(written(database_url, sealer))
    verified = zhenyue("audit", "--verify")
    assert verified.status == 0
    assert "审计链完整：4 条" in verified.out
    assert zhenyue("audit", "--verify", "--json").rows == []


def test_what_waits_is_said_and_what_waits_long_is_a_fault(
    zhenyue: CommandLine, database_url: str, sealer: Sealer
) -> None:
    do(written(database_url, sealer, chained=False))
    verified = zhenyue("audit", "--verify")
    assert verified.status == 0
    assert "4 条等待入链" in verified.out
    do(written(database_url, sealer, chained=False, ago=timedelta(hours=2)))
    assert zhenyue("audit", "--verify").status == 1


def test_a_broken_chain_ends_with_1_and_says_where(zhenyue: CommandLine, database_url: str, sealer: Sealer) -> None:
    do(written(database_url, sealer))
    do(broken(database_url, sealer, "UPDATE audit SET actor = 'nobody' WHERE id = 2"))
    verified = zhenyue("audit", "--verify")
    assert verified.status == 1
    assert "第 2 环，记录 2：内容被改动" in verified.err
    found = zhenyue("audit", "--verify", "--json")
    assert (found.status, found.rows) == (1, [{"fault": "altered", "link": 2, "entry": 2}])


def test_published_and_closed_sessions_are_in_it(
    zhenyue: CommandLine, database_url: str, sealer: Sealer, now: datetime
) -> None:
    async def publish() -> None:
        database = SqlDatabase.open(database_url, sealer)
        await CatalogueLoading(database).load(catalogue_of(), now=now)
        await Publishing(database, None).publish(now=now, days=1)
        await CatalogueLoading(database).load(catalogue_of([]), now=now)
        await Publishing(database, None).publish(now=now, days=1)
        await database.close()

    do(publish())
    rows = zhenyue("audit", "--json").rows
    assert {row["entity"] for row in rows} == {"session"}
    deeds = [row["action"] for row in rows]
    assert deeds.count("published") == deeds.count("closed") > 0
    assert {row["actor"] for row in rows} == {"publish"}
