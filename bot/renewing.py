"""Keeping the lock and the lease of a turn that takes long."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime

from structlog import get_logger

from booking.errors import Unavailable
from bot.turn_state import Running
from handlers.ports import ChatStore
from storage.chats import RENEW_EVERY

log = get_logger()


class Renewals:
    """Renews for each turn by itself; ``spawn`` makes a task that somebody keeps."""

    def __init__(
        self, chats: ChatStore, now: Callable[[], datetime], spawn: Callable[[Coroutine[object, object, None]], object]
    ) -> None:
        self._chats = chats
        self._now = now
        self._spawn = spawn

    def begin(self, running: Running) -> None:
        """Renew after a while, again and again."""
        loop = asyncio.get_running_loop()
        running.timer = loop.call_later(RENEW_EVERY, lambda: self._spawn(self._renew(running)))

    @staticmethod
    def end(running: Running) -> None:
        """Renew no more."""
        if running.timer is not None:
            running.timer.cancel()
            running.timer = None

    async def _renew(self, running: Running) -> None:
        incoming = running.incoming
        try:
            if running.token or running.kept:  # else there is nothing yet that could be lost
                await self._chats.renew(incoming.openid, incoming.request_id, token=running.token, now=self._now())
        except Unavailable:
            log.warning("lock_not_renewed", request_id=incoming.request_id)
        if running.timer is not None:
            self.begin(running)
