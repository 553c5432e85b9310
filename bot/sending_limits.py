"""How fast notices go and which channels pause: shared through Redis; without it each worker goes slowly by itself."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from structlog import get_logger

from booking.errors import Unavailable
from booking.relaying import NoticeChannel

ALONE = 0.25
"""Which share of the pace a worker keeps when it cannot ask what the others do."""
CHUNKS_A_SECOND = 20
QUOTA_ZONE = ZoneInfo("Asia/Shanghai")
"""Where WeChat's day begins, wherever the clinic is."""
log = get_logger()


class SharedLimits(Protocol):
    """``storage.sending_limits.RedisLimits``."""

    async def reserve(self, sends: int, *, per_second: float) -> float: ...
    async def pause(self, channel: str, *, until: datetime, now: datetime) -> None: ...
    async def pauses(self, channels: tuple[str, ...]) -> Mapping[str, datetime]: ...


class Pace:
    """Lets sends through at the pace of the settings, all workers together; 0 is without limit."""

    def __init__(self, shared: SharedLimits, per_second: float) -> None:
        self.per_second = per_second
        self._shared = shared
        self._left = 0
        self._asking = asyncio.Lock()
        self._next_alone = 0.0

    async def take(self) -> None:
        """Wait until one more may be sent."""
        if not self.per_second:
            return
        while self._left <= 0:
            async with self._asking:
                if self._left <= 0:
                    self._left += await self._obtain(max(1, int(self.per_second / CHUNKS_A_SECOND)))
        self._left -= 1

    async def _obtain(self, sends: int) -> int:
        try:
            await asyncio.sleep(await self._shared.reserve(sends, per_second=self.per_second))
        except Unavailable:
            clock = asyncio.get_running_loop().time()
            begins = max(clock, self._next_alone)
            self._next_alone = begins + sends / (self.per_second * ALONE)
            await asyncio.sleep(begins - clock)
        return sends


class Pauses:
    """Which channels pause because the day's quota is used up; they go on by themselves at midnight."""

    def __init__(self, shared: SharedLimits) -> None:
        self._shared = shared
        self._known: dict[NoticeChannel, datetime] = {}

    async def current(self, *, now: datetime) -> dict[NoticeChannel, datetime]:
        """Return the channels that pause, as all workers know it, else as this one does."""
        try:
            shared = await self._shared.pauses(tuple(NoticeChannel))
        except Unavailable:
            shared = {}
        self._known |= {NoticeChannel(name): until for name, until in shared.items()}
        self._known = {channel: until for channel, until in self._known.items() if until > now}
        return dict(self._known)

    def holds(self, channel: NoticeChannel) -> bool:
        """Tell whether a channel was found to pause since the last look."""
        return channel in self._known

    async def pause(self, channel: NoticeChannel, *, now: datetime) -> None:
        """Keep everybody from a channel until midnight in Asia/Shanghai."""
        if channel in self._known:
            return
        until = next_midnight(now)
        self._known[channel] = until
        log.warning("channel_paused", channel=channel, until=until.isoformat())
        try:
            await self._shared.pause(channel, until=until, now=now)
        except Unavailable:
            log.warning("pause_not_shared", channel=channel)


def next_midnight(now: datetime) -> datetime:
    """Return when WeChat's next day begins."""
    local = now.astimezone(QUOTA_ZONE)
    return local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
