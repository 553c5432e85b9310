"""Things asked for at the same time and done at once, so that they share what the doing costs (group commit)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Together(Generic[T, R]):
    """Hands what has gathered to ``do``, at most ``largest`` of it, while fewer than ``at_once`` are under way.

    Nobody waits for company: with nothing under way one is done at once and alone. ``do`` returns for each what came
    of it, or the error to raise; what it raises itself comes to everybody of the batch. Whoever is cancelled harms no
    other: what they asked for is done nevertheless.
    """

    def __init__(
        self, do: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]], *, largest: int, at_once: int
    ) -> None:
        self._do = do
        self._largest = largest
        self._at_once = at_once
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def __call__(self, wanted: T) -> R:
        """Return what came of it, or raise that."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, future))
        if len(self._waiting) == 1 and len(self._under_way) < self._at_once:
            self._begin()
        return await future

    def _begin(self) -> None:
        task = asyncio.create_task(self._work())
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if self._waiting:
            self._begin()

    async def _work(self) -> None:
        # The task starts after everything that was ready to run, so its batch is what has gathered by then.
        batch, self._waiting = self._waiting[: self._largest], self._waiting[self._largest :]
        try:
            results = await self._do([wanted for wanted, _ in batch])
        except Exception as error:  # noqa: BLE001  # whoever asked decides what it means
            results = [error] * len(batch)
        except BaseException:
            for _, future in batch:
                future.cancel()
            raise
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
