"""Running a coroutine to its end."""

import asyncio
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
