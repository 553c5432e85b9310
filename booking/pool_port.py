"""The slot pool as the domain sees it: who is admitted to which seat, and what is to be told it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from booking.models import SessionState


@dataclass(frozen=True, slots=True)
class Repair:
    """What Redis must still be told about a seat after a commit; deleted once it was."""

    id: int
    session: str
    owner: str


@dataclass(frozen=True, slots=True)
class Admission:
    """A seat in Redis for one request, with its fence."""

    seat: int
    gen: int
    seq: int


@dataclass(frozen=True, slots=True)
class PoolSeats:
    """A session's seats as SQL has them or as Redis has them: what they are compared and rebuilt by.

    ``owners`` maps (position, seat) to (request id, patient, or None where it is no main claim).
    """

    session: str
    gen: int
    state: SessionState
    opens_at: datetime
    ends_at: datetime
    capacities: tuple[int, ...]
    owners: dict[tuple[int, int], tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class PoolReading:
    """What Redis says of a session: generation, state, seats free and taken; of each owner, since when and for whom.

    ``patients`` has owners of main claims only: a patient has one of those in a session.
    """

    gen: int
    state: SessionState
    opens_at: datetime
    free: frozenset[tuple[int, int]]
    owners: dict[tuple[int, int], str]
    admitted: dict[str, datetime]
    patients: dict[str, str]


class SlotPool(Protocol):
    """The admission filter in Redis. It may lose everything at any time; raises ``Unavailable`` when unreachable."""

    async def admit(
        self,
        *,
        session: str,
        position: int,
        patient: str,
        owner: str,
        main: bool,
        now: datetime,
        instead_of: str = "",
        known_gen: int | None = None,
    ) -> Admission:
        """Give the request ``owner`` the lowest free seat; the same request again gets the same seat and fence.

        ``instead_of`` is the owner of the patient's hold that is given up if all goes well: it keeps its seat until
        then, unless that is the only one left in the slot.

        ``known_gen`` is the session's generation when its positions were read.

        Raises ``PoolMissing``, ``SessionMoved``, ``SoldOut``, ``NotOpenYet``, ``SessionClosed`` or ``AlreadyAdmitted``.
        """
        ...

    async def release(self, *, session: str, owner: str) -> bool:
        """Free the seat of this owner, if it still has one."""
        ...

    async def disown(self, *, session: str, owner: str) -> None:
        """Note that the seat given to this owner is in truth another's: taken, and no longer the owner's."""
        ...

    async def own(self, *, session: str, owner: str, patient: str) -> None:
        """Note that the replacement admitted for this owner is the patient's one seat of the session now."""
        ...

    async def replace(self, seats: PoolSeats) -> bool:
        """Replace all that Redis knows of a session; False when Redis has this generation or a newer one."""
        ...

    async def read(self, session: str) -> PoolReading | None:
        """Return what Redis knows of a session."""
        ...
