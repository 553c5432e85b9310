"""Where a turn waits for its place, or is refused one: what is measured here and what Redis remembers, together."""

from collections.abc import Callable
from datetime import datetime

from bot.crowd import Crowd, Crowded
from bot.ports import TurnMetrics
from bot.turn_state import Answer, Running, known
from handlers.ports import ChatStore, Entered
from handlers.texts import transport as texts


class WaitingRoom:
    """Gives places of a crowd to turns."""

    def __init__(self, crowd: Crowd, chats: ChatStore, now: Callable[[], datetime], metrics: TurnMetrics) -> None:
        self._crowd = crowd
        self._chats = chats
        self._now = now
        self._metrics = metrics

    async def wait(self, running: Running) -> Answer | None:
        """Wait for a place, to be given back; the answer for who is refused one. Raises Unavailable."""
        refused = await self._wait(running)
        if refused is None and running.given_up:
            self._crowd.give_back()
            return Answer(texts.BUSY)
        return refused

    async def refuse(self, running: Running, crowded: Crowded, *, again: bool) -> Answer | None:
        """Note that the turn is not taken; None when it must be: it was taken up already, or has a right to a place."""
        incoming = running.incoming
        entered = await self._chats.refuse(
            incoming.openid,
            incoming.request_id,
            now=self._now(),
            ahead=crowded.ahead,
            seconds=crowded.seconds,
            again=again,
        )
        if entered.standing in {"busy", "favoured"}:
            return None
        if entered.first:
            self._crowd.keep_promise()
        return self.told(entered)

    def told(self, entered: Entered) -> Answer:
        """Return what is said to a message that is not taken up, or was before, and count it."""
        if entered.standing in {"crowded", "limited", "silenced"}:
            self._metrics.refused(entered.standing)
        return Answer(known(entered))

    async def _wait(self, running: Running) -> Answer | None:
        for favoured in (False, True):
            try:
                await self._crowd.wait(running.until if running.refusable else None, favoured=favoured)
            except Crowded as crowded:
                refused = await self.refuse(running, crowded, again=favoured)
            else:
                return None
            if refused is not None:
                return refused
        await self._crowd.wait(None)
        return None
