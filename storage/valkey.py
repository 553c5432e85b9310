"""The embedded Valkey server: a real one in the data folder, under our own supervision.

It runs in a process session of its own, so that neither Ctrl-C nor a kill of the bot's group takes it down
half-way. Everyone who uses it holds a shared lock on ``users.lock``; the last one to leave stops it. The
server itself holds ``server.lock`` for as long as it lives, so whether one runs is never a guess.
"""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import structlog

from storage.folder import make_private, open_lock, read_pid, try_lock
from storage.valkey_process import (
    ServerFailed,
    ask,
    drop_short_folder,
    log_size,
    log_tail,
    set_aside_unreadable,
    socket_path,
    spawn,
    wait_until_ready,
)

log = structlog.get_logger()


class EmbeddedValkey:
    """The server of one data folder, as one process uses it. It blocks: call it outside the event loop."""

    def __init__(self, data_dir: Path, *, patience: float = 30.0) -> None:
        """Nothing happens yet; ``patience`` is how many seconds a silent server is waited for."""
        self._folder = data_dir / "redis"
        self._patience = patience
        self._users: int | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the address for a Redis client."""
        return f"unix://{quote(str(socket_path(self._folder)))}"

    @property
    def pid(self) -> int:
        """Return the process id of the server started last, 0 when there never was one."""
        return read_pid(self._folder / "server.lock")

    def start(self) -> None:
        """Attach to the server that runs, or start one; only whoever has claimed the folder may do this.

        Raises ``ServerFailed``, and ``OSError`` when the folder cannot be used.
        """
        make_private(self._folder)
        self._join()
        try:
            self._ensure()
        except BaseException:
            self.leave()
            raise

    def attach(self) -> bool:
        """Use the server if one runs, without starting any; False when none answers.

        Either way the caller counts as a user until it leaves; raises ``ServerFailed``, ``OSError``.
        """
        make_private(self._folder)
        self._join()
        return self.answers()

    def keep(self) -> bool:
        """Start the server again if it died; True when it had. Raises ``ServerFailed``."""
        if self._child is not None and self._child.poll() is None:
            return False
        lock = self._server_lock()
        if lock is None:
            return False
        log.warning("embedded_redis_died", pid=self.pid)
        self._launch(lock)
        return True

    def leave(self) -> None:
        """Stop using the server; the last one to leave stops it, keeping its append-only file."""
        if self._users is None:
            return
        if try_lock(self._users):
            self._stop()
            drop_short_folder(self._folder)
        elif self._child is not None:
            self._child.returncode = 0  # others go on using it: it is not ours to wait for any more
        self._child = None
        self.forget()

    def forget(self) -> None:
        """Let go without stopping anything: for a forked child, whose parent goes on holding the lock."""
        if self._users is not None:
            os.close(self._users)
            self._users = None

    def answers(self) -> bool:
        """Whether the server answers on its socket."""
        return ask(self._folder, "PING") == "+PONG"

    def _join(self) -> None:
        users = open_lock(self._folder / "users.lock")
        if not try_lock(users, shared=True, patience=self._patience):
            os.close(users)
            raise ServerFailed("another process is stopping the embedded Redis and does not end")
        self._users = users

    def _ensure(self) -> None:
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            lock = self._server_lock()
            if lock is not None:
                self._launch(lock)
                return
            if self.answers():
                log.info("embedded_redis_attached", pid=self.pid)
                return
            time.sleep(0.02)
        log.warning("embedded_redis_silent", pid=self.pid)
        self._stop()
        lock = self._server_lock()
        if lock is None:
            raise ServerFailed(f"process {self.pid} holds {self._folder}, does not answer and does not end")
        self._launch(lock)

    def _server_lock(self) -> int | None:
        """Return the lock that only a living server holds; None when one lives."""
        descriptor = open_lock(self._folder / "server.lock")
        if try_lock(descriptor):
            return descriptor
        os.close(descriptor)
        return None

    def _launch(self, lock: int) -> None:
        """Start a server that inherits the lock, and wait until it answers; closes our own copy."""
        try:
            tail = self._try_to_launch(lock)
            if tail is not None and set_aside_unreadable(self._folder, tail):
                tail = self._try_to_launch(lock)
        finally:
            os.close(lock)
        if tail is not None:
            raise ServerFailed("the embedded Redis did not start", tail)
        log.info("embedded_redis_started", pid=self.pid, folder=str(self._folder))

    def _try_to_launch(self, lock: int) -> str | None:
        """Return None when the server is ready, else the end of what it said."""
        said = log_size(self._folder)
        os.ftruncate(lock, 0)
        self._child = spawn(self._folder, lock)
        os.pwrite(lock, str(self._child.pid).encode(), 0)
        if wait_until_ready(self._child, self._folder, patience=self._patience):
            return None
        return log_tail(self._folder, since=said)

    def _stop(self) -> None:
        """Ask the server to end, then make it; returns when it has, or when even SIGKILL did not help."""
        if self._is_over(0):
            return
        ask(self._folder, "SHUTDOWN NOSAVE")
        for harder in (signal.SIGTERM, signal.SIGKILL):
            if self._is_over(self._patience / 3) or not self.pid:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, harder)
        self._is_over(self._patience / 3)

    def _is_over(self, seconds: float) -> bool:
        """Whether no server lives, waiting up to ``seconds`` for its end."""
        deadline = time.monotonic() + seconds
        while True:
            lock = self._server_lock()
            if lock is not None:
                os.close(lock)
                if self._child is not None:
                    self._child.wait()
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
