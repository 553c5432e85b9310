"""Values of command line options; each mistake is one line that says how to mend it, and exit status 2."""

import re
from collections.abc import Iterable
from datetime import date

from booking.catalogue_fields import nearest
from bot import texts
from bot.settings import ConfigurationError

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_day(option: str, value: str | None) -> date | None:
    """Read a day; raises ``ConfigurationError``."""
    if value is None:
        return None
    try:
        return date.fromisoformat(value if DAY.fullmatch(value) else "")
    except ValueError:
        raise ConfigurationError(texts.OPTION_BAD_DATE.format(option=option, value=value)) from None


def check_known(option: str, value: str | None, known: Iterable[str]) -> None:
    """Check that a value is one of those known; raises ``ConfigurationError`` with the nearest one."""
    names = list(known)
    if value is None or value in names:
        return
    line = texts.OPTION_UNKNOWN.format(option=option, value=value, known=" ".join(names))
    near = nearest(value, names)
    raise ConfigurationError(line + (texts.CATALOGUE_NEAR.format(near=near) if near else ""))


def check_range(option: str, value: int | None, low: int, high: int) -> None:
    """Check a number; raises ``ConfigurationError``."""
    if value is not None and not low <= value <= high:
        raise ConfigurationError(texts.OPTION_OUT_OF_RANGE.format(option=option, low=low, high=high))
