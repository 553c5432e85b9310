"""Stoppages and the sessions they stop, in SQL. Sessions are locked before their slots, by id (R-A14, R-A15)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, case, exists, func, insert, literal_column, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from booking.actors import Actor
from booking.models import ClaimState, ClinicSession, SessionState
from booking.stoppage_models import AT_WORK, IN_FORCE, Scope, Stoppage, StoppageState, StoppedSession, StoppedState
from booking.stoppage_scope import covers
from storage.connection import SqlConnection
from storage.patient_tables import file_counter
from storage.stoppage_tables import displacement, stoppage, stoppage_session
from storage.tables import claim, clinic_session, is_live, slot

MANY = 5000
"""How many ids one statement names at most."""
_STOPPING = 724_003
_COUNTER = "stoppage"
_PLAIN = tuple(name for name in Stoppage.__slots__ if name not in {"scope", "state"})


class SqlStoppageRows:
    """``StoppageRows`` on one connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def in_turn(self, *, sharing: bool = False) -> None:
        """Let stoppages follow one another until the transaction ends; who publishes shares a turn of its own."""
        if self._connection.dialect.name == "postgresql":
            lock = func.pg_advisory_xact_lock_shared if sharing else func.pg_advisory_xact_lock
            await self._connection.execute(select(lock(_STOPPING)))

    async def next_id(self) -> str:
        """Return the id of a new stoppage, one that can be read over the telephone."""
        dialect_insert = sqlite_insert if self._connection.dialect.name == "sqlite" else postgres_insert
        counted = dialect_insert(file_counter).values(name=_COUNTER, value=1)
        query = counted.on_conflict_do_update(
            index_elements=[file_counter.c.name], set_={"value": file_counter.c.value + 1}
        ).returning(file_counter.c.value)
        value: int = (await self._connection.execute(query)).scalar_one()
        return f"T{value:06}"

    async def add(self, new: Stoppage) -> None:
        """Write a new stoppage."""
        row = {name: getattr(new, name) for name in _PLAIN}
        row |= {"scope": new.scope.kind, "code": new.scope.code, "state": str(new.state)}
        await self._connection.execute(insert(stoppage).values(row))

    async def get(self, stoppage_id: str, *, lock: bool = False) -> Stoppage | None:
        """Return a stoppage by id, if wished with its row locked until the transaction ends."""
        query = select(stoppage).where(stoppage.c.id == stoppage_id)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).mappings().first()
        return None if row is None else _stoppage(row)

    async def by_request(self, request_id: str) -> Stoppage | None:
        """Return the stoppage a request made."""
        query = select(stoppage).where(stoppage.c.request_id == request_id)
        row = (await self._connection.execute(query)).mappings().first()
        return None if row is None else _stoppage(row)

    async def all(self) -> list[Stoppage]:
        """Return all stoppages, newest first."""
        rows = await self._connection.execute(select(stoppage).order_by(stoppage.c.id.desc()))
        return [_stoppage(row) for row in rows.mappings()]

    async def in_force(self, now: datetime) -> list[Stoppage]:
        """Return the stoppages that keep people out, by id."""
        states = [str(state) for state in IN_FORCE]
        query = select(stoppage).where(stoppage.c.state.in_(states), stoppage.c.to_at > now).order_by(stoppage.c.id)
        return [_stoppage(row) for row in (await self._connection.execute(query)).mappings()]

    async def advance(
        self, stoppage_id: str, *, was: Sequence[StoppageState], to: StoppageState, now: datetime, free: bool = True
    ) -> bool:
        """Bring a stoppage to another state, if it was in one of those; with ``free`` anybody may work on it."""
        change = update(stoppage).where(stoppage.c.id == stoppage_id, stoppage.c.state.in_([str(s) for s in was]))
        values: dict[str, object] = {"state": str(to), "updated_at": now}
        values |= {"worked_until": None} if free else {}
        return (await self._connection.execute(change.values(values))).rowcount > 0

    async def note_lifter(self, stoppage_id: str, by: Actor) -> None:
        """Note who lifts a stoppage or part of it: what its batches give back is their doing."""
        change = update(stoppage).where(stoppage.c.id == stoppage_id)
        await self._connection.execute(change.values(lifted_by=by.id, lifted_through=by.channel))

    async def reopen_work(self, stoppage_ids: Sequence[str], *, now: datetime) -> None:
        """Let replacements be looked for again: people of these stoppages wait once more.

        One that was lifted keeps nobody out again; who could not be given back is told, and is next in line. Their rows
        must be locked: one that is at work could come to its end meanwhile without having seen these people.
        """
        settled = [str(state) for state in (StoppageState.TELLING, StoppageState.DONE, StoppageState.LIFTED)]
        lifted = stoppage.c.state == str(StoppageState.LIFTED)
        state = case((lifted, str(StoppageState.LIFTING)), else_=str(StoppageState.OFFERING))
        change = update(stoppage).where(stoppage.c.id.in_(stoppage_ids), stoppage.c.state.in_(settled))
        await self._connection.execute(change.values(state=state, updated_at=now))

    async def at_work(self) -> bool:
        """Tell whether a stoppage has batches left to do."""
        return (await self._connection.execute(select(stoppage.c.id).where(_at_work()).limit(1))).first() is not None

    async def lease(self, *, now: datetime, until: datetime, mine: Mapping[str, datetime]) -> Stoppage | None:
        """Take the first stoppage at work that nobody works on, or that is ours; None when there is none.

        A lease longer than any is one from before the clock stepped back.
        """
        column = stoppage.c.worked_until
        ours = [and_(stoppage.c.id == id_, column == lease) for id_, lease in mine.items()]
        to_be_had = and_(_at_work(), or_(column.is_(None), column <= now, column > until, *ours))
        found = (await self._connection.execute(select(stoppage.c.id).where(to_be_had).order_by(stoppage.c.id))).first()
        if found is None:
            return None
        taken = update(stoppage).where(stoppage.c.id == found.id, to_be_had).values(worked_until=until)
        row = (await self._connection.execute(taken.returning(stoppage))).mappings().first()
        return None if row is None else _stoppage(row)

    async def keep(self, stoppage_id: str, *, state: StoppageState, along: Sequence[str] = ()) -> bool:
        """Lock a stoppage, and others along with it; False when it is not in this state any more."""
        return (await self.lock([stoppage_id, *along])).get(stoppage_id) is state

    async def lock(self, ids: Sequence[str]) -> dict[str, StoppageState]:
        """Lock stoppages in the order of their ids until the transaction ends; return the state of each."""
        query = select(stoppage.c.id, stoppage.c.state).where(stoppage.c.id.in_(ids)).order_by(stoppage.c.id)
        rows = await self._connection.execute(query.with_for_update(key_share=True))
        return {row.id: StoppageState(row.state) for row in rows}

    async def offering_in(self, sessions: Sequence[str]) -> list[str]:
        """Return the stoppages for whose people seats of these sessions are kept."""
        query = select(displacement.c.stoppage).join(claim, claim.c.displacement == displacement.c.id).distinct()
        query = query.where(claim.c.session.in_(sessions), is_live, claim.c.state == ClaimState.OFFERED)
        return list((await self._connection.execute(query)).scalars())

    async def close(self, new: Stoppage, *, now: datetime) -> list[str]:
        """Stop the slots of a stoppage's range that are ahead and not stopped yet; return their sessions' ids.

        One statement for each thing, however many sessions: their rows are locked by id, then their slots.
        """
        inside = and_(slot.c.session == clinic_session.c.id, ahead(new.from_at, new.to_at, now), _unstopped())
        wanted = select(clinic_session.c.id).where(of_scope(new.scope), clinic_session.c.state == SessionState.OPEN)
        wanted = wanted.where(exists().where(inside)).order_by(clinic_session.c.id).with_for_update(key_share=True)
        sessions = list((await self._connection.execute(wanted)).scalars())
        for some in _parts(sessions):
            mark = update(slot).where(slot.c.session.in_(some), ahead(new.from_at, new.to_at, now), _unstopped())
            await self._connection.execute(mark.values(stoppage=new.id))
        await self._note(new.id, sessions, StoppedState.STOPPING)
        await self._settle_states(sessions, now=now)
        return sessions

    async def cover(self, sessions: Sequence[ClinicSession], *, now: datetime) -> list[tuple[str, str]]:
        """Stop what was published inside the range of a stoppage in force; return each session met, with by which."""
        met: list[tuple[str, str]] = []
        for each in await self.in_force(now):
            inside = [s.id for s in sessions if covers(each.scope, s)]
            inside = await self._not_lifted(each.id, inside)
            for some in _parts(inside):
                mark = update(slot).where(slot.c.session.in_(some), ahead(each.from_at, each.to_at, now), _unstopped())
                marked = await self._connection.execute(mark.values(stoppage=each.id).returning(slot.c.session))
                stopped = sorted(set(marked.scalars()))
                await self._note(each.id, stopped, StoppedState.STOPPED)
                met += [(session, each.id) for session in stopped]
        await self._settle_states(sorted({session for session, _ in met}), now=now)
        return met

    async def hand_over(self, stoppage_id: str, sessions: Sequence[str], to: Stoppage, *, now: datetime) -> None:
        """Leave to another stoppage in force the slots it stops as well."""
        kept = await self._not_lifted(to.id, sessions)
        mark = update(slot).where(
            slot.c.session.in_(kept), slot.c.stoppage == stoppage_id, ahead(to.from_at, to.to_at, now)
        )
        marked = await self._connection.execute(mark.values(stoppage=to.id).returning(slot.c.session))
        await self._note(to.id, sorted(set(marked.scalars())), StoppedState.STOPPED)

    async def open(self, stoppage_id: str, sessions: Sequence[str], *, now: datetime) -> None:
        """Open the slots that this stoppage stops in these sessions, and the sessions where one is ahead."""
        mark = update(slot).where(slot.c.session.in_(sessions), slot.c.stoppage == stoppage_id)
        await self._connection.execute(mark.values(stoppage=None))
        goes_on = exists().where(slot.c.session == clinic_session.c.id, slot.c.starts_at > now, _unstopped())
        change = update(clinic_session).where(
            clinic_session.c.id.in_(sessions), clinic_session.c.state == SessionState.STOPPED, goes_on
        )
        await self._connection.execute(change.values(state=str(SessionState.OPEN)))
        await self.mark_sessions(stoppage_id, sessions, was=[StoppedState.LIFTING], to=StoppedState.LIFTED)

    async def sessions(self, stoppage_id: str) -> list[StoppedSession]:
        """Return the sessions of a stoppage, by id."""
        query = select(stoppage_session.c.session, stoppage_session.c.state)
        query = query.where(stoppage_session.c.stoppage == stoppage_id).order_by(stoppage_session.c.session)
        rows = await self._connection.execute(query)
        return [StoppedSession(row.session, StoppedState(row.state)) for row in rows]

    async def sessions_ahead(self, stoppage_id: str, *, now: datetime) -> set[str]:
        """Return the ids of its sessions in which a slot that it stops is ahead."""
        query = select(slot.c.session).where(slot.c.stoppage == stoppage_id, slot.c.starts_at > now).distinct()
        return set((await self._connection.execute(query)).scalars())

    async def to_do(self, stoppage_id: str, state: StoppedState, *, limit: int) -> list[str]:
        """Return the next sessions of a stoppage in this state, by id."""
        column = stoppage_session.c
        query = select(column.session).where(column.stoppage == stoppage_id, column.state == str(state))
        query = query.where(column.state.in_([str(StoppedState.STOPPING), str(StoppedState.LIFTING)]))
        return list((await self._connection.execute(query.order_by(column.session).limit(limit))).scalars())

    async def mark_sessions(
        self, stoppage_id: str, sessions: Sequence[str], *, was: Sequence[StoppedState], to: StoppedState
    ) -> None:
        """Note how far a stoppage is with these sessions."""
        column = stoppage_session.c
        for some in _parts(sessions):
            change = update(stoppage_session).where(column.stoppage == stoppage_id, column.session.in_(some))
            await self._connection.execute(change.where(column.state.in_([str(s) for s in was])).values(state=str(to)))

    async def stopped_by(self, scope: Scope, from_at: datetime, to_at: datetime, *, now: datetime) -> set[str | None]:
        """Return by which stoppages the slots of a range that are ahead are stopped; None for those not stopped."""
        query = select(slot.c.stoppage).join(clinic_session, clinic_session.c.id == slot.c.session)
        query = query.where(of_scope(scope), clinic_session.c.state != SessionState.CLOSED, ahead(from_at, to_at, now))
        return set((await self._connection.execute(query.distinct())).scalars())

    async def _not_lifted(self, stoppage_id: str, sessions: Sequence[str]) -> list[str]:
        """Leave out the sessions for which this stoppage was lifted."""
        column = stoppage_session.c
        lifted = [str(StoppedState.LIFTING), str(StoppedState.LIFTED)]
        query = select(column.session).where(column.stoppage == stoppage_id, column.state.in_(lifted))
        exempt = set((await self._connection.execute(query)).scalars())
        return [session for session in sessions if session not in exempt]

    async def _note(self, stoppage_id: str, sessions: Sequence[str], state: StoppedState) -> None:
        if not sessions:
            return
        dialect_insert = sqlite_insert if self._connection.dialect.name == "sqlite" else postgres_insert
        noted = dialect_insert(stoppage_session).on_conflict_do_update(
            index_elements=[stoppage_session.c.stoppage, stoppage_session.c.session],
            set_={"state": str(state)},
            where=stoppage_session.c.state != str(StoppedState.STOPPING),  # whoever sits there is still to be displaced
        )
        fixed = {"stoppage": stoppage_id, "was": str(SessionState.OPEN), "state": str(state)}
        await self._connection.execute(noted, [{"session": session, **fixed} for session in sessions])

    async def _settle_states(self, sessions: Sequence[str], *, now: datetime) -> None:
        """Begin a new generation of these sessions; those without a slot ahead that is not stopped are stopped."""
        goes_on = exists().where(slot.c.session == clinic_session.c.id, slot.c.starts_at > now, _unstopped())
        was_open = clinic_session.c.state == SessionState.OPEN
        state = case((and_(was_open, ~goes_on), str(SessionState.STOPPED)), else_=clinic_session.c.state)
        for some in _parts(sessions):
            change = update(clinic_session).where(clinic_session.c.id.in_(some))
            await self._connection.execute(change.values(gen=clinic_session.c.gen + 1, state=state))


def of_scope(scope: Scope) -> ColumnElement[bool]:
    """Return the condition that a session belongs to what is stopped."""
    columns = {
        "session": clinic_session.c.id,
        "doctor": clinic_session.c.doctor,
        "department": clinic_session.c.department,
    }
    return true() if scope.kind == "clinic" else columns[scope.kind] == scope.code


def ahead(from_at: datetime, to_at: datetime, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a slot begins in a range, and later than now."""
    return and_(slot.c.starts_at >= from_at, slot.c.starts_at < to_at, slot.c.starts_at > now)


def _unstopped() -> ColumnElement[bool]:
    return slot.c.stoppage.is_(None)


def _at_work() -> ColumnElement[bool]:
    """Written out, not bound: a partial index serves only a query that says the same words."""
    return stoppage.c.state.in_([literal_column(f"'{state}'") for state in AT_WORK])


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + MANY] for start in range(0, len(ids), MANY))


def _stoppage(row: Mapping[Any, Any]) -> Stoppage:
    scope = Scope(cast("Any", row["scope"]), row["code"])
    fields = {name: row[name] for name in _PLAIN}
    return Stoppage(**fields, scope=scope, state=StoppageState(row["state"]))
