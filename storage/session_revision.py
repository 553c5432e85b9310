"""Rewriting a published session in which nobody has a seat."""

from collections.abc import Sequence

from sqlalchemy import delete, exists, insert, select, update

from booking.models import ClinicSession, Slot
from storage.connection import SqlConnection
from storage.tables import claim, clinic_session, slot


async def revise_session(connection: SqlConnection, session: ClinicSession, slots: Sequence[Slot]) -> bool:
    """Write a session and its slots over what is there; the session's row must be locked.

    False, and nothing written, when an ended claim belongs to a slot that would be gone.
    """
    own = slot.c.session == session.id
    of_slot = exists().where(claim.c.session == session.id, claim.c.slot == slot.c.id)
    claimed = set((await connection.execute(select(slot.c.id).where(own, of_slot))).scalars())
    if claimed - {wished.id for wished in slots}:
        return False
    row = {name: getattr(session, name) for name in ClinicSession.__slots__ if name not in {"id", "gen"}}
    row["state"] = str(session.state)
    await connection.execute(update(clinic_session).where(clinic_session.c.id == session.id).values(row))
    await connection.execute(delete(slot).where(own, slot.c.id.not_in(claimed)))
    # Positions are unique in a session: first all out of the way, then each to its new one.
    await connection.execute(update(slot).where(own).values(position=-1 - slot.c.position))
    for wished in slots:
        values = {name: getattr(wished, name) for name in Slot.__slots__}
        if wished.id in claimed:
            await connection.execute(update(slot).where(slot.c.id == wished.id).values(values))
        else:
            await connection.execute(insert(slot).values(values))
    return True
