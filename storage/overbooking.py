"""Slots whose capacity was lowered below what is booked: nobody loses a seat, none is given until it fits (R-A8)."""

from collections.abc import Iterable

from sqlalchemy import and_, bindparam, or_, select, update

from booking.models import Claim
from storage.connection import SqlConnection
from storage.tables import claim, is_live, slot


async def move_up(connection: SqlConnection, ended: Iterable[Claim]) -> None:
    """Give seats just set free to those who sit beyond their slot's capacity, before the public sees them.

    So no seat is free while somebody is beyond the capacity, and whoever gets a seat does not overbook the slot
    further: the unique seat alone would not see that. Their rows are locked, so that two cancellations at once move
    two; a seat beyond the capacity set free moves nobody, so that two such never wait for each other.
    """
    by_seat: dict[int, set[str]] = {}
    for each in ended:
        by_seat.setdefault(each.seat, set()).add(each.slot)
    freed = [and_(claim.c.slot.in_(slots), slot.c.capacity >= seat) for seat, slots in by_seat.items()]
    beyond = (
        select(claim.c.id, claim.c.session, claim.c.slot, slot.c.capacity)
        .join(slot, slot.c.id == claim.c.slot)
        .where(or_(*freed), claim.c.session == slot.c.session, is_live, claim.c.seat > slot.c.capacity)
        .order_by(claim.c.slot, claim.c.seat)
        .with_for_update(of=claim)
    )
    waiting = (await connection.execute(beyond)).all()
    if not waiting:
        return
    sessions, capacities = {row.session for row in waiting}, {row.slot: row.capacity for row in waiting}
    seats = select(claim.c.slot, claim.c.seat).where(
        claim.c.session.in_(sessions), claim.c.slot.in_(list(capacities)), is_live
    )
    taken = {(row.slot, row.seat) for row in (await connection.execute(seats)).all()}
    free = {
        each: iter([seat for seat in range(1, capacity + 1) if (each, seat) not in taken])
        for each, capacity in capacities.items()
    }
    moves = [{"of": row.id, "to": next(free[row.slot], None)} for row in waiting]
    possible = [move for move in moves if move["to"] is not None]
    if possible:
        change = update(claim).where(claim.c.id == bindparam("of")).values(seat=bindparam("to"))
        await connection.execute(change, possible)
