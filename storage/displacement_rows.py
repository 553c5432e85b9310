"""Whom stoppages displace, in SQL: read and written for many at once, a statement for each thing (R-A14, R-A15)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from booking.models import ClaimState
from booking.notices import CallOutcome, NoticeState
from booking.stoppage_models import AFTER_THE_VISIT, UNSETTLED, Displacement, DisplacementState, StoppageFigures
from booking.stoppage_ports import Waiting
from storage.connection import SqlConnection, fetch
from storage.notice_tables import notice
from storage.stoppage_tables import displacement
from storage.tables import claim, clinic_session, is_booked, is_main, slot

_STATE = displacement.c.state
_PLAIN = tuple(name for name in Displacement.__slots__ if name not in {"state", "offers"})
_TOLD = ("state", "offers", "deadline", "told", "updated_at")
_SETTLED_CALLS = [str(CallOutcome.CHANGED), str(CallOutcome.CANCELLED)]


class SqlDisplacementRows:
    """``DisplacementRows`` on one connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def add(self, displaced: Sequence[Displacement]) -> None:
        """Write who is displaced; somebody displaced before by another stoppage, and restored, is so anew."""
        if not displaced:
            return
        dialect_insert = sqlite_insert if self._connection.dialect.name == "sqlite" else postgres_insert
        statement = dialect_insert(displacement)
        anew = {c.name: statement.excluded[c.name] for c in displacement.c if c.name not in {"id", "claim"}}
        statement = statement.on_conflict_do_update(index_elements=[displacement.c.claim], set_=anew)
        await self._connection.execute(statement, [_row(each) for each in displaced])

    async def wait_again(self, ids: Sequence[str], *, now: datetime) -> list[str]:
        """Let those of whose offers none is left wait for others; return their stoppages."""
        if not ids:
            return []
        left = exists().where(claim.c.displacement == displacement.c.id, claim.c.state == ClaimState.OFFERED)
        change = update(displacement).where(displacement.c.id.in_(ids), _is(DisplacementState.OFFERED), ~left)
        change = change.values(state=str(DisplacementState.WAITING), offers=[], deadline=None, updated_at=now)
        return sorted(set((await self._connection.execute(change.returning(displacement.c.stoppage))).scalars()))

    async def waiting(self, stoppage_id: str, *, after: Waiting | None, limit: int) -> list[Waiting]:
        """Return who waits for replacements of a stoppage, in order of first booking, a page at a time."""
        query = _in_line(after).where(displacement.c.stoppage == stoppage_id, _is(DisplacementState.WAITING))
        return await self._waiting(query.limit(limit))

    async def next_in_line(
        self, departments: Sequence[str], *, now: datetime, after: Waiting | None, limit: int
    ) -> list[Waiting]:
        """Return who had no offer and is to be helped still, in order of first booking, by pages.

        Not who was helped on the telephone, booked in that department since, or whose visit lies long back.
        """
        query = _in_line(after).where(displacement.c.department.in_(departments), *_to_be_helped(now))
        return await self._waiting(query.limit(limit))

    async def departments_waiting(self, stoppage_id: str) -> list[str]:
        """Return the departments of those of a stoppage who wait for replacements."""
        query = select(displacement.c.department).distinct()
        query = query.where(displacement.c.stoppage == stoppage_id, _is(DisplacementState.WAITING))
        return list((await self._connection.execute(query)).scalars())

    async def departments_in_line(self, *, now: datetime) -> list[str]:
        """Return the departments of those who are next in line."""
        query = select(displacement.c.department).where(*_to_be_helped(now)).distinct()
        return list((await self._connection.execute(query)).scalars())

    async def get(self, displacement_id: str, *, lock: bool = False) -> Displacement | None:
        """Return somebody displaced, if wished with the row locked until the transaction ends."""
        found = await self._many(displacement.c.id == displacement_id, lock=lock)
        return found[0] if found else None

    async def lock(self, ids: Sequence[str], states: Sequence[DisplacementState]) -> list[Displacement]:
        """Return those in one of these states, by id, their rows locked until the transaction ends."""
        return await self._many(displacement.c.id.in_(ids), _is(*states), lock=True) if ids else []

    async def lock_waiting(self, stoppage_id: str, *, limit: int) -> list[Displacement]:
        """Return some who still wait, their rows locked until the transaction ends."""
        query = select(displacement).where(displacement.c.stoppage == stoppage_id, _is(DisplacementState.WAITING))
        query = query.order_by(displacement.c.first_booked_at, displacement.c.id).limit(limit).with_for_update()
        return [displacement_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def lock_overdue(self, now: datetime, *, limit: int) -> list[Displacement]:
        """Return some whose offers are past their deadline, their rows locked; skips rows others work on."""
        query = select(displacement).where(_OFFERED, displacement.c.deadline <= now)
        query = query.order_by(displacement.c.deadline).limit(limit).with_for_update(skip_locked=True)
        return [displacement_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def lock_stopped(
        self, stoppage_id: str, sessions: Sequence[str], states: Sequence[DisplacementState], *, now: datetime
    ) -> list[Displacement]:
        """Return who is displaced from slots that are ahead and stopped by this stoppage, by id, rows locked."""
        query = select(displacement).join(claim, claim.c.id == displacement.c.claim)
        query = query.join(slot, slot.c.id == claim.c.slot)
        query = query.where(displacement.c.session.in_(sessions), slot.c.stoppage == stoppage_id, _is(*states))
        query = query.where(displacement.c.starts_at > now).order_by(displacement.c.id)
        rows = await self._connection.execute(query.with_for_update(of=displacement))
        return [displacement_of(row) for row in rows.mappings()]

    async def settle(
        self, ids: Sequence[str], to: DisplacementState, *, chosen: str | None = None, now: datetime
    ) -> None:
        """Note what became of them; their rows must be locked."""
        if ids:
            change = update(displacement).where(displacement.c.id.in_(ids))
            await self._connection.execute(change.values(state=str(to), chosen=chosen, updated_at=now))

    async def tell(self, displaced: Sequence[Displacement]) -> None:
        """Write state, offers, deadline and ``told`` of many; their rows must be locked."""
        rows = [{"of": each.id} | {f"new_{name}": _row(each)[name] for name in _TOLD} for each in displaced]
        values = {name: bindparam(f"new_{name}", type_=displacement.c[name].type) for name in _TOLD}
        if rows:
            change = update(displacement).where(displacement.c.id == bindparam("of"))
            await self._connection.execute(change.values(values), rows)

    async def overtake_notices(self, people: Sequence[Displacement], *, now: datetime) -> set[str]:
        """Take back what was not sent to them yet; return those to whom something was, or is being, sent."""
        if not people:
            return set()
        theirs = _notices_of(people)
        unsent = update(notice).where(*theirs, notice.c.state == str(NoticeState.PENDING))
        await self._connection.execute(unsent.values(state=str(NoticeState.VOID), updated_at=now))
        told = select(notice.c.displacement).where(*theirs, notice.c.state != str(NoticeState.VOID))
        return set((await self._connection.execute(told.distinct())).scalars())

    async def close_notices(self, person: Displacement, *, now: datetime) -> None:
        """Ask somebody who has decided nothing more: what was not sent is not sent, the rest waits for no answer."""
        mine = (*_notices_of([person]), notice.c.answer.is_(None))
        unsent = update(notice).where(*mine, notice.c.state == str(NoticeState.PENDING))
        await self._connection.execute(unsent.values(state=str(NoticeState.VOID), updated_at=now))
        await self._connection.execute(update(notice).where(*mine).values(asks_until=None, updated_at=now))

    async def figures(self, stoppage_id: str) -> StoppageFigures:
        """Count who is displaced by what became of them, notices by state, and who neither answered nor was called."""
        query = select(_STATE, func.count()).where(displacement.c.stoppage == stoppage_id).group_by(_STATE)
        counts = {row[0]: row[1] for row in await fetch(self._connection, query)}
        still_open = select(func.count()).where(displacement.c.stoppage == stoppage_id, _is(*UNSETTLED))
        told = select(notice.c.state, func.count()).where(notice.c.stoppage == stoppage_id).group_by(notice.c.state)
        notices = {row[0]: row[1] for row in await fetch(self._connection, told)}
        settled = _called(*_SETTLED_CALLS, str(CallOutcome.KEPT))
        count = (await self._connection.execute(still_open.where(~settled))).scalar_one()
        return StoppageFigures(displaced=counts, notices=notices, open=count)

    async def _waiting(self, query: Select[Any]) -> list[Waiting]:
        return cast("list[Waiting]", list(await fetch(self._connection, query)))

    async def _many(self, *conditions: ColumnElement[bool], lock: bool) -> list[Displacement]:
        query = select(displacement).where(*conditions).order_by(displacement.c.id)
        rows = await self._connection.execute(query.with_for_update() if lock else query)
        return [displacement_of(row) for row in rows.mappings()]


# Written out, not bound: a partial index serves only a query that says the same words.
_UNOFFERED = literal_column("'unoffered'") == _STATE
_OFFERED = literal_column("'offered'") == _STATE


def _is(*states: DisplacementState) -> ColumnElement[bool]:
    return _STATE.in_([str(state) for state in states])


def _called(*outcomes: str) -> ColumnElement[bool]:
    """Whether a call to somebody led to one of these. Notices are found by their claim: that is what has an index."""
    theirs = (notice.c.claim == displacement.c.claim, notice.c.displacement == displacement.c.id)
    return exists().where(*theirs, notice.c.outcome.in_(outcomes))


def _to_be_helped(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Who had no offer, and has neither been helped since nor a stopped visit that lies long back."""
    recent = displacement.c.starts_at >= now - AFTER_THE_VISIT
    return _UNOFFERED, recent, ~_called(*_SETTLED_CALLS), ~_helped_themselves()


def _helped_themselves() -> ColumnElement[bool]:
    """Whether somebody booked in the same department since; what was offered for another stopped visit is no such."""
    in_department = exists().where(
        clinic_session.c.id == claim.c.session, clinic_session.c.department == displacement.c.department
    )
    theirs = (claim.c.patient == displacement.c.patient, claim.c.created_at > displacement.c.created_at)
    booked = (is_booked, is_main, claim.c.displacement.is_(None))
    return exists(claim.c.id).where(*theirs, *booked, in_department.correlate(claim, displacement))


def _notices_of(people: Sequence[Displacement]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return what finds the notices of the stopped visits of these people."""
    return notice.c.claim.in_([each.claim for each in people]), notice.c.displacement.in_([each.id for each in people])


def _in_line(after: Waiting | None) -> Select[Any]:
    first, own_id = displacement.c.first_booked_at, displacement.c.id
    columns = (own_id, displacement.c.patient, displacement.c.department, displacement.c.doctor)
    query = select(*columns, displacement.c.starts_at, first).order_by(first, own_id)
    return query if after is None else query.where(first >= after[5], (first > after[5]) | (own_id > after[0]))


def _row(each: Displacement) -> dict[str, object]:
    row = {name: getattr(each, name) for name in _PLAIN}
    return row | {"state": str(each.state), "offers": list(each.offers)}


def displacement_of(row: Mapping[Any, Any]) -> Displacement:
    """Return who is displaced, of a row that has the columns."""
    fields = {name: row[name] for name in _PLAIN}
    return Displacement(**fields, state=DisplacementState(row["state"]), offers=tuple(row["offers"]))
