"""What is due by the clinic's clock: publishing and reminders, and alerts to the desk.

Publishing is done once a day at the policy's time, and once for each version of the catalogue, so that what ``load``
changed appears without anybody's ``publish``. Whatever was missed while no worker ran is made up once, by the first
that comes.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from booking.alerts import Alerts
from booking.current import CurrentCatalogue
from booking.errors import NoCatalogue
from booking.models import Catalogue
from booking.once import Once, last_due
from booking.ports import Database
from booking.reminders import Reminders
from bot.daily_publishing import DailyPublishing
from bot.metrics import Metrics
from bot.worker import Job

LOOK_EVERY = 20
"""Seconds between two looks whether something is due."""
SOON_EVERY = 60
CATALOGUE_EVERY = 600
"""Seconds; who loads a catalogue has so long to think better of it."""


class TimedJobs:
    """Jobs that look at the clock; any number of workers may have them."""

    def __init__(
        self,
        database: Database,
        current: CurrentCatalogue,
        publishing: DailyPublishing,
        *,
        now: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._current = current
        self._publishing = publishing
        self._reminders = Reminders(database, current)
        self._alerts = Alerts(database)
        self._once = Once(database, metrics.late)
        self._now = now

    def jobs(self) -> list[Job]:
        """Return the jobs."""
        return [
            Job("publish", LOOK_EVERY, self.publish),
            Job("publish_catalogue", CATALOGUE_EVERY, self.publish_catalogue),
            Job("remind_day", LOOK_EVERY, self.remind_day),
            Job("remind_soon", SOON_EVERY, self.remind_soon),
            Job("alerts", LOOK_EVERY, self.alert),
        ]

    async def publish(self) -> None:
        """Publish at the day's time; without a catalogue nothing is due."""
        catalogue = await self._catalogue()
        if catalogue is not None:
            now = self._now()
            due = last_due(catalogue.clinic.policy.publish_at, catalogue.clinic.zone, now=now)
            await self._once.at("publish", due, self._publishing.publish, now=now)

    async def publish_catalogue(self) -> None:
        """Publish what a new catalogue asks for."""
        catalogue = await self._catalogue()
        if catalogue is not None:
            version = f"{catalogue.version:012}"
            await self._once.run("publish_catalogue", version, self._publishing.publish, now=self._now())

    async def remind_day(self) -> None:
        """Remind those who come tomorrow, at the day's time."""
        catalogue = await self._catalogue()
        if catalogue is None:
            return
        now = self._now()
        due = last_due(catalogue.clinic.policy.remind_at, catalogue.clinic.zone, now=now)

        def remind() -> Awaitable[int]:
            return self._reminders.remind_day(due, now=now)

        await self._once.at("remind_day", due, remind, now=now)

    async def remind_soon(self) -> None:
        """Remind those whose visit begins soon."""
        await self._reminders.remind_soon(now=self._now())

    async def alert(self) -> None:
        """Tell the desk whom to call."""
        await self._alerts.write(now=self._now())

    async def _catalogue(self) -> Catalogue | None:
        try:
            return await self._current.get()
        except NoCatalogue:
            return None
