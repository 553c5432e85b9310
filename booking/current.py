"""The catalogue as it stands, without asking the database each time."""

from booking.models import Catalogue
from booking.ports import Database
from booking.recent import Recent

LOOK_AGAIN_AFTER = 2.0
"""Seconds after which the version is compared again; how long a load may take to be seen everywhere."""


class CurrentCatalogue:
    """Keeps the catalogue in memory and reads it anew when its version has grown."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._catalogue: Catalogue | None = None
        self._recent = Recent(self._look)

    async def get(self) -> Catalogue:
        """Return the catalogue; raises ``NoCatalogue``, ``Unavailable``."""
        return await self._recent.get(LOOK_AGAIN_AFTER)

    async def _look(self) -> Catalogue:
        async with self._database.read() as unit:
            if self._catalogue is None or await unit.catalogue.version() != self._catalogue.version:
                self._catalogue = await unit.catalogue.load()
        return self._catalogue
