"""WeChat's API as this product uses it. wechatpy's client is synchronous; this one waits without blocking."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import aiohttp
from redis.asyncio import Redis

from bot.wechat_errors import Ambiguous, Permanent, TokenInvalid
from bot.wechat_http import CallMetrics, Json, WeChatHttp
from bot.wechat_token import Seals, TokenStore

MAX_SCENE = 64
MAX_QR_SECONDS = 2_592_000
_NO_MENU = 46003


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code with a scene; ``ticket`` fetches the picture, ``url`` is what it says."""

    ticket: str
    url: str
    expire_seconds: int | None


class WeChatClient:
    """Calls for one official account. Every call raises a ``bot.wechat_errors.WeChatError`` when it fails.

    A token that is refused is fetched anew once, and the call made once more. Nothing else is repeated here:
    ``Retryable`` says that a caller may, ``Ambiguous`` that it may have been carried out.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        redis: Redis,
        sealer: Seals,
        *,
        appid: str,
        secret: str,
        base: str,
        now: Callable[[], datetime],
        metrics: CallMetrics,
    ) -> None:
        self._http = WeChatHttp(session, base, metrics)
        self.tokens = TokenStore(self._http, redis, sealer, appid=appid, secret=secret, now=now)

    async def custom_send(self, openid: str, text: str) -> None:
        """Send a customer-service text (客服消息), at most 2048 bytes."""
        body = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        _confirmed("custom_send", await self._call("custom_send", "/cgi-bin/message/custom/send", body))

    async def template_send(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        *,
        url: str | None = None,
        client_msg_id: str | None = None,
    ) -> int:
        """Send a template message (模板消息) and return its msgid.

        The same ``client_msg_id`` again within ten minutes is the same message, so an ``Ambiguous`` send may be
        repeated with it.
        """
        body: dict[str, object] = {"touser": openid, "template_id": template_id, "data": _values(data)}
        if url is not None:
            body["url"] = url
        if client_msg_id is not None:
            body["client_msg_id"] = client_msg_id
        answer = await self._call("template_send", "/cgi-bin/message/template/send", body)
        number = answer.get("msgid")
        if not isinstance(number, int):
            raise Ambiguous("template_send", "the answer holds no msgid")
        return number

    async def bizsend(self, openid: str, template_id: str, data: Mapping[str, str], *, page: str | None = None) -> None:
        """Send a subscription notice (订阅通知); it uses up one consent."""
        body: dict[str, object] = {"touser": openid, "template_id": template_id, "data": _values(data)}
        if page is not None:
            body["page"] = page
        _confirmed("bizsend", await self._call("bizsend", "/cgi-bin/message/subscribe/bizsend", body))

    async def menu_create(self, menu: Json) -> None:
        """Replace the account's menu (自定义菜单)."""
        _confirmed("menu_create", await self._call("menu_create", "/cgi-bin/menu/create", menu))

    async def menu_get(self) -> Json | None:
        """The account's menu; None when it has none."""
        try:
            answer = await self._call("menu_get", "/cgi-bin/menu/get", None)
        except Permanent as error:
            if error.code == _NO_MENU:
                return None
            raise
        menu = answer.get("menu")
        if not isinstance(menu, dict):
            raise Ambiguous("menu_get", "the answer holds no menu")
        return menu

    async def qrcode_create(self, scene: str, *, expire_seconds: int | None = None) -> QrCode:
        """Make a QR code whose scan tells ``scene`` (at most 64 characters); without an end it is one of 100,000.

        Raises ValueError for a scene or a time that WeChat does not take.
        """
        if not 1 <= len(scene) <= MAX_SCENE:
            raise ValueError(f"a scene has 1 to {MAX_SCENE} characters")
        if expire_seconds is not None and not 1 <= expire_seconds <= MAX_QR_SECONDS:
            raise ValueError(f"a QR code ends after 1 to {MAX_QR_SECONDS} seconds")
        action = "QR_LIMIT_STR_SCENE" if expire_seconds is None else "QR_STR_SCENE"
        body: dict[str, object] = {"action_name": action, "action_info": {"scene": {"scene_str": scene}}}
        if expire_seconds is not None:
            body["expire_seconds"] = expire_seconds
        answer = await self._call("qrcode_create", "/cgi-bin/qrcode/create", body)
        ticket, url, ends = answer.get("ticket"), answer.get("url"), answer.get("expire_seconds")
        if not isinstance(ticket, str) or not isinstance(url, str):
            raise Ambiguous("qrcode_create", "the answer holds no ticket")
        return QrCode(ticket, url, ends if isinstance(ends, int) else None)

    async def _call(self, api: str, path: str, body: Json | None) -> Json:
        token = await self.tokens.get()
        try:
            return await self._http.call(api, path, body, access_token=token)
        except TokenInvalid:
            token = await self.tokens.renew(token)
        return await self._http.call(api, path, body, access_token=token)


def _values(data: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"value": value} for name, value in data.items()}


def _confirmed(api: str, answer: Json) -> None:
    if "errcode" not in answer:
        raise Ambiguous(api, "the answer does not say how it went")
