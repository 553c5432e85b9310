"""A value that may be a moment old, so that not everybody who needs it has to ask for it."""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """What ``read`` returned last, read again by who comes when it is older than so many seconds.

    Who comes meanwhile takes what there is, be it older; before there is anything, each reads. What ``read`` raises is
    raised to who read, and the next one reads again.
    """

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        self._read = read
        self._found: tuple[T] | None = None
        self._looked = float("-inf")

    async def get(self, seconds: float) -> T:
        """Return the value, at most so many seconds old, unless somebody reads it just now."""
        now = time.monotonic()
        if self._found is not None and now - self._looked < seconds:
            return self._found[0]
        before, self._looked = self._looked, now
        try:
            found = await self._read()
        except BaseException:
            self._looked = before
            raise
        self._found = (found,)
        return found

    def outdate(self) -> None:
        """Let the next one read, whoever reads just now: that one may have begun before it changed."""
        self._looked = float("-inf")
