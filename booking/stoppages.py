"""Stoppages: closing at once, everything else in batches that any worker goes on with (R-A14, R-A15).

One short transaction closes the slots: nothing new is booked from then on, holds included. What follows (appointments,
offers, notices) comes in batches, each a short transaction of its own that does only what is still to be done; who dies
in between is followed by whoever comes next, and two at once do it once.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from booking.actors import Actor
from booking.audit import Entry, Facts
from booking.current import CurrentCatalogue
from booking.models import Catalogue
from booking.offer_plan import make_plan
from booking.ports import Database, Unit
from booking.seats import Seats
from booking.staff_refusals import AlreadyLifted, NotInStoppage, NotRequested, RangePast, StoppageOver, UnknownStoppage
from booking.stop_requests import ask_managers
from booking.stoppage_ahead import check_ahead
from booking.stoppage_models import (
    IN_FORCE,
    StopOrder,
    Stoppage,
    StoppageFigures,
    StoppageState,
    StoppedState,
    StopPreview,
)
from booking.stoppage_ports import Waiting
from booking.stoppage_scope import Range, check_words, range_of
from booking.stoppage_work import StoppageWork

SESSIONS_READ = 10
"""Of how many sessions a preview reads the patients at once."""
_UNDECIDED = (StoppageState.REQUESTED, StoppageState.REFUSED)
_TO_LIFT = (StoppedState.STOPPING, StoppedState.STOPPED)


class Stoppages:
    """Stops clinic sessions and lets them be held again."""

    def __init__(
        self, *, database: Database, seats: Seats | None, current: CurrentCatalogue, sms: bool = False
    ) -> None:
        """``sms``: who has a telephone number is reached, too."""
        self._database = database
        self._sms = sms
        self._current = current
        self._work = StoppageWork(database=database, seats=seats, current=current)

    async def preview(self, order: StopOrder, *, now: datetime) -> StopPreview:
        """Count whom a stoppage would reach and to how many a replacement could be offered; nothing changes.

        Raises what ``stop`` does, but asks for no reason.
        """
        catalogue = await self._current.get()
        async with self._database.read() as unit:
            when = await range_of(unit, catalogue, order, now=now)
            span = (order.scope, when.from_at, when.to_at)
            sessions = await unit.reach.sessions(*span, now=now)
            if not sessions:
                await check_ahead(unit, catalogue, order.scope, when, now=now)
                return StopPreview(when.from_at, when.to_at, 0, 0, 0, 0, 0)
            slots = await unit.reach.slots(*span, now=now)
            departments = await unit.reach.departments(*span, now=now)
        parts = [sessions[n : n + SESSIONS_READ] for n in range(0, len(sessions), SESSIONS_READ)]
        patients: list[tuple[str, bool]] = []
        for some in parts:
            async with self._database.read() as unit:
                patients += await unit.reach.patients(*span, some, sms=self._sms, now=now)
            await asyncio.sleep(0)
        left = iter(parts)

        async def page(unit: Unit, _: Waiting | None) -> Sequence[Waiting]:
            for some in left:
                people = await unit.reach.people(*span, some, now=now)
                if people:
                    return [(each[1], *each[1:]) for each in people]
            return []

        planned = await make_plan(self._database, catalogue, page, now=now, departments=departments, without=slots)
        offerable = len({patient for patient, _ in planned})
        return StopPreview(
            when.from_at,
            when.to_at,
            sessions=len(sessions),
            appointments=len(patients),
            patients=len({patient for patient, _ in patients}),
            reachable=len({patient for patient, reached in patients if reached}),
            offerable=offerable,
        )

    async def stop(self, order: StopOrder, *, by: Actor, now: datetime) -> Stoppage:
        """Close what is ordered at once; ``work`` does the rest. The same request again finds the first one's.

        What is stopped already stays as it is; what is published later is stopped then. Raises ``ReasonMissing``,
        ``TextTooLong``, ``UnknownScope``, ``EmptyRange``, ``RangePast``, ``NothingToStop``, ``AlreadyStopped`` or
        ``Unavailable``.
        """
        return await self._order(order, StoppageState.STOPPING, by=by, now=now)

    async def request(self, order: StopOrder, *, by: Actor, now: datetime) -> Stoppage:
        """Ask for a stoppage; nothing is closed until it is approved. Raises what ``stop`` does."""
        return await self._order(order, StoppageState.REQUESTED, by=by, now=now)

    async def approve(self, stoppage_id: str, *, by: Actor, now: datetime) -> Stoppage:
        """Let a stoppage that was asked for begin; the same again changes nothing.

        Raises ``UnknownStoppage``, ``NotRequested`` when it was refused, ``RangePast``, ``NothingToStop``,
        ``AlreadyStopped``.
        """
        catalogue = await self._current.get()
        async with self._database.begin() as unit:
            await unit.stoppages.in_turn()
            found = await _known(unit, stoppage_id)
            if found.state is StoppageState.REFUSED:
                raise NotRequested
            if found.state is not StoppageState.REQUESTED:
                return found
            if found.to_at <= now:
                raise RangePast
            await _close(unit, catalogue, found, by=by, now=now)
            await unit.stoppages.advance(stoppage_id, was=[StoppageState.REQUESTED], to=StoppageState.STOPPING, now=now)
            await unit.audit.record(_entry(found, "approved", by, now))
        return replace(found, state=StoppageState.STOPPING, updated_at=now)

    async def refuse(self, stoppage_id: str, *, by: Actor, now: datetime) -> Stoppage:
        """Refuse a stoppage that was asked for; the same again changes nothing.

        Raises ``UnknownStoppage``, or ``NotRequested`` when it has begun.
        """
        async with self._database.begin() as unit:
            found = await _known(unit, stoppage_id)
            if found.state not in _UNDECIDED:
                raise NotRequested
            was = [StoppageState.REQUESTED]
            if await unit.stoppages.advance(stoppage_id, was=was, to=StoppageState.REFUSED, now=now):
                await unit.audit.record(_entry(found, "refused", by, now))
        return replace(found, state=StoppageState.REFUSED, updated_at=now)

    async def lift(self, stoppage_id: str, session: str | None = None, *, by: Actor, now: datetime) -> Stoppage:
        """Let a stoppage, or one session of it, be lifted; ``work`` gives back what can be, then opens.

        Raises ``UnknownStoppage``, ``NotInStoppage``, ``AlreadyLifted``, ``StoppageOver`` or ``Unavailable``.
        """
        async with self._database.begin() as unit:
            await unit.stoppages.in_turn()
            found = await _known(unit, stoppage_id)
            if found.state in _UNDECIDED:
                raise UnknownStoppage
            sessions = await _to_lift(unit, found, session, now=now)
            await unit.stoppages.mark_sessions(stoppage_id, sessions, was=_TO_LIFT, to=StoppedState.LIFTING)
            to = StoppageState.LIFTING if session is None else StoppageState.STOPPING
            await unit.stoppages.advance(stoppage_id, was=IN_FORCE, to=to, now=now, free=False)
            await unit.stoppages.note_lifter(stoppage_id, by)
            action = "lifting" if session is None else "lifting_session"
            after: Facts = {"sessions": list(sessions)}
            await unit.audit.record(Entry(now, by, action, "stoppage", stoppage_id, {"state": str(found.state)}, after))
        return replace(found, state=to, updated_at=now)

    async def work(self, *, now: datetime) -> int:
        """Do the next batch of whatever stoppage is at work; 0 when there is none that nobody else works on."""
        return await self._work.next_batch(now=now)

    async def get(self, stoppage_id: str) -> tuple[Stoppage, StoppageFigures]:
        """Return a stoppage and how it stands; raises ``UnknownStoppage``."""
        async with self._database.read() as unit:
            found = await unit.stoppages.get(stoppage_id)
            if found is None:
                raise UnknownStoppage
            return found, await unit.displaced.figures(stoppage_id)

    async def all(self) -> list[tuple[Stoppage, StoppageFigures]]:
        """Return all stoppages and how they stand, newest first."""
        async with self._database.read() as unit:
            return [(each, await unit.displaced.figures(each.id)) for each in await unit.stoppages.all()]

    async def known(self) -> list[Stoppage]:
        """Return all stoppages, newest first, without counting anybody."""
        async with self._database.read() as unit:
            return await unit.stoppages.all()

    async def sessions(self, stoppage_id: str) -> list[tuple[str, StoppedState]]:
        """Return the sessions a stoppage stops, wholly or in part, and how far it is with each."""
        async with self._database.read() as unit:
            return [(each.session, each.state) for each in await unit.stoppages.sessions(stoppage_id)]

    async def _order(self, order: StopOrder, state: StoppageState, *, by: Actor, now: datetime) -> Stoppage:
        check_words(order)
        catalogue = await self._current.get()
        async with self._database.begin() as unit:
            await unit.stoppages.in_turn()
            found = await unit.stoppages.by_request(order.request_id)
            if found is not None:
                return found
            when = await range_of(unit, catalogue, order, now=now)
            new = _stoppage(await unit.stoppages.next_id(), order, when, state, by=by, now=now)
            await unit.stoppages.add(new)
            if state is StoppageState.REQUESTED:
                if not await unit.reach.sessions(new.scope, new.from_at, new.to_at, now=now):
                    await check_ahead(unit, catalogue, new.scope, when, now=now, but=new.id)
                await ask_managers(unit, new, now=now)
            else:
                await _close(unit, catalogue, new, by=by, now=now)
            action = "requested" if state is StoppageState.REQUESTED else "ordered"
            await unit.audit.record(_entry(new, action, by, now))
        return new


async def _close(unit: Unit, catalogue: Catalogue, new: Stoppage, *, by: Actor, now: datetime) -> None:
    """Close what a stoppage stops; raises ``NothingToStop`` or ``AlreadyStopped``."""
    sessions = await unit.stoppages.close(new, now=now)
    if not sessions:
        when = Range(max(new.from_at, now), new.to_at)
        await check_ahead(unit, catalogue, new.scope, when, now=now, but=new.id)
    after: Facts = {"stoppage": new.id}
    await unit.audit.record(*(Entry(now, by, "stopped", "session", each, None, after) for each in sessions))


async def _known(unit: Unit, stoppage_id: str) -> Stoppage:
    found = await unit.stoppages.get(stoppage_id, lock=True)
    if found is None:
        raise UnknownStoppage
    return found


async def _to_lift(unit: Unit, found: Stoppage, session: str | None, *, now: datetime) -> list[str]:
    """Return the sessions to lift; raises ``NotInStoppage``, ``AlreadyLifted`` or ``StoppageOver``.

    A whole stoppage that still keeps out what will be published may be lifted even when no session is left.
    """
    sessions = await unit.stoppages.sessions(found.id)
    wanted = [each for each in sessions if session in {None, each.session}]
    if session is not None and not wanted:
        raise NotInStoppage
    if not found.in_force:
        raise AlreadyLifted
    stopped = [each.session for each in wanted if each.state in _TO_LIFT]
    goes_on = session is None and found.to_at > now
    if not stopped and not goes_on:
        raise AlreadyLifted if sessions else StoppageOver
    ahead = await unit.stoppages.sessions_ahead(found.id, now=now)
    left = [each for each in stopped if each in ahead]
    if not left and not goes_on:
        raise StoppageOver
    return left


def _stoppage(
    stoppage_id: str, order: StopOrder, when: Range, state: StoppageState, *, by: Actor, now: datetime
) -> Stoppage:
    return Stoppage(
        id=stoppage_id,
        scope=order.scope,
        from_at=when.from_at,
        to_at=when.to_at,
        reason=order.reason.strip(),
        text=order.text.strip(),
        state=state,
        by=by.id,
        channel=by.channel,
        request_id=order.request_id,
        created_at=now,
        updated_at=now,
    )


def _entry(stoppage: Stoppage, action: str, by: Actor, now: datetime) -> Entry:
    after: Facts = {
        "scope": stoppage.scope.kind,
        "code": stoppage.scope.code,
        "from": stoppage.from_at.isoformat(),
        "to": stoppage.to_at.isoformat(),
        "reason": stoppage.reason,
        "text": stoppage.text,
    }
    return Entry(now, by, action, "stoppage", stoppage.id, None, after)
