"""What is kept of what was not understood, and what that needs of the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """A saying, the question it was said to (empty: none), and how often."""

    said: str
    asked: str
    times: int
    first_at: datetime
    last_at: datetime


class MisunderstoodRows(Protocol):
    """What is kept of sayings."""

    async def add(self, said: str, asked: str, *, now: datetime) -> None:
        """Count a saying."""
        ...

    async def forget(self, *, before: datetime, most: int) -> int:
        """Delete what was last said before a moment, and the oldest beyond a number; return how many."""
        ...

    async def all(self) -> list[Misunderstood]:
        """Return all, the most frequent first, then the latest."""
        ...
