"""Sealing everything in the database again after the secret key changed, while serving (R-C7)."""

from storage.database import SqlDatabase

BATCH = 200
"""Rows a transaction: short enough that nobody waits noticeably for one of them."""


async def rotate(database: SqlDatabase, *, batch: int = BATCH) -> int:
    """Seal what previous keys sealed with the current one; afterwards the previous keys may be dropped.

    The database's sealer must know both. May be stopped and started again at any point; a second one beside it
    does no harm. Returns how many rows were sealed again. Raises ``SealBroken`` for a row of a key nobody gave.
    """
    done = 0
    while True:
        async with database.begin() as unit:
            resealed = await unit.patients.reseal(limit=batch)
        if not resealed:
            return done
        done += resealed
