"""The catalogue as it stands, without asking the database each time."""

import time

from booking.models import Catalogue
from booking.ports import Database

LOOK_AGAIN_AFTER = 2.0
"""Seconds after which the version is compared again; how long a load may take to be seen everywhere."""


class CurrentCatalogue:
    """Keeps the catalogue in memory and reads it anew when its version has grown."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._catalogue: Catalogue | None = None
        self._looked = 0.0

    async def get(self) -> Catalogue:
        """Return the catalogue; raises ``NoCatalogue``, ``Unavailable``."""
        if self._catalogue is not None and time.monotonic() - self._looked < LOOK_AGAIN_AFTER:
            return self._catalogue
        looked, self._looked = self._looked, time.monotonic()  # who comes meanwhile takes what there is
        try:
            async with self._database.read() as unit:
                if self._catalogue is None or await unit.catalogue.version() != self._catalogue.version:
                    self._catalogue = await unit.catalogue.load()
        except BaseException:
            self._looked = looked
            raise
        return self._catalogue
