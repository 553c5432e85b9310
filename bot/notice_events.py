"""Events about notices: how a template ended, who consented to a subscription notice. They concern no dialogue."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from structlog import get_logger

from booking.errors import Unavailable
from booking.ports import Database
from handlers.chat import Incoming

FINISHED = "templatesendjobfinish"
ASKED, CHANGED = "subscribe_msg_popup_event", "subscribe_msg_change_event"
_PAUSE = 0.3
_MAX_TEMPLATE = 100
log = get_logger()


class NoticeEvents:
    """Writes events down for the relay; each may come twice, and before what it is about is recorded."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @staticmethod
    def concern(incoming: Incoming) -> bool:
        """Tell whether a message is such an event."""
        return incoming.event in {FINISHED, ASKED, CHANGED}

    async def hear(self, incoming: Incoming, *, until: float) -> None:
        """Write an event down; while the database is away it is tried again until then, by the loop's time."""
        while True:
            try:
                await self._write(incoming)
            except Unavailable:
                if asyncio.get_running_loop().time() + _PAUSE > until:
                    log.warning("notice_event_lost", event_kind=incoming.event, request_id=incoming.request_id)
                    return
                await asyncio.sleep(_PAUSE)
            else:
                return

    async def _write(self, incoming: Incoming) -> None:
        now = self._now()
        async with self._database.begin() as unit:
            if incoming.event == FINISHED:
                await unit.relay.keep_outcome(int(incoming.key or 0), incoming.text, now=now)
                return
            templates, answers = (incoming.key or "").split("\n"), incoming.text.split("\n")
            for template, answer in zip(templates, answers, strict=False):
                given = answer == "accept"
                if 0 < len(template) <= _MAX_TEMPLATE and given == (incoming.event == ASKED):
                    await unit.relay.grant(incoming.openid, template, given=given, event=incoming.request_id, now=now)
