"""Background jobs repeat, and none harms another."""

import asyncio

import pytest
from structlog.testing import CapturingLogger, capture_logs

from booking.errors import Unavailable
from bot.worker import Job, Worker


class Counted:
    """What the worker tells of its jobs."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, str]] = []

    def job(self, name: str, result: str, *, lag: float) -> None:
        assert lag >= 0
        self.runs.append((name, result))


async def reached(runs: list[tuple[str, str]], wanted: tuple[str, str], times: int) -> None:
    async with asyncio.timeout(10):
        while runs.count(wanted) < times:  # noqa: ASYNC110 - the worker tells no event
            await asyncio.sleep(0.005)


async def fail() -> None:
    raise ValueError("broken")


async def succeed() -> None:
    return


async def test_a_job_that_fails_is_repeated_and_hinders_no_other() -> None:
    counted = Counted()
    worker = Worker([Job("broken", 0.01, fail), Job("sound", 0.01, succeed)], counted)
    with capture_logs() as logs:
        worker.start()
        await reached(counted.runs, ("broken", "failed"), 3)
        await reached(counted.runs, ("sound", "ok"), 3)
        await worker.close()
    assert [bool(log["exc_info"]) for log in logs if log["event"] == "job_failed"][:2] == [True, False]


async def test_what_is_away_is_reported_once_and_once_more_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever level another test has set, everything is heard here.
    log = CapturingLogger()
    monkeypatch.setattr("bot.worker.log", log)
    counted = Counted()
    away = True

    async def ask() -> None:
        if away:
            raise Unavailable("Redis")

    worker = Worker([Job("reconcile", 0.01, ask)], counted)
    worker.start()
    await reached(counted.runs, ("reconcile", "unavailable"), 3)
    away = False
    await reached(counted.runs, ("reconcile", "ok"), 2)
    await worker.close()
    assert [call.args[0] for call in log.calls] == ["job_waits", "job_recovered"]
    assert log.calls[0].kwargs["needs"] == "Redis"


async def test_closing_lets_a_running_job_finish_and_begins_no_other() -> None:
    counted = Counted()
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def long() -> None:
        begun.set()
        await may_end.wait()

    worker = Worker([Job("long", 0.0, long)], counted)
    worker.start()
    await begun.wait()
    closing = asyncio.create_task(worker.close())
    await asyncio.sleep(0)
    may_end.set()
    await closing
    assert counted.runs == [("long", "ok")]


async def test_a_job_that_does_not_end_is_cut_off() -> None:
    counted = Counted()
    begun = asyncio.Event()

    async def endless() -> None:
        begun.set()
        await asyncio.Event().wait()

    worker = Worker([Job("endless", 1, endless)], counted)
    worker.start()
    await begun.wait()
    await worker.close(patience=0.01)
    assert counted.runs == []
