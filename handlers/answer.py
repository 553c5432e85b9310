"""Answering a notice: which one is meant, and what the answer does (R-A8, R-A14, R-B3).

The answer ends the flow at once, and whatever dialogue it was put before goes on; only what needs a dialogue of its own
(a change, a cancellation, another booking) begins that instead.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import ClassVar

from booking.actors import Actor, Deed, account
from booking.appointments import AppointmentView
from booking.availability import Avoid
from booking.errors import Refused
from booking.models import ClaimState
from booking.notices import Notice, NoticeKind
from booking.refusals import (
    AlreadyInSession,
    DayLimitReached,
    NoticeOver,
    OfferGone,
    OverlappingAppointment,
    UnknownAppointment,
    UnknownNotice,
)
from handlers.book import BOOKING
from handlers.frame import GO_ON, SAID, Done, Flow, Frame, Gap, Question
from handlers.mine import begin_deed
from handlers.searching import ANY
from handlers.showing import became, show, stands
from handlers.state import Option
from handlers.texts import answers as texts
from handlers.texts import commands
from handlers.texts import notices as notice_texts
from handlers.texts.notice_lines import label
from handlers.texts.refusals import refusal
from handlers.words import compact, number

ANSWER = "answer"
READ = "read"
"""Gaps: what was said to a notice, and whether its choices were before the patient's eyes for sure (a tap)."""
_COME, _KEEP, _CHANGE, _CANCEL = "come", "keep", "change", "cancel"


def meant(notice: Notice, text: str, frame: Frame) -> int | None:
    """Return the choice of a notice that a text means: by its digit, or by its words; None when it means none."""
    answers = notice_texts.said(notice, frame.catalogue, frame.now).answers
    said = number(text)
    if said is not None:
        return next((said for answer in answers if answer.number == said), None)
    # The whole words only: a part of a label (改 of 不再改约) may mean the opposite.
    words = compact(text)
    found = [answer.number for answer in answers if words in map(compact, (answer.label, *answer.words))]
    return found[0] if len(found) == 1 else None


async def fitting(frame: Frame, text: str, open_ones: Iterable[Notice] | None = None) -> list[Notice]:
    """Return the open notices that a text may answer; one whose question is settled only where no other waits."""
    if open_ones is None:
        open_ones = await frame.services.answers.open(frame.openid, now=frame.now)
    found = [notice for notice in open_ones if meant(notice, text, frame) is not None]
    several = len(found) > 1  # of one there is nothing to choose from, and nothing to read
    return [notice for notice in found if not several or await stands(frame, notice)] or found


class Which(Gap):
    """Which of several notices is meant, or the dialogue that was open."""

    name: ClassVar[str] = "notice"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Name each that the answer fits."""
        said = frame.gaps[SAID]
        notices = await fitting(frame, said)
        labels = [label(notice, frame.catalogue) for notice in notices]
        alike = Counter(labels)
        options = [
            Option(notice.id, texts.told_apart(said_so, notice) if alike[said_so] > 1 else said_so)
            for notice, said_so in zip(notices, labels, strict=True)
        ]
        if frame.suspended:
            options.append(Option(GO_ON, texts.GO_ON, texts.GO_ON_WORDS))
        return Question(texts.which(said), tuple(options)) if options else Done(texts.NONE_OPEN, outcome="none")


class Act(Gap):
    """Does what the answer says; a notice whose choices were never read is shown instead."""

    name: ClassVar[str] = "acted"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Act, or say why not."""
        try:
            notice = await frame.services.answers.get(frame.gaps["notice"], openid=frame.openid)
            if not (notice.shown or frame.get(READ)):
                return await show(frame, notice)
            place = meant(notice, frame.gaps[SAID], frame)
            if place is None:
                raise UnknownNotice
            return await _ACTS[notice.kind](frame, notice, place)
        except Refused as error:
            frame.outcome, frame.rule = "refused", error.rule
            return Done(refusal(error, clinic=frame.clinic))


async def _note(frame: Frame, notice: Notice, answer: str) -> None:
    await frame.services.answers.note(notice, answer, by=account(frame.openid), now=frame.now)


async def _standing(frame: Frame, notice: Notice) -> AppointmentView:
    """Read the appointment that a notice is about; raises ``NoticeOver``, ``UnknownNotice``."""
    try:
        view = await frame.services.appointments.view(notice.claim or "", openid=frame.openid)
    except UnknownAppointment:
        raise UnknownNotice from None
    if view.claim.state is ClaimState.BOOKED and view.claim.starts_at <= frame.now:
        raise NoticeOver
    return view


async def _remind(frame: Frame, notice: Notice, place: int) -> Done | None:
    """1 我会来, 2 取消预约: by the rules of every cancellation."""
    view = await _standing(frame, notice)
    if view.claim.state is not ClaimState.BOOKED:
        return Done(texts.no_more(view, frame.catalogue, frame.now), outcome="over")
    if place == 1:
        await _note(frame, notice, _COME)
        return Done(texts.will_come(view, frame.catalogue, frame.now), outcome="coming")
    await _note(frame, notice, _CANCEL)
    begin_deed(frame, notice.claim or "", commands.CANCEL)
    return None


async def _change(frame: Frame, notice: Notice, place: int) -> Done | None:
    """1 保留预约, 2 改约, 3 取消预约; the clinic changed the visit, so no deadline binds (R-A8)."""
    view = await _standing(frame, notice)
    if view.claim.state is not ClaimState.BOOKED:
        return Done(texts.no_more(view, frame.catalogue, frame.now), outcome="over")
    answer, deed = {1: (_KEEP, ""), 2: (_CHANGE, commands.CHANGE), 3: (_CANCEL, commands.CANCEL)}[place]
    await _note(frame, notice, answer)
    if not deed:
        return Done(texts.kept(view, frame.catalogue, frame.now), outcome="kept")
    begin_deed(frame, notice.claim or "", deed)
    return None


async def _choose_offer(frame: Frame, notice: Notice, place: int) -> Done | None:
    """Take what is held, or none of it; what is gone is explained, and what is free now is offered."""
    try:
        answer = await frame.services.offers.answer(
            notice.id, place, openid=frame.openid, by=account(frame.openid), now=frame.now
        )
    except OfferGone as error:
        return await _gone(frame, notice, error)
    except (AlreadyInSession, DayLimitReached, OverlappingAppointment) as error:  # the others may do
        return await show(frame, notice, lead=refusal(error, clinic=frame.clinic))
    if answer.view is None:
        return Done(texts.declined(frame.clinic), outcome="declined")
    old = await _view(frame, notice.claim)
    return Done(texts.rebooked(old, answer.view, frame.catalogue, frame.now), outcome="rebooked")


async def _view(frame: Frame, claim: str | None) -> AppointmentView:
    return await frame.services.appointments.view(claim or "", openid=frame.openid)


async def _gone(frame: Frame, notice: Notice, error: OfferGone) -> Done | None:
    """Say what became of the offer; unless the patient has an appointment for it or wants none, offer what is near."""
    frame.refuse(error)
    if error.why in {"answered", "restored", "declined"}:
        frame.notes.clear()
        return Done(await became(frame, error))
    old = await _view(frame, notice.claim)
    frame.start(
        BOOKING,
        patient=old.claim.patient,
        department=old.session.department,
        doctor=old.session.doctor,
        day=old.claim.date.isoformat(),
        part=ANY,
        near=f"{old.claim.slot} {Avoid.NOTHING}",
    )
    return None


async def _decide(frame: Frame, notice: Notice, place: int) -> Done:
    """1 批准, 2 不批准: for managers only, whoever else holds the notice by now."""
    staff = await frame.services.staff.of(frame.openid)
    if staff is None or not staff.may(Deed.STOP):
        raise UnknownNotice
    by = Actor("staff", staff.id, "wechat")
    if notice.answer != str(place):
        decide = frame.services.stoppages.approve if place == 1 else frame.services.stoppages.refuse
        await decide(notice.payload["stoppage"], by=by, now=frame.now)
        await frame.services.answers.note(notice, str(place), by=by, now=frame.now)
    return Done(texts.decided(approved=place == 1), outcome="decided")


_ACTS: dict[NoticeKind, Callable[[Frame, Notice, int], Awaitable[Done | None]]] = {
    NoticeKind.STOPPED: _choose_offer,
    NoticeKind.OFFER: _choose_offer,
    NoticeKind.SESSION_CHANGED: _change,
    NoticeKind.REMINDER_DAY: _remind,
    NoticeKind.REMINDER_SOON: _remind,
    NoticeKind.STOP_REQUEST: _decide,
}
_GAPS: Iterable[Gap] = (Which(), Act())
FLOW = Flow(ANSWER, lambda _frame: _GAPS)
