"""``zhenyue reseal``: seals everything under the current secret key at once, while serving (R-C7)."""

from bot import texts_reseal
from bot.connections import keys_in_use, make_sealer, open_database, prepare
from bot.console import begin, complain, say
from bot.settings import RecordSettings
from storage.database import SqlDatabase

REFUSED = 1
BATCH = 200
"""Rows a transaction: nobody waits for one longer than for a registration."""
TOLD_EVERY = 10_000


async def reseal() -> int:
    """Seal anew whatever a previous key still seals; the background work does the same, more slowly."""
    settings = begin(RecordSettings)
    await prepare(settings, None)
    async with open_database(settings) as database:
        count = await _reseal_all(database)
        left = await keys_in_use(database) - {make_sealer(settings).key_id}
    if left:
        complain(texts_reseal.STILL_WRITTEN.format(keys="、".join(sorted(left))))
        return REFUSED
    say(texts_reseal.DONE.format(count=count))
    say(texts_reseal.NOT_NEEDED if settings.secret_key_previous is None else texts_reseal.MAY_GO)
    return 0


async def _reseal_all(database: SqlDatabase) -> int:
    count = told = 0
    while True:
        async with database.begin() as unit:
            sealed = await unit.patients.reseal(limit=BATCH)
        if not sealed:
            return count
        count += sealed
        if count - told >= TOLD_EVERY:
            told = count
            complain(texts_reseal.SO_FAR.format(count=count))
