"""China's public holidays: from chinesecalendar as far as it knows, above it the table that staff keep.

A year's holidays are announced by the State Council late in the year before. Until the library has them, staff write
them into ``holidays.yaml`` in the data folder.
"""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from chinese_calendar import Holiday, get_holiday_detail

from booking.staff_refusals import CatalogueError
from bot import texts
from bot.catalogue_document import Document
from bot.catalogue_yaml import read_yaml

TABLE = "holidays.yaml"


def public_holidays(data_dir: Path) -> Callable[[date], str | None]:
    """Return what names a day's public holiday, None on other days, and raises ``LookupError`` for an unknown year.

    Raises ``CatalogueError`` when the staff's table cannot be understood, and ``OSError`` when it cannot be read.
    """
    path = data_dir / TABLE
    years = _read_table(path) if path.exists() else {}

    def name_of(day: date) -> str | None:
        own = years.get(day.year)
        return _announced(day) if own is None else own.get(day)

    return name_of


def _announced(day: date) -> str | None:
    try:
        free, name = get_holiday_detail(day)
    except NotImplementedError:
        raise LookupError(day.year) from None
    return str(Holiday(name).chinese) if free and name else None


def _read_table(path: Path) -> dict[int, Mapping[date, str]]:
    """Read ``2027: {2027-01-01: …}``: the public holidays of whole years."""
    document = read_yaml(path.read_bytes(), path.name)
    content = document.content if isinstance(document.content, dict) else {}
    if document.mistakes or (document.content is not None and not content):
        raise _wrong(document, ())
    return {_year(document, year): _days(document, year, days) for year, days in content.items()}


def _year(document: Document, year: str) -> int:
    if not (year.isascii() and year.isdigit()):
        raise _wrong(document, (year,))
    return int(year)


def _days(document: Document, year: str, days: object) -> Mapping[date, str]:
    if not isinstance(days, dict):
        raise _wrong(document, (year,))
    named: dict[date, str] = {}
    for text, name in days.items():
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise _wrong(document, (year, text)) from None
        if str(day.year) != year or not isinstance(name, str):
            raise _wrong(document, (year, text))
        named[day] = name
    return named


def _wrong(document: Document, where: tuple[str, ...]) -> CatalogueError:
    line = document.lines.get(where, "1")
    return CatalogueError([f"{document.name}:{line}: {texts.HOLIDAYS_WRONG}"])
