"""A value that may be a moment old is read once for all, and again when it is too old or known to be wrong."""

import asyncio

import pytest

from booking.recent import Recent

A_DAY = 86_400.0


class Counting:
    """Counts how often it is read; fails while ``broken``, and waits for its gate."""

    def __init__(self) -> None:
        self.reads = 0
        self.broken = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self) -> int:
        self.reads += 1
        number = self.reads
        await self.gate.wait()
        if self.broken:
            raise OSError("away")
        return number


async def test_it_is_read_again_only_when_it_is_too_old() -> None:
    counting = Counting()
    recent = Recent(counting.read)
    assert [await recent.get(A_DAY), await recent.get(A_DAY), await recent.get(0)] == [1, 1, 2]


async def test_who_comes_while_it_is_read_takes_what_there_is() -> None:
    counting = Counting()
    recent = Recent(counting.read)
    await recent.get(0)
    counting.gate.clear()
    reading = asyncio.create_task(recent.get(0))
    await asyncio.sleep(0)
    assert counting.reads == 2
    assert await recent.get(A_DAY) == 1
    counting.gate.set()
    assert await reading == 2


async def test_what_fails_is_tried_again_by_the_next_one() -> None:
    counting = Counting()
    recent = Recent(counting.read)
    counting.broken = True
    with pytest.raises(OSError, match="away"):
        await recent.get(A_DAY)
    counting.broken = False
    assert await recent.get(A_DAY) == 2


async def test_who_reads_while_it_is_outdated_is_not_believed_for_long() -> None:
    counting = Counting()
    recent = Recent(counting.read)
    counting.gate.clear()
    reading = asyncio.create_task(recent.get(A_DAY))
    await asyncio.sleep(0)
    recent.outdate()
    counting.gate.set()
    assert await reading == 1
    assert await recent.get(A_DAY) == 2
