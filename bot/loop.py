"""Running a coroutine to its end, or until told to stop."""

import asyncio
import signal
from collections.abc import Awaitable
from typing import TypeVar

import uvloop

T = TypeVar("T")


def run(main: Awaitable[T]) -> T:
    """Run to the end on uvloop and return what comes of it."""

    async def awaited() -> T:
        return await main

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(awaited())


def told_to_stop() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
