"""Changes of published sessions 号源调整, as values (R-A8)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Literal, Protocol

from booking.models import Claim, ClinicSession, Slot

Part = Literal["room", "time", "doctor", "capacity"]
"""What of a session is changed; the words stand in the notices as they are here."""
Left = Literal["department", "time", "capacity"]
"""What the rosters ask for and an adjustment cannot do: other slots than there are, another department."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a session is to be like; None leaves a thing as it is. ``start`` is by the clinic's clock, on the same day.

    ``capacity`` is that of every slot. With ``to_roster`` everything is as the rosters ask, as far as that can be.
    """

    session: str
    room: str | None = None
    start: time | None = None
    doctor: str | None = None
    capacity: int | None = None
    to_roster: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What a session shall be, and what of the rosters' wish cannot be had so."""

    session: ClinicSession
    slots: tuple[Slot, ...]
    left: tuple[Left, ...] = ()


@dataclass(frozen=True, slots=True)
class Moved:
    """An appointment whose patient is told: before, afterwards, and what changed for them."""

    before: Claim
    after: Claim
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class AdjustmentReport:
    """What an adjustment changes and whom it reaches. ``parts`` is empty when the session is so already.

    ``reachable`` of the ``appointments`` told have an account that follows or, where SMS are sent, a number.
    ``overbooked`` are slots with more people than seats: nobody loses theirs, and no seat is given until it fits.
    ``released`` holds came to nothing; for displaced patients seats are looked for instead of those ``withdrawn``.
    """

    before: Target
    after: Target
    parts: tuple[Part, ...]
    appointments: int
    reachable: int
    released: int
    withdrawn: int
    overbooked: tuple[str, ...]
    pool_told: bool = True
    """False when Redis was not reachable; the pools are then made on first use."""


class AdjustmentRows(Protocol):
    """What an adjustment writes, in a statement for each kind of row. The session's row must be locked."""

    async def lock_doctor(self, code: str) -> None:
        """Lock a doctor's row until the transaction ends, so that nobody else gives them a session meanwhile."""
        ...

    async def lock_live(self, session_id: str) -> list[Claim]:
        """Lock and return the claims that occupy seats of a session: none of them ends meanwhile."""
        ...

    async def following(self, openids: Iterable[str]) -> frozenset[str]:
        """Return which of these accounts follow."""
        ...

    async def with_number(self, patients: Iterable[str]) -> frozenset[str]:
        """Return of which of these patients a telephone number is known."""
        ...

    async def write(self, session: ClinicSession, slots: Sequence[Slot]) -> None:
        """Write what may change of a session and its slots."""
        ...

    async def rewrite(self, claims: Sequence[Claim]) -> None:
        """Write time, seat and waiver of claims that have just been read under their lock."""
        ...

    async def release(self, claims: Sequence[Claim], *, now: datetime) -> None:
        """Let holds go."""
        ...
