"""The address WeChat delivers to: believe or refuse, answer within its five seconds, never show a fault."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import BadHttpMessage
from structlog import get_logger

from bot.crowd import AT_ONCE
from bot.notice_events import NoticeEvents
from bot.ports import Dialogue, Sender, WebhookMetrics
from bot.turns import Turns
from bot.waited import LAST_MOMENT, LATEST, is_gone, seconds_waited
from bot.wechat import MAX_BODY, BadDelivery, Codec
from handlers.ports import ChatStore

PATIENCE = 4.0
"""Seconds after which a delivery is answered without its answer; WeChat waits five (接收普通消息)."""
log = get_logger()


class Webhook:
    """``GET`` and ``POST /wechat`` of one official account."""

    def __init__(
        self,
        codec: Codec,
        *,
        chats: ChatStore,
        dialogue: Dialogue,
        client: Sender,
        now: Callable[[], datetime],
        metrics: WebhookMetrics,
        events: NoticeEvents | None = None,
        patience: float = PATIENCE,
        at_once: int = AT_ONCE,
    ) -> None:
        self._codec = codec
        self._now = now
        self._metrics = metrics
        self._events = events
        self._patience = patience
        self._leaving = False
        self.turns = Turns(chats, dialogue, client, now, metrics, at_once=at_once)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a verification or a delivery; whatever comes, never with a 5xx."""
        response = await self._respond(request, asyncio.get_running_loop().time() + self._patience)
        if self._leaving:
            response.force_close()
        return response

    def take_leave(self) -> None:
        """From now on every answer ends its connection, so that the next request goes to who stays."""
        self._leaving = True

    async def recover_late(self) -> int:
        """Finish late messages whose process died; to be called every few seconds. Raises Unavailable."""
        return await self.turns.recover_late()

    async def close(self) -> None:
        """Let running turns end."""
        await self.turns.close()

    async def _respond(self, request: web.Request, until: float) -> web.Response:
        try:
            if request.method == "GET":
                return web.Response(text=self._codec.echo(request.query, now=self._now()))
            if self.turns.many:
                waited = seconds_waited(request)
                if is_gone(request) or waited > LATEST:
                    self._metrics.refused("gone")  # WeChat delivers it again, to whoever has the time then
                    return web.Response(text="success")
                until = max(until - waited, asyncio.get_running_loop().time() + LAST_MOMENT)
            return await self._answer(request, until)
        except BadDelivery as bad:
            self._metrics.rejected(bad.reason)
            log.warning("delivery_refused", reason=bad.reason, status=bad.status)
            return web.Response(status=bad.status, text="refused")
        except Exception:
            log.exception("delivery_failed")
            return web.Response(status=400, text="refused")

    async def _answer(self, request: web.Request, until: float) -> web.Response:
        body = await _body(request, until)
        delivery = self._codec.read(request.query, body, now=self._now())
        if self._events is not None and self._events.concern(delivery.incoming):
            await self._events.hear(delivery.incoming, until=until)
            return web.Response(text="success")
        text = await self.turns.answer(delivery.incoming, until=until)
        if not text:
            return web.Response(text="success")
        return web.Response(
            body=self._codec.write(delivery, text, now=self._now()), content_type="application/xml", charset="utf-8"
        )


def add_routes(router: web.UrlDispatcher, webhook: Webhook) -> None:
    """Serve the webhook at ``/wechat``."""
    router.add_route("GET", "/wechat", webhook.handle)
    router.add_route("POST", "/wechat", webhook.handle)


async def _body(request: web.Request, until: float) -> bytes:
    if (request.content_length or 0) > MAX_BODY:
        raise BadDelivery("longer than 64 KiB", 413)
    try:
        if request.content.is_eof():
            return await request.read()
        async with asyncio.timeout_at(until):
            return await request.read()
    except TimeoutError:
        raise BadDelivery("the body did not come in time", 408) from None
    except web.HTTPRequestEntityTooLarge:
        raise BadDelivery("longer than 64 KiB", 413) from None
    except (ClientPayloadError, BadHttpMessage, ConnectionError):
        raise BadDelivery("the body broke off") from None
