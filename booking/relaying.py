"""How a notice reaches a person: which channels in which order, and what each result makes of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from booking.models import ClaimState, Template
from booking.notices import ASKING, CONFIRMING, REMINDERS, Notice, NoticeKind, NoticeState
from booking.stoppage_models import DisplacementState

IDEMPOTENT = timedelta(minutes=10)
"""How long WeChat knows a ``client_msg_id`` again (模板消息)."""
LEASE = timedelta(minutes=3)
"""For whom a batch is: much shorter than ``IDEMPOTENT``, so that another worker may still repeat what is in doubt."""
MARGIN = timedelta(seconds=30)
"""How long before the end of ``IDEMPOTENT`` nothing is repeated any more."""
MOST_TRIES = 8
"""Tries of one channel that says it is busy, before the next channel is taken."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
NOT_BEGUN = "not begun"
QUOTA = "quota_reached"
PERMANENT = "permanent"
_PASSING = ("retryable", "too_frequent", "ambiguous", "token_invalid", NOT_BEGUN)
_LONGEST_REASON = 200


class NoticeChannel(StrEnum):
    """Through what a notice goes, in the order of trying; a kind has a template or a subscription, not both."""

    TEMPLATE = "template"
    SUBSCRIPTION = "subscription"
    CUSTOM = "custom"
    SMS = "sms"


class Verdict(StrEnum):
    """What a try came to."""

    SENT = "sent"
    RETRY = "retry"
    """Certainly not sent; the same channel may take it later."""
    PASS = "pass"  # noqa: S105  # no password
    """This channel will not take it: the next one."""
    UNSURE = "unsure"
    """It may have been sent."""


@dataclass(frozen=True, slots=True)
class Try:
    """What came of sending one notice once; ``reason`` is short and names no person."""

    verdict: Verdict
    reason: str = ""
    msgid: int | None = None
    shown: bool = False
    """Whether choices were among what was sent."""


@dataclass(frozen=True, slots=True)
class Due:
    """A notice to be sent, with how things stand that it is about; None where it is about none."""

    notice: Notice
    following: bool | None = None
    claim: ClaimState | None = None
    starts_at: datetime | None = None
    displacement: DisplacementState | None = None
    chosen: ClaimState | None = None
    """What became of the visit that a displaced patient chose instead."""

    def now_as(self, notice: Notice) -> "Due":
        """Return the same with the notice as it has become."""
        return Due(notice, self.following, self.claim, self.starts_at, self.displacement, self.chosen)


@dataclass(frozen=True, slots=True)
class Routes:
    """What can be used now: templates by kind, channels that pause until a moment, whether SMS are sent."""

    templates: Mapping[str, Template]
    paused: Mapping[NoticeChannel, datetime]
    sms: bool = False


_ABOUT_A_VISIT = frozenset(
    {
        NoticeKind.BOOKED,
        NoticeKind.CHANGED,
        NoticeKind.SESSION_CHANGED,
        NoticeKind.RESTORED,
        NoticeKind.REMINDER_DAY,
        NoticeKind.REMINDER_SOON,
    }
)
_UNDONE = frozenset({ClaimState.CANCELLED, ClaimState.STOPPED, ClaimState.MOVED})
_STANDING = (None, DisplacementState.OFFERED)
_SETTLED = frozenset({DisplacementState.REBOOKED, DisplacementState.DECLINED, DisplacementState.RESTORED})


def overtaken(due: Due, *, now: datetime) -> str:
    """Return why a notice need not be sent any more, empty when it must.

    Whoever is told that a session is held again without their appointment is told so all the same.
    """
    notice, kind = due.notice, due.notice.kind
    if notice.void_after is not None and now >= notice.void_after:
        return "too late"
    if due.claim in _UNDONE and kind in _ABOUT_A_VISIT and notice.payload.get("restored", True):
        return f"the appointment is {due.claim}"
    if kind in REMINDERS and due.starts_at is not None and due.starts_at != notice.visit_at:
        return "the appointment has another time"
    if kind is NoticeKind.OFFER and due.displacement not in _STANDING:
        return f"the offer is {due.displacement}"
    if kind is NoticeKind.STOPPED and due.displacement in _SETTLED:
        return f"the patient is {due.displacement}"
    return ""


def next_channel(due: Due, routes: Routes, *, after: NoticeChannel | None = None) -> NoticeChannel | None:
    """Return the first channel after this one that may reach the person; None when there is none."""
    notice = due.notice
    order: list[NoticeChannel] = []
    if notice.openid is not None and due.following is not False:
        template = routes.templates.get(notice.kind)
        if template is not None:
            order.append(NoticeChannel.SUBSCRIPTION if template.subscription else NoticeChannel.TEMPLATE)
        order.append(NoticeChannel.CUSTOM)
    if routes.sms and notice.patient is not None:
        order.append(NoticeChannel.SMS)
    places = list(NoticeChannel)
    behind = -1 if after is None else places.index(after)
    return next((c for c in order if places.index(c) > behind and c not in routes.paused), None)


def begin(due: Due, routes: Routes, *, now: datetime) -> Notice:
    """Return the notice as it is to be written before anything is sent: void, unknown, at an end, or on its way.

    One found on its way was in the hands of a worker that died. Only a template may be sent again then, and only
    while WeChat knows its ``client_msg_id``.
    """
    notice = _true_now(due)
    due = due.now_as(notice)
    if notice.first_tried_at is not None:
        again = notice.channel == NoticeChannel.TEMPLATE and now < notice.first_tried_at + IDEMPOTENT - MARGIN
        if not again:
            return _ended(notice, NoticeState.UNKNOWN, "no answer", now=now)
    reason = overtaken(due, now=now)
    if reason and notice.first_tried_at is None:
        return _ended(notice, NoticeState.VOID, reason, now=now)
    if notice.channel is not None and NoticeChannel(notice.channel) not in routes.paused:
        return _on_its_way(notice, NoticeChannel(notice.channel), now=now)
    if notice.first_tried_at is not None:
        return _on_its_way(notice, NoticeChannel.TEMPLATE, now=now)
    return go_on(due, routes, after=_before(notice.channel), now=now)


def _true_now(due: Due) -> Notice:
    """Return the notice without the visit chosen instead, where nobody is booked for that any more."""
    notice = due.notice
    if notice.kind is not NoticeKind.REOPENED or due.chosen in (None, ClaimState.BOOKED):
        return notice
    return replace(notice, payload={**notice.payload, "instead": None})


def go_on(due: Due, routes: Routes, *, after: NoticeChannel | None, now: datetime) -> Notice:
    """Return the notice on its way through the next channel; without one, waiting for a quota or at its end."""
    notice = due.notice
    channel = next_channel(due, routes, after=after)
    if channel is not None:
        return _on_its_way(notice, channel, now=now, afresh=True)
    waits = _pause_worth_waiting(due, routes)
    if waits is not None:
        return _freed(notice, waits[0], due_at=waits[1], now=now)
    if notice.openid is None and not notice.reason:
        notice = replace(notice, reason="no account")
    elif due.following is False:
        notice = replace(notice, reason=_reasons(notice, "not following"))
    if notice.openid is None and notice.kind in CONFIRMING:  # staff booked it with the caller on the telephone
        return _ended(notice, NoticeState.VOID, "", now=now)
    state = NoticeState.FAILED if PERMANENT in notice.reason else NoticeState.UNREACHABLE
    return _ended(notice, state, "", now=now)


def after_try(due: Due, tried: Try, routes: Routes, *, now: datetime) -> Notice:
    """Return the notice after a try of its channel: sent, later again, in doubt, or on its way through the next one."""
    notice = due.notice
    channel = NoticeChannel(notice.channel or NoticeChannel.CUSTOM)
    match tried.verdict:
        case Verdict.SENT:
            return replace(
                notice,
                state=NoticeState.SENT,
                msgid=tried.msgid,
                shown=notice.shown or tried.shown,
                sent_at=now,
                leased_until=None,
                updated_at=now,
            )
        case Verdict.UNSURE if channel == NoticeChannel.TEMPLATE:
            return _later(notice, tried.reason, first_tried_at=notice.first_tried_at, now=now)
        case Verdict.UNSURE:
            return _ended(notice, NoticeState.UNKNOWN, f"{channel} {tried.reason}", now=now)
        case Verdict.RETRY if tried.reason == NOT_BEGUN or notice.attempts < MOST_TRIES:
            return _later(notice, tried.reason, first_tried_at=_doubt(notice), now=now)
    passed = replace(notice, reason=_reasons(notice, f"{channel} {tried.reason}"))
    return go_on(due.now_as(passed), routes, after=channel, now=now)


def shows_choices_later(notice: Notice) -> bool:
    """Tell whether the choices, which fit no template, are still to be shown as a customer-service message."""
    through = {NoticeChannel.TEMPLATE, NoticeChannel.SUBSCRIPTION}
    return notice.state == NoticeState.SENT and notice.kind in ASKING and notice.channel in through and not notice.shown


def after_outcome(due: Due, status: str, routes: Routes, *, now: datetime) -> Notice:
    """Return a sent template after WeChat told how it ended (TEMPLATESENDJOBFINISH)."""
    if status == "success":
        return replace(due.notice, state=NoticeState.DELIVERED, updated_at=now)
    notice = replace(due.notice, reason=_reasons(due.notice, f"template {status}"))
    if notice.shown:
        return replace(notice, channel=NoticeChannel.CUSTOM, updated_at=now)
    onward = go_on(due.now_as(notice), routes, after=NoticeChannel.TEMPLATE, now=now)
    if onward.state != NoticeState.SENDING:
        return onward
    return _freed(replace(onward, msgid=None, sent_at=None), onward.channel, due_at=now, now=now)


def _before(channel: str | None) -> NoticeChannel | None:
    """Return the channel before this one, so that what was in its turn is looked for again from there."""
    places = list(NoticeChannel)
    place = 0 if channel is None else places.index(NoticeChannel(channel))
    return places[place - 1] if place else None


def _on_its_way(notice: Notice, channel: NoticeChannel, *, now: datetime, afresh: bool = False) -> Notice:
    return replace(
        notice,
        state=NoticeState.SENDING,
        channel=channel,
        attempts=1 if afresh else notice.attempts + 1,
        first_tried_at=_doubt_begins(notice, channel, now=now, afresh=afresh),
        leased_until=now + LEASE,
        updated_at=now,
    )


def _doubt_begins(notice: Notice, channel: NoticeChannel, *, now: datetime, afresh: bool) -> datetime | None:
    """Return since when it may have been sent: a template from now on, anything else once its turn has come."""
    if channel != NoticeChannel.TEMPLATE:
        return None
    return now if afresh else notice.first_tried_at or now


def in_flight(notice: Notice, *, now: datetime) -> Notice:
    """Return a notice that is sent in this moment, and could not be sent again if nothing were heard of it."""
    return replace(notice, first_tried_at=now)


def _doubt(notice: Notice) -> datetime | None:
    """Return since when the notice is in doubt after a refusal, which says nothing of a template's try before it."""
    if notice.channel != NoticeChannel.TEMPLATE:
        return None
    this_try = None if notice.leased_until is None else notice.leased_until - LEASE
    return None if notice.first_tried_at == this_try else notice.first_tried_at


def _later(notice: Notice, reason: str, *, first_tried_at: datetime | None, now: datetime) -> Notice:
    tries = 0 if reason == NOT_BEGUN else max(0, notice.attempts - 1)
    pause = min(FIRST_PAUSE * 2**tries, LONGEST_PAUSE)
    said = "" if reason == NOT_BEGUN else f"{notice.channel} {reason}"[:_LONGEST_REASON]
    return replace(
        notice,
        state=NoticeState.PENDING,
        due_at=now + pause,
        reason=notice.reason or said,
        leased_until=None,
        first_tried_at=first_tried_at,
        updated_at=now,
    )


def _ended(notice: Notice, state: NoticeState, reason: str, *, now: datetime) -> Notice:
    reasons = _reasons(notice, reason) if reason else notice.reason
    return replace(notice, state=state, reason=reasons, leased_until=None, updated_at=now)


def _freed(notice: Notice, channel: str | None, *, due_at: datetime, now: datetime) -> Notice:
    """Return the notice as one that waits for a channel and was not tried there."""
    return replace(
        notice,
        state=NoticeState.PENDING,
        channel=channel,
        due_at=due_at,
        leased_until=None,
        first_tried_at=None,
        attempts=0,
        updated_at=now,
    )


def _reasons(notice: Notice, reason: str) -> str:
    if reason in notice.reason:
        return notice.reason
    return f"{notice.reason}; {reason}".removeprefix("; ")[-_LONGEST_REASON:]


def _pause_worth_waiting(due: Due, routes: Routes) -> tuple[NoticeChannel, datetime] | None:
    """Return the channel that the day's quota keeps from this notice, unless its end would come too late."""
    until = [due.notice.void_after, due.notice.visit_at]
    latest = min((moment for moment in until if moment is not None), default=None)
    everything = replace(routes, paused={})
    for channel, ends in sorted(routes.paused.items(), key=lambda item: item[1]):
        fits = latest is None or ends + timedelta(hours=2) <= latest
        if (
            fits
            and not _refused_by(channel, due.notice)
            and next_channel(due, everything, after=_before(channel)) == channel
        ):
            return channel, ends
    return None


def _refused_by(channel: NoticeChannel, notice: Notice) -> bool:
    """Tell whether a channel refused the notice for another reason than its quota, or being busy."""
    said = [reason.removeprefix(f"{channel} ") for reason in notice.reason.split("; ") if reason.startswith(channel)]
    return any(not reason.startswith((QUOTA, *_PASSING)) for reason in said)
