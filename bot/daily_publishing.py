"""Publishing in the background: what is due every day, and a log line for what staff should decide about."""

from pathlib import Path

import structlog

from booking.errors import NoCatalogue
from booking.ports import Database
from booking.publishing import Holidays, Publishing, PublishReport
from booking.seats import Seats
from booking.staff_refusals import CatalogueError
from bot.holidays import public_holidays
from storage.clock import DatabaseClock

log = structlog.get_logger()


class DailyPublishing:
    """What the job ``publish`` does. It says what it did, and what needs staff only when that has changed."""

    def __init__(self, database: Database, seats: Seats, clock: DatabaseClock, data_dir: Path) -> None:
        self._database = database
        self._seats = seats
        self._clock = clock
        self._data_dir = data_dir
        self._told: object = None

    async def publish(self) -> None:
        """Publish what is due; without a catalogue nothing is. Raises ``Unavailable``."""
        publishing = Publishing(self._database, self._seats, self._holidays())
        try:
            report = await publishing.publish(now=self._clock.now())
        except NoCatalogue:
            return
        self._tell(report)

    def _holidays(self) -> Holidays | None:
        try:
            return public_holidays(self._data_dir)
        except (CatalogueError, OSError) as error:
            log.warning("holidays_unreadable", problem=str(error))
            return None

    def _tell(self, report: PublishReport) -> None:
        changed = {action: len(report.having(action)) for action in ("create", "close", "reopen", "revise")}
        if any(changed.values()):
            log.info("published", until=report.last_day.isoformat(), **changed)
        kept = sorted(verdict.subject.session.id for verdict in report.having("keep", "blocked"))
        holidays = [day.isoformat() for day, _ in report.holidays]
        if (kept or holidays) and (kept, holidays) != self._told:
            log.warning("publishing_needs_staff", differ_from_rosters=kept, unmentioned_holidays=holidays)
        self._told = (kept, holidays)
