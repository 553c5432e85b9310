"""``zhenyue understand``: how the bot reads a sentence, for staff who wonder and for tests."""

import sys
from typing import Annotated

from cyclopts import Parameter

from booking.models import Catalogue
from booking.rules import clinic_day
from booking.staff_refusals import CatalogueError
from bot import texts_understanding as texts
from bot.commands.listing import Json, catalogue_of, now_of
from bot.connections import open_database
from bot.console import begin
from bot.holidays import public_holidays
from bot.language_tables import language_tables
from bot.moments import read_moment
from bot.settings import ConfigurationError, DatabaseSettings
from bot.tables import print_array
from handlers.understanding.engine import Understanding

REFUSED = 1
STANDARD_INPUT = "-"


async def understand(
    text: Annotated[str, Parameter(help=texts.OPTION_TEXT, allow_leading_hyphen=True)],
    /,
    *,
    at: Annotated[str | None, Parameter(help=texts.OPTION_AT)] = None,
    json: Json = True,  # noqa: ARG001  # a listing command takes it; the answer is JSON always
) -> int:
    """Print how sentences are read on the loaded catalogue, one JSON object each."""
    settings = begin(DatabaseSettings)
    async with open_database(settings) as database:
        catalogue = await catalogue_of(database)
        if catalogue is None:
            return REFUSED
        now = await now_of(database)
    day = clinic_day(catalogue, now)
    moment = read_moment("--at", at, catalogue.clinic.zone, now=now, day=day) or now
    understanding = _built(catalogue, settings)
    print_array([understanding.read(sentence, moment).as_row(sentence) for sentence in _sentences(text)])
    return 0


def _built(catalogue: Catalogue, settings: DatabaseSettings) -> Understanding:
    try:
        return Understanding(catalogue, language_tables(settings.data_dir), public_holidays(settings.data_dir))
    except CatalogueError as error:
        raise ConfigurationError(*error.problems) from None


def _sentences(text: str) -> list[str]:
    """Return the sentence, or those on standard input: one a line, empty ones too, so that each answer has its line."""
    if text != STANDARD_INPUT:
        return [text]
    return sys.stdin.buffer.read().decode("utf-8", "replace").removeprefix("\ufeff").splitlines()
