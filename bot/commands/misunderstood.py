"""``zhenyue misunderstood``: what patients wrote that the bot did not understand."""

from bot import texts_understanding as texts
from bot.commands.listing import REFUSED, Json, catalogue_of
from bot.connections import open_database
from bot.console import begin
from bot.settings import DatabaseSettings
from bot.tables import print_array, print_table


async def misunderstood(*, json: Json = False) -> int:
    """List what was not understood in the last 90 days, masked, the most frequent first."""
    settings = begin(DatabaseSettings)
    async with open_database(settings) as database:
        catalogue = await catalogue_of(database)
        if catalogue is None:
            return REFUSED
        async with database.read() as unit:
            found = await unit.misunderstood.all()
    zone = catalogue.clinic.zone
    rows = [
        {
            "said": one.said,
            "asked": one.asked or None,
            "times": one.times,
            "first_at": one.first_at.astimezone(zone).isoformat(timespec="seconds"),
            "last_at": one.last_at.astimezone(zone).isoformat(timespec="seconds"),
        }
        for one in found
    ]
    if json:
        print_array(rows)
    else:
        print_table(list(texts.COLUMNS.values()), [[row[name] for name in texts.COLUMNS] for row in rows])
    return 0
