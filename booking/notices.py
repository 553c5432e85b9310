"""Notices: what must be told, written in the transaction of its cause and sent by whoever comes first (R-A8, R-A14)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from booking.actors import Actor
from booking.ids import new_id
from booking.models import Catalogue


class NoticeKind(StrEnum):
    """What a notice tells. The last two are for staff."""

    BOOKED = "booked"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    """The visit was stopped; with the replacements held for the patient, where there are any."""
    OFFER = "offer"
    """A replacement is held for somebody displaced who had none."""
    SESSION_CHANGED = "session_changed"
    RESTORED = "restored"
    REOPENED = "reopened"
    """What was stopped is held again; the patient has chosen otherwise, and that stands."""
    REMINDER_DAY = "reminder_day"
    REMINDER_SOON = "reminder_soon"
    ALERT = "alert"
    """Somebody cannot be reached before the visit."""
    STOP_REQUEST = "stop_request"
    """A doctor asks for a stoppage."""


class NoticeState(StrEnum):
    """Where a notice stands (contract, ``zhenyue notices``)."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    ANSWERED = "answered"
    UNKNOWN = "unknown"
    """It may have been sent and may not; to be telephoned."""
    UNREACHABLE = "unreachable"
    """No channel reaches the person; to be telephoned."""
    FAILED = "failed"
    """WeChat refused it for good; to be telephoned."""
    VOID = "void"
    """Overtaken before it was sent."""


ASKING = frozenset(
    {
        NoticeKind.STOPPED,
        NoticeKind.OFFER,
        NoticeKind.SESSION_CHANGED,
        NoticeKind.REMINDER_DAY,
        NoticeKind.REMINDER_SOON,
        NoticeKind.STOP_REQUEST,
    }
)
"""Kinds that may be answered with one character."""
REMINDERS = frozenset({NoticeKind.REMINDER_DAY, NoticeKind.REMINDER_SOON})
"""Kinds that ask, and need no answer."""
CONFIRMING = frozenset({NoticeKind.BOOKED, NoticeKind.CHANGED, NoticeKind.CANCELLED})
"""Kinds that confirm what the patient, or staff with them on the telephone, just did."""
REPLY = "reply"
"""The channel of a notice whose words were the reply to the very message that was its cause."""
UNREACHED = (NoticeState.UNREACHABLE, NoticeState.UNKNOWN, NoticeState.FAILED)
FINAL = (NoticeState.SENT, NoticeState.DELIVERED, NoticeState.ANSWERED, *UNREACHED, NoticeState.VOID)


class CallOutcome(StrEnum):
    """What a telephone call led to (已电话通知)."""

    CHANGED = "changed"
    CANCELLED = "cancelled"
    NO_ANSWER = "no_answer"
    KEPT = "kept"
    """Told, and all stays as it is."""


Payload = Mapping[str, Any]
"""What the texts are made of, as JSON: codes and moments, the patient's name only masked. See ``docs/notices.md``."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. What it says is made of ``kind`` and ``payload`` when it is sent.

    ``openid`` is None for who has no account. ``due_at`` is when it is to be sent, or tried again; not after
    ``void_after``. ``visit_at``: when the visit it is about begins.
    """

    id: str
    dedupe_key: str
    kind: NoticeKind
    openid: str | None
    patient: str | None
    claim: str | None
    stoppage: str | None
    displacement: str | None
    visit_at: datetime | None
    payload: Payload = field(repr=False)
    due_at: datetime
    created_at: datetime
    updated_at: datetime
    void_after: datetime | None = None
    asks_until: datetime | None = None
    state: NoticeState = NoticeState.PENDING
    channel: str | None = None
    attempts: int = 0
    leased_until: datetime | None = None
    first_tried_at: datetime | None = None
    msgid: int | None = None
    reason: str = ""
    shown: bool = False
    answer: str | None = None
    answered_at: datetime | None = None
    outcome: CallOutcome | None = None
    called_by: str | None = None
    called_at: datetime | None = None
    sent_at: datetime | None = None


def new_notice(
    kind: NoticeKind,
    *,
    dedupe_key: str,
    payload: Payload,
    now: datetime,
    openid: str | None,
    patient: str | None = None,
    claim: str | None = None,
    stoppage: str | None = None,
    displacement: str | None = None,
    visit_at: datetime | None = None,
    due_at: datetime | None = None,
    void_after: datetime | None = None,
    asks_until: datetime | None = None,
) -> Notice:
    """Make a notice that is due at once unless said otherwise. The same ``dedupe_key`` is the same notice."""
    return Notice(
        id=new_id(now),
        dedupe_key=dedupe_key,
        kind=kind,
        openid=openid,
        patient=patient,
        claim=claim,
        stoppage=stoppage,
        displacement=displacement,
        visit_at=visit_at,
        payload=payload,
        due_at=due_at or now,
        created_at=now,
        updated_at=now,
        void_after=void_after,
        asks_until=asks_until,
    )


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """Which notices: of a stoppage, or only patients' that no channel brought; None means any."""

    stoppage: str | None = None
    unreached: bool = False


def unless_in_reply(notice: Notice, *, by: Actor, catalogue: Catalogue, now: datetime) -> Notice:
    """Return a confirming notice as it is to be written: as told, when the account that did it read it in the reply.

    With a template for its kind it is sent all the same: that card stays where the patient finds it again.
    """
    themselves = by.kind == "account" and by.id == notice.openid
    if not themselves or notice.kind in catalogue.templates:
        return notice
    return replace(notice, state=NoticeState.SENT, channel=REPLY, sent_at=now)


class NoticeRows(Protocol):
    """The outbox."""

    async def add(self, notices: Sequence[Notice]) -> None:
        """Write notices, in one statement; those whose ``dedupe_key`` is there already are left out."""
        ...

    async def get(self, notice_id: str) -> Notice | None:
        """Return a notice by id."""
        ...

    async def open_of(self, openid: str, now: datetime) -> list[Notice]:
        """Return what an account may still answer, newest first; nothing of a visit that is booked no longer."""
        ...

    async def newest_asking(self) -> datetime | None:
        """Return when a notice that may still be answered was last written, sent or shown, whosoever it is."""
        ...

    async def shown(self, ids: Iterable[str], *, now: datetime) -> None:
        """Note that the choices of notices were read, so that a digit may mean them."""
        ...

    async def meant_by(self, openid: str, request_id: str) -> str | None:
        """Return the notice that a message of an account was taken for the answer to."""
        ...

    async def mean(self, notice_id: str, request_id: str) -> None:
        """Note that a message is taken for the answer to a notice, before anything is done."""
        ...

    async def answered(self, notice_id: str, answer: str, *, now: datetime, again: bool = False) -> bool:
        """Note an answer, and that nothing more need be sent; False when there is one already.

        ``again``: another answer than the one there is replaces it.
        """
        ...

    async def withhold_from_staff(self, openid: str, *, now: datetime) -> None:
        """Send an account nothing more that is for staff, and take no answer to it; a patient's own stays theirs."""
        ...

    async def counts(self, *, stoppage: str | None = None) -> dict[NoticeState, int]:
        """Return how many notices are in each state, of one stoppage or of all; states without any are left out."""
        ...

    async def find(self, wanted: NoticeFilter) -> list[Notice]:
        """Return notices in the order they were written; unreached ones by when the visit begins."""
        ...
