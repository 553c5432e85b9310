"""One call of WeChat's API: what came back, or an error that says whether it may have been carried out."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol

import aiohttp
import orjson
from yarl import URL

from bot.wechat_errors import Ambiguous, Permanent, Retryable, WeChatError, refusal

TIMEOUT = aiohttp.ClientTimeout(total=5, connect=2, sock_connect=2)
_NOT_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)

Json = Mapping[str, object]


class CallMetrics(Protocol):
    """``bot.metrics``."""

    def wechat_call(self, api: str, result: str) -> None: ...


class WeChatHttp:
    """Posts JSON to WeChat's API and reads its answers (错误码 come with HTTP 200)."""

    def __init__(self, session: aiohttp.ClientSession, base: str, metrics: CallMetrics) -> None:
        self._session = session
        self._base = base.rstrip("/")
        self._metrics = metrics

    async def call(self, api: str, path: str, body: Json | None = None, *, access_token: str | None = None) -> Json:
        """POST ``body``, or GET without one. Raises a ``WeChatError``; never repeats."""
        try:
            answer = await self._call(api, path, body, access_token)
        except WeChatError as error:
            self._metrics.wechat_call(api, error.result)
            raise
        self._metrics.wechat_call(api, "ok")
        return answer

    async def _call(self, api: str, path: str, body: Json | None, access_token: str | None) -> Json:
        # Errors of aiohttp hold the address, and that the token: they are named, never chained.
        try:
            async with self._session.request(
                "GET" if body is None else "POST",
                _address(self._base + path, access_token),
                data=None if body is None else orjson.dumps(body),
                headers={"Content-Type": "application/json"},
                timeout=TIMEOUT,
                allow_redirects=False,
            ) as response:
                status = response.status
                content = await response.read()
        except _NOT_CONNECTED as error:
            raise Retryable(api, f"not reached: {type(error).__name__}") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Ambiguous(api, f"no answer: {type(error).__name__}") from None
        return _read(api, status, content)


@lru_cache(maxsize=64)
def _address(url: str, access_token: str | None) -> URL:
    """Return the address of a call; making it anew each time would cost a tenth of the call."""
    return URL(url).with_query({"access_token": access_token} if access_token else None)


def _read(api: str, status: int, content: bytes) -> Json:
    if status != 200:  # noqa: PLR2004 - HTTP
        kind = Permanent if 300 <= status < 500 else Ambiguous  # noqa: PLR2004 - HTTP
        raise kind(api, f"HTTP {status}")
    try:
        answer: object = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise Ambiguous(api, "the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise Ambiguous(api, "the answer is not an object")
    code = answer.get("errcode", 0)
    if not isinstance(code, int):
        raise Ambiguous(api, "errcode is not a number")
    if code:
        raise refusal(api, code, str(answer.get("errmsg", "")))
    return answer
