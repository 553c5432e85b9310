"""The claims of displaced patients in SQL: what is stopped, kept for them, chosen, and given back (R-A14)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Executable, bindparam, case, func, insert, literal_column, select, update
from sqlalchemy.exc import IntegrityError

from booking.models import Claim, ClaimKind, ClaimState, ClinicSession, Slot
from storage.claim_rows import claim_of, slot_is_open, violated
from storage.connection import SqlConnection, fetch
from storage.overbooking import move_up
from storage.session_rows import session_of
from storage.tables import claim, clinic_session, is_live, is_main, pool_repair, slot

STOPPABLE = (ClaimState.HELD, ClaimState.OFFERED, ClaimState.BOOKED, ClaimState.ARRIVED)
_OFFERED = claim.c.state == literal_column("'offered'")


class SqlOfferRows:
    """``OfferRows`` on one connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def in_stopped(self, stoppage_id: str, sessions: Sequence[str], *, limit: int) -> list[Claim]:
        """Return what still occupies seats of slots that a stoppage stops, by session."""
        query = select(claim).join(slot, slot.c.id == claim.c.slot)
        query = query.where(claim.c.session.in_(sessions), is_live, claim.c.state.in_([str(s) for s in STOPPABLE]))
        query = query.where(slot.c.stoppage == stoppage_id).order_by(claim.c.session, claim.c.slot, claim.c.seat)
        return [claim_of(row) for row in (await self._connection.execute(query.limit(limit))).mappings()]

    async def end(self, claims: Sequence[str], *, was: Sequence[ClaimState], to: ClaimState, now: datetime) -> set[str]:
        """End those of these claims that are in one of these states; return which. Leaves no repair rows."""
        if not claims:
            return set()
        in_time = (claim.c.id.in_(claims), claim.c.state.in_([str(s) for s in was]))
        # Locked in the order of their ids first, as by whoever changes a session.
        await self._connection.execute(select(claim.c.id).where(*in_time).order_by(claim.c.id).with_for_update())
        change = update(claim).where(*in_time)
        ended = await self._connection.execute(change.values(state=str(to), updated_at=now).returning(claim.c.id))
        return set(ended.scalars())

    async def end_offers(
        self, displacements: Sequence[str], *, to: ClaimState, keep: str | None = None, now: datetime
    ) -> list[Claim]:
        """Give back the seats kept for these displaced patients, but for one, each with its repair row."""
        if not displacements:
            return []
        change = update(claim).where(claim.c.displacement.in_(displacements), _OFFERED)
        if keep is not None:
            change = change.where(claim.c.id != keep)
        rows = await self._connection.execute(change.values(state=str(to), updated_at=now).returning(claim))
        ended = [claim_of(row) for row in rows.mappings()]
        if ended:
            repairs = [{"session": each.session, "owner": each.request_id} for each in ended]
            await self._connection.execute(insert(pool_repair), repairs)
            await move_up(self._connection, ended)
        return ended

    async def get(self, claims: Sequence[str]) -> dict[str, Claim]:
        """Return claims by id."""
        rows = await self._connection.execute(select(claim).where(claim.c.id.in_(claims)))
        return {row["id"]: claim_of(row) for row in rows.mappings()}

    async def days_of(self, patients: Sequence[str], first_day: date) -> list[Claim]:
        """Return the live main claims of these patients from a day on."""
        query = select(claim).where(claim.c.patient.in_(patients), claim.c.date >= first_day, is_live, is_main)
        return [claim_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def restore(self, ordinals: Mapping[str, int], *, now: datetime) -> None:
        """Book stopped appointments again, each with its place among the patient's of the day.

        Raises what ``ClaimRows.insert`` does when somebody came between; after that the transaction is over.
        """
        change = update(claim).where(claim.c.id == bindparam("of"), claim.c.state == ClaimState.STOPPED)
        change = change.values(state=str(ClaimState.BOOKED), ordinal=bindparam("place"), updated_at=now)
        rows = [{"of": claim_id, "place": ordinal} for claim_id, ordinal in ordinals.items()]
        await self._guarded(change, rows)

    async def kept(self, now: datetime) -> dict[str, int]:
        """Return how many seats are kept for displaced patients, by session."""
        query = select(claim.c.session, func.count()).where(_OFFERED, claim.c.starts_at > now).group_by(claim.c.session)
        return {row[0]: row[1] for row in await fetch(self._connection, query)}

    async def lock_sessions(self, sessions: Sequence[str]) -> dict[str, ClinicSession]:
        """Begin a new generation of these sessions, their rows locked until the transaction ends.

        Nobody else's claim can be added to them any more: what is read now is what there is.
        """
        mine = clinic_session.c.id.in_(sessions)
        await self._connection.execute(
            select(clinic_session.c.id).where(mine).order_by(clinic_session.c.id).with_for_update(key_share=True)
        )
        await self._connection.execute(update(clinic_session).where(mine).values(gen=clinic_session.c.gen + 1))
        return await self.sessions(sessions)

    async def sessions(self, sessions: Sequence[str]) -> dict[str, ClinicSession]:
        """Return sessions by id."""
        rows = await self._connection.execute(select(clinic_session).where(clinic_session.c.id.in_(sessions)))
        return {row["id"]: session_of(row) for row in rows.mappings()}

    async def slots(self, slots: Sequence[str]) -> dict[str, Slot]:
        """Return slots by id."""
        rows = await self._connection.execute(select(slot).where(slot.c.id.in_(slots)))
        return {row["id"]: Slot(**row) for row in rows.mappings()}

    async def taken(self, slots: Sequence[Slot]) -> set[tuple[str, int]]:
        """Return the seats of these slots that somebody has, each as slot and number."""
        query = select(claim.c.slot, claim.c.seat).where(
            claim.c.session.in_({each.session for each in slots}),
            claim.c.slot.in_([each.id for each in slots]),
            is_live,
        )
        return {(row[0], row[1]) for row in await fetch(self._connection, query)}

    async def seats(self, sessions: Sequence[str], now: datetime) -> dict[str, tuple[int, int]]:
        """Return, by session, how many seats of slots ahead are free and how many are kept for displaced patients."""
        ahead = (slot.c.session.in_(sessions), slot.c.stoppage.is_(None), slot.c.starts_at > now)
        capacity = select(slot.c.session, func.sum(slot.c.capacity)).where(*ahead).group_by(slot.c.session)
        capacities = {row[0]: row[1] for row in await fetch(self._connection, capacity)}
        offered = func.sum(case((_OFFERED, 1), else_=0))
        live = select(claim.c.session, func.count(), offered).join(slot, slot.c.id == claim.c.slot)
        live = live.where(*ahead, claim.c.session.in_(sessions), is_live).group_by(claim.c.session)
        counts = {row[0]: (row[1], row[2]) for row in await fetch(self._connection, live)}
        return {
            session: (max(0, seats - counts.get(session, (0, 0))[0]), counts.get(session, (0, 0))[1])
            for session, seats in capacities.items()
        }

    async def numbers_used(self, numbers: Sequence[str]) -> set[str]:
        """Return which of these appointment numbers are somebody's."""
        query = select(claim.c.number).where(claim.c.number.in_(numbers))
        return set((await self._connection.execute(query)).scalars())

    async def add(self, offers: Sequence[Claim]) -> None:
        """Write offers; their sessions' rows must be locked. Raises what ``ClaimRows.insert`` does."""
        rows = [{name: getattr(each, name) for name in Claim.__slots__} for each in offers]
        await self._guarded(insert(claim), rows)

    async def choose(self, claim_id: str, *, displacement: str, ordinal: int, now: datetime) -> Claim | None:
        """Make an offer that stands the patient's booked appointment, in a session that is open; None when it is none.

        Raises ``AlreadyInSession`` or ``OrdinalTaken``; after either the transaction is over.
        """
        change = (
            update(claim)
            .where(
                claim.c.id == claim_id,
                claim.c.displacement == displacement,
                _OFFERED,
                claim.c.expires_at > now,
                slot_is_open(),
            )
            .values(state=ClaimState.BOOKED, kind=ClaimKind.MAIN, ordinal=ordinal, expires_at=None, updated_at=now)
        )
        try:
            row = (await self._connection.execute(change.returning(claim))).mappings().first()
        except IntegrityError as error:
            raise violated(error) from error
        return None if row is None else claim_of(row)

    async def _guarded(self, change: Executable, rows: Sequence[Mapping[str, object]]) -> None:
        if rows:
            try:
                await self._connection.execute(change, rows)
            except IntegrityError as error:
                raise violated(error) from error
