"""The port, and who is let in.

Linux gives every connection to one listening socket when it is made, and forgets those that nobody has accepted when
that socket closes, though another process listens on the same port (``SO_REUSEPORT``). So processes that share a port
share one socket, which somebody holds open all the time: the parent of forked processes, or systemd (``LISTEN_FDS``).
Whoever stops only stops accepting; what waits there goes to the others.

How many are let in is limited, so that requests cannot use up memory, and nobody is while the process is behind with
those inside: letting in costs about half of what an answer does. The others wait outside, in the kernel.
"""

import asyncio
import os
import resource
import socket
from collections.abc import Sequence
from contextlib import suppress

from aiohttp import web
from structlog import get_logger

from bot import texts
from bot.settings import ConfigurationError, Settings

BACKLOG = 1024
MOST = 3000
"""Connections of a process at the same time; more than turns may wait, so that who cannot is told so."""
DESCRIPTORS = 500
"""Descriptors a process needs for everything else."""
AT_ONCE = 16
"""Connections accepted before others of the process' tasks, and other processes, come to their turn."""
PAUSE = 0.05
MOST_BEHIND = 0.25
"""Seconds the process may be behind with what it has, before it lets in more."""
FIRST_GIVEN = 3
"""The descriptor at which given sockets begin (sd_listen_fds(3))."""
log = get_logger()


class PortTaken(ConfigurationError):
    """Raised when the port cannot be had."""


def address(host: str, port: int) -> str:
    """Return the web address of a host and port."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def addresses_of(sockets: Sequence[socket.socket]) -> str:
    """Return the web address of the first of these."""
    host, port = sockets[0].getsockname()[:2]
    return address(host, port)


def given_sockets() -> list[socket.socket]:
    """Return the listening sockets that whoever started us holds open; none if nobody does.

    Raises ``ConfigurationError`` when what was given is no socket.
    """
    meant_for, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    if meant_for != str(os.getpid()) or not count.isdecimal():
        return []
    try:
        sockets = [socket.socket(fileno=FIRST_GIVEN + number) for number in range(int(count))]
        for given in sockets:
            given.set_inheritable(False)
            given.listen(BACKLOG)
    except OSError as error:
        raise ConfigurationError(texts.SOCKET_UNUSABLE.format(problem=error.strerror)) from None
    return sockets


def take_port(settings: Settings) -> list[socket.socket]:
    """Listen on the port, at each address of the host; raises ``PortTaken``."""
    taken: list[socket.socket] = []
    try:
        port = settings.port
        found = socket.getaddrinfo(settings.host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, (host, _, *more) in dict.fromkeys(found):
            taken.append(socket.socket(family, kind, protocol))
            taken[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                taken[-1].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            taken[-1].bind((host, port, *more))
            taken[-1].listen(BACKLOG)
            port = port or taken[-1].getsockname()[1]
    except OSError as error:
        for one in taken:
            one.close()
        raise PortTaken(_problem(settings, error)) from None
    return taken


def allow_connections(most: int = MOST) -> None:
    """Let this process have as many descriptors as its connections need, as far as the system permits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )


def _problem(settings: Settings, error: OSError) -> str:
    """Return in one line why the port cannot be had."""
    problem = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    if isinstance(error, socket.gaierror):
        problem = str(error.strerror)
    return texts.PORT_IN_USE.format(host=settings.host, port=settings.port, problem=problem)


class Door:
    """Lets connections in until it is closed."""

    def __init__(self, server: web.Server, sockets: Sequence[socket.socket], *, most: int = MOST) -> None:
        self._server = server
        self._sockets = sockets
        self._most = most
        self._inside = 0
        """Connections, or more: those that have ended since are counted when it matters."""
        self._greeting: set[asyncio.Task[object]] = set()
        self._behind = 0.0
        self._is_open = False
        self._opening: asyncio.TimerHandle | None = None
        self._watching: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Let in whoever comes."""
        if self._watching is None:
            self._watch()
        self._is_open = True
        for listener in self._sockets:
            listener.setblocking(False)
            asyncio.get_running_loop().add_reader(listener.fileno(), self._knocked, listener)

    async def close(self, *, shared: bool) -> None:
        """Let nobody in any more; who has knocked already is let in, unless others ``shared`` the sockets."""
        self._shut()
        if self._watching is not None:
            self._watching.cancel()
        for listener in self._sockets:
            while not shared and self._let_in(listener):
                pass
            listener.close()
        if self._greeting:
            await asyncio.wait(self._greeting)

    def _knocked(self, listener: socket.socket) -> None:
        for _ in range(AT_ONCE):
            if self._behind > MOST_BEHIND or self._is_full():
                self._pause()
                return
            if not self._let_in(listener):
                return

    def _let_in(self, listener: socket.socket) -> bool:
        """Accept one connection; False when there is none."""
        try:
            connection, _ = listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionError):
            return False
        except OSError as error:
            log.error("cannot_accept", problem=error.strerror)  # noqa: TRY400  # its words, not our stack
            self._pause()
            return False
        connection.setblocking(False)
        self._inside += 1
        greeting = asyncio.ensure_future(self._greet(connection))
        self._greeting.add(greeting)
        greeting.add_done_callback(self._greeting.discard)
        return True

    async def _greet(self, connection: socket.socket) -> None:
        with suppress(OSError):  # gone again
            await asyncio.get_running_loop().connect_accepted_socket(self._server, connection)

    def _watch(self) -> None:
        """See how late what should happen now does happen."""
        loop = asyncio.get_running_loop()
        due = loop.time() + PAUSE

        def look() -> None:
            self._behind = loop.time() - due
            self._watch()

        self._watching = loop.call_at(due, look)

    def _is_full(self) -> bool:
        if self._inside >= self._most:
            self._inside = len(self._server.connections) + len(self._greeting)
        return self._inside >= self._most

    def _pause(self) -> None:
        if self._is_open:
            self._shut()
            self._opening = asyncio.get_running_loop().call_later(PAUSE, self.open)

    def _shut(self) -> None:
        self._is_open = False
        if self._opening is not None:
            self._opening.cancel()
        for listener in self._sockets:
            asyncio.get_running_loop().remove_reader(listener.fileno())


async def emptied(server: web.Server, seconds: float) -> None:
    """Come back when every connection has ended, or after so many seconds."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while server.connections and loop.time() < until:  # noqa: ASYNC110  # it does not tell
        await asyncio.sleep(PAUSE)
