"""Stoppages and whom they displace, as values (R-A14, R-A15)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal

from booking.actors import ActingChannel

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of a stoppage without one: until it is lifted."""
AFTER_THE_VISIT = timedelta(days=7)
"""How long after the visit that was stopped its patient may still be offered, or telephoned about, another one."""
ScopeKind = Literal["session", "doctor", "department", "clinic"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What is stopped: one session, all of a doctor's or department's in a range, or the clinic's (``code`` empty)."""

    kind: ScopeKind
    code: str = ""


@dataclass(frozen=True, slots=True)
class StopOrder:
    """What is to be stopped, when and why. Without ``from_at`` from now on; without ``to_at`` to the end.

    ``text`` is said to patients beside the reason. The same ``request_id`` again finds the first one's stoppage.
    """

    scope: Scope
    reason: str
    request_id: str
    from_at: datetime | None = None
    to_at: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class StopPreview:
    """Whom a stoppage would reach. ``offerable``: how many patients could be offered a replacement."""

    from_at: datetime
    to_at: datetime
    sessions: int
    appointments: int
    patients: int
    reachable: int
    offerable: int


class StoppageState(StrEnum):
    """How far a stoppage is. From ``stopping`` on nothing new is booked; the batches follow one another."""

    REQUESTED = "requested"
    REFUSED = "refused"
    STOPPING = "stopping"
    OFFERING = "offering"
    TELLING = "telling"
    DONE = "done"
    LIFTING = "lifting"
    LIFTED = "lifted"


IN_FORCE = (StoppageState.STOPPING, StoppageState.OFFERING, StoppageState.TELLING, StoppageState.DONE)
"""States in which a stoppage keeps people out, of what is published later too."""
AT_WORK = (StoppageState.STOPPING, StoppageState.OFFERING, StoppageState.TELLING, StoppageState.LIFTING)


class StoppedState(StrEnum):
    """How far a stoppage is with one of its sessions."""

    STOPPING = "stopping"
    STOPPED = "stopped"
    LIFTING = "lifting"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True)
class Stoppage:
    """A stoppage. ``by`` is the id of who ordered it, ``lifted_by`` of who lifted it or part of it last."""

    id: str
    scope: Scope
    from_at: datetime
    to_at: datetime
    reason: str
    text: str
    state: StoppageState
    by: str
    channel: ActingChannel
    request_id: str
    created_at: datetime
    updated_at: datetime
    lifted_by: str | None = None
    lifted_through: ActingChannel | None = None

    @property
    def in_force(self) -> bool:
        """Whether it keeps people out."""
        return self.state in IN_FORCE


@dataclass(frozen=True, slots=True)
class StoppedSession:
    """A session that a stoppage stops, wholly or in part."""

    session: str
    state: StoppedState


class DisplacementState(StrEnum):
    """What became of a patient whose appointment was stopped."""

    WAITING = "waiting"
    """Replacements are still looked for."""
    OFFERED = "offered"
    UNOFFERED = "unoffered"
    """None was free: next in line when seats come free."""
    REBOOKED = "rebooked"
    DECLINED = "declined"
    EXPIRED = "expired"
    """Offered, and not answered by the deadline."""
    RESTORED = "restored"


UNSETTLED = (
    DisplacementState.WAITING,
    DisplacementState.OFFERED,
    DisplacementState.UNOFFERED,
    DisplacementState.EXPIRED,
)
"""States of who has not chosen otherwise: gets the appointment back when the stoppage is lifted."""


CHOSE_OTHERWISE = (DisplacementState.REBOOKED, DisplacementState.DECLINED)
"""States of who knows of the stoppage and has settled it: told when it is lifted, and left as they chose."""


@dataclass(frozen=True, slots=True)
class Displacement:
    """A patient whose appointment (``claim``) was stopped; ``offers`` are the ids of the seats held, in their order.

    ``told`` counts the notices of this stoppage that told of it.
    """

    id: str
    stoppage: str
    claim: str
    session: str
    patient: str
    openid: str | None
    department: str
    doctor: str
    starts_at: datetime
    first_booked_at: datetime
    state: DisplacementState
    offers: tuple[str, ...]
    deadline: datetime | None
    chosen: str | None
    created_at: datetime
    updated_at: datetime
    told: int = 0


@dataclass(frozen=True, slots=True)
class StoppageFigures:
    """How a stoppage stands: its displaced patients by what became of them, its notices by state.

    ``open`` are patients who have neither answered nor been called; settled means that there is none.
    """

    displaced: dict[str, int]
    notices: dict[str, int]
    open: int
