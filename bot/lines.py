"""Messages of one account wait in line inside the process, so that only the first of them asks Redis for the lock."""

import asyncio

LONGEST = 64
"""Messages of one account in one process; more than the permitted burst."""


class LineTooLong(Exception):
    """Raised when an account has more messages waiting than it may send."""


class _Line:
    __slots__ = ("_account", "_lines", "_lock", "waiting")

    def __init__(self, lines: dict[str, "_Line"], account: str) -> None:
        self._lines = lines
        self._account = account
        self._lock = asyncio.Lock()
        self.waiting = 0

    async def __aenter__(self) -> None:
        if self.waiting >= LONGEST:
            raise LineTooLong
        self.waiting += 1
        try:
            await self._lock.acquire()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()
        self._leave()

    def _leave(self) -> None:
        self.waiting -= 1
        if not self.waiting:
            del self._lines[self._account]


class Lines:
    """``async with lines.of(openid):`` one at a time for an account, in order of arrival. Raises LineTooLong."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    def of(self, account: str) -> _Line:
        line = self._lines.get(account)
        if line is None:
            line = self._lines[account] = _Line(self._lines, account)
        return line
