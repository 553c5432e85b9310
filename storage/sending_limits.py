"""What all workers share about sending, in Redis: the pace, and channels whose quota of the day is used up."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from booking.errors import Unavailable
from storage.coalescing import Scripts

CREDIT = 0.5
"""Seconds of unused pace that may be made up."""
_LUA = Path(__file__).parent / "lua"


class RedisLimits:
    """Pace and pauses of one official account. Raises ``Unavailable`` when Redis does not answer."""

    def __init__(self, redis: Redis, *, appid: str) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._reserve = redis.register_script((_LUA / "pace.lua").read_text())
        self._key = f"wechat:{{{appid}}}"

    async def reserve(self, sends: int, *, per_second: float) -> float:
        """Reserve so many sends; returns after how many seconds they may begin. Run twice, it only costs time."""
        arguments = (sends, round(1_000_000 / per_second), round(CREDIT * 1_000_000))
        waits = await self._scripts.run(self._reserve, [f"{self._key}:pace"], arguments)
        return cast("int", waits) / 1_000_000

    async def pause(self, channel: str, *, until: datetime, now: datetime) -> None:
        """Keep everybody from a channel until a moment."""
        millis = max(1, round((until - now).total_seconds() * 1000))
        try:
            await self._redis.set(self._name(channel), until.isoformat(), px=millis)
        except (RedisError, OSError) as error:
            raise Unavailable("Redis") from error

    async def pauses(self, channels: Iterable[str]) -> dict[str, datetime]:
        """Return which channels pause, and until when."""
        names = list(channels)
        try:
            values = cast("list[bytes | None]", await self._redis.mget([self._name(name) for name in names]))
        except (RedisError, OSError) as error:
            raise Unavailable("Redis") from error
        found = zip(names, values, strict=True)
        return {name: datetime.fromisoformat(value.decode()) for name, value in found if value is not None}

    def _name(self, channel: str) -> str:
        return f"{self._key}:paused:{channel}"
