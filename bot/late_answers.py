"""Answers that WeChat's request could not wait for, sent as customer-service messages by exactly one party."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime

from structlog import get_logger

from booking.errors import Unavailable
from bot.ports import Sender
from bot.wechat_errors import Retryable, WeChatError
from handlers.chat import Incoming
from handlers.ports import ChatStore

_PAUSES = (0.0, 0.3, 1.0)
log = get_logger()


class LateAnswers:
    """Delivers late answers; what cannot be sent comes with the account's next answer."""

    def __init__(self, chats: ChatStore, sender: Sender, now: Callable[[], datetime]) -> None:
        self._chats = chats
        self._sender = sender
        self._now = now

    async def deliver(self, incoming: Incoming, text: str) -> None:
        """Send the answer of a message that was kept, unless somebody else delivers it."""
        openid, request_id, token = incoming.openid, incoming.request_id, secrets.token_hex(8)
        try:
            if await self._chats.claim(openid, request_id, token=token, now=self._now()):
                sent = await self.send(incoming, text)
                await self._chats.settle(openid, request_id, token=token, sent=sent)
        except Unavailable:
            log.warning("late_answer_unsettled", request_id=request_id)

    async def send(self, incoming: Incoming, text: str) -> bool:
        """Send, again only where WeChat certainly did nothing; whether it was sent."""
        result, code = "", 0
        for pause in _PAUSES if text else ():
            await asyncio.sleep(pause)
            try:
                await self._sender.custom_send(incoming.openid, text)
            except Retryable as error:
                result, code = error.result, error.code
            except WeChatError as error:
                result, code = error.result, error.code
                break
            else:
                return True
        if text:
            log.warning("late_answer_not_sent", request_id=incoming.request_id, result=result, code=code)
        return not text
