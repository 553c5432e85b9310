"""Moments on the command line: a day, a time of day, both, or ``now``; without an offset the clinic's (contract)."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot import texts_stoppages
from bot.settings import ConfigurationError

NOW = "now"
_CLOCK = re.compile(r"\d{1,2}:\d{2}")


def read_moment(
    option: str, value: str | None, zone: ZoneInfo, *, now: datetime, day: date, end: bool = False
) -> datetime | None:
    """Read a moment; a time alone is on ``day``, a day alone is its beginning, or with ``end`` its end.

    Raises ``ConfigurationError``.
    """
    if value is None:
        return None
    if value == NOW:
        return now
    try:
        return _moment(value.strip(), zone, day=day, end=end).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConfigurationError(texts_stoppages.BAD_MOMENT.format(option=option, value=value)) from None


def _moment(value: str, zone: ZoneInfo, *, day: date, end: bool) -> datetime:
    if _CLOCK.fullmatch(value):
        hour, minute = map(int, value.split(":"))
        return datetime.combine(day, time(hour, minute), zone)
    if len(value) <= len("2026-11-23"):
        whole = date.fromisoformat(value)
        return datetime.combine(whole + timedelta(days=1) if end else whole, time(), zone)
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
