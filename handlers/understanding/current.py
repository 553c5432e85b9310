"""The understanding of the catalogue as it is now."""

from booking.models import Catalogue
from handlers.understanding.engine import Understanding
from handlers.understanding.holidays import NameOf
from handlers.understanding.tables import Tables


class CurrentUnderstanding:
    """Builds the understanding of a catalogue once for each version. The first in a process takes half a second."""

    def __init__(self, tables: Tables, name_of: NameOf) -> None:
        self._tables, self._name_of = tables, name_of
        self._built: Understanding | None = None

    def of(self, catalogue: Catalogue) -> Understanding:
        """Return the understanding of this catalogue."""
        if self._built is None or self._built.version != catalogue.version:
            self._built = Understanding(catalogue, self._tables, self._name_of)
        return self._built
