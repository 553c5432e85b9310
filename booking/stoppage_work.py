"""The batches of stoppages: what the next one is, and doing it (R-A14, R-A15).

``stopping`` ends appointments (and first gives back sessions that were lifted one by one), ``offering`` keeps seats for
the displaced, ``telling`` tells those for whom there was none, ``lifting`` gives back and opens. A lease keeps others
from planning the same; that a batch is done once is seen to by its conditions, under a lock of the stoppage's row.
"""

from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from booking.current import CurrentCatalogue
from booking.displacing import displace_some, lock_to_displace
from booking.errors import Busy, NumberTaken, OrdinalTaken, SeatTaken, Unavailable
from booking.lifting import lift_some
from booking.offer_plan import PAGE, Planned, make_plan
from booking.offer_writing import leave_without, write_offers
from booking.ports import Database, Unit
from booking.refusals import AlreadyInSession
from booking.seats import Seats
from booking.stoppage_models import DisplacementState, Stoppage, StoppageState, StoppedState
from booking.stoppage_ports import Waiting

LEASE = timedelta(seconds=30)
OFFERS_AT_ONCE = 200
"""For how many patients one transaction keeps seats."""
TOLD_AT_ONCE = 500
PLANS = 5
"""How often seats are planned anew because others took them meanwhile."""
STUMBLES = 10
"""How often in a row a batch may meet somebody else's booking before that is an error."""


@dataclass(slots=True)
class _Plan:
    """What is still to be written of a plan, and how often one was made."""

    left: deque[Planned] = field(default_factory=deque)
    made: int = 0
    missed: bool = True
    """Whether somebody got nothing of what was planned since the plan was made; a new one is due."""


class StoppageWork:
    """One worker at the stoppages' batches."""

    def __init__(self, *, database: Database, seats: Seats | None, current: CurrentCatalogue) -> None:
        self._database = database
        self._seats = seats
        self._current = current
        self._mine: dict[str, datetime] = {}
        self._plans: dict[str, _Plan] = {}
        self._stumbled = 0
        self._steps: dict[StoppageState, Callable[..., Coroutine[Any, Any, int]]] = {
            StoppageState.STOPPING: self._displace,
            StoppageState.OFFERING: self._offer,
            StoppageState.TELLING: self._leave_without,
            StoppageState.LIFTING: self._lift,
        }

    async def next_batch(self, *, now: datetime) -> int:
        """Do the next batch; return how many sessions or patients it was about, at least 1, or 0 without any."""
        until = now + LEASE
        async with self._database.read() as unit:
            if not await unit.stoppages.at_work():
                return 0
        async with self._database.begin() as unit:
            stoppage = await unit.stoppages.lease(now=now, until=until, mine=self._mine)
        if stoppage is None:
            return 0
        if self._mine.get(stoppage.id, now) <= now:
            self._plans.pop(stoppage.id, None)  # others may have worked since: who waits now is not who waited then
        self._mine[stoppage.id] = until
        try:
            done = await self._step(stoppage, now=now)
        except (OrdinalTaken, AlreadyInSession, SeatTaken, NumberTaken) as error:
            self._stumbled += 1
            if self._stumbled > STUMBLES:
                raise Busy from error
            return 1  # somebody's booking came between; read again, it is seen
        self._stumbled = 0
        return max(1, done)

    async def _step(self, stoppage: Stoppage, *, now: datetime) -> int:
        try:
            return await self._steps[stoppage.state](stoppage, now=now)
        except BaseException:
            self._plans.pop(stoppage.id, None)  # whom the batch was for still wait, and are planned for again
            raise

    async def _displace(self, stoppage: Stoppage, *, now: datetime) -> int:
        catalogue = await self._current.get()
        displaced: list[str] | None = None
        async with self._database.begin() as unit:
            sessions = await lock_to_displace(unit, stoppage)
            if sessions is None:
                return 1
            lifted = await lift_some(unit, catalogue, stoppage, now=now)
            if lifted is None and sessions:
                displaced = await displace_some(unit, stoppage, sessions, now=now)
            elif lifted is None:
                await self._after_displacing(unit, stoppage, now=now)
        await self._open_pools(lifted or [])
        if self._seats is not None:
            with suppress(Unavailable):
                await self._seats.rebuild_all(displaced or [])
        return len(lifted or displaced or [])

    async def _after_displacing(self, unit: Unit, stoppage: Stoppage, *, now: datetime) -> None:
        """Look for replacements next; a stoppage whose every session was lifted is over, unless it goes on."""
        self._plans.pop(stoppage.id, None)
        sessions = await unit.stoppages.sessions(stoppage.id)
        over = stoppage.to_at <= now or stoppage.scope.kind == "session"
        lifted = over and bool(sessions) and all(each.state is StoppedState.LIFTED for each in sessions)
        to = StoppageState.LIFTING if lifted else StoppageState.OFFERING
        await unit.stoppages.advance(stoppage.id, was=[StoppageState.STOPPING], to=to, now=now, free=False)

    async def _offer(self, stoppage: Stoppage, *, now: datetime) -> int:
        catalogue = await self._current.get()
        plan = self._plans.setdefault(stoppage.id, _Plan())
        if not plan.left and plan.missed and plan.made < PLANS:

            async def page(unit: Unit, after: Waiting | None) -> Sequence[Waiting]:
                return await unit.displaced.waiting(stoppage.id, after=after, limit=PAGE)

            async with self._database.read() as unit:
                departments = await unit.displaced.departments_waiting(stoppage.id)
            made = await make_plan(self._database, catalogue, page, now=now, departments=departments)
            # Who is offered seats of the same sessions is written together: fewer rows are locked at once.
            plan.left = deque(sorted(made, key=lambda planned: planned[1][0].session))
            plan.made, plan.missed = plan.made + 1, False
        batch = [plan.left.popleft() for _ in range(min(OFFERS_AT_ONCE, len(plan.left)))]
        sessions: list[str] = []
        async with self._database.begin() as unit:
            if not await unit.stoppages.keep(stoppage.id, state=StoppageState.OFFERING):
                del self._plans[stoppage.id]
                return 1
            if batch:
                offered, sessions = await write_offers(unit, catalogue, batch, DisplacementState.WAITING, now=now)
                plan.missed = plan.missed or offered < len(batch)
            elif not plan.missed or plan.made >= PLANS:
                was, to = [StoppageState.OFFERING], StoppageState.TELLING
                await unit.stoppages.advance(stoppage.id, was=was, to=to, now=now, free=False)
                del self._plans[stoppage.id]
        if self._seats is not None:
            await self._seats.follow(sessions)
        return len(batch)

    async def _leave_without(self, stoppage: Stoppage, *, now: datetime) -> int:
        async with self._database.begin() as unit:
            if not await unit.stoppages.keep(stoppage.id, state=StoppageState.TELLING):
                return 1
            told = await leave_without(unit, stoppage, limit=TOLD_AT_ONCE, now=now)
            if not told:
                await self._end(unit, stoppage, StoppageState.DONE, now=now)
        return told

    async def _lift(self, stoppage: Stoppage, *, now: datetime) -> int:
        catalogue = await self._current.get()
        told = 0
        async with self._database.begin() as unit:
            if not await unit.stoppages.keep(stoppage.id, state=StoppageState.LIFTING):
                return 1
            lifted = await lift_some(unit, catalogue, stoppage, now=now)
            if lifted is None:
                told = await leave_without(unit, stoppage, limit=TOLD_AT_ONCE, now=now)
                if not told:
                    await self._end(unit, stoppage, StoppageState.LIFTED, now=now)
        await self._open_pools(lifted or [])
        return len(lifted or []) + told

    async def _open_pools(self, sessions: Sequence[str]) -> None:
        """Let Redis give seats of lifted sessions, and have back what was kept for who is restored."""
        if self._seats is not None and sessions:
            await self._seats.follow(sessions)
            with suppress(Unavailable):
                while await self._seats.repair():
                    pass

    async def _end(self, unit: Unit, stoppage: Stoppage, to: StoppageState, *, now: datetime) -> None:
        await unit.stoppages.advance(stoppage.id, was=[stoppage.state], to=to, now=now)
        self._mine.pop(stoppage.id, None)
