"""The traffic log: every delivery to the bot and every call of the bot, the newest two thousand of each."""

import itertools
from collections import deque
from typing import Literal

from emulator.feed import Feed
from emulator.shapes import Json, whole

LENGTH = 2000


class Journal:
    """A bounded list of records that also reach the feed. Each gets an `id` that only grows."""

    def __init__(self, topic: Literal["delivery", "call"], feed: Feed) -> None:
        """Start empty."""
        self._topic: Literal["delivery", "call"] = topic
        self._feed = feed
        self._numbers = itertools.count(1)
        self._records: deque[Json] = deque(maxlen=LENGTH)

    def write(self, record: Json) -> None:
        """Keep a record and tell the watchers."""
        record["id"] = next(self._numbers)
        self._records.append(record)
        self._feed.publish(self._topic, record)

    def read(self, *, after: int = 0) -> list[Json]:
        """The records with a larger id, oldest first."""
        return [record for record in self._records if whole(record, "id") > after]

    def clear(self) -> None:
        """Forget everything; ids go on growing."""
        self._records.clear()
