"""Doing the batches of stoppages beside everything else: each is followed by a pause, to let the chat in."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

from booking.offering import Offers
from booking.stoppages import Stoppages

SHORTEST_PAUSE = 0.01
LONGEST_PAUSE = 0.1
"""Longer than another process waits between two looks whether SQLite's writer is free."""


async def work_on(
    stoppages: Stoppages, *, now: Callable[[], datetime], go_on: Callable[[], bool] = lambda: True
) -> None:
    """Do what stoppages have left to do, as far as nobody else does."""
    while go_on():
        began = time.monotonic()
        if not await stoppages.work(now=now()):
            return
        await asyncio.sleep(min(LONGEST_PAUSE, max(SHORTEST_PAUSE, (time.monotonic() - began) / 2)))


async def expire_offers(offers: Offers, *, now: Callable[[], datetime], go_on: Callable[[], bool]) -> None:
    """Give back what nobody chose in time."""
    given_back = 1
    while go_on() and given_back:
        given_back = await offers.expire(now=now())
        await asyncio.sleep(SHORTEST_PAUSE)
