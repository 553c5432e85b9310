"""Background work: named jobs, each repeated with its own interval, none harming another.

Any number of processes may run the same jobs at once; what a job does must bear that.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from booking.errors import Unavailable

JITTER = 0.1
"""By which share an interval varies, so that processes do not all come at once."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so many seconds, for the first time at once."""

    name: str
    every_seconds: float
    run: Callable[[], Awaitable[object]]


class JobMetrics(Protocol):
    """``bot.metrics``."""

    def job(self, name: str, result: str, *, lag: float) -> None: ...


class Worker:
    """Runs jobs until it is closed."""

    def __init__(self, jobs: Sequence[Job], metrics: JobMetrics) -> None:
        self._jobs = jobs
        self._metrics = metrics
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = asyncio.Event()

    @property
    def closing(self) -> bool:
        """Tell whether jobs that run should come to an end."""
        return self._closing.is_set()

    def start(self) -> None:
        """Begin; each job runs at once and then by its interval."""
        self._tasks = [asyncio.create_task(self._repeat(job), name=f"job {job.name}") for job in self._jobs]

    async def close(self, patience: float = 10.0) -> None:
        """Let what runs end, for ``patience`` seconds; nothing new begins."""
        self._closing.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            self._tasks = []

    async def _repeat(self, job: Job) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        failing = False
        while not self._closing.is_set():
            lag = loop.time() - due
            failing = await self._once(job, failing, lag)
            due = loop.time() + job.every_seconds * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  # spreading, no secret
            try:
                async with asyncio.timeout_at(due):
                    await self._closing.wait()
            except TimeoutError:
                continue

    async def _once(self, job: Job, failing: bool, lag: float) -> bool:
        """Run a job; whether it failed. A failure that lasts is logged once, and its end too."""
        try:
            await job.run()
        except Unavailable as error:
            result = "unavailable"
            if not failing:
                log.warning("job_waits", job=job.name, needs=str(error))
        except Exception:
            result = "failed"
            log.exception("job_failed", job=job.name, exc_info=not failing)
        else:
            result = "ok"
            if failing:
                log.info("job_recovered", job=job.name)
        self._metrics.job(job.name, result, lag=lag)
        return result != "ok"
