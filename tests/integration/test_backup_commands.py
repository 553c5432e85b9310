"""``zhenyue backup`` and ``zhenyue restore``: what they write, what they refuse, and how they say it (R-B12)."""

import asyncio
import base64
import stat
from pathlib import Path

import pytest

from booking.audit_chain import AuditChain
from storage.clock import DatabaseClock
from storage.database import SqlDatabase
from storage.sealing import Sealer, key_id_of
from tests.conftest import SECRET
from tests.support.backups import opened, rows_of
from tests.support.clinic import add_patient, open_clinic
from tests.support.command_line import CommandLine, Result
from tests.support.trail import tamper, write_entries

OTHER = bytes(range(32))


@pytest.fixture
def zhenyue(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    asyncio.run(filled(database_url))
    return CommandLine(tmp_path, database_url, monkeypatch, capfd)


async def filled(url: str) -> None:
    """A clinic with a patient, four entries chained and one that waits."""
    async with opened(url, SECRET) as database:
        clock = DatabaseClock(database)
        await clock.read()
        await open_clinic(database)
        await add_patient(database, "欧阳备份", openid="o-1", now=clock.now())
        await write_entries(database, clock.now(), count=4)
        await AuditChain(database).seal()
        await write_entries(database, clock.now(), count=1)


@pytest.fixture
def elsewhere(zhenyue: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A backup of it in ``copy.zy``; from now on commands work on another machine, with nothing there yet."""
    assert zhenyue("backup", "copy.zy").status == 0
    url = f"sqlite+aiosqlite:///{tmp_path / 'elsewhere' / 'zhenyue.db'}"
    monkeypatch.setenv("ZHENYUE_DATA_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("ZHENYUE_DATABASE_URL", url)
    return url


def counted(url: str) -> dict[str, int]:
    async def count() -> dict[str, int]:
        async with opened(url, SECRET) as database:
            return {name: len(rows) for name, rows in (await rows_of(database)).items()}

    return asyncio.run(count())


def is_refusal(result: Result, *words: str) -> bool:
    return result.status == 1 and not result.out and all(word in result.err for word in words)


def test_a_backup_is_restored_elsewhere_and_the_trail_is_whole_there(
    zhenyue: CommandLine, database_url: str, elsewhere: str
) -> None:
    result = zhenyue("restore", "copy.zy")
    assert (result.status, result.err) == (0, "")
    assert "均与备份一致" in result.out
    assert "zhenyue serve 时重建" in result.out
    verified = zhenyue("audit", "--verify")
    assert verified.status == 0
    assert "审计链完整：4 条" in verified.out
    assert [row["action"] for row in zhenyue("audit", "--json").rows][-1] == "restored"
    assert counted(elsewhere) == counted(database_url)  # one entry more each: that it was made, that it was restored


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_backup_tells_nothing_and_only_its_owner_may_read_it(zhenyue: CommandLine, tmp_path: Path) -> None:
    result = zhenyue("backup", "copy.zy")
    assert (result.status, result.err) == (0, "")
    assert "审计链 4 环" in result.out
    assert key_id_of(SECRET).hex() in result.out
    content = (tmp_path / "copy.zy").read_bytes()
    for word in ("欧阳备份", "o-1", "patient", "示范门诊部", "audit"):
        assert word.encode() not in content
    assert stat.S_IMODE((tmp_path / "copy.zy").stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.part")) + list(tmp_path.glob(".*.part"))
    [entry] = [row for row in zhenyue("audit", "--json").rows if row["action"] == "backed_up"]
    assert (entry["entity"], entry["entity_id"], entry["channel"]) == ("database", "copy.zy", "cli")


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_what_is_there_is_not_overwritten(zhenyue: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "copy.zy").write_text("kept", encoding="utf-8")
    assert is_refusal(zhenyue("backup", "copy.zy"), "已经存在，没有覆盖")
    assert (tmp_path / "copy.zy").read_text(encoding="utf-8") == "kept"


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_folder_that_is_not_there_is_named(zhenyue: CommandLine) -> None:
    result = zhenyue("backup", "nowhere/copy.zy")
    assert (result.status, result.out) == (2, "")
    assert "nowhere/copy.zy 写不进去" in result.err


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_nothing_is_made_of_a_database_that_is_not_there(
    zhenyue: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHENYUE_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'none.db'}")
    result = zhenyue("backup", "copy.zy")
    assert (result.status, result.out) == (2, "")
    assert "无可备份" in result.err
    assert not (tmp_path / "copy.zy").exists()
    assert not (tmp_path / "none.db").exists()


def harmed(path: Path, harm: str) -> None:
    content = path.read_bytes()
    altered = content[:-1] + bytes([content[-1] ^ 1])
    path.write_bytes({"cut off": content[:-40], "altered": altered, "foreign": b"SQLite format 3" + content}[harm])


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("harm", "said"), [("cut off", "不完整"), ("altered", "被改动或已损坏"), ("foreign", "不是诊约的备份文件")]
)
def test_a_broken_backup_is_refused_and_leaves_nothing(
    zhenyue: CommandLine, elsewhere: str, tmp_path: Path, harm: str, said: str
) -> None:
    harmed(tmp_path / "copy.zy", harm)
    assert is_refusal(zhenyue("restore", "copy.zy"), said, "没有恢复，数据库没有变化")
    assert is_refusal(zhenyue("restore", "copy.zy", "--check"), said)
    assert zhenyue("migrate").status == 0
    assert set(counted(elsewhere).values()) == {0}


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_another_key_is_named_and_as_the_previous_one_it_will_do(
    zhenyue: CommandLine, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_with = base64.b64encode(SECRET).decode()
    monkeypatch.setenv("ZHENYUE_SECRET_KEY", base64.b64encode(OTHER).decode())
    assert is_refusal(zhenyue("restore", "copy.zy"), "另一把密钥", key_id_of(SECRET).hex(), "没有变化")
    monkeypatch.setenv("ZHENYUE_SECRET_KEY_PREVIOUS", made_with)
    assert zhenyue("restore", "copy.zy").status == 0
    assert zhenyue("audit", "--verify").status == 0


def test_a_database_in_use_is_refused(zhenyue: CommandLine, database_url: str) -> None:
    assert zhenyue("backup", "copy.zy").status == 0
    before = counted(database_url)
    result = zhenyue("restore", "copy.zy")
    assert is_refusal(result, "里已有数据", "patient", "另建一个", "没有变化")
    assert counted(database_url) == before


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_data_folder_in_use_is_refused_and_another_one_will_do(
    zhenyue: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who never set an address of a database is told of the folder that it is in."""
    monkeypatch.delenv("ZHENYUE_DATABASE_URL")
    assert zhenyue("restore", "copy.zy").status == 0
    result = zhenyue("restore", "copy.zy")
    assert is_refusal(result, "里已有数据", "停止 zhenyue serve", "ZHENYUE_DATA_DIR", "没有变化")
    assert "ZHENYUE_DATABASE_URL" not in result.err
    monkeypatch.setenv("ZHENYUE_DATA_DIR", str(tmp_path / "another"))
    assert zhenyue("restore", "copy.zy").status == 0


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_file_can_be_checked_without_a_database(zhenyue: CommandLine, elsewhere: str, tmp_path: Path) -> None:
    result = zhenyue("restore", "copy.zy", "--check")
    assert (result.status, result.err) == (0, "")
    assert "备份完整" in result.out
    assert not (tmp_path / "elsewhere").exists()
    assert is_refusal(zhenyue("restore", "none.zy"), "没有文件 none.zy")


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_trail_that_was_broken_before_is_restored_as_it_was_and_it_is_said(
    zhenyue: CommandLine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_it() -> None:
        database = SqlDatabase.open(database_url, Sealer(SECRET))
        await tamper(database, database_url, ["UPDATE audit SET actor = 'nobody' WHERE id = 3"])
        await database.close()

    asyncio.run(break_it())
    assert zhenyue("backup", "copy.zy").status == 0
    monkeypatch.setenv("ZHENYUE_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'other.db'}")
    result = zhenyue("restore", "copy.zy")
    assert result.status == 1
    assert "数据已全部恢复；但审计链在备份之前就有 1 处问题" in result.err
    assert "nobody" in zhenyue("audit").out


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_place_that_knows_no_links_takes_a_backup_too_and_nothing_is_written_over(
    zhenyue: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    assert zhenyue("backup", "usb.zy").status == 0
    assert zhenyue("restore", "usb.zy", "--check").status == 0
    assert [path.name for path in tmp_path.glob("*.part")] == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_backup_that_was_not_written_stands_in_no_trail(
    zhenyue: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = zhenyue("backup", "nowhere/x.zy")
    assert missing.status == 2
    assert "没有文件夹 nowhere" in missing.err

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert "写不进去" in zhenyue("backup", "x.zy").err
    assert [row for row in zhenyue("audit", "--json").rows if row["action"] == "backed_up"] == []
