"""The relay: takes due notices in batches, sends them outside any transaction, and records what came of it.

What is about to be tried is written before it is sent, so that after a death it is known what may have been sent: a
template is repeated with the same ``client_msg_id``, anything else that was under way is ``unknown`` and telephoned.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from structlog import get_logger

from booking.current import CurrentCatalogue
from booking.errors import NoCatalogue
from booking.models import Catalogue
from booking.notices import Notice, NoticeState
from booking.ports import Database, Unit
from booking.relaying import (
    MARGIN,
    NOT_BEGUN,
    QUOTA,
    Due,
    NoticeChannel,
    Routes,
    Try,
    Verdict,
    after_outcome,
    after_try,
    begin,
    go_on,
    in_flight,
    shows_choices_later,
)
from bot.notice_channels import Channels
from bot.sending_limits import Pace, Pauses

BATCH = 500
LANES = 60
"""Calls of WeChat under way at once, in a batch."""
SECONDS_A_BATCH = 3
"""How long a batch may take at the pace of the settings, so that even many workers are done within their leases."""
BATCHES_AT_ONCE = 3
"""So that some are read and recorded while another is sent."""
WAVE = 10
"""How many that cannot be sent again are under way at once: so many are in doubt after a death, at most."""
OUTCOMES_KEPT = timedelta(days=1)
log = get_logger()


class NoticeMetrics(Protocol):
    """``bot.metrics``."""

    def notices(self, kind: str, state: str, count: int) -> None: ...
    def notice_backlog(self, pending: int, sending: int, lag: float) -> None: ...


class Notifier:
    """Sends what is in the outbox; any number of processes may."""

    def __init__(
        self,
        database: Database,
        current: CurrentCatalogue,
        channels: Channels,
        *,
        pace: Pace,
        pauses: Pauses,
        now: Callable[[], datetime],
        metrics: NoticeMetrics,
    ) -> None:
        self._database = database
        self._current = current
        self._channels = channels
        self._pace = pace
        self._pauses = pauses
        self._now = now
        self._metrics = metrics
        self._goes_on: Callable[[], bool] = lambda: True

    async def relay(self, *, go_on: Callable[[], bool] = lambda: True) -> int:
        """Send until nothing is due, or ``go_on`` says no; returns how many notices were taken. Raises Unavailable."""

        self._goes_on = go_on

        async def lane() -> int:
            count = 0
            while go_on() and (taken := await self.batch()):
                count += taken
            return count

        async with self._database.read() as unit:
            if not await unit.relay.is_due(now=self._now()):
                return 0
        return sum(await asyncio.gather(*(lane() for _ in range(BATCHES_AT_ONCE))))

    async def batch(self) -> int:
        """Take one batch through its channels; returns how many notices it had. Raises Unavailable."""
        try:
            catalogue = await self._current.get()
        except NoCatalogue:
            return 0
        routes = await self._routes(catalogue)
        async with self._database.begin() as unit:
            found = await unit.relay.due(limit=self._size(), now=self._now())
            begun = await self._begun(unit, found, routes)
            await unit.relay.take(begun)
        self._count([due.notice for due in found], begun)
        going = [due.now_as(notice) for due, notice in zip(found, begun, strict=True)]
        while going := [due for due in going if due.notice.state == NoticeState.SENDING]:
            going = await self._round(going, catalogue)
        return len(found)

    async def settle(self) -> int:
        """Note how templates ended, as far as their notices are recorded; returns how many. Raises Unavailable."""
        try:
            catalogue = await self._current.get()
        except NoCatalogue:
            return 0
        routes, now = await self._routes(catalogue), self._now()
        async with self._database.read() as unit:
            if not await unit.relay.outcomes(limit=1):
                return 0
        async with self._database.begin() as unit:
            outcomes = await unit.relay.outcomes(limit=BATCH)
            after = [after_outcome(outcome.due, outcome.status, routes, now=now) for outcome in outcomes]
            await unit.relay.settle(outcomes, after)
            await unit.relay.forget_outcomes(before=now - OUTCOMES_KEPT)
        self._count([outcome.due.notice for outcome in outcomes], after)
        return len(outcomes)

    async def measure(self) -> None:
        """Show how much waits, and for how long. Raises Unavailable."""
        now = self._now()
        async with self._database.read() as unit:
            backlog = await unit.relay.backlog(now=now)
        lag = (now - backlog.oldest_due).total_seconds() if backlog.oldest_due else 0.0
        self._metrics.notice_backlog(backlog.pending, backlog.sending, lag)

    async def _routes(self, catalogue: Catalogue) -> Routes:
        paused = await self._pauses.current(now=self._now())
        return Routes(catalogue.templates, paused, sms=self._channels.has_sms)

    def _size(self) -> int:
        """Return how many to take at once."""
        if not self._pace.per_second:
            return BATCH
        return max(1, min(BATCH, int(self._pace.per_second * SECONDS_A_BATCH)))

    async def _begun(self, unit: Unit, found: Sequence[Due], routes: Routes) -> list[Notice]:
        """Judge what was found; whoever is to get a subscription notice spends a consent, or takes the next channel."""
        now = self._now()
        begun = [begin(due, routes, now=now) for due in found]
        first = [
            place
            for place, notice in enumerate(begun)
            if notice.channel == NoticeChannel.SUBSCRIPTION and notice.attempts == 1
        ]
        wanted = [(begun[place].openid or "", routes.templates[begun[place].kind].id) for place in first]
        spent = await unit.relay.spend(wanted)
        for number, place in enumerate(first):
            if number not in spent:
                begun[place] = go_on(found[place], routes, after=NoticeChannel.SUBSCRIPTION, now=now)
        return begun

    async def _round(self, going: Sequence[Due], catalogue: Catalogue) -> list[Due]:
        """Try each notice's channel, record what came of it, and return the notices as they are then."""
        tries = await self._tried(going, catalogue)
        routes, now = await self._routes(catalogue), self._now()
        before = [due.notice for due in going]
        after = [after_try(due, tried, routes, now=now) for due, tried in zip(going, tries, strict=True)]
        async with self._database.begin() as unit:
            await unit.relay.record(before, after)
        self._count(before, after)
        await self._show([notice for notice in after if shows_choices_later(notice)], catalogue)
        return [due.now_as(notice) for due, notice in zip(going, after, strict=True)]

    async def _tried(self, going: Sequence[Due], catalogue: Catalogue) -> list[Try]:
        """Try all: templates at once, which may be repeated; anything else in waves that are written down before."""
        notices = [due.notice for due in going]
        tries = [Try(Verdict.RETRY, NOT_BEGUN)] * len(notices)
        mobiles = await self._mobiles([notice for notice in notices if notice.channel == NoticeChannel.SMS])

        async def send(places: Sequence[int]) -> None:
            waiting = iter(places)

            async def lane() -> None:
                for place in waiting:
                    notice = notices[place]
                    tries[place] = await self._one(notice, catalogue, mobiles.get(notice.id, ""))

            await asyncio.gather(*(lane() for _ in range(min(LANES, len(places)))))

        places = range(len(notices))
        once = [place for place in places if _goes_once(notices[place])]
        await send([place for place in places if not _goes_once(notices[place])])
        for start in range(0, len(once), WAVE):
            if not self._goes_on():
                break
            wave = once[start : start + WAVE]
            await self._note([notices[place] for place in wave])
            await send(wave)
        return tries

    async def _note(self, notices: Sequence[Notice]) -> None:
        """Write down that these are being sent, before they are."""
        now = self._now()
        async with self._database.begin() as unit:
            await unit.relay.record(notices, [in_flight(notice, now=now) for notice in notices])

    async def _one(self, notice: Notice, catalogue: Catalogue, mobile: str) -> Try:
        channel = NoticeChannel(notice.channel or NoticeChannel.CUSTOM)
        await self._pace.take()
        late = notice.leased_until is not None and self._now() > notice.leased_until - MARGIN
        if late or not self._goes_on():
            return Try(Verdict.RETRY, NOT_BEGUN)
        if self._pauses.holds(channel):
            return Try(Verdict.PASS, QUOTA)
        tried = await self._channels.send(notice, catalogue, mobile=mobile, now=self._now())
        if tried.verdict == Verdict.PASS and tried.reason.startswith(QUOTA):
            await self._pauses.pause(channel, now=self._now())
        return tried

    async def _mobiles(self, notices: Sequence[Notice]) -> dict[str, str]:
        """Open telephone numbers, only for who gets an SMS now."""
        if not notices:
            return {}
        async with self._database.read() as unit:
            return await unit.relay.mobiles(notices)

    async def _show(self, notices: Sequence[Notice], catalogue: Catalogue) -> None:
        """Show the choices, which fit no template, as a customer-service message too, where WeChat lets us."""
        if not notices:
            return
        now = self._now()
        aside = [Due(replace(notice, channel=NoticeChannel.CUSTOM)) for notice in notices]
        tries = await self._tried(aside, catalogue)
        shown = [notice.id for notice, tried in zip(notices, tries, strict=True) if tried.shown]
        if shown:
            async with self._database.begin() as unit:
                await unit.notices.shown(shown, now=now)

    def _count(self, before: Sequence[Notice], after: Sequence[Notice]) -> None:
        changed = Counter(
            (new.kind, new.state)
            for old, new in zip(before, after, strict=True)
            if new.state not in {old.state, NoticeState.SENDING}
        )
        for (kind, state), count in changed.items():
            self._metrics.notices(kind, state, count)
            if state in {NoticeState.UNKNOWN, NoticeState.UNREACHABLE, NoticeState.FAILED}:
                log.warning("notices_not_brought", kind=kind, state=state, count=count)


def _goes_once(notice: Notice) -> bool:
    """Tell whether a notice on its way could not be sent again in doubt."""
    return notice.state == NoticeState.SENDING and notice.channel != NoticeChannel.TEMPLATE
