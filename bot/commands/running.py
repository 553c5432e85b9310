"""Commands that run the system or see to it: serve, worker, migrate, check."""

import logging
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from bot import texts
from bot.console import begin, say
from bot.settings import DatabaseSettings, Settings


def serve(
    *,
    worker: Annotated[bool, Parameter(help=texts.HELP_WORKER_OPTION)] = True,
    workers: Annotated[int, Parameter(help=texts.HELP_WORKERS_OPTION, validator=Number(gte=1, lte=64))] = 1,
) -> None:
    """Serve the webhook."""
    settings = begin(Settings, level=logging.INFO)
    if workers > 1:
        from bot.shared_figures import shared_figures

        with shared_figures():
            from bot.processes import serve_many

            serve_many(settings, workers=workers, with_worker=worker)
        return
    from bot.serve import serve as serve_one

    serve_one(settings, with_worker=worker)


def work() -> None:
    """Do the background work."""
    settings = begin(Settings, level=logging.INFO)
    from bot.serve import work as work_on

    work_on(settings)


async def migrate() -> None:
    """Bring the database to the current schema."""
    settings = begin(DatabaseSettings)
    from bot.connections import migrate_database

    before, after = await migrate_database(settings)
    say(
        texts.MIGRATED.format(before=before or "—", after=after)
        if before != after
        else texts.MIGRATED_ALREADY.format(after=after)
    )


async def check() -> int:
    """Verify settings, database, Redis, clock and credentials."""
    settings = begin(Settings)
    from bot.check import check_everything

    return await check_everything(settings, say)
