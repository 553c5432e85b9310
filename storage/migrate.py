"""Bringing the database to the current schema, from the first table on, on SQLite and PostgreSQL alike."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from storage.connection import SqlConnection
from storage.database import SqlDatabase

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
        await unit.connection.run_sync(_upgrade)
    return before, newest_revision()


async def revision(database: SqlDatabase) -> str | None:
    """Return the database's revision, None before the first migration; raises ``Unavailable``."""
    async with database.read() as unit:
        return await unit.connection.run_sync(_revision)


def newest_revision() -> str:
    """Return the revision this code needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("no migrations are packaged")
    return head


def knows(wanted: str) -> bool:
    """Tell whether a revision is one of this code's."""
    return wanted in _revisions()


async def bring_to(connection: SqlConnection, wanted: str) -> None:
    """Bring the schema to a revision this code knows, forward or back, within the transaction at hand."""
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
    """Return all revisions, the first one first."""
    script = ScriptDirectory.from_config(_config())
    return [each.revision for each in script.walk_revisions()][::-1]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
