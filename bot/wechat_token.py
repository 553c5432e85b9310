"""The access token, shared by all processes through Redis (获取稳定版接口调用凭据)."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, cast

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError
from structlog import get_logger

from bot.wechat_errors import Ambiguous
from bot.wechat_http import WeChatHttp
from storage.sealing import SealBroken

EARLY = timedelta(minutes=5)
"""A token is renewed this long before it ends; both are valid meanwhile."""
_LOCK_MILLIS = 8000
_WAITS = 30
_PAUSE = 0.1
log = get_logger()


class Seals(Protocol):
    """What is needed of a ``Sealer``."""

    def seal(self, plaintext: bytes, *, bound_to: str) -> bytes: ...
    def open(self, sealed: bytes, *, bound_to: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    renew_at: float
    """Seconds since 1970 by the shared clock."""


class TokenStore:
    """Fetches a token once for all processes. Redis may be gone: stable_token gives every process the same one."""

    def __init__(
        self,
        http: WeChatHttp,
        redis: Redis,
        sealer: Seals,
        *,
        appid: str,
        secret: str,
        now: Callable[[], datetime],
    ) -> None:
        self._http = http
        self._redis = redis
        self._sealer = sealer
        self._appid = appid
        self._secret = secret
        self._now = now
        self._key = f"wechat:{{{appid}}}:token"
        self._token: _Token | None = None
        self._refresh: asyncio.Task[_Token] | None = None

    async def get(self) -> str:
        """A token that is valid for minutes. Raises a ``WeChatError``."""
        token = self._token
        if token is None or token.renew_at <= self._now().timestamp():
            token = await self._renewed("")
        return token.value

    async def renew(self, refused: str) -> str:
        """Another token than ``refused``, unless WeChat insists on that. Raises a ``WeChatError``."""
        token = self._token
        if token is None or token.value == refused:
            others = self._refresh is not None
            token = await self._renewed(refused)
            if others and token.value == refused:
                token = await self._renewed(refused)
        return token.value

    async def _renewed(self, refused: str) -> _Token:
        """One refresh for all callers of this process; it survives any caller's cancellation."""
        if self._refresh is None:
            self._refresh = asyncio.create_task(self._obtain(refused))
            self._refresh.add_done_callback(self._obtained)
        return await asyncio.shield(self._refresh)

    def _obtained(self, refresh: "asyncio.Task[_Token]") -> None:
        self._refresh = None
        if not refresh.cancelled() and refresh.exception() is None:
            self._token = refresh.result()

    async def _obtain(self, refused: str) -> _Token:
        token = await self._load(refused)
        if token is not None:
            return token
        owner = secrets.token_hex(8)
        for _ in range(_WAITS):
            if await self._lock(owner):
                break
            await asyncio.sleep(_PAUSE)
            token = await self._load(refused)
            if token is not None:
                return token
        try:
            # The one before us may have brought it while we took the lock.
            return await self._load(refused) or await self._fetch()
        finally:
            await self._unlock(owner)

    async def _fetch(self) -> _Token:
        answer = await self._http.call(
            "stable_token",
            "/cgi-bin/stable_token",
            {
                "grant_type": "client_credential",
                "appid": self._appid,
                "secret": self._secret,
                "force_refresh": False,
            },
        )
        value, lifetime = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(value, str) or not value or not isinstance(lifetime, int) or lifetime <= 0:
            raise Ambiguous("stable_token", "the answer holds no token")
        keep = max(lifetime - EARLY.total_seconds(), lifetime / 2)
        token = _Token(value, self._now().timestamp() + keep)
        await self._store(token, keep)
        return token

    async def _load(self, refused: str) -> _Token | None:
        try:
            sealed = cast("bytes | None", await self._redis.get(self._key))
            if sealed is None:
                return None
            value, renew_at = orjson.loads(self._sealer.open(sealed, bound_to=self._key))
        except (RedisError, OSError, SealBroken, ValueError) as error:
            log.warning("token_not_shared", error=type(error).__name__)
            return None
        fresh = value != refused and renew_at > self._now().timestamp()
        return _Token(value, renew_at) if fresh else None

    async def _store(self, token: _Token, keep: float) -> None:
        sealed = self._sealer.seal(orjson.dumps([token.value, token.renew_at]), bound_to=self._key)
        try:
            await self._redis.set(self._key, sealed, px=max(1, int(keep * 1000)))
        except (RedisError, OSError) as error:
            log.warning("token_not_shared", error=type(error).__name__)

    async def _lock(self, owner: str) -> bool:
        try:
            return bool(await self._redis.set(f"{self._key}:lock", owner, nx=True, px=_LOCK_MILLIS))
        except (RedisError, OSError):
            return True

    async def _unlock(self, owner: str) -> None:
        try:
            if await self._redis.get(f"{self._key}:lock") == owner.encode():
                await self._redis.delete(f"{self._key}:lock")
        except (RedisError, OSError) as error:
            log.warning("token_lock_kept", error=type(error).__name__)
