"""Who does something, and what staff of each role may do (R-A1, R-A16, R-B7)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

ActorKind = Literal["account", "staff", "cli", "system"]
ActingChannel = Literal["wechat", "phone", "onsite", "kiosk", "api", "cli", "system"]


class Role(StrEnum):
    """What a member of staff is here."""

    FRONTDESK = "frontdesk"
    DOCTOR = "doctor"
    MANAGER = "manager"


class Deed(StrEnum):
    """What staff may be allowed to do."""

    LOOK_UP = "look_up"
    BOOK = "book"
    """Book, change and cancel for a patient."""
    CALL = "call"
    """See whom no channel reached, and settle their calls."""
    SEE_OWN = "see_own"
    """See the doctor's own sessions."""
    SEE_ALL = "see_all"
    ASK_TO_STOP = "ask_to_stop"
    """Ask a manager to stop the doctor's own sessions."""
    STOP = "stop"
    """Stop and lift anything."""
    MANAGE_STAFF = "manage_staff"


_DESK = frozenset({Deed.LOOK_UP, Deed.BOOK, Deed.CALL, Deed.SEE_ALL})
MAY: dict[Role, frozenset[Deed]] = {
    Role.FRONTDESK: _DESK,
    Role.DOCTOR: frozenset({Deed.SEE_OWN, Deed.ASK_TO_STOP}),
    Role.MANAGER: frozenset(Deed) - {Deed.ASK_TO_STOP, Deed.SEE_OWN},
}


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff; ``openid`` is the bound account, ``doctor`` the code of a doctor's own."""

    id: str
    name: str
    role: Role
    doctor: str | None
    openid: str | None
    created_at: datetime
    bound_at: datetime | None
    removed_at: datetime | None

    def may(self, deed: Deed) -> bool:
        """Tell whether the role allows something."""
        return self.removed_at is None and deed in MAY[self.role]


class StaffRows(Protocol):
    """Staff accounts. Those removed stay as history; only ``get`` still finds them."""

    async def add(self, added: Staff, *, code: str, code_expires_at: datetime, request: str | None) -> None:
        """Write a new member of staff with the keyed hash of their binding code; raises ``StaffNameTaken``."""
        ...

    async def renew(self, like: Staff, *, code: str, code_expires_at: datetime, request: str) -> Staff | None:
        """Give another code to whom this request added just so, and who is not bound yet; None when it added none."""
        ...

    async def get(self, staff_id: str) -> Staff | None:
        """Return one by id, removed or not."""
        ...

    async def find(self, name: str) -> Staff | None:
        """Return who works here under a name."""
        ...

    async def of(self, openid: str) -> Staff | None:
        """Return who is bound to an account."""
        ...

    async def all(self) -> list[Staff]:
        """Return all who work here, in the order they were added."""
        ...

    async def awaits(self, code: str, *, now: datetime) -> bool:
        """Tell whether somebody may still be bound by a code."""
        ...

    async def bind(self, code: str, openid: str, *, now: datetime) -> Staff | None:
        """Bind an account by a code that is valid, and use it up; None when there is none such.

        Raises ``AccountBound``; after that the transaction is over.
        """
        ...

    async def remove(self, staff_id: str, *, now: datetime) -> Staff | None:
        """Take somebody from the staff, and the account from them; None when that was done before."""
        ...


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, through what: an account (its openid), staff (their id), an OS user, or a job of ours."""

    kind: ActorKind
    id: str
    channel: ActingChannel

    @property
    def is_staff(self) -> bool:
        """Whether somebody of the clinic acts, who may do for a patient what the patient's deadlines forbid (R-A12)."""
        return self.kind in {"staff", "cli"}

    @property
    def owner(self) -> str | None:
        """Whose things alone may be touched: an account's own; None, whoever's, where the clinic or a job acts."""
        return self.id if self.kind == "account" else None


def acting(openid: str | None, by: Actor | None) -> Actor:
    """Return who acts: whoever is named, else the account."""
    if by is not None:
        return by
    if openid is None:
        raise ValueError("somebody must act: an account or an actor")
    return account(openid)


def account(openid: str) -> Actor:
    """Return the actor that a patient's account is."""
    return Actor("account", openid, "wechat")


def system(job: str) -> Actor:
    """Return the actor that a job of ours is."""
    return Actor("system", job, "system")
