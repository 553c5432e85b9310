"""Something found out once for all who ask for it at the same time."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Who asks while the same is being found out waits for that; who asks afterwards has it found out anew.

    Whoever is cancelled harms no other; what the finding raises comes to everybody who waits.
    """

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Task[T]] = {}

    async def __call__(self, what: Hashable, find: Callable[[], Coroutine[object, object, T]]) -> T:
        """Return what ``find`` finds of ``what``."""
        task = self._under_way.get(what)
        if task is None:
            task = self._under_way[what] = asyncio.create_task(find())
            task.add_done_callback(lambda ended: self._ended(what, ended))
        return await asyncio.shield(task)

    def _ended(self, what: Hashable, task: asyncio.Task[T]) -> None:
        del self._under_way[what]
        if not task.cancelled():
            task.exception()  # whoever waits has it; who gave up waiting needs no complaint
