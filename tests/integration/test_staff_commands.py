"""``zhenyue staff add``, ``list`` and ``remove``: what is printed, and the exit status (contract)."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from booking.staffing import StaffAccounts
from storage.database import SqlDatabase
from tests.support.clinic import open_clinic
from tests.support.command_line import CommandLine

CODE = re.compile(r"[2-9A-HJ-NP-Z]{4}(-[2-9A-HJ-NP-Z]{4}){2}")


@pytest.fixture
def database_kind() -> str:
    """What the commands print is the same on any database."""
    return "sqlite"


@pytest.fixture
def zhenyue(
    tmp_path: Path,
    database: SqlDatabase,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> CommandLine:
    asyncio.run(open_clinic(database))
    return CommandLine(tmp_path, database_url, monkeypatch, capfd)


def bind(database: SqlDatabase, code: str, openid: str) -> None:
    asyncio.run(StaffAccounts(database).bind(code, openid, now=datetime.now(UTC)))


def test_a_member_of_staff_is_added_listed_and_removed(zhenyue: CommandLine, database: SqlDatabase) -> None:
    added = zhenyue("staff", "add", "王芳", "--role", "doctor", "--doctor", "wang")
    assert (added.status, added.err) == (0, "")
    code = CODE.search(added.out)
    assert code is not None
    assert f"绑定 {code.group()}" in added.out
    (row,) = zhenyue("staff", "list", "--json").rows
    assert list(row) == ["id", "name", "role", "doctor", "openid", "bound_at", "created_at"]
    assert (row["name"], row["role"], row["doctor"], row["openid"]) == ("王芳", "doctor", "wang", None)
    bind(database, code.group(), "o-wang")
    (row,) = zhenyue("staff", "list", "--json").rows
    assert row["openid"] == "o-wang"
    assert row["bound_at"] is not None
    assert code.group() not in str(row)
    assert "o-wang" in zhenyue("staff", "list").out
    assert zhenyue("staff", "remove", str(row["id"])).status == 0
    assert zhenyue("staff", "list", "--json").rows == []


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("add", "林", "--role", "boss"), 2, "frontdesk doctor manager"),
        (("add", "林"), 2, "--role"),
        (("add", "--role", "manager"), 2, ""),
        (("add", "林", "--role", "doctor"), 2, "--doctor"),
        (("add", "林", "--role", "manager", "--doctor", "wang"), 2, "--doctor"),
        (("add", "林", "--role", "doctor", "--doctor", "wong"), 2, "wang"),
        (("add", "", "--role", "manager"), 2, "姓名"),
        (("add", "在册", "--role", "manager"), 1, "在册"),
        (("remove", "nobody"), 1, "nobody"),
        (("remove",), 2, ""),
        (("dismiss", "nobody"), 2, "dismiss"),
    ],
)
def test_what_is_wrong_is_said_with_the_exit_status_of_the_contract(
    zhenyue: CommandLine, words: tuple[str, ...], status: int, said: str
) -> None:
    zhenyue("staff", "add", "在册", "--role", "frontdesk")
    done = zhenyue("staff", *words)
    assert done.status == status, done.err
    assert said in done.err
    assert done.out == ""
    assert [row["name"] for row in zhenyue("staff", "list", "--json").rows] == ["在册"]


def test_without_a_catalogue_staff_have_nothing_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    empty = CommandLine(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'none.db'}", monkeypatch, capfd)
    for words in (("add", "林", "--role", "manager"), ("list",), ("remove", "林")):
        assert empty("staff", *words).status == 1
