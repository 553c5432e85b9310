"""``zhenyue adjust``: changes of a published session, and whom they reach."""

import re
from datetime import time
from typing import Annotated

from cyclopts import Parameter

from booking.adjustment_models import Adjustment
from booking.adjustments import Adjustments
from booking.errors import NoCatalogue
from booking.seats import Seats
from booking.staff_refusals import CannotAdjust
from bot import texts, texts_adjust
from bot.adjustment_words import problem_line, report_lines, report_row, warning_lines
from bot.connections import open_database, open_redis, prepare
from bot.console import begin, complain, say
from bot.embedded import shared_ground
from bot.loop import run
from bot.metrics import Metrics
from bot.operator import operator
from bot.options import check_range
from bot.settings import ConfigurationError, RecordSettings
from bot.tables import print_array
from storage.clock import DatabaseClock
from storage.pool import RedisPool

REFUSED = 1
MAX_CAPACITY = 1000
CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}")
HELP = texts_adjust.HELP_OPTIONS


def adjust(
    session: Annotated[str, Parameter(help=HELP["session"])],
    /,
    *,
    room: Annotated[str | None, Parameter(help=HELP["room"])] = None,
    start: Annotated[str | None, Parameter(help=HELP["start"])] = None,
    doctor: Annotated[str | None, Parameter(help=HELP["doctor"])] = None,
    capacity: Annotated[int | None, Parameter(help=HELP["capacity"])] = None,
    to_roster: Annotated[bool, Parameter(help=HELP["to_roster"], negative="")] = False,
    reason: Annotated[str, Parameter(help=HELP["reason"])] = "",
    preview: Annotated[bool, Parameter(help=HELP["preview"], negative="")] = False,
    json: Annotated[bool, Parameter(help=texts.OPTION_JSON, negative="")] = False,
) -> int:
    """Change a published session and tell those booked in it."""
    settings = begin(RecordSettings)
    wish = Adjustment(session, room, _read_time(start), doctor, capacity, to_roster, reason)
    given = any(value is not None for value in (room, start, doctor, capacity))
    if given is to_roster:
        raise ConfigurationError(texts_adjust.BOTH if given else texts_adjust.NOTHING)
    if room is not None and not room.strip():
        raise ConfigurationError(texts_adjust.NO_ROOM_NAMED)
    if capacity != 0:  # a wish that is understood, and refused with what does it
        check_range("--capacity", capacity, 1, MAX_CAPACITY)
    with shared_ground(settings) as ground:
        return run(_adjust(settings, ground.redis_url, wish, preview=preview, as_json=json))


async def _adjust(settings: RecordSettings, redis_url: str, wish: Adjustment, *, preview: bool, as_json: bool) -> int:
    await prepare(settings, None)
    async with open_database(settings) as database, open_redis(redis_url) as redis:
        clock = DatabaseClock(database)
        await clock.read()
        seats = Seats(database, RedisPool(redis), Metrics())
        adjustments = Adjustments(database, seats, sms=settings.sms_file is not None)
        try:
            async with database.read() as unit:
                zone = (await unit.catalogue.load()).clinic.zone
            if preview:
                report = await adjustments.preview(wish, now=clock.now())
            else:
                report = await adjustments.apply(wish, by=operator(), now=clock.now())
        except NoCatalogue:
            complain(texts.NO_CATALOGUE)
            return REFUSED
        except CannotAdjust as error:
            complain(problem_line(error))
            return REFUSED
    if as_json:
        print_array([report_row(report, zone)])
    for line in [] if as_json else report_lines(report, zone, preview=preview):
        say(line)
    for line in warning_lines(report, preview=preview):
        complain(line)
    return 0


def _read_time(value: str | None) -> time | None:
    """Read a time of day; raises ``ConfigurationError``."""
    if value is None:
        return None
    hours, _, minutes = value.partition(":")
    try:
        return time(int(hours), int(minutes)) if CLOCK.fullmatch(value) else time.fromisoformat("")
    except ValueError:
        raise ConfigurationError(texts_adjust.BAD_TIME.format(value=value)) from None
