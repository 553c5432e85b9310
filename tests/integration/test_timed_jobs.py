"""What is due by the clinic's clock is done by any worker, once (R-A7, R-B3)."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from booking.catalogue_loading import CatalogueLoading
from booking.current import CurrentCatalogue
from booking.notices import NoticeKind
from booking.ports import SlotFilter
from booking.seats import Seats
from bot.daily_publishing import DailyPublishing
from bot.metrics import Metrics
from bot.timed_jobs import TimedJobs
from storage.clock import DatabaseClock
from storage.database import SqlDatabase
from tests.support.catalogues import AFTERNOON, catalogue_of
from tests.support.notices import notice


class Moment(DatabaseClock):
    """A clock that is set."""

    def __init__(self, now: datetime) -> None:
        self.set = now

    def now(self) -> datetime:
        """Return what was set."""
        return self.set


class Worker:
    """A worker with a clock of its own."""

    def __init__(self, database: SqlDatabase, seats: Seats, now: datetime, folder: Path) -> None:
        self.clock = Moment(now)
        self.metrics = Metrics()
        self.published = 0
        self.current = CurrentCatalogue(database)
        self.jobs = TimedJobs(database, self.current, self, now=self.clock.now, metrics=self.metrics)
        self._publishing = DailyPublishing(database, seats, self.clock, folder)

    async def publish(self) -> None:
        """Publish as the bot does, and count it."""
        self.published += 1
        await self._publishing.publish()

    def shows(self, line: str) -> bool:
        """Whether a figure is shown."""
        return line in self.metrics.exposed().decode()


@pytest.fixture
def worker(database: SqlDatabase, seats: Seats, now: datetime, tmp_path: Path) -> Worker:
    """A worker at 09:00."""
    return Worker(database, seats, now, tmp_path)


async def days(database: SqlDatabase) -> int:
    """How many days have slots."""
    async with database.read() as unit:
        return len({count.session.date for count in await unit.sessions.slots(SlotFilter())})


async def test_without_a_catalogue_nothing_is_due(worker: Worker) -> None:
    for job in worker.jobs.jobs():
        await job.run()
    assert worker.published == 0


async def test_publishing_is_done_once_a_day_at_its_time(
    worker: Worker, database: SqlDatabase, seats: Seats, now: datetime, tmp_path: Path
) -> None:
    await CatalogueLoading(database).load(catalogue_of(), now=now)
    await worker.jobs.publish()
    first, done = await days(database), worker.published
    assert first > 0
    other = Worker(database, seats, now, tmp_path)
    midnight = now + timedelta(hours=15)
    for clock in (worker.clock, other.clock):
        clock.set = midnight + timedelta(minutes=29)
    await worker.jobs.publish()
    assert worker.published == done
    for clock in (worker.clock, other.clock):
        clock.set = midnight + timedelta(minutes=31)
    for each in (worker, other, worker):
        await each.jobs.publish()
    assert worker.published + other.published == done + 1
    assert worker.shows('zhenyue_due_lag_seconds{job="publish"} 60.0')


async def test_a_new_catalogue_is_published_once(
    worker: Worker, database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.current.LOOK_AGAIN_AFTER", 0)
    await CatalogueLoading(database).load(catalogue_of(), now=now)
    await worker.jobs.publish_catalogue()
    done = worker.published
    await CatalogueLoading(database).load(catalogue_of([AFTERNOON]), now=now)
    for _ in range(2):
        await worker.jobs.publish_catalogue()
    assert worker.published == done + 1


async def test_reminders_and_alerts_are_looked_for(worker: Worker, database: SqlDatabase, now: datetime) -> None:
    await CatalogueLoading(database).load(catalogue_of(), now=now)
    async with database.begin() as unit:
        await unit.notices.add([notice(NoticeKind.STOPPED, now=now)])
    for job in worker.jobs.jobs():
        await job.run()
    assert worker.shows('zhenyue_due_lag_seconds{job="remind_day"} 54000.0')
