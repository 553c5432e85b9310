"""``zhenyue backup`` and ``zhenyue restore``: the whole database as one encrypted file, and the way back (R-B12)."""

import contextlib
import os
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

from cyclopts import Parameter
from redis.exceptions import RedisError

from booking.audit import Entry, Facts
from booking.audit_chain import Verdict
from booking.errors import Unavailable
from booking.seats import Seats
from bot import texts, texts_backup
from bot.connections import open_database, open_redis, prepare, reach_database, redis_problem, shown
from bot.console import begin, complain, say
from bot.embedded import database_inside, shared_ground
from bot.loop import run
from bot.metrics import Metrics
from bot.operator import operator
from bot.settings import ConfigurationError, RecordSettings
from storage.backup_format import Made, Sum
from storage.backups import BackupUnfit, read_backup, restore_backup, write_backup
from storage.clock import DatabaseClock
from storage.database import SqlDatabase
from storage.migrate import revision
from storage.pool import RedisPool
from storage.sealed_stream import StreamBroken
from storage.sealing import key_id_of

REFUSED = 1


def backup(file: Annotated[Path, Parameter(help=texts_backup.ARGUMENT_TARGET)], /) -> int:
    """Write an encrypted copy of the database while it serves."""
    settings = begin(RecordSettings)
    if file.exists():
        complain(texts_backup.EXISTS.format(path=file))
        return REFUSED
    if not file.parent.is_dir():
        raise ConfigurationError(texts_backup.NO_FOLDER.format(path=file, folder=file.parent))
    started = time.monotonic()
    try:
        found = run(_backup(settings, file))
    except OSError as error:
        raise ConfigurationError(texts_backup.CANNOT_WRITE.format(path=file, problem=error.strerror)) from None
    seconds = time.monotonic() - started
    say(texts_backup.BACKED_UP.format(path=file, rows=found.total, size=file.stat().st_size, seconds=seconds))
    say(texts_backup.CHAIN.format(links=found.links, head=found.head))
    say(texts_backup.KEEP_KEY.format(key=key_id_of(settings.secret_keys[0]).hex()))
    return 0


def restore(
    file: Annotated[Path, Parameter(help=texts_backup.ARGUMENT_SOURCE)],
    /,
    *,
    check: Annotated[bool, Parameter(help=texts_backup.OPTION_CHECK, negative="")] = False,
) -> int:
    """Fill an empty database from a backup, or only look whether that would be possible."""
    settings = begin(RecordSettings)
    try:
        with file.open("rb") as source:
            if check:
                made, found = read_backup(source, secrets=settings.secret_keys)
                _tell_sound(settings, made, found)
                return 0
            with shared_ground(settings) as ground:
                return run(_restore(settings, source, file, ground.redis_url))
    except StreamBroken as error:
        complain(texts_backup.FLAWS[error.flaw].format(path=file, key=error.key))
    except BackupUnfit as error:
        where, names = shown(settings.database_url), "、".join(error.names)
        complain(_unfit(error, settings).format(path=file, where=where, names=names))
    except FileNotFoundError:
        complain(texts_backup.NO_FILE.format(path=file))
    except OSError as error:
        complain(texts_backup.UNREADABLE.format(path=file, problem=error.strerror))
    if not check:
        complain(texts_backup.UNTOUCHED)
    return REFUSED


async def _backup(settings: RecordSettings, file: Path) -> Sum:
    if settings.database_file is not None and not settings.database_file.exists():
        raise ConfigurationError(texts_backup.NO_DATABASE.format(where=shown(settings.database_url)))
    async with _opened(settings) as (database, clock):
        if await revision(database) is None:
            raise ConfigurationError(texts_backup.NO_DATABASE.format(where=shown(settings.database_url)))
        await prepare(settings, None)
        with _whole_or_nothing(file) as sink:
            found = await write_backup(database, sink, secret=settings.secret_keys[0], now=clock.now())
        facts: Facts = {"rows": found.total, "links": found.links, "head": found.head}
        async with database.begin() as unit:
            await unit.audit.record(
                Entry(clock.now(), operator(), "backed_up", "database", file.name[:112], None, facts)
            )
    return found


async def _restore(settings: RecordSettings, source: BinaryIO, file: Path, redis_url: str) -> int:
    async with _opened(settings) as (database, clock):
        made, found, verdict = await restore_backup(
            database, source, secrets=settings.secret_keys, by=operator(), now=clock.now()
        )
        await clock.read()
        rebuilt = await _rebuild_pool(database, clock, redis_url)
    said = {"links": found.links, "head": found.head, "made_at": _local(settings, made)}
    say(texts_backup.RESTORED.format(path=file, rows=found.total, **said))
    say(texts.POOL_REBUILT.format(count=rebuilt) if rebuilt is not None else texts_backup.POOL_LATER)
    return _tell_faults(verdict)


async def _rebuild_pool(database: SqlDatabase, clock: DatabaseClock, redis_url: str) -> int | None:
    """Return how many sessions Redis knows anew; None when it does not answer, which the next start makes good."""
    async with open_redis(redis_url) as redis:
        if await redis_problem(redis, redis_url):
            return None
        async with database.read() as unit:
            sessions = await unit.sessions.not_over(clock.now())
        try:
            await Seats(database, RedisPool(redis), Metrics()).rebuild_all(sessions)
        except (Unavailable, RedisError):
            return None
    return len(sessions)


@asynccontextmanager
async def _opened(settings: RecordSettings) -> AsyncGenerator[tuple[SqlDatabase, DatabaseClock]]:
    async with open_database(settings) as database:
        await reach_database(database, settings)
        clock = DatabaseClock(database)
        await clock.read()
        yield database, clock


@contextmanager
def _whole_or_nothing(file: Path) -> Generator[BinaryIO]:
    """Open a file that appears under its name only when it is complete and on the disk; raises ``OSError``."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as sink:
            yield sink
            sink.flush()
            os.fsync(sink.fileno())
        _appear(part, file)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _appear(part: Path, file: Path) -> None:
    """Give a complete file its name, which nobody else may have taken meanwhile; raises ``OSError``."""
    try:
        os.link(part, file)
    except FileExistsError:
        raise
    except OSError:  # a file system without links, as of a stick or a share
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        part.replace(file)


def _unfit(error: BackupUnfit, settings: RecordSettings) -> str:
    """Return why a backup cannot be restored; another place for an embedded database is another data folder."""
    inside = error.why == "not_empty" and database_inside(settings)
    return texts_backup.UNFIT["not_empty_folder" if inside else error.why]


def _tell_sound(settings: RecordSettings, made: Made, found: Sum) -> None:
    say(texts_backup.SOUND.format(made_at=_local(settings, made), schema=made.schema, rows=found.total))
    say(texts_backup.CHAIN.format(links=found.links, head=found.head))


def _tell_faults(verdict: Verdict) -> int:
    if not verdict.faults:
        return 0
    complain(texts_backup.CHAIN_WAS_BROKEN.format(count=len(verdict.faults)))
    return REFUSED


def _local(settings: RecordSettings, made: Made) -> str:
    return made.at.astimezone(settings.timezone).isoformat(timespec="seconds")
