"""Holds, offers and appointments in SQL, guarded by unique indexes and conditional statements."""

import operator
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    RowMapping,
    Update,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import operators

from booking.errors import NumberTaken, OrdinalTaken, RepeatedRequest, SeatTaken, StaleFence, ZhenyueError
from booking.models import Claim, ClaimKind, ClaimState, SessionState
from booking.notices import NoticeState
from booking.pool_port import Repair
from booking.ports import ClaimFilter
from booking.refusals import AlreadyInSession, SessionClosed
from storage import tables
from storage.connection import SqlConnection
from storage.notice_tables import notice
from storage.overbooking import move_up
from storage.stoppage_tables import displacement
from storage.tables import claim, clinic_session, is_booked, is_held, is_live, is_main, pool_repair, slot

_MEANING: dict[str, type[ZhenyueError]] = {
    tables.ONE_SEAT: SeatTaken,
    tables.ONE_PER_SESSION: AlreadyInSession,
    tables.ONE_REQUEST: RepeatedRequest,
    tables.ONE_ORDINAL: OrdinalTaken,
    tables.ONE_NUMBER: NumberTaken,
}
# SQLite names the columns of a violated index, PostgreSQL its name.
_BY_COLUMNS = {
    ", ".join(f"claim.{column.name}" for column in index.columns): str(index.name)
    for index in claim.indexes
    if index.unique
}
_FIELDS = tuple(Claim.__slots__)
_NEW = {name: bindparam(f"new_{name}", type_=claim.c[name].type) for name in _FIELDS}
_INSERT = insert(claim).from_select(
    _FIELDS,
    select(*_NEW.values())
    .select_from(clinic_session.join(slot, slot.c.session == clinic_session.c.id))
    .where(
        clinic_session.c.id == _NEW["session"],
        clinic_session.c.state == SessionState.OPEN,
        clinic_session.c.gen == _NEW["gen"],
        slot.c.id == _NEW["slot"],
        slot.c.stoppage.is_(None),
        slot.c.capacity >= _NEW["seat"],
    )
    .with_for_update(read=True),
    include_defaults=False,
)
_SHARE = (
    select(clinic_session.c.id)
    .where(clinic_session.c.id.in_(bindparam("sessions", expanding=True)))
    .order_by(clinic_session.c.id)
    .with_for_update(read=True)
)
_WRITTEN = select(claim.c.id).where(claim.c.id.in_(bindparam("ids", expanding=True)))
_OF_DAYS = (
    select(claim)
    .where(
        claim.c.patient.in_(bindparam("patients", expanding=True)),
        or_(is_held, and_(is_live, is_main, claim.c.date.in_(bindparam("days", expanding=True)))),
    )
    .order_by(claim.c.starts_at, claim.c.id)
)


class SqlClaimRows:
    """``ClaimRows`` on one connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def insert_all(self, claims: Sequence[Claim]) -> dict[str, ZhenyueError]:
        """Write claims if their session is open, their slot not stopped, their seat there and their fence the newest.

        By session, slot and seat; returns why not of those that were not, by id.
        The sessions' rows are locked in share mode: else a hold could commit behind a stoppage's scan and be confirmed.
        """
        if not claims:
            return {}
        ordered = sorted(claims, key=lambda new: (new.session, new.slot, new.seat))
        try:
            inserted = await self._connection.execute(
                _INSERT, [{f"new_{name}": getattr(new, name) for name in _FIELDS} for new in ordered]
            )
        except IntegrityError as error:
            raise violated(error, gen=claims[0].gen) from error
        if inserted.rowcount == len(ordered):  # which PostgreSQL's driver only knows of a single one
            return {}
        written = set((await self._connection.execute(_WRITTEN, {"ids": [new.id for new in claims]})).scalars())
        return {new.id: await self._why_not(new) for new in ordered if new.id not in written}

    async def share_sessions(self, sessions: Collection[str]) -> None:
        """Let nobody change these sessions until the transaction ends; others may share them."""
        if sessions and self._connection.dialect.name != "sqlite":  # which has one writer
            await self._connection.execute(_SHARE, {"sessions": list(sessions)})

    async def wait_at_most(self, seconds: float) -> None:
        """Let the transaction's statements raise ``Contended`` when they wait longer for a row that others have."""
        if self._connection.dialect.name != "sqlite":
            await self._connection.execute(text(f"SET LOCAL lock_timeout = {round(seconds * 1000)}"))

    async def get(self, claim_id: str) -> Claim | None:
        """Return a claim by id."""
        return await self._one(claim.c.id == claim_id)

    async def by_request(self, session_id: str, request_id: str) -> Claim | None:
        """Return the claim a request made in a session."""
        return await self._one(claim.c.session == session_id, claim.c.request_id == request_id)

    async def find(self, wanted: ClaimFilter) -> list[Claim]:
        """Return claims by start, then creation."""
        bounds: list[tuple[Column[Any], Callable[[Any, Any], Any], object]] = [
            (claim.c.openid, operator.eq, wanted.openid),
            (claim.c.patient, operator.eq, wanted.patient),
            (claim.c.date, operator.eq, wanted.day),
            (claim.c.number, operator.eq, wanted.number),
            (claim.c.state, operators.in_op, wanted.states),
            (claim.c.ends_at, operator.gt, wanted.ends_after),
            (claim.c.ends_at, operator.le, wanted.ends_before),
        ]
        return await self._many(*(compare(column, value) for column, compare, value in bounds if value is not None))

    async def day_of(self, patient: str, day: date) -> list[Claim]:
        """Return the patient's live main claims of a day."""
        return await self._many(claim.c.patient == patient, claim.c.date == day, is_live, is_main)

    async def of_days(self, patients: Sequence[str], days: Collection[date]) -> list[Claim]:
        """Return what bears on new holds for these patients: their live main claims of the days, and all holds."""
        rows = await self._connection.execute(_OF_DAYS, {"patients": patients, "days": list(days)})
        return [claim_of(row) for row in rows.mappings()]

    async def live(self, session_id: str) -> list[Claim]:
        """Return the claims that occupy seats of a session."""
        return await self._many(claim.c.session == session_id, is_live)

    async def confirm(self, claim_id: str, *, openid: str | None, now: datetime) -> Claim | None:
        """Book a main hold that has not expired in a session that is open; None when there is none such.

        ``openid`` None, here and below: whoever's it is.
        """
        change = _booking(claim_id, openid=openid, kind=ClaimKind.MAIN, now=now).returning(claim)
        row = (await self._connection.execute(change)).mappings().first()
        return None if row is None else claim_of(row)

    async def promote(
        self, claim_id: str, *, openid: str | None, ordinal: int, first_booked_at: datetime, now: datetime
    ) -> Claim | None:
        """Make an unexpired replacement in an open session the patient's booked appointment; None when it is none."""
        change = _booking(claim_id, openid=openid, kind=ClaimKind.REPLACEMENT, now=now)
        change = change.values(kind=ClaimKind.MAIN, ordinal=ordinal, first_booked_at=first_booked_at)
        try:
            row = (await self._connection.execute(change.returning(claim))).mappings().first()
        except IntegrityError as error:
            raise violated(error) from error
        return None if row is None else claim_of(row)

    async def withdraw(
        self, claim_id: str, *, openid: str | None, starts_from: datetime, to: ClaimState, now: datetime
    ) -> Claim | None:
        """End this account's booked appointment, if it starts then or later, and leave a repair row; else None.

        One that the clinic changed is ended until it begins (R-A8).
        """
        still_in_time = or_(claim.c.starts_at >= starts_from, and_(claim.c.waived, claim.c.starts_at >= now))
        ended = await self._end(claim.c.id == claim_id, _owned_by(openid), is_booked, still_in_time, to=to, now=now)
        return ended[0] if ended else None

    async def end(self, claim_id: str, *, was: Iterable[ClaimState], to: ClaimState, now: datetime) -> Claim | None:
        """Take a claim out of the living and leave a repair row; None when it was in none of those states."""
        ended = await self._end(claim.c.id == claim_id, claim.c.state.in_(list(was)), to=to, now=now)
        return ended[0] if ended else None

    async def expire(self, now: datetime, *, limit: int) -> list[Claim]:
        """End holds past their deadline, at most ``limit``, each with its repair row; skips rows others work on."""
        due = (
            select(claim.c.id)
            .where(is_held, claim.c.expires_at <= now)
            .order_by(claim.c.expires_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        # Read first: inside the update PostgreSQL may run the limited query again for every row.
        ids = list((await self._connection.execute(due)).scalars())
        return await self._end(claim.c.id.in_(ids), is_held, to=ClaimState.EXPIRED, now=now) if ids else []

    async def complete_past(self, now: datetime, *, limit: int) -> list[Claim]:
        """Mark booked appointments whose time has passed as completed, at most ``limit``; skips as ``expire`` does."""
        past = (
            select(claim.c.id)
            .where(is_booked, claim.c.ends_at <= now)
            .order_by(claim.c.ends_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = list((await self._connection.execute(past)).scalars())
        if not ids:
            return []
        change = update(claim).where(claim.c.id.in_(ids), is_booked).values(state=ClaimState.COMPLETED, updated_at=now)
        return [claim_of(row) for row in (await self._connection.execute(change.returning(claim))).mappings()]

    async def adopt(self, patient: str, openid: str) -> list[Claim]:
        """Give the account what was booked for this patient without one, with what waits to be told and answered."""
        without = update(claim).where(claim.c.patient == patient, claim.c.openid.is_(None))
        rows = await self._connection.execute(without.values(openid=openid).returning(claim))
        adopted = [claim_of(row) for row in rows.mappings()]
        ids = [each.id for each in adopted]
        waits = or_(notice.c.state == NoticeState.PENDING, notice.c.asks_until.is_not(None))
        for table, concerned in ((displacement, true()), (notice, waits)):
            change = update(table).where(table.c.claim.in_(ids), table.c.openid.is_(None), concerned)
            await self._connection.execute(change.values(openid=openid))
        return adopted

    async def repairs(self, *, limit: int) -> list[Repair]:
        """Return what Redis must still be told, oldest first."""
        query = select(pool_repair).order_by(pool_repair.c.id).limit(limit)
        return [Repair(**row) for row in (await self._connection.execute(query)).mappings()]

    async def repaired(self, ids: Iterable[int]) -> None:
        """Forget repairs that are done."""
        await self._connection.execute(delete(pool_repair).where(pool_repair.c.id.in_(list(ids))))

    async def _end(self, *conditions: ColumnElement[bool], to: ClaimState, now: datetime) -> list[Claim]:
        change = update(claim).where(*conditions).values(state=to, updated_at=now).returning(claim)
        ended = [claim_of(row) for row in (await self._connection.execute(change)).mappings()]
        if ended:
            rows = [{"session": c.session, "owner": c.request_id} for c in ended]
            await self._connection.execute(insert(pool_repair), rows)
            await move_up(self._connection, ended)
        return ended

    async def _why_not(self, new: Claim) -> ZhenyueError:
        query = (
            select(clinic_session.c.state, slot.c.stoppage)
            .join(slot, slot.c.session == clinic_session.c.id)
            .where(clinic_session.c.id == new.session, slot.c.id == new.slot)
        )
        found = (await self._connection.execute(query)).first()
        is_open = found is not None and found.state == SessionState.OPEN and found.stoppage is None
        return StaleFence(new.gen) if is_open else SessionClosed()

    async def _one(self, *conditions: ColumnElement[bool]) -> Claim | None:
        row = (await self._connection.execute(select(claim).where(*conditions))).mappings().first()
        return None if row is None else claim_of(row)

    async def _many(self, *conditions: ColumnElement[bool]) -> list[Claim]:
        query = select(claim).where(*conditions).order_by(claim.c.starts_at, claim.c.id)
        return [claim_of(row) for row in (await self._connection.execute(query)).mappings()]


def claim_of(row: RowMapping) -> Claim:
    """Return the claim that a row is."""
    fields = {**row, "kind": ClaimKind(row["kind"]), "state": ClaimState(row["state"])}
    return Claim(**fields)


def slot_is_open() -> ColumnElement[bool]:
    """Return the condition that a claim's session and slot are open, both rows locked in share mode.

    Else it could be booked behind a stoppage's scan. PostgreSQL locks in the order of FROM: the session first, as
    whoever stops or changes one does, so that neither waits for the other.
    """
    slot_open = (
        select(slot.c.id)
        .select_from(clinic_session.join(slot, slot.c.session == clinic_session.c.id))
        .where(slot.c.id == claim.c.slot, slot.c.stoppage.is_(None), clinic_session.c.state == SessionState.OPEN)
        .with_for_update(read=True)
    )
    return claim.c.slot.in_(slot_open.correlate(claim))


def _owned_by(openid: str | None) -> ColumnElement[bool]:
    return true() if openid is None else claim.c.openid == openid


def _booking(claim_id: str, *, openid: str | None, kind: ClaimKind, now: datetime) -> Update:
    """Book a hold of this kind and account that has not expired, in a session and slot that are open and stay so."""
    return (
        update(claim)
        .where(
            claim.c.id == claim_id,
            _owned_by(openid),
            claim.c.kind == kind,
            claim.c.state == ClaimState.HELD,
            claim.c.expires_at > now,
            slot_is_open(),
        )
        .values(state=ClaimState.BOOKED, expires_at=None, updated_at=now)
    )


def violated(error: IntegrityError, *, gen: int = 0) -> Exception:
    """Return what a violated index means; what no index of ours explains stays a driver's error."""
    name = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
    if name is None:
        name = _BY_COLUMNS.get(str(error.orig).rpartition("UNIQUE constraint failed: ")[2])
    if name == tables.ONE_FENCE:
        return StaleFence(gen)
    return _MEANING[name]() if name in _MEANING else error
