"""A TCP proxy between the parts that delays, cuts in mid-reply and black-holes, as networks do; a process of its own.

It is told what to do in lines on its standard input, ``NAME MODE [NUMBER]``, and says ``ok`` to each:
``pass``, ``delay SECONDS`` (each way), ``hole`` (bytes of connections old and new go nowhere), ``cut NUMBER`` (of the
next so many replies half is passed on, and then the connection breaks), ``refuse`` (nobody is let in, all are broken).
"""

import asyncio
import contextlib
import json
import socket
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Self

_CHUNK = 64 * 1024
LOOPBACK = "127.0.0.1"


@dataclass
class Line:
    """What lies between two parts: ``target`` is a path of a Unix socket or ``host:port``."""

    target: str
    mode: str = "pass"
    number: float = 0.0
    open: set[StreamWriter] = field(default_factory=set)

    async def serve(self, inner_reader: StreamReader, inner: StreamWriter) -> None:
        """Carry one connection until it ends."""
        if self.mode == "refuse":
            inner.close()
            return
        try:
            outer_reader, outer = await self._connect()
        except OSError:
            inner.close()
            return
        self.open |= {inner, outer}
        ways = [
            asyncio.create_task(self._carry(inner_reader, outer, replies=False)),
            asyncio.create_task(self._carry(outer_reader, inner, replies=True)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for writer in (inner, outer):
                self.open.discard(writer)
                writer.close()

    async def _connect(self) -> tuple[StreamReader, StreamWriter]:
        if self.target.startswith("/"):
            return await asyncio.open_unix_connection(self.target)
        host, _, port = self.target.rpartition(":")
        return await asyncio.open_connection(host, int(port))

    async def _carry(self, reader: StreamReader, writer: StreamWriter, *, replies: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                if self.mode == "delay":
                    await asyncio.sleep(self.number)
                while self.mode == "hole":  # noqa: ASYNC110 - nobody is told when a hole closes
                    await asyncio.sleep(0.05)
                if replies and self.mode == "cut" and self.number >= 1:
                    self.number -= 1
                    writer.write(chunk[: len(chunk) // 2])
                    await writer.drain()
                    return
                writer.write(chunk)
                await writer.drain()

    def order(self, mode: str, number: float) -> None:
        """Do so from now on."""
        self.mode, self.number = mode, number
        if mode == "refuse":
            for writer in list(self.open):
                writer.transport.abort()


async def _main(targets: dict[str, str]) -> None:
    lines = {name: Line(target) for name, target in targets.items()}
    servers = {name: await asyncio.start_server(line.serve, LOOPBACK, 0) for name, line in lines.items()}
    say({name: server.sockets[0].getsockname()[1] for name, server in servers.items()})
    orders = StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while order := (await orders.readline()).decode().split():
        name, mode, *number = order
        lines[name].order(mode, float(number[0]) if number else 0.0)
        say("ok")


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Proxy:
    """The process as the harness has it; ``ports`` are where the lines begin."""

    def __init__(self, process: Process, ports: dict[str, int]) -> None:
        self._process = process
        self.ports = ports
        self._turn = asyncio.Lock()

    async def order(self, name: str, mode: str, number: float = 0.0) -> None:
        """Let a line do something else from now on."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._turn:
            self._process.stdin.write(f"{name} {mode} {number}\n".encode())
            await self._process.stdin.drain()
            await self._process.stdout.readline()

    @classmethod
    async def start(cls, targets: dict[str, str]) -> Self:
        """Start a process with a line to each target."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, __file__, json.dumps(targets), stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
        assert process.stdout is not None
        return cls(process, json.loads(await process.stdout.readline()))

    async def close(self) -> None:
        """End it: its orders end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


@contextlib.asynccontextmanager
async def proxy(targets: dict[str, str]) -> AsyncGenerator[Proxy]:
    """Run a proxy for the length of a block."""
    running = await Proxy.start(targets)
    try:
        yield running
    finally:
        await running.close()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    import uvloop

    uvloop.run(_main(json.loads(sys.argv[1])))
