"""``zhenyue slots`` and ``zhenyue appointments``: the contract's columns and filters, nothing private (R-A1, R-A11)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy import select

from booking.appointments import Appointments, Wish
from booking.catalogue_loading import CatalogueLoading
from booking.current import CurrentCatalogue
from booking.models import ClaimState
from booking.ports import ClaimFilter, SlotFilter
from booking.publishing import Publishing
from booking.seats import Seats
from bot.listing_rows import appointment_rows, slot_rows
from storage.clock import DatabaseClock
from storage.database import SqlDatabase
from storage.patient_tables import access_log
from storage.pool import RedisPool
from storage.sealing import Sealer
from tests.support.catalogues import catalogue_of
from tests.support.clinic import CLINIC, add_patient
from tests.support.command_line import CommandLine
from tests.support.figures import CountedFigures

SLOT_KEYS = [
    "session",
    "slot",
    "date",
    "start",
    "end",
    "department",
    "doctor",
    "capacity",
    "booked",
    "held",
    "free",
    "status",
]
APPOINTMENT_KEYS = [
    "number",
    "status",
    "patient",
    "department",
    "doctor",
    "date",
    "start",
    "end",
    "session",
    "slot",
    "seat",
    "channel",
    "openid",
    "created_at",
]


@pytest.fixture
def zhenyue(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    return CommandLine(tmp_path, database_url, monkeypatch, capfd)


@pytest.fixture
def days(database_url: str, valkey_url: str, sealer: Sealer) -> tuple[date, date]:
    """Publish a clinic; two accounts book tomorrow and one holds the day after. Gives today and tomorrow."""

    async def prepare() -> tuple[date, date]:
        database, redis = SqlDatabase.open(database_url, sealer), Redis.from_url(valkey_url)
        await redis.flushall()
        clock = DatabaseClock(database)
        await clock.read()
        now = clock.now()
        await CatalogueLoading(database).load(catalogue_of(), now=now)
        pool = RedisPool(redis)
        seats = Seats(database, pool, CountedFigures())
        await Publishing(database, seats).publish(now=now)
        appointments = Appointments(
            database=database,
            pool=pool,
            seats=seats,
            current=CurrentCatalogue(database),
            hold_for=timedelta(minutes=5),
            figures=CountedFigures(),
        )
        today = now.astimezone(CLINIC.zone).date()
        first, second = today + timedelta(days=1), today + timedelta(days=2)
        for name, openid in (("张三", "oZhangSan"), ("李四", "oLiSi")):
            patient = await add_patient(database, name, openid=openid, now=now)
            wish = Wish(f"wang-{first:%Y%m%d}-0830-0900", patient.id, openid, "wechat", f"r-{openid}")
            claim = await appointments.hold(wish, now=now)
            await appointments.confirm(claim.id, openid=openid, now=now)
        await appointments.hold(Wish(f"li-{second:%Y%m%d}-1400-1430", patient.id, openid, "wechat", "r-held"), now=now)
        await redis.aclose()
        await database.close()
        return today, first

    return asyncio.run(prepare())


def test_slots_are_listed_from_today_on_with_the_contracts_columns(
    zhenyue: CommandLine, days: tuple[date, date]
) -> None:
    today, tomorrow = days
    listed = zhenyue("slots", "--json")
    assert (listed.status, listed.err) == (0, "")
    rows = listed.rows
    assert {tuple(row) for row in rows} == {tuple(SLOT_KEYS)}
    assert len({row["slot"] for row in rows}) == len(rows) == 8 * (6 + 4)
    assert rows[0]["date"] == today.isoformat()
    full = next(row for row in rows if row["booked"])
    assert full == {
        "session": f"wang-{tomorrow:%Y%m%d}-0830",
        "slot": f"wang-{tomorrow:%Y%m%d}-0830-0900",
        "date": tomorrow.isoformat(),
        "start": "09:00",
        "end": "09:30",
        "department": "dental",
        "doctor": "wang",
        "capacity": 2,
        "booked": 2,
        "held": 0,
        "free": 0,
        "status": "open",
    }
    held = next(row for row in rows if row["held"])
    assert (held["doctor"], held["capacity"], held["held"], held["free"]) == ("li", 1, 1, 0)


def test_slots_are_filtered(zhenyue: CommandLine, days: tuple[date, date]) -> None:
    _, tomorrow = days
    rows = zhenyue("slots", "--date", tomorrow.isoformat(), "--doctor", "li", "--department", "dental", "--json").rows
    assert [(row["doctor"], row["date"]) for row in rows] == [("li", tomorrow.isoformat())] * 4
    assert zhenyue("slots", "--department", "eye", "--json").rows == []
    assert zhenyue("slots", "--date", "2020-01-01", "--json").rows == []


def test_appointments_are_listed_with_the_contracts_columns_and_masked(
    zhenyue: CommandLine, days: tuple[date, date]
) -> None:
    _, tomorrow = days
    listed = zhenyue("appointments", "--json")
    assert (listed.status, listed.err) == (0, "")
    assert [tuple(row) for row in listed.rows] == [tuple(APPOINTMENT_KEYS)] * 2
    row = next(row for row in listed.rows if row["openid"] == "oLiSi")
    assert datetime.fromisoformat(str(row.pop("created_at"))).utcoffset() == timedelta(hours=8)
    assert str(row.pop("number"))
    assert row == {
        "status": "booked",
        "patient": "李*",
        "department": "dental",
        "doctor": "wang",
        "date": tomorrow.isoformat(),
        "start": "09:00",
        "end": "09:30",
        "session": f"wang-{tomorrow:%Y%m%d}-0830",
        "slot": f"wang-{tomorrow:%Y%m%d}-0830-0900",
        "seat": 2,
        "channel": "wechat",
        "openid": "oLiSi",
    }
    assert "李四" not in listed.out


def test_appointments_are_filtered(zhenyue: CommandLine, days: tuple[date, date]) -> None:
    today, tomorrow = days
    assert len(zhenyue("appointments", "--openid", "oLiSi", "--json").rows) == 1
    assert len(zhenyue("appointments", "--date", tomorrow.isoformat(), "--status", "booked", "--json").rows) == 2
    assert zhenyue("appointments", "--date", today.isoformat(), "--json").rows == []
    assert zhenyue("appointments", "--status", "cancelled", "--json").rows == []
    assert zhenyue("appointments", "--openid", "oNobody", "--json").rows == []


@pytest.mark.usefixtures("days")
def test_people_get_a_table_with_chinese_headings(zhenyue: CommandLine) -> None:
    slots = zhenyue("slots").out.splitlines()
    assert slots[0].split()[:3] == ["门诊", "号源", "日期"]
    assert "可约" in slots[-1]
    appointments = zhenyue("appointments").out
    assert appointments.split()[:2] == ["预约号", "状态"]
    assert "已预约" in appointments
    assert "oZhangSan" in appointments


@pytest.mark.usefixtures("days")
def test_wrong_filters_have_status_two_and_name_what_is_near(zhenyue: CommandLine) -> None:
    for words, near in {
        ("slots", "--doctor", "wong"): '"wang"',
        ("slots", "--department", "dentl"): '"dental"',
        ("slots", "--date", "2026-13-01"): "2026-13-01",
        ("slots", "--date", "20261123"): "20261123",
        ("appointments", "--status", "canceled"): '"cancelled"',
        ("appointments", "--date", "soon"): "soon",
    }.items():
        result = zhenyue(*words, "--json")
        assert (result.status, result.out) == (2, ""), words
        assert near in result.err


@pytest.mark.usefixtures("days")
def test_a_look_at_appointments_is_written_down(zhenyue: CommandLine, database_url: str, sealer: Sealer) -> None:
    zhenyue("appointments", "--openid", "oLiSi", "--json")

    async def logged() -> list[tuple[str, str, str]]:
        database = SqlDatabase.open(database_url, sealer)
        async with database.read() as unit:
            rows = await unit.connection.execute(
                select(access_log.c.channel, access_log.c.purpose, access_log.c.subject)
            )
            found = [(row.channel, row.purpose, row.subject) for row in rows]
        await database.close()
        return found

    [(channel, purpose, subject)] = asyncio.run(logged())
    assert (channel, purpose) == ("cli", "appointments")
    assert "openid=oLiSi" in subject
    assert "count=1" in subject


def test_without_a_catalogue_listings_say_what_to_do(zhenyue: CommandLine) -> None:
    for command in ("slots", "appointments"):
        refused = zhenyue(command, "--json")
        assert (refused.status, refused.out) == (1, "")
        assert "zhenyue load" in refused.err


async def test_an_appointment_whose_time_has_passed_reads_as_completed(
    database: SqlDatabase, seats: Seats, appointments: Appointments, now: datetime
) -> None:
    await CatalogueLoading(database).load(catalogue_of(), now=now)
    await Publishing(database, seats).publish(now=now)
    patient = await add_patient(database, "张三", openid="o1", now=now)
    claim = await appointments.hold(Wish("wang-20261124-0830-0900", patient.id, "o1", "wechat", "r1"), now=now)
    await appointments.confirm(claim.id, openid="o1", now=now)
    read: Callable[..., Awaitable[list[dict[str, str | int | None]]]] = appointment_rows

    async with database.read() as unit:
        for later, status in ((claim.ends_at - timedelta(seconds=1), "booked"), (claim.ends_at, "completed")):
            rows = await read(unit, ClaimFilter(), CLINIC.zone, status=None, now=later)
            assert [row["status"] for row in rows] == [status]
            assert len(await read(unit, ClaimFilter(), CLINIC.zone, status=status, now=later)) == 1
        assert await read(unit, ClaimFilter(), CLINIC.zone, status="booked", now=claim.ends_at) == []
        counts = await unit.sessions.slots(SlotFilter(slot="wang-20261124-0830-0900"))
    assert claim.state == ClaimState.HELD
    [row] = slot_rows(counts, CLINIC.zone, now=claim.ends_at)
    assert row["status"] == "past"


def test_who_changed_an_appointment_is_listed_by_its_number(zhenyue: CommandLine, days: tuple[date, date]) -> None:
    """R-A16."""
    assert days
    (first, _) = zhenyue("appointments", "--json", "--status", "booked").rows
    (entry,) = zhenyue("audit", "--appointment", str(first["number"]), "--json").rows
    assert (entry["actor_kind"], entry["actor"], entry["channel"]) == ("account", first["openid"], "wechat")
    assert (entry["action"], entry["entity"], entry["before"]) == ("booked", "appointment", None)
    after = entry["after"]
    assert isinstance(after, dict)
    assert (after["number"], after["slot"], after["state"]) == (first["number"], first["slot"], "booked")
