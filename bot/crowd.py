"""Who takes a turn now, who waits for a place, and who is told when to come again: one object a process.

A turn waits only while it can still be answered in time, in order of arrival, so that the line is never longer than
what is worth waiting for, and each answer given late or in vain is one that was not begun. Whoever is sent away is
told a place: how many are before, and when the turn comes at the pace that was measured. ``ChatStore.refuse`` keeps
that promise with the account, and whoever comes back when it is due goes before everybody new. The same goes for who
holds a seat: it must not run out while its owner cannot get a word in.
"""

import asyncio
from collections import deque
from contextlib import suppress
from math import ceil

AT_ONCE = 50
"""Turns taken at the same time in a process; beyond some dozens more of them make each slower, not all faster."""
MANY = 10
"""Turns under way from which on one looks how long a message has waited unseen."""
MOST = 4000
"""Turns a process knows at the same time, those included that wait behind others of their account."""
MOST_WAITING = 1000
"""Turns that may wait, even if they could still be answered in time."""
FIRST_GUESS = 0.05
"""Seconds a turn is thought to take before one was measured."""
SLOWEST = 4.0
"""Seconds a turn is thought to take at most, so that one standstill is not remembered for long."""
LEAST_RESERVE, MOST_RESERVE = 0.5, 1.5
"""Seconds before the answer is due, at which a turn must have begun."""
LONGEST_PROMISE = 900.0
_RISE, _FALL = 0.05, 0.2
"""How much a turn that took longer, or less, than was thought changes what is thought."""


class Crowded(Exception):
    """Raised when a turn cannot be taken within its time.

    ``ahead``: turns before it; ``seconds``: after how many its own comes, at the present pace.
    """

    def __init__(self, ahead: int, seconds: int) -> None:
        super().__init__(f"{ahead} turns ahead, {seconds} seconds")
        self.ahead = ahead
        self.seconds = seconds


class Crowd:
    """At most ``at_once`` turns at the same time; times are the event loop's."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self.now = asyncio.get_running_loop().time
        self._at_once = at_once
        self._free = at_once
        self._favoured: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self._seconds = FIRST_GUESS
        self._promised = 0.0

    @property
    def under_way(self) -> int:
        """Turns that have a place."""
        return self._at_once - self._free

    @property
    def is_full(self) -> bool:
        """Whether every place is taken."""
        return not self._free

    @property
    def waiting(self) -> int:
        """Turns that wait for one."""
        return len(self._favoured) + len(self._others)

    def crowded(self) -> Crowded:
        """What is said to who is sent away now."""
        earliest = self._earliest()
        promised = max(0.0, self._promised - earliest)
        before = self.under_way + self.waiting + round(promised / self._pace)
        return Crowded(before, max(1, ceil(earliest + promised - self.now())))

    def keep_promise(self) -> None:
        """Note that somebody was told a place, so that the next one is told a later one."""
        now = self.now()
        self._promised = min(max(self._promised, self._earliest()) + self._pace, now + LONGEST_PROMISE)

    def enter(self) -> bool:
        """Take a place if one is free."""
        if not self._free:
            return False
        self._free -= 1
        self._promised = 0.0  # whoever comes now need not wait, so nobody need keep to a promised time
        return True

    def leave(self, seconds: float) -> None:
        """Give a place back after a turn that took so long."""
        more = min(seconds, SLOWEST) - self._seconds
        self._seconds += more * (_RISE if more > 0 else _FALL)
        self._hand_on()

    def give_back(self) -> None:
        """Give a place back that no turn was taken in: that it took no time says nothing of those that are."""
        self._hand_on()

    async def wait(self, until: float | None, *, favoured: bool = False) -> None:
        """Take a place some time before ``until`` at the latest, else ``Crowded`` is raised.

        Without ``until`` it is waited for, however long. ``favoured``: before everybody who is not.
        """
        if self.enter():
            return
        favoured = favoured or until is None
        line = self._favoured if favoured else self._others
        ahead = len(self._favoured) + (0 if favoured else len(self._others))
        since = self.now()
        begin = None if until is None else until - min(max(self._seconds, LEAST_RESERVE), MOST_RESERVE)
        # Some wait whatever is thought, or what is thought of a standstill would outlast it.
        soonest = since + (ahead + 1) * self._pace if len(line) >= self._at_once else since
        if begin is not None and (soonest > begin or self.waiting >= MOST_WAITING):
            raise self.crowded()
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(mine)
        try:
            async with asyncio.timeout_at(begin):
                await mine
        except BaseException as error:
            if mine.done() and not mine.cancelled():
                self._hand_on()
            with suppress(ValueError):
                line.remove(mine)
            if not isinstance(error, TimeoutError):
                raise
            self._seconds = min(max(self._seconds, (self.now() - since) * self._at_once / (ahead + 1)), SLOWEST)
            raise self.crowded() from None

    @property
    def _pace(self) -> float:
        """Seconds between two turns that end, while all places are taken."""
        return max(self._seconds, 0.001) / self._at_once

    def _earliest(self) -> float:
        """When a turn would come that began to wait now."""
        return self.now() + (self.under_way + self.waiting) * self._pace

    def _hand_on(self) -> None:
        for line in (self._favoured, self._others):
            while line:
                first = line.popleft()
                if not first.done():  # else it gave up, and has not come to leave the line yet
                    first.set_result(None)
                    return
        self._free += 1
