"""A client that costs little: keep-alive connections on asyncio's protocols, each with one request under way."""

import asyncio
import time
from array import array
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

Length = Callable[[bytearray], int]
"""The length of the whole answer at the start of a buffer, 0 while it is incomplete."""
Judge = Callable[[int, bytes], bool]
"""Whether an answer is right, by the request's place; called for each as it comes, so it must be quick."""


class Course:
    """One pass over prepared requests: what is next, how long each took, how many went wrong."""

    def __init__(self, requests: Sequence[bytes], length: Length, judge: Judge) -> None:
        self.requests = requests
        self.length = length
        self.judge = judge
        self.next = 0
        self.errors = 0
        self.took = array("d")
        self.started = 0.0
        self.seconds = 0.0

    def take(self) -> int | None:
        """Return the place of the next request; None when there is none."""
        self.next += 1
        return self.next - 1 if self.next <= len(self.requests) else None


class Lane(asyncio.Protocol):
    """One connection; sends the next request as soon as the last one's answer is whole."""

    def __init__(self, course: Course, done: asyncio.Future[None]) -> None:
        self._course = course
        self._done = done
        self._buffer = bytearray()
        self._place = 0
        self._sent = 0.0
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection; nothing is sent yet."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def send(self) -> None:
        """Send the next request; when none is left, end."""
        place = self._course.take()
        if place is None:
            if not self._done.done():
                self._done.set_result(None)
            self._transport.close()
            return
        self._place, self._sent = place, time.perf_counter()
        self._transport.write(self._course.requests[place])

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer."""
        self._buffer += data
        course = self._course
        length = course.length(self._buffer)
        if not length:
            return
        course.took.append(time.perf_counter() - self._sent)
        course.errors += not course.judge(self._place, bytes(self._buffer[:length]))
        del self._buffer[:length]
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail, unless everything was answered before."""
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("the server closed the connection"))


def to_port(port: int) -> Callable[[Lane], Awaitable[object]]:
    """Return what connects a lane to a port of this machine."""

    async def connect(lane: Lane) -> None:
        await asyncio.get_running_loop().create_connection(lambda: lane, "127.0.0.1", port)

    return connect


async def drive(course: Course, connect: Callable[[Lane], Awaitable[object]], connections: int) -> None:
    """Send everything over so many connections and note the time; raises what broke a connection."""
    loop = asyncio.get_running_loop()
    dones = [loop.create_future() for _ in range(connections)]
    lanes = [Lane(course, done) for done in dones]
    for lane in lanes:
        await connect(lane)
    course.started = time.perf_counter()
    for lane in lanes:
        lane.send()
    await asyncio.gather(*dones)
    course.seconds = time.perf_counter() - course.started


def http_length(buffer: bytearray) -> int:
    """Return the length of an HTTP answer by its Content-Length; raises ``ValueError`` when it has none."""
    head = buffer.find(b"\r\n\r\n")
    if head < 0:
        return 0
    named = buffer.index(b"Content-Length: ", 0, head) + 16
    length = head + 4 + int(buffer[named : buffer.index(b"\r\n", named)])
    return length if len(buffer) >= length else 0
