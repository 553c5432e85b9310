"""Several web processes on one port, forked and watched over by a parent that serves nothing itself.

The parent holds the data folder, the embedded server and the port; the children share the port (``SO_REUSEPORT``).
A child that dies is started again. A child whose parent dies notices, because a pipe ends, and ends too.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

import structlog

from bot import texts
from bot.connections import prepare
from bot.console import complain, say
from bot.embedded import Ground, own_ground
from bot.logs import configure_logs
from bot.loop import run
from bot.metrics import forget_process
from bot.serve import address, port_problem, serve_forked, work_forked
from bot.settings import ConfigurationError, Settings
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
    born: float = 0.0
    due: float = 0.0


def serve_many(settings: Settings, *, workers: int, with_worker: bool) -> None:
    """Serve with several processes until SIGTERM or SIGINT; raises ``ConfigurationError``."""
    with own_ground(settings) as ground, _reserved(settings) as port:
        run(prepare(settings, ground.redis_url))
        _Parent(settings, ground, port.getsockname()[1]).watch(workers, with_worker=with_worker)


def _reserved(settings: Settings) -> socket.socket:
    """Take the port without listening on it; raises ``ConfigurationError`` when somebody else has it."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as alone:
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind(where)
            if not settings.port:
                where = alone.getsockname()
        shared = socket.socket(family, kind, protocol)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind(where)
    except OSError as error:
        raise ConfigurationError(port_problem(settings, error)) from None
    return shared


class _Parent:
    """Forks, watches, restarts, and ends its children."""

    def __init__(self, settings: Settings, ground: Ground, port: int) -> None:
        self._settings = settings
        self._ground = ground
        self._port = port
        self._stopping = False
        self._life, self._life_held = os.pipe()
        self._ready, self._ready_said = os.pipe()
        os.set_blocking(self._ready, False)
        self._children: list[_Child] = []

    def watch(self, workers: int, *, with_worker: bool) -> None:
        """Run the children until told to stop; raises ``ConfigurationError`` when they cannot even begin."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told)
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

    def _serve(self, life: int, ready: int) -> None:
        run(serve_forked(self._settings, self._ground.redis_url, port=self._port, life=life, ready=ready))

    def _work(self, life: int, ready: int) -> None:
        run(work_forked(self._settings, self._ground.redis_url, life=life, ready=ready))

    def _fork(self, child: _Child) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        child.born = time.monotonic()
        child.pid = os.fork()
        if child.pid == 0:
            self._be(child)

    def _be(self, child: _Child) -> NoReturn:
        """Live as a child; never returns into the parent's stack."""
        status = 1
        try:
            os.close(self._life_held)
            self._ground.forget()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            writer = configure_logs(self._settings.log_format)
            structlog.contextvars.bind_contextvars(process=child.name)
            child.main(self._life, self._ready_said)
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
        said = 0
        while said < len(self._children) and not self._stopping:
            with suppress(BlockingIOError):
                said += len(os.read(self._ready, 64))
            for child in self._children:
                if self._is_dead(child):
                    raise ConfigurationError(texts.PROCESS_FAILED.format(name=child.name))
            time.sleep(LOOK_EVERY / 5)
        if not self._stopping:
            say(texts.READY.format(address=address(self._settings.host, self._port)))

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
            return False
        forget_process(child.pid)
        child.pid = 0
        return True

    def _keep_ground(self) -> None:
        try:
            self._ground.keep()
        except (ServerFailed, OSError) as error:
            log.error("embedded_redis_not_started", problem=str(error))  # noqa: TRY400  # its words, not our stack

    def _end_all(self) -> None:
        for harder, patience in ((signal.SIGTERM, END_SECONDS), (signal.SIGKILL, 5.0)):
            living = [child for child in self._children if child.pid and not self._is_dead(child)]
            for child in living:
                with suppress(ProcessLookupError):
                    os.kill(child.pid, harder)
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline and any(child.pid and not self._is_dead(child) for child in living):
                time.sleep(LOOK_EVERY / 5)
