"""What is asked for at the same time is done at once, and each has its own result."""

import asyncio
from collections.abc import Sequence

import pytest

from booking.together import Result, Together


class Worker:
    """Does what it is given when its gate is open; ``batches`` is what it was given."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()

    async def do(self, wanted: Sequence[int]) -> Sequence[str | Exception]:
        self.batches.append(list(wanted))
        await self.gate.wait()
        if 13 in wanted and len(wanted) > 1:
            raise RuntimeError("the whole batch")
        return [ValueError(f"{one}") if one < 0 else f"did {one}" for one in wanted]


async def begun(worker: Worker, batches: int) -> None:
    while len(worker.batches) < batches:  # noqa: ASYNC110  # some turns of the loop
        await asyncio.sleep(0)


async def test_who_comes_alone_does_not_wait() -> None:
    worker = Worker()
    worker.gate.set()
    together = Together(worker.do, largest=10, at_once=1)
    assert await together(1) == "did 1"
    assert await together(2) == "did 2"
    assert worker.batches == [[1], [2]]


async def test_what_comes_meanwhile_goes_together_and_not_more_than_is_allowed() -> None:
    worker = Worker()
    together = Together(worker.do, largest=3, at_once=2)
    first = [asyncio.create_task(together(1))]
    await begun(worker, 1)
    first.append(asyncio.create_task(together(2)))
    await begun(worker, 2)
    rest = [asyncio.create_task(together(number)) for number in range(3, 8)]
    await asyncio.sleep(0.01)
    assert worker.batches == [[1], [2]]
    worker.gate.set()
    assert await asyncio.gather(*first, *rest) == [f"did {number}" for number in range(1, 8)]
    assert worker.batches == [[1], [2], [3, 4, 5], [6, 7]]


async def test_a_burst_is_under_way_in_as_many_batches_as_there_may_be() -> None:
    worker = Worker()
    together = Together(worker.do, largest=3, at_once=2)
    burst = [asyncio.create_task(together(number)) for number in range(1, 9)]
    await begun(worker, 2)
    assert worker.batches == [[1, 2, 3], [4, 5, 6]]
    worker.gate.set()
    assert await asyncio.gather(*burst) == [f"did {number}" for number in range(1, 9)]


async def test_what_goes_on_when_its_batch_is_over_keeps_nobody_else_waiting() -> None:
    gate, begun_since = asyncio.Event(), []

    async def slow(one: int) -> str:
        await gate.wait()
        return f"late {one}"

    async def do(wanted: Sequence[int]) -> Sequence[Result[str]]:
        begun_since.append(list(wanted))
        return [asyncio.create_task(slow(one)) if one == 1 else f"did {one}" for one in wanted]

    together = Together(do, largest=10, at_once=1)
    late, soon = asyncio.create_task(together(1)), asyncio.create_task(together(2))
    assert await soon == "did 2"
    assert await together(3) == "did 3"
    gate.set()
    assert await late == "late 1"


async def test_what_goes_wrong_for_one_is_that_one_s_alone() -> None:
    worker = Worker()
    worker.gate.set()
    together = Together(worker.do, largest=10, at_once=1)
    results = await asyncio.gather(*(together(number) for number in (1, -2, 3)), return_exceptions=True)
    assert worker.batches == [[1, -2, 3]]
    assert [type(result) for result in results] == [str, ValueError, str]


async def test_what_breaks_a_batch_comes_to_everybody_of_it_and_to_nobody_after() -> None:
    worker = Worker()
    worker.gate.set()
    together = Together(worker.do, largest=10, at_once=1)
    results = await asyncio.gather(together(12), together(13), return_exceptions=True)
    assert [type(result) for result in results] == [RuntimeError, RuntimeError]
    assert await together(14) == "did 14"


async def test_whoever_is_cancelled_harms_no_other_and_what_they_asked_for_is_done() -> None:
    worker = Worker()
    together = Together(worker.do, largest=10, at_once=1)
    one, two = asyncio.create_task(together(1)), asyncio.create_task(together(2))
    await begun(worker, 1)
    waiting, gone = asyncio.create_task(together(3)), asyncio.create_task(together(4))
    await asyncio.sleep(0)
    one.cancel()
    gone.cancel()
    worker.gate.set()
    assert await asyncio.gather(two, waiting) == ["did 2", "did 3"]
    assert worker.batches == [[1, 2], [3, 4]]
    with pytest.raises(asyncio.CancelledError):
        await one
