"""Things asked for at the same time and done at once, so that they share what the doing costs (group commit)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic, TypeAlias, TypeVar, Union

T = TypeVar("T")
R = TypeVar("R")
Result: TypeAlias = Union[R, Exception, "asyncio.Task[R | Exception]"]


class Together(Generic[T, R]):
    """Hands what has gathered to ``do``, at most ``largest`` of it, while fewer than ``at_once`` are under way.

    Nobody waits for company: with nothing under way one is done at once and alone. ``do`` returns for each what came
    of it, the error to raise, or a task that goes on with it when the batch is over; what it raises itself comes to
    everybody of the batch. Whoever is cancelled harms no other: what they asked for is done nevertheless.
    """

    def __init__(
        self, do: Callable[[Sequence[T]], Awaitable[Sequence[Result[R]]]], *, largest: int, at_once: int
    ) -> None:
        self._do = do
        self._largest = largest
        self._at_once = at_once
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._is_gathering = False
        self._under_way: set[asyncio.Task[None]] = set()
        self._going_on: set[asyncio.Task[R | Exception]] = set()
        """What outlasts its batch; the event loop alone would not keep it."""

    async def __call__(self, wanted: T) -> R:
        """Return what came of it, or raise that."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, future))
        self._begin()
        return await future

    def _begin(self) -> None:
        if not self._waiting or self._is_gathering or len(self._under_way) >= self._at_once:
            return
        self._is_gathering = True
        task = asyncio.create_task(self._work())
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():  # as the loop is closing
            self._begin()

    async def _work(self) -> None:
        # The task starts after everything that was ready to run, so its batch is what has gathered by then.
        self._is_gathering = False
        batch, self._waiting = self._waiting[: self._largest], self._waiting[self._largest :]
        self._begin()
        try:
            results = await self._do([wanted for wanted, _ in batch])
        except Exception as error:  # noqa: BLE001  # whoever asked decides what it means
            results = [error] * len(batch)
        except BaseException:
            for _, future in batch:
                future.cancel()
            raise
        for (_, future), result in zip(batch, results, strict=True):
            if isinstance(result, asyncio.Task):
                self._going_on.add(result)
                result.add_done_callback(self._going_on.discard)
                result.add_done_callback(partial(_pass_on, future))
            else:
                _settle(future, result)


def _pass_on(future: "asyncio.Future[R]", task: "asyncio.Task[R | Exception]") -> None:
    if task.cancelled():
        future.cancel()
    else:
        _settle(future, task.exception() or task.result())


def _settle(future: "asyncio.Future[R]", result: R | BaseException) -> None:
    if future.done():
        return
    if isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)
