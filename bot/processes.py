"""Several web processes on one port, forked and watched over by a parent that serves nothing itself.

The parent holds the data folder, the embedded server and the port; the children accept from its socket, so that what
waits there is lost with none of them. A child that dies is started again. A child whose parent dies notices, because a
pipe ends, and ends too. On SIGHUP each child is replaced, one after the other: the new one serves before the old stops.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

import structlog

from bot import texts
from bot.connections import prepare
from bot.console import complain, say
from bot.door import addresses_of, given_sockets, take_port
from bot.embedded import Ground, own_ground
from bot.logs import configure_logs
from bot.loop import run
from bot.metrics import forget_process
from bot.serve import serve_forked, work_forked
from bot.settings import ConfigurationError, Settings, load_settings
from storage.valkey_process import ServerFailed

LOOK_EVERY = 0.1
KEEP_EVERY = 1.0
END_SECONDS = 30.0
QUICK_DEATH = 2.0
"""A child that lived shorter than this is started again only after a while."""
log = structlog.get_logger()


@dataclass(slots=True)
class _Child:
    name: str
    main: Callable[[int, int], None]
    """Takes the descriptors of the pipes: one that ends with the parent, one to say ready on."""
    pid: int = 0
    ready: int = -1
    """The descriptor on which it says that it is ready, until it has; -1 then."""
    born: float = 0.0
    due: float = 0.0


def serve_many(settings: Settings, *, workers: int, with_worker: bool) -> None:
    """Serve with several processes until SIGTERM or SIGINT; raises ``ConfigurationError``."""
    with own_ground(settings) as ground:
        sockets = given_sockets() or take_port(settings)
        run(prepare(settings, ground.redis_url))
        _Parent(settings, ground, sockets).watch(workers, with_worker=with_worker)


class _Parent:
    """Forks, watches, restarts, and ends its children."""

    def __init__(self, settings: Settings, ground: Ground, sockets: Sequence[socket.socket]) -> None:
        self._settings = settings
        self._ground = ground
        self._sockets = sockets
        self._stopping = False
        self._renewing = False
        self._life, self._life_held = os.pipe()
        self._children: list[_Child] = []
        self._leaving: list[_Child] = []
        """Those that were told to stop, since another one took their place."""

    def watch(self, workers: int, *, with_worker: bool) -> None:
        """Run the children until told to stop; raises ``ConfigurationError`` when they cannot even begin."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told)
        signal.signal(signal.SIGHUP, self._told_to_renew)
        self._children = [_Child(f"web-{number + 1}", self._serve) for number in range(workers)]
        if with_worker:
            self._children.append(_Child("background", self._work))
        for child in self._children:
            self._fork(child)
        try:
            self._wait_until_ready()
            kept = time.monotonic()
            while not self._stopping:
                self._restart_dead()
                if self._renewing:
                    self._renew()
                if time.monotonic() - kept > KEEP_EVERY:
                    self._keep_ground()
                    kept = time.monotonic()
                time.sleep(LOOK_EVERY)
            log.info("stopping")
        finally:
            self._end_all()
        log.info("stopped")

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _told_to_renew(self, _number: int, _frame: FrameType | None) -> None:
        self._renewing = True

    def _serve(self, life: int, ready: int) -> None:
        run(serve_forked(self._settings, self._ground.redis_url, sockets=self._sockets, life=life, ready=ready))

    def _work(self, life: int, ready: int) -> None:
        run(work_forked(self._settings, self._ground.redis_url, life=life, ready=ready))

    def _fork(self, child: _Child) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        child.born = time.monotonic()
        child.ready, said = os.pipe()
        child.pid = os.fork()
        if child.pid == 0:
            self._be(child, said)
        os.close(said)
        os.set_blocking(child.ready, False)

    def _be(self, child: _Child, ready: int) -> NoReturn:
        """Live as a child; never returns into the parent's stack."""
        status = 1
        try:
            os.close(self._life_held)
            self._ground.forget()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            writer = configure_logs(self._settings.log_format)
            structlog.contextvars.bind_contextvars(process=child.name)
            child.main(self._life, ready)
            writer.flush()
            status = 0
        except ConfigurationError as error:
            for line in error.lines:
                complain(line)
            status = 2
        except BaseException:
            log.exception("process_failed")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _wait_until_ready(self) -> None:
        while not self._stopping and not all(self._is_ready(child) for child in self._children):
            for child in self._children:
                if self._is_dead(child):
                    raise ConfigurationError(texts.PROCESS_FAILED.format(name=child.name))
            time.sleep(LOOK_EVERY / 5)
        if not self._stopping:
            say(texts.READY.format(address=addresses_of(self._sockets)))

    @staticmethod
    def _is_ready(child: _Child) -> bool:
        if child.ready >= 0:
            try:
                said = os.read(child.ready, 1)
            except BlockingIOError:
                return False
            os.close(child.ready)
            child.ready = -1
            return bool(said)
        return child.pid != 0

    def _renew(self) -> None:
        """Replace every child, with the settings as they are now; what cannot be replaced stays."""
        self._renewing = False
        log.info("renewing")
        try:
            self._settings = load_settings(Settings)
        except ConfigurationError as error:
            for line in error.lines:
                complain(line)
            log.error("not_renewed", reason="settings")  # noqa: TRY400  # each line was said
            return
        for place, old in enumerate(self._children):
            fresh = _Child(old.name, old.main)
            self._leaving.append(fresh)  # until it is ready it is one more to end
            self._fork(fresh)
            while not self._is_ready(fresh) and not self._stopping:
                if self._is_dead(fresh):
                    log.error("not_renewed", reason="process", process=fresh.name)
                    return
                self._rest()
            if self._stopping:
                return
            self._leaving[-1] = old
            self._children[place] = fresh
            self._tell(old, signal.SIGTERM)
            while not self._is_dead(old) and not self._stopping:
                self._rest()
            self._leaving.clear()
        log.info("renewed")

    def _rest(self) -> None:
        """Let time pass, and see to the others meanwhile."""
        self._restart_dead()
        time.sleep(LOOK_EVERY / 5)

    def _restart_dead(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.pid and self._is_dead(child):
                log.error("process_died", process=child.name)
                child.due = now if now - child.born > QUICK_DEATH else now + QUICK_DEATH
            if not child.pid and now >= child.due:
                self._fork(child)

    def _is_dead(self, child: _Child) -> bool:
        if not child.pid or os.waitpid(child.pid, os.WNOHANG)[0] == 0:
            return not child.pid
        forget_process(child.pid)
        child.pid = 0
        if child.ready >= 0:
            os.close(child.ready)
            child.ready = -1
        return True

    @staticmethod
    def _tell(child: _Child, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(child.pid, number)

    def _keep_ground(self) -> None:
        try:
            self._ground.keep()
        except (ServerFailed, OSError) as error:
            log.error("embedded_redis_not_started", problem=str(error))  # noqa: TRY400  # its words, not our stack

    def _end_all(self) -> None:
        for harder, patience in ((signal.SIGTERM, END_SECONDS), (signal.SIGKILL, 5.0)):
            living = [child for child in self._children + self._leaving if not self._is_dead(child)]
            for child in living:
                self._tell(child, harder)
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline and not all(self._is_dead(child) for child in living):
                time.sleep(LOOK_EVERY / 5)
