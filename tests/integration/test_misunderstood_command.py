"""``zhenyue misunderstood`` as staff use it."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from booking.sayings import Sayings
from bot.catalogue_file import SAMPLE
from storage.database import SqlDatabase
from storage.sealing import Sealer
from tests.support.command_line import CommandLine

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def zhenyue(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    return CommandLine(tmp_path, database_url, monkeypatch, capfd)


async def _keep(database_url: str, sealer: Sealer) -> None:
    database = SqlDatabase.open(database_url, sealer)
    await Sayings(database).keep("云是白的", "", (), now=NOW)
    await Sayings(database).keep("云是白的", "", (), now=NOW + timedelta(hours=1))
    await Sayings(database).keep("138 1234 5678啊", "day", (), now=NOW)
    await database.close()


def test_what_was_not_understood_is_listed_masked_and_the_most_frequent_first(
    zhenyue: CommandLine, database_url: str, sealer: Sealer
) -> None:
    assert zhenyue("misunderstood", "--json").status == 1
    zhenyue("load", str(SAMPLE))
    assert zhenyue("misunderstood", "--json").rows == []
    asyncio.run(_keep(database_url, sealer))
    assert zhenyue("misunderstood", "--json").rows == [
        {
            "said": "云是白的",
            "asked": None,
            "times": 2,
            "first_at": "2026-11-23T09:00:00+08:00",
            "last_at": "2026-11-23T10:00:00+08:00",
        },
        {
            "said": "*************啊",
            "asked": "day",
            "times": 1,
            "first_at": "2026-11-23T09:00:00+08:00",
            "last_at": "2026-11-23T09:00:00+08:00",
        },
    ]
    table = zhenyue("misunderstood")
    assert (table.status, table.err) == (0, "")
    assert "云是白的" in table.out
