"""Faults at the borders of the services: Redis away, an answer or a COMMIT lost, a death on either side of a call."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from booking.errors import Unavailable
from booking.pool_port import Admission, PoolReading, PoolSeats
from storage.database import SqlDatabase, SqlUnit
from storage.pool import RedisPool

T = TypeVar("T")
Fault = Literal["away", "answer lost", "death before", "death after"]
FAULTS: tuple[Fault, ...] = ("away", "answer lost", "death before", "death after")


class Death(Exception):
    """The process dies here: nobody catches this."""


@dataclass
class Fate:
    """Lets the n-th call from now on fail in one way, once."""

    fault: Fault | None = None
    calls_left: int = 0
    struck: bool = False

    def arm(self, fault: Fault, calls_left: int) -> None:
        """Let a call fail."""
        self.fault, self.calls_left, self.struck = fault, calls_left, False

    def disarm(self) -> None:
        """Let nothing fail any more."""
        self.fault, self.struck = None, False

    def next(self) -> Fault | None:
        """The fault of the call that is made now."""
        if self.fault is None:
            return None
        self.calls_left -= 1
        if self.calls_left >= 0:
            return None
        fault, self.fault, self.struck = self.fault, None, True
        return fault

    async def around(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call, or fail before or after it."""
        fault = self.next()
        _before(fault)
        result = await call()
        _after(fault)
        return result


def _before(fault: Fault | None) -> None:
    if fault == "away":
        raise Unavailable("test")
    if fault == "death before":
        raise Death


def _after(fault: Fault | None) -> None:
    if fault == "answer lost":
        raise Unavailable("test")
    if fault == "death after":
        raise Death


class FatefulPool:
    """A ``SlotPool`` that may fail."""

    def __init__(self, pool: RedisPool, fate: Fate) -> None:
        self._pool = pool
        self._fate = fate

    async def admit(self, **asked: Any) -> Admission:
        return await self._fate.around(lambda: self._pool.admit(**asked))

    async def release(self, *, session: str, owner: str) -> bool:
        return await self._fate.around(lambda: self._pool.release(session=session, owner=owner))

    async def disown(self, *, session: str, owner: str) -> None:
        await self._fate.around(lambda: self._pool.disown(session=session, owner=owner))

    async def own(self, *, session: str, owner: str, patient: str) -> None:
        await self._fate.around(lambda: self._pool.own(session=session, owner=owner, patient=patient))

    async def replace(self, seats: PoolSeats) -> bool:
        return await self._fate.around(lambda: self._pool.replace(seats))

    async def read(self, session: str) -> PoolReading | None:
        return await self._fate.around(lambda: self._pool.read(session))


class FatefulDatabase:
    """A ``Database`` whose writing transactions may fail before they begin or after their COMMIT."""

    def __init__(self, database: SqlDatabase, fate: Fate) -> None:
        self._database = database
        self._fate = fate
        self.read = database.read
        self.writers = database.writers

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[SqlUnit]:
        fault = self._fate.next()
        _before(fault)
        async with self._database.begin() as unit:
            yield unit
        _after(fault)
