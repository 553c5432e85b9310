"""What patients wrote that was not understood: kept masked, without whose it is, few and not for long."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from booking.masking import mask_said
from booking.ports import Database

KEPT = timedelta(days=90)
"""How long after it was last said."""
MOST = 1000
"""How many different sayings are kept; the oldest give way."""
LONGEST = 100
"""Characters."""


class Sayings:
    """Collects what was not understood, for staff."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, text: str, asked: str, names: Iterable[str], *, now: datetime) -> None:
        """Keep a text, masked; ``names`` are those that may stand in it. Raises ``Unavailable``."""
        said = mask_said(text, names)[:LONGEST].strip()
        if said:
            async with self._database.begin() as unit:
                await unit.misunderstood.add(said, asked, now=now)
                await unit.misunderstood.forget(before=now - KEPT, most=MOST)

    async def forget(self, *, now: datetime) -> int:
        """Delete what is too old; return how many. Raises ``Unavailable``."""
        async with self._database.begin() as unit:
            return await unit.misunderstood.forget(before=now - KEPT, most=MOST)
