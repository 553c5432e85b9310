"""What many ask for at the same time is found out once; who asks afterwards is told anew."""

import asyncio

import pytest

from booking.single_flight import SingleFlight


class Finding:
    """Finds numbers when its gate is open; ``asked`` is how often it was made to."""

    def __init__(self) -> None:
        self.asked = 0
        self.gate = asyncio.Event()

    async def find(self) -> int:
        self.asked += 1
        number = self.asked
        await self.gate.wait()
        if number == 13:
            raise ValueError("unlucky")
        return number


async def test_many_at_once_cost_one_and_who_comes_later_another() -> None:
    finding, flight = Finding(), SingleFlight[int]()
    asking = [asyncio.create_task(flight("a", finding.find)) for _ in range(5)]
    await asyncio.sleep(0)
    finding.gate.set()
    assert await asyncio.gather(*asking) == [1] * 5
    assert await flight("a", finding.find) == 2


async def test_different_things_are_found_beside_each_other() -> None:
    finding, flight = Finding(), SingleFlight[int]()
    asking = [asyncio.create_task(flight(what, finding.find)) for what in ("a", "b")]
    await asyncio.sleep(0)
    finding.gate.set()
    assert sorted(await asyncio.gather(*asking)) == [1, 2]


async def test_who_is_cancelled_harms_nobody() -> None:
    finding, flight = Finding(), SingleFlight[int]()
    first, second = (asyncio.create_task(flight("a", finding.find)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    finding.gate.set()
    assert await second == 1
    assert first.cancelled()


async def test_what_fails_fails_for_all_and_is_tried_anew() -> None:
    finding, flight = Finding(), SingleFlight[int]()
    finding.asked = 12
    finding.gate.set()
    found = await asyncio.gather(*(flight("a", finding.find) for _ in range(2)), return_exceptions=True)
    assert [str(error) for error in found] == ["unlucky", "unlucky"]
    assert await flight("a", finding.find) == 14


async def test_a_failure_that_nobody_waits_for_is_no_complaint(recwarn: pytest.WarningsRecorder) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    finding, flight = Finding(), SingleFlight[int]()
    finding.asked = 12
    asking = asyncio.create_task(flight("a", finding.find))
    await asyncio.sleep(0)
    asking.cancel()
    finding.gate.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not complaints
    assert not recwarn.list
