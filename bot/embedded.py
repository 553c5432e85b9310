"""The embedded server and the data folder as a process uses them, before its event loop begins."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from bot import texts
from bot.settings import ConfigurationError, DatabaseSettings
from storage.folder import FolderClaim, FolderInUse
from storage.valkey import EmbeddedValkey
from storage.valkey_process import ServerFailed


@dataclass(frozen=True, slots=True)
class Ground:
    """What a process stands on: Redis's address and, where it is ours, the server and the claim on the folder."""

    redis_url: str
    valkey: EmbeddedValkey | None = None
    claim: FolderClaim | None = None

    def keep(self) -> None:
        """Start the embedded server again if it died; raises ``ServerFailed``."""
        if self.valkey is not None:
            self.valkey.keep()

    def forget(self) -> None:
        """Let go in a forked child, whose parent keeps everything."""
        if self.valkey is not None:
            self.valkey.forget()
        if self.claim is not None:
            self.claim.release()


@contextmanager
def own_ground(settings: DatabaseSettings) -> Generator[Ground]:
    """Claim the data folder if anything of ours is in it, and run the embedded server; for ``serve`` and ``demo``.

    Raises ``ConfigurationError`` in one line.
    """
    claim = _claim(settings) if settings.embedded_redis or database_inside(settings) else None
    try:
        if not settings.embedded_redis:
            yield Ground(settings.redis_url, claim=claim)
            return
        valkey = EmbeddedValkey(settings.data_dir)
        with _explained(settings):
            valkey.start()
        try:
            yield Ground(valkey.url, valkey, claim)
        finally:
            valkey.leave()
    finally:
        if claim is not None:
            claim.release()


@contextmanager
def shared_ground(settings: DatabaseSettings) -> Generator[Ground]:
    """Use the embedded server that a ``serve`` runs, starting none; for ``worker`` and commands.

    Where none runs, its address does not answer, and what needs Redis is done without it.
    Raises ``ConfigurationError`` in one line.
    """
    if not settings.embedded_redis:
        yield Ground(settings.redis_url)
        return
    valkey = EmbeddedValkey(settings.data_dir)
    with _explained(settings):
        valkey.attach()
    try:
        yield Ground(valkey.url)
    finally:
        valkey.leave()


def database_inside(settings: DatabaseSettings) -> bool:
    """Tell whether the database is a file of the data folder."""
    file = settings.database_file
    return file is not None and file.absolute().is_relative_to(settings.data_dir)


def _claim(settings: DatabaseSettings) -> FolderClaim:
    try:
        return FolderClaim(settings.data_dir)
    except FolderInUse as error:
        raise ConfigurationError(texts.FOLDER_IN_USE.format(folder=error.folder, pid=error.pid)) from None
    except OSError as error:
        problem = error.strerror or os.strerror(error.errno or 0)
        raise ConfigurationError(texts.FOLDER_UNUSABLE.format(folder=settings.data_dir, problem=problem)) from None


@contextmanager
def _explained(settings: DatabaseSettings) -> Generator[None]:
    try:
        yield
    except ServerFailed as error:
        told = (error.log_tail.strip().splitlines() or [""])[-1]
        problem = f"{error.problem}: {told}" if told else error.problem
        raise ConfigurationError(texts.EMBEDDED_FAILED.format(problem=problem, folder=settings.data_dir)) from None
    except OSError as error:
        raise ConfigurationError(
            texts.FOLDER_UNUSABLE.format(folder=settings.data_dir, problem=error.strerror)
        ) from None
