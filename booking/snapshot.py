"""What can be booked, as of a moment: read once for everybody who asks within a second.

Each question costs thousands of rows; asked anew by every patient in a rush it would be all that a process does. What
this process itself holds, books and releases is carried over at once, so that nobody reads yesterday's figure of his
own seat. Other processes' changes are seen within the second; the hold decides anyway.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from booking.absence import Absence
from booking.models import Catalogue, SlotCount
from booking.rules import takes_bookings

Fits = Callable[[SlotCount], bool]
Key = Callable[[SlotCount], str]


class Found:
    """Slots with free seats that fit a search, by start; sums of their free seats are made once."""

    def __init__(self, counts: Iterable[SlotCount]) -> None:
        self.counts = tuple(counts)
        self._sums: dict[Key, dict[str, int]] = {}

    def free_by(self, key: Key) -> Mapping[str, int]:
        """Add up the free seats by a key, in the order in which the keys come; the key is a function that lasts."""
        sums = self._sums.get(key)
        if sums is None:
            sums = self._sums[key] = {}
            for count in self.counts:
                name = key(count)
                sums[name] = sums.get(name, 0) + count.free
        return sums


class Snapshot:
    """All slots of the booking windows with their counts, and every search answered once."""

    def __init__(self, catalogue: Catalogue, counts: Iterable[SlotCount], *, taken_at: datetime) -> None:
        self.taken_at = taken_at
        self.zone: ZoneInfo = catalogue.clinic.zone
        self.counts = {count.slot.id: count for count in counts}
        self._open = [id_ for id_, count in self.counts.items() if takes_bookings(catalogue, count, now=taken_at)]
        self._found: dict[object, Found] = {}
        self.absences: dict[object, Absence] = {}
        """Why there is nothing, by search; seats that are taken or freed change none of it."""

    def find(self, search: object, fits: Fits) -> Found:
        """Return what fits; ``search`` names the question, so that it is answered once."""
        found = self._found.get(search)
        if found is None:
            able = (count for id_ in self._open if (count := self.counts[id_]).free and fits(count))
            found = self._found[search] = Found(able)
        return found

    def change(self, slot: str, *, held: int = 0, booked: int = 0) -> None:
        """Carry over what this process did to a slot's seats."""
        count = self.counts.get(slot)
        if count is not None:
            self.counts[slot] = replace(count, held=max(0, count.held + held), booked=max(0, count.booked + booked))
            self._found.clear()
