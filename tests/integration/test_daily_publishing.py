"""Publishing in the background (R-A7): what is due appears, and staff are told once what they must decide."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import CapturingLogger

from booking.appointments import Appointments, Wish
from booking.catalogue_loading import CatalogueLoading
from booking.ports import SlotFilter
from booking.seats import Seats
from bot.daily_publishing import DailyPublishing
from storage.clock import DatabaseClock
from storage.database import SqlDatabase
from tests.support.catalogues import catalogue_of
from tests.support.clinic import add_patient


class _Clock(DatabaseClock):
    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    """What is logged."""
    capturing = CapturingLogger()
    monkeypatch.setattr("bot.daily_publishing.log", capturing)
    return capturing


def events(log: CapturingLogger) -> list[str]:
    """What was logged since the last look."""
    seen = [call.args[0] for call in log.calls]
    log.calls.clear()
    return seen


async def test_every_day_brings_its_sessions_and_staff_hear_once_what_differs(
    database: SqlDatabase,
    seats: Seats,
    appointments: Appointments,
    now: datetime,
    tmp_path: Path,
    log: CapturingLogger,
) -> None:
    daily = DailyPublishing(database, seats, _Clock(now), tmp_path)
    await daily.publish()
    assert events(log) == []

    await CatalogueLoading(database).load(catalogue_of(), now=now)
    await daily.publish()
    await daily.publish()
    assert events(log) == ["published"]

    async with database.read() as unit:
        first = (await unit.sessions.slots(SlotFilter(first_day=now.date() + timedelta(days=1))))[0]
    patient = await add_patient(database, "张三", openid="o1", now=now)
    held = await appointments.hold(Wish(first.slot.id, patient.id, "o1", "wechat", "m1"), now=now)
    await appointments.confirm(held.id, openid="o1", now=now)
    await CatalogueLoading(database).load(replace(catalogue_of(), rosters=()), now=now)
    await daily.publish()
    await daily.publish()
    told = [call.kwargs for call in log.calls if call.args[0] == "publishing_needs_staff"]
    assert [line["differ_from_rosters"] for line in told] == [[first.session.id]]


async def test_a_broken_holiday_table_stops_no_publishing(
    database: SqlDatabase, seats: Seats, now: datetime, tmp_path: Path, log: CapturingLogger
) -> None:
    (tmp_path / "holidays.yaml").write_text("- 坏了: [", encoding="utf-8")
    await CatalogueLoading(database).load(catalogue_of(), now=now)
    await DailyPublishing(database, seats, _Clock(now), tmp_path).publish()
    assert events(log) == ["holidays_unreadable", "published"]
