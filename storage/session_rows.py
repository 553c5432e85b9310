"""Clinic sessions, their slots, and how their seats stand."""

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    RowMapping,
    Select,
    and_,
    bindparam,
    case,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from booking.models import ClaimKind, ClaimState, ClinicSession, SessionState, Slot, SlotCount
from booking.pool_port import PoolSeats
from booking.ports import SlotFilter
from storage.connection import SqlConnection
from storage.session_revision import revise_session
from storage.tables import claim, clinic_session, is_live, slot

_HELD = (ClaimState.HELD, ClaimState.OFFERED)
_BY_IDS = select(clinic_session).where(clinic_session.c.id.in_(bindparam("ids", expanding=True)))
_SLOT = [slot.c[name] for name in Slot.__slots__]


class SqlSessionRows:
    """``SessionRows`` on one connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def get(self, session_id: str) -> tuple[ClinicSession, list[Slot]] | None:
        """Return a session and its slots by position."""
        rows = await self._connection.execute(select(clinic_session).where(clinic_session.c.id == session_id))
        row = rows.mappings().first()
        if row is None:
            return None
        query = select(slot).where(slot.c.session == session_id).order_by(slot.c.position)
        slots = (await self._connection.execute(query)).mappings()
        return session_of(row), [Slot(**s) for s in slots]

    async def by_ids(self, session_ids: Collection[str]) -> dict[str, ClinicSession]:
        """Return those of these sessions that there are, by id."""
        rows = await self._connection.execute(_BY_IDS, {"ids": list(session_ids)})
        return {row["id"]: session_of(row) for row in rows.mappings()}

    async def slots(self, wanted: SlotFilter) -> list[SlotCount]:
        """Return slots with their counts, by start, department, doctor."""
        conditions = _wanted(wanted)
        # Sessions apart from their slots: a wide row for each of thousands of slots costs most of the answer.
        sessions = {row["id"]: session_of(row) for row in await self._rows(_sessions(conditions))}
        rows = cast("Sequence[tuple[Any, ...]]", (await self._connection.execute(_counting(conditions))).all())
        return [_count(row, sessions) for row in rows if row[1] in sessions]

    async def add(self, session: ClinicSession, slots: Sequence[Slot]) -> bool:
        """Write a new session with its slots; False, and nothing written, when the id is there already."""
        dialect_insert = sqlite_insert if self._connection.dialect.name == "sqlite" else postgres_insert
        row = {name: getattr(session, name) for name in ClinicSession.__slots__} | {"state": str(session.state)}
        added = await self._connection.execute(
            dialect_insert(clinic_session).values(row).on_conflict_do_nothing().returning(clinic_session.c.id)
        )
        if added.first() is None:
            return False
        rows = [{name: getattr(s, name) for name in Slot.__slots__} for s in slots]
        await self._connection.execute(insert(slot), rows)
        return True

    async def sessions_from(self, day: date) -> list[ClinicSession]:
        """Return the sessions of this day and later."""
        query = select(clinic_session).where(clinic_session.c.date >= day).order_by(clinic_session.c.starts_at)
        return [session_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def not_over(self, now: datetime) -> list[str]:
        """Return the ids of sessions that end after now."""
        query = select(clinic_session.c.id).where(clinic_session.c.ends_at > now).order_by(clinic_session.c.id)
        return list((await self._connection.execute(query)).scalars())

    async def set_state(self, session_id: str, state: SessionState) -> None:
        """Set whether the session takes bookings."""
        change = update(clinic_session).where(clinic_session.c.id == session_id).values(state=str(state))
        await self._connection.execute(change)

    async def revise(self, session: ClinicSession, slots: Sequence[Slot]) -> bool:
        """Rewrite a session in which nobody has a seat; its row must be locked by ``next_generation``."""
        return await revise_session(self._connection, session, slots)

    async def next_generation(self, session_id: str) -> int:
        """Add one to the session's generation, locking its row until the transaction ends, and return it."""
        change = update(clinic_session).where(clinic_session.c.id == session_id)
        bumped = change.values(gen=clinic_session.c.gen + 1).returning(clinic_session.c.gen)
        gen: int = (await self._connection.execute(bumped)).scalar_one()
        return gen

    async def renew_generations(self, stale: Mapping[str, int]) -> None:
        """Give each session a generation newer than its stale one, unless it has one by now."""
        present, after = clinic_session.c.gen, bindparam("after", type_=Integer)
        newer = case((present > after, present), else_=after + 1)
        change = update(clinic_session).where(clinic_session.c.id == bindparam("session")).values(gen=newer)
        # In one order everywhere, so that two rebuilds never wait for each other's rows.
        rows = [{"session": session_id, "after": gen} for session_id, gen in sorted(stale.items())]
        await self._connection.execute(change, rows)

    async def pool_seats(self, session_ids: Sequence[str]) -> dict[str, PoolSeats]:
        """Return how the pools of these sessions should look, in three statements however many they are."""
        sessions = await self._rows(select(clinic_session).where(clinic_session.c.id.in_(session_ids)))
        slots = await self._rows(
            select(slot.c.session, slot.c.capacity, slot.c.stoppage)
            .where(slot.c.session.in_(session_ids))
            .order_by(slot.c.session, slot.c.position)
        )
        claims = await self._rows(select(claim).where(claim.c.session.in_(session_ids), is_live))
        capacities: dict[str, list[int]] = {row["id"]: [] for row in sessions}
        owners: dict[str, dict[tuple[int, int], tuple[str, str | None]]] = {row["id"]: {} for row in sessions}
        for row in slots:
            # Redis gives nobody a seat in a slot that is stopped, whatever its session says.
            capacities[row["session"]].append(0 if row["stoppage"] else row["capacity"])
        for row in claims:
            patient = row["patient"] if row["kind"] == ClaimKind.MAIN else None
            owners[row["session"]][row["position"], row["seat"]] = (row["request_id"], patient)
        return {
            row["id"]: PoolSeats(
                session=row["id"],
                gen=row["gen"],
                state=SessionState(row["state"]),
                opens_at=row["opens_at"],
                ends_at=row["ends_at"],
                capacities=tuple(capacities[row["id"]]),
                owners=owners[row["id"]],
            )
            for row in sessions
        }

    async def _rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        rows: Sequence[RowMapping] = (await self._connection.execute(query)).mappings().all()
        return rows


def _wanted(wanted: SlotFilter) -> list[Any]:
    bounds: list[tuple[Column[Any], Callable[[Any, Any], Any], object]] = [
        (clinic_session.c.date, operator.ge, wanted.first_day),
        (clinic_session.c.date, operator.le, wanted.last_day),
        (clinic_session.c.department, operator.eq, wanted.department),
        (clinic_session.c.doctor, operator.eq, wanted.doctor),
        (clinic_session.c.id, operator.eq, wanted.session),
        (slot.c.id, operator.eq, wanted.slot),
    ]
    return [compare(column, value) for column, compare, value in bounds if value is not None]


def _sessions(conditions: Sequence[Any]) -> Select[Any]:
    of_slots = select(slot.c.session).where(*conditions, slot.c.session == clinic_session.c.id)
    return select(clinic_session).where(of_slots.exists())


def _counting(conditions: Sequence[Any]) -> Select[Any]:
    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    live = and_(claim.c.session == slot.c.session, claim.c.slot == slot.c.id, is_live)
    held = claim.c.state.in_([str(s) for s in _HELD])
    return (
        select(*_SLOT, count(~held & claim.c.id.is_not(None)), count(held))
        .select_from(clinic_session.join(slot, slot.c.session == clinic_session.c.id).outerjoin(claim, live))
        .where(*conditions)
        .group_by(clinic_session.c.id, slot.c.id)
        .order_by(slot.c.starts_at, clinic_session.c.department, clinic_session.c.doctor)
    )


def session_of(row: RowMapping) -> ClinicSession:
    """Return the session that a row is."""
    return ClinicSession(**{**row, "state": SessionState(row["state"])})


def _count(row: tuple[Any, ...], sessions: Mapping[str, ClinicSession]) -> SlotCount:
    *slot_row, booked, held = row
    return SlotCount(sessions[row[1]], Slot(*slot_row), booked, held)
