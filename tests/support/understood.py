"""The understanding of the sample clinic, as a patient meets it on Monday 2026-11-23 at ten."""

from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from booking.models import Catalogue
from bot.catalogue_file import SAMPLE, read_catalogue_file
from bot.holidays import public_holidays
from bot.language_tables import language_tables
from handlers.understanding.engine import Understanding
from handlers.understanding.reading import Reading

ZONE = ZoneInfo("Asia/Shanghai")
BOOK = "挂口腔科"
"""Makes a wish of a bare day."""
MONDAY = datetime(2026, 11, 23, 10, tzinfo=ZONE)
WANTED = ("intent", "department", "doctor", "date", "until", "part", "time", "until_time", "patient", "onward", "from")


@cache
def sample_catalogue() -> Catalogue:
    return catalogue_in(SAMPLE)


def catalogue_in(file: Path) -> Catalogue:
    """Return a file's catalogue as it is when loaded first."""
    values = read_catalogue_file(file, default_timezone="Asia/Shanghai").values
    departments = {department.code: department for department in values.departments}
    return Catalogue(values.clinic, departments, {doctor.code: doctor for doctor in values.doctors}, version=1)


@cache
def sample_understanding() -> Understanding:
    return Understanding(sample_catalogue(), language_tables(), public_holidays(Path("/nonexistent")))


def understood(text: str, at: datetime = MONDAY) -> Reading:
    """Read a sentence on the sample clinic."""
    return sample_understanding().read(text, at)


def said(text: str, at: datetime = MONDAY) -> dict[str, object]:
    """Return what a sentence says, without its intent and what is empty."""
    row = understood(text, at).as_row(text)
    return {key: row[key] for key in WANTED if key in row and key != "intent"}


def when(text: str, at: datetime | None = None) -> dict[str, object]:
    """What a sentence says of when."""
    row = said(text, at) if at else said(text)
    return {key: value for key, value in row.items() if key not in {"department", "doctor"}}


def moment(text: str) -> datetime:
    """A moment of the clinic's time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)
