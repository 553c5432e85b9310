"""Commands on the clinic's own data: load, publish."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from booking.catalogue_loading import CatalogueLoading, LoadReport
from booking.errors import NoCatalogue, Unavailable
from booking.publishing import Publishing, PublishReport
from booking.rules import clinic_day
from booking.seats import Seats
from booking.staff_refusals import CatalogueError, RetirementRefused
from bot import texts, texts_adjust
from bot.adjustment_words import sitting_line
from bot.catalogue_file import CatalogueFile, read_catalogue_file
from bot.catalogue_words import change_lines, counted, refusal_lines
from bot.connections import open_database, open_redis, prepare, reason
from bot.console import begin, complain, say
from bot.embedded import shared_ground
from bot.holidays import TABLE, public_holidays
from bot.metrics import Metrics
from bot.operator import operator
from bot.options import check_range, read_day
from bot.publishing_words import figures, session_rows, summary, verdict_line, warnings
from bot.settings import ConfigurationError, DatabaseSettings
from bot.tables import print_array, print_table
from storage.clock import DatabaseClock
from storage.pool import RedisPool

REFUSED = 1
MAX_DAYS = 366


async def load(
    file: Annotated[Path, Parameter(help=texts.OPTION_FILE)],
    /,
    *,
    preview: Annotated[bool, Parameter(help=texts_adjust.LOAD_PREVIEW, negative="")] = False,
) -> int:
    """Load or update the clinic catalogue, all of it or nothing."""
    settings = begin(DatabaseSettings)
    try:
        catalogue = _read(file, settings)
    except CatalogueError as error:
        for line in error.problems:
            complain(line)
        complain(texts.LOAD_REFUSED.format(path=file.name, count=len(error.problems)))
        return REFUSED
    for line in catalogue.remarks:
        complain(texts.LOAD_REMARK.format(line=line))
    await prepare(settings, None)
    async with open_database(settings) as database:
        clock = DatabaseClock(database)
        await clock.read()
        try:
            loading = CatalogueLoading(database)
            if preview:
                report = await loading.preview(catalogue.values, now=clock.now())
            else:
                report = await loading.load(catalogue.values, now=clock.now(), by=operator())
        except RetirementRefused as refused:
            end = texts_adjust.LOAD_WOULD_REFUSE if preview else texts.LOAD_STILL_BOOKED
            for line in [*refusal_lines(refused), end]:
                complain(line)
            return REFUSED
        except Unavailable as error:
            complain(texts.LOAD_FAILED.format(problem=reason(error)))
            return REFUSED
    _tell_load(report, file.name, preview=preview)
    return 0


def publish(
    *,
    days: Annotated[int | None, Parameter(help=texts.OPTION_DAYS)] = None,
    date: Annotated[str | None, Parameter(help=texts.OPTION_PUBLISH_DATE)] = None,
    json: Annotated[bool, Parameter(help=texts.OPTION_JSON, negative="")] = False,
) -> int:
    """Create the sessions and slots due from the rosters."""
    settings = begin(DatabaseSettings)
    check_range("--days", days, 0, MAX_DAYS)
    read_day("--date", date)
    with shared_ground(settings) as ground:
        return asyncio.run(_publish(settings, ground.redis_url, days=days, date=date, as_json=json))


def _read(file: Path, settings: DatabaseSettings) -> CatalogueFile:
    """Read the file; raises ``ConfigurationError`` when there is none to read."""
    try:
        return read_catalogue_file(file, default_timezone=settings.timezone.key)
    except FileNotFoundError:
        raise ConfigurationError(texts.LOAD_NO_FILE.format(path=file)) from None
    except OSError as error:
        raise ConfigurationError(texts.LOAD_UNREADABLE.format(path=file, problem=error.strerror)) from None


def _tell_load(report: LoadReport, name: str, *, preview: bool) -> None:
    if not report.changes:
        say(texts.LOAD_SAME.format(version=report.version))
        return
    done = texts_adjust.LOAD_WOULD if preview else texts.LOAD_DONE
    say(done.format(path=name, version=report.version, counts=counted(report.changes)))
    for change in report.changes:
        for line in change_lines(change):
            say(line)
    _tell_published(report, preview=preview)
    if not preview:
        say(texts.LOAD_NEXT)


def _tell_published(report: LoadReport, *, preview: bool) -> None:
    """Tell what becomes of published sessions, and how many people sit in those that staff must decide on."""
    if report.closed:
        say((texts_adjust.LOAD_WOULD_CLOSE if preview else texts.LOAD_CLOSED).format(count=len(report.closed)))
    if report.published:
        head = texts_adjust.LOAD_WOULD_PUBLISH if preview else texts.LOAD_PUBLISHED
        say(head.format(count=len(report.published)))
        for verdict in report.published:
            say(verdict_line(verdict))
    sitting = sitting_line(report.published)
    if sitting:
        say(sitting)


async def _publish(
    settings: DatabaseSettings, redis_url: str, *, days: int | None, date: str | None, as_json: bool
) -> int:
    await prepare(settings, None)
    async with open_database(settings) as database, open_redis(redis_url) as redis:
        clock = DatabaseClock(database)
        await clock.read()
        now = clock.now()
        try:
            async with database.read() as unit:
                catalogue = await unit.catalogue.load()
            holidays = public_holidays(settings.data_dir)
        except NoCatalogue:
            complain(texts.NO_CATALOGUE)
            return REFUSED
        except CatalogueError as error:
            raise ConfigurationError(*error.problems) from None
        first_day, today = read_day("--date", date), clinic_day(catalogue, now)
        if first_day is not None and first_day < today:
            raise ConfigurationError(texts.OPTION_PAST_DATE.format(option="--date", value=first_day, today=today))
        seats = Seats(database, RedisPool(redis), Metrics())
        report = await Publishing(database, seats, holidays).publish(
            now=now, days=days, first_day=first_day, by=operator()
        )
    if as_json:
        print_array(session_rows(report, catalogue.clinic.zone))
    _tell_publish(report, settings, as_json=as_json)
    return 0


def _tell_publish(report: PublishReport, settings: DatabaseSettings, *, as_json: bool) -> None:
    if not as_json:
        print_table(texts.PUBLISH_COLUMNS, figures(report))
        say(summary(report))
    for line in warnings(report, str(settings.data_dir / TABLE)):
        complain(line)
