"""Publishing in the background (R-A7): what is due appears, and staff are told once what they must decide."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from structlog.testing import capture_logs

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


async def test_every_day_brings_its_sessions_and_staff_hear_once_what_differs(
    database: SqlDatabase, seats: Seats, appointments: Appointments, now: datetime, tmp_path: Path
) -> None:
    daily = DailyPublishing(database, seats, _Clock(now), tmp_path)
    with capture_logs() as logs:
        await daily.publish()
    assert logs == []

    await CatalogueLoading(database).load(catalogue_of(), now=now)
    with capture_logs() as logs:
        await daily.publish()
        await daily.publish()
    assert [line["event"] for line in logs] == ["published"]

    async with database.read() as unit:
        first = (await unit.sessions.slots(SlotFilter(first_day=now.date() + timedelta(days=1))))[0]
    patient = await add_patient(database, "张三", openid="o1", now=now)
    held = await appointments.hold(Wish(first.slot.id, patient.id, "o1", "wechat", "m1"), now=now)
    await appointments.confirm(held.id, openid="o1", now=now)
    values = catalogue_of()
    await CatalogueLoading(database).load(replace(values, rosters=()), now=now)
    with capture_logs() as logs:
        await daily.publish()
        await daily.publish()
    told = [line for line in logs if line["event"] == "publishing_needs_staff"]
    assert [line["differ_from_rosters"] for line in told] == [[first.session.id]]


async def test_a_broken_holiday_table_stops_no_publishing(
    database: SqlDatabase, seats: Seats, now: datetime, tmp_path: Path
) -> None:
    (tmp_path / "holidays.yaml").write_text("- 坏了: [", encoding="utf-8")
    await CatalogueLoading(database).load(catalogue_of(), now=now)
    with capture_logs() as logs:
        await DailyPublishing(database, seats, _Clock(now), tmp_path).publish()
    assert {line["event"] for line in logs} == {"holidays_unreadable", "published"}
