"""``zhenyue stop``, ``lift`` and ``stoppages``: they end when all is done, with or without a worker (R-A14, R-A15)."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from booking.appointments import Appointments, Wish
from booking.current import CurrentCatalogue
from booking.models import ClaimState
from booking.ports import ClaimFilter
from booking.seats import Seats
from bot.moments import read_moment
from bot.settings import ConfigurationError
from storage.database import SqlDatabase
from storage.pool import RedisPool
from storage.sealing import Sealer
from tests.support.clinic import add_patient, add_session, open_clinic
from tests.support.command_line import CommandLine
from tests.support.figures import CountedFigures

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime.now(UTC).replace(hour=4, minute=0, second=0, microsecond=0)
"""12:00 in the clinic, today."""


@pytest.fixture
def shell(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    """Commands on a database of the test's own; no Redis runs."""
    return CommandLine(tmp_path, database_url, monkeypatch, capfd)


async def prepare(url: str, sealer: Sealer, valkey_url: str) -> tuple[str, str]:
    """Two days with sessions, one patient booked on the first; returns the sessions' ids."""
    database = SqlDatabase.open(url, sealer)
    redis = Redis.from_url(valkey_url)
    try:
        await open_clinic(database)
        first = await add_session(database, NOON + timedelta(days=1))
        second = await add_session(database, NOON + timedelta(days=2))
        now = datetime.now(UTC)
        patient = await add_patient(database, "张三", openid="o1", now=now)
        pool = RedisPool(redis)
        appointments = Appointments(
            database=database,
            pool=pool,
            seats=Seats(database, pool, CountedFigures()),
            current=CurrentCatalogue(database),
            hold_for=timedelta(minutes=5),
            figures=CountedFigures(),
        )
        held = await appointments.hold(Wish(f"{first}-1200", patient.id, "o1", "wechat", "m1"), now=now)
        await appointments.confirm(held.id, openid="o1", now=now)
        return first, second
    finally:
        await redis.aclose()
        await database.close()


async def leave(url: str, sealer: Sealer) -> None:
    """The patient's account unfollows."""
    database = SqlDatabase.open(url, sealer)
    try:
        async with database.begin() as unit:
            await unit.patients.follow("o1", following=False, now=datetime.now(UTC))
    finally:
        await database.close()


async def states(url: str, sealer: Sealer) -> list[ClaimState]:
    """What became of the patient's claims, by start."""
    database = SqlDatabase.open(url, sealer)
    try:
        async with database.read() as unit:
            return [claim.state for claim in await unit.claims.find(ClaimFilter(openid="o1"))]
    finally:
        await database.close()


def test_a_session_is_stopped_and_lifted(
    shell: CommandLine, database_url: str, sealer: Sealer, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-A14."""
    first, second = asyncio.run(prepare(database_url, sealer, valkey_url))
    seen = shell("stop", "session", first, "--preview", "--json")
    assert seen.status == 0
    counts = {name: seen.rows[0][name] for name in ("sessions", "appointments", "patients", "reachable", "offerable")}
    assert counts == {"sessions": 1, "appointments": 1, "patients": 1, "reachable": 1, "offerable": 1}
    assert "尚未停诊" in shell("stop", "session", first, "--preview").out
    asyncio.run(leave(database_url, sealer))
    assert "可通知 0 人，其余 1 人需电话联系，" in shell("stop", "session", first, "--preview").out
    monkeypatch.setenv("ZHENYUE_SMS_FILE", str(shell.folder / "sms.jsonl"))
    assert "可通知 1 人，" in shell("stop", "session", first, "--preview").out
    assert shell("stoppages", "--json").rows == []
    stopped = shell("stop", "session", first, "--reason", "医生生病")
    assert stopped.status == 0, stopped.err
    assert "T000001" in stopped.out
    [row] = shell("stoppages", "--json").rows
    assert (row["state"], row["appointments"], row["offered"], row["open"], row["settled"]) == ("done", 1, 1, 1, False)
    assert "已停诊" in shell("stoppages").out
    again = shell("stop", "session", first, "--reason", "医生生病")
    assert (again.status, "T000001" in again.err, again.out) == (1, True, "")
    lifted = shell("lift", "T000001", "--session", first, "--json")
    assert (lifted.status, lifted.rows[0]["restored"], lifted.rows[0]["state"]) == (0, 1, "lifted")
    assert asyncio.run(states(database_url, sealer))[0] is ClaimState.BOOKED
    assert shell("lift", "T000001").status == 1
    waited = shell("stop", "session", second, "--reason", "停电", "--wait")  # nobody is booked: nobody to wait for
    assert (waited.status, "T000002" in waited.out) == (0, True)


def test_a_doctor_is_stopped_in_advance_of_what_is_published(
    shell: CommandLine, database_url: str, sealer: Sealer, valkey_url: str
) -> None:
    asyncio.run(prepare(database_url, sealer, valkey_url))
    first, last = ((NOON + timedelta(days=days)).date().isoformat() for days in (30, 37))
    ahead = ("stop", "doctor", "wang", "--from", first, "--to", last)
    assert "0 个门诊" in shell(*ahead, "--preview").out
    assert "该时段尚未放号，放号时自动停诊" in shell(*ahead, "--preview").out
    stopped = shell(*ahead, "--reason", "外出进修", "--wait")
    assert stopped.status == 0, stopped.err
    [row] = shell("stoppages", "--json").rows
    assert (row["state"], row["appointments"], row["settled"]) == ("done", 0, True)
    assert shell("lift", "T000001", "--json").rows[0]["state"] == "lifted"


def test_the_clinic_is_stopped_from_a_time_on(
    shell: CommandLine, database_url: str, sealer: Sealer, valkey_url: str
) -> None:
    """R-A15."""
    first, _ = asyncio.run(prepare(database_url, sealer, valkey_url))
    partly = shell("stop", "session", first, "--from", "12:30", "--reason", "停电", "--json")
    assert (partly.status, partly.rows[0]["appointments"]) == (0, 0)
    whole = shell("stop", "clinic", "--from", "now", "--reason", "停电", "--text", "请谅解", "--json")
    assert (whole.status, whole.rows[0]["appointments"], whole.rows[0]["to"]) == (0, 1, None)
    assert shell("lift", "T000002").status == 0


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("stop", "clinic"), 2),
        (("stop", "clinic", "here", "--reason", "x"), 2),
        (("stop", "room", "203", "--reason", "x"), 2),
        (("stop", "doctor", "--reason", "x"), 2),
        (("stop", "doctor", "wang", "--from", "soon", "--reason", "x"), 2),
        (("stop", "doctor", "wong", "--reason", "x"), 1),
        (("stop", "doctor", "wang", "--from", "2020-01-01", "--to", "2020-01-02", "--reason", "x"), 1),
        (("stop", "doctor", "wang", "--from", "2099-01-02", "--to", "2099-01-01T08:00", "--reason", "x"), 1),
        (("stop", "doctor", "li", "--to", f"{NOON + timedelta(days=1):%Y-%m-%d}", "--reason", "x"), 1),
        (("stop", "doctor", "wang", "--reason", " "), 1),
        (("lift", "T000009"), 1),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    shell: CommandLine, database_url: str, sealer: Sealer, valkey_url: str, words: tuple[str, ...], status: int
) -> None:
    asyncio.run(prepare(database_url, sealer, valkey_url))
    result = shell(*words)
    assert (result.status, result.out) == (status, "")
    assert len(result.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("stop", "session", "x", "--reason", "x"), "没有找到门诊“x”，请核对。门诊编号见 zhenyue slots"),
        (("stop", "doctor", "wong", "--reason", "x"), "没有找到医生“wong”，请核对。医生代码见 zhenyue slots"),
        (("stop", "department", "x", "--reason", "x"), "没有找到科室“x”，请核对。科室代码见 zhenyue slots"),
        (("lift", "T000009"), "请核对停诊编号。停诊编号见 zhenyue stoppages"),
    ],
)
def test_of_what_is_not_there_the_command_is_named_that_lists_what_is(
    shell: CommandLine, database_url: str, sealer: Sealer, valkey_url: str, words: tuple[str, ...], told: str
) -> None:
    asyncio.run(prepare(database_url, sealer, valkey_url))
    assert shell(*words).err.endswith(f"{told}\n")


def test_without_a_clinic_the_commands_say_so(shell: CommandLine) -> None:
    for words in (("stop", "clinic", "--reason", "x"), ("lift", "T000001"), ("stoppages",)):
        assert shell(*words).status == 1


@pytest.mark.parametrize(
    ("text", "end", "meant"),
    [
        ("2026-11-23", False, "2026-11-23T00:00+08:00"),
        ("2026-11-23", True, "2026-11-24T00:00+08:00"),
        ("10:00", False, "2026-11-25T10:00+08:00"),
        ("2026-11-23T10:00", True, "2026-11-23T10:00+08:00"),
        ("2026-11-23 10:00", False, "2026-11-23T10:00+08:00"),
        ("2026-11-23T10:00Z", False, "2026-11-23T10:00+00:00"),
        ("now", True, "2026-11-23T09:00+08:00"),
    ],
)
def test_moments_are_the_clinics(text: str, end: bool, meant: str, now: datetime) -> None:
    day = (now + timedelta(days=2)).date()
    assert read_moment("--to", text, ZONE, now=now, day=day, end=end) == datetime.fromisoformat(meant)


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-13-01", "2026-11-23T", "9999-12-31"])
def test_what_is_no_moment_is_refused(text: str, now: datetime) -> None:
    with pytest.raises(ConfigurationError):
        read_moment("--to", text, ZONE, now=now, day=now.date(), end=True)
