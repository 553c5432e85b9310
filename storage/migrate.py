"""Bringing the database to the current schema, from the first table on, on SQLite and PostgreSQL alike.

Alembic is imported only where it works: it takes a quarter of a second, which no command should wait for.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, inspect, select, table, text

from storage.connection import SqlConnection
from storage.database import SqlDatabase

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = table("alembic_version", column("version_num"))

ONE_AT_A_TIME = 724_001
"""PostgreSQL's advisory lock while migrating; SQLite's writer is alone anyway."""


async def migrate(database: SqlDatabase) -> tuple[str | None, str]:
    """Bring the schema to the newest revision; safe when several processes try at once.

    Returns the revision before and after. Raises ``Unavailable``.
    """
    async with database.begin() as unit:
        if unit.connection.dialect.name == "postgresql":
            await unit.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
        before = await unit.connection.run_sync(_revision)
        if before != newest_revision():
            await bring_to(unit.connection, newest_revision())
    return before, newest_revision()


async def revision(database: SqlDatabase) -> str | None:
    """Return the database's revision, None before the first migration; raises ``Unavailable``."""
    async with database.read() as unit:
        return await unit.connection.run_sync(_revision)


def newest_revision() -> str:
    """Return the revision this code needs."""
    return _revisions()[-1]


def knows(wanted: str) -> bool:
    """Tell whether a revision is one of this code's."""
    return wanted in _revisions()


async def bring_to(connection: SqlConnection, wanted: str) -> None:
    """Bring the schema to a revision this code knows, forward or back, within the transaction at hand."""
    from alembic import command

    known = _revisions()

    def move(on: Connection) -> None:
        found = _revision(on)
        config = _config()
        config.attributes["connection"] = on
        if found is not None and known.index(found) > known.index(wanted):
            command.downgrade(config, wanted)
        else:
            command.upgrade(config, wanted)

    await connection.run_sync(move)


def _revisions() -> list[str]:
    """Return all revisions, the first one first: their files are numbered."""
    return sorted(file.name.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION.name):
        return None
    return connection.execute(select(_VERSION.c.version_num)).scalar()
