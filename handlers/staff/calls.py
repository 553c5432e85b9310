"""电话: whom no channel reached and who does not answer; the outcome is recorded, and acted upon, here (R-A14)."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import ClassVar, cast

from booking.call_models import Call
from booking.errors import Refused
from booking.notices import CallOutcome
from booking.staff_refusals import CallSettled, UnknownCall
from booking.stoppage_models import UNSETTLED
from booking.views import AppointmentView
from handlers import cancel, change
from handlers.frame import BACK, Done, Flow, Frame, Gap, Question
from handlers.settling import CALL, SEEN
from handlers.staff.appointment import APPOINTMENT, hear_change
from handlers.state import Option
from handlers.texts import commands
from handlers.texts import staff as words
from handlers.texts import staff_calls as texts

_OUTCOME = "call_outcome"
_OFFER, _BOOK = "o:", "book"


class Which(Gap):
    """Whom to telephone, by when the visit begins."""

    name: ClassVar[str] = CALL

    async def ask(self, frame: Frame) -> Question | Done:
        """List them."""
        calls = await frame.services.calls.open(by=frame.actor, now=frame.now)
        if not calls:
            return Done(texts.NOBODY, outcome="none")
        options = tuple(
            Option(call.notice.id, texts.line(call, frame.catalogue), (call.mobile,) if call.mobile else ())
            for call in calls
        )
        return Question(texts.heading(len(calls)), options)


class Outcome(Gap):
    """Whom, about what; then 1 已改约, 2 已取消, 3 未接, and what can be done for the patient at once."""

    name: ClassVar[str] = _OUTCOME

    async def ask(self, frame: Frame) -> Question | None:
        """Show the call."""
        call = await _call(frame)
        if call is None:
            return None
        frame.fill(SEEN, call.notice.called_at.isoformat() if call.tried and call.notice.called_at else "")
        person = call.displacement
        waits = person is not None and person.state in UNSETTLED
        options = await _displaced_options(frame, person.id) if person and waits else _visit_options(call)
        return Question(texts.details(call, frame.catalogue), (*options, Option(BACK, commands.GO_BACK)))

    def choose(self, frame: Frame, value: str) -> None:
        """Take the outcome; 改约 and 取消预约 of a visit that stands are done first, and are the outcome then."""
        frame.fill(self.name, value)
        if value in (commands.CHANGE, commands.CANCEL):
            frame.fill("deed", value)


async def _displaced_options(frame: Frame, displacement_id: str) -> tuple[Option, ...]:
    _, views = await frame.services.offers.of(displacement_id)
    held = [Option(f"{_OFFER}{view.claim.id}", texts.offer(view, frame.catalogue)) for view in views]
    return (
        Option(CallOutcome.CHANGED, texts.CHANGED),
        Option(CallOutcome.CANCELLED, texts.CANCELLED),
        Option(CallOutcome.NO_ANSWER, texts.NO_ANSWER),
        *held,
        Option(_BOOK, texts.BOOK_ANOTHER),
        Option(CallOutcome.KEPT, texts.TOLD_WAITS),
    )


def _visit_options(call: Call) -> tuple[Option, ...]:
    deeds = (Option(commands.CHANGE, texts.CHANGE_NOW), Option(commands.CANCEL, texts.CANCEL_NOW))
    return (
        *(deeds if call.notice.claim else ()),
        Option(CallOutcome.NO_ANSWER, texts.NO_ANSWER),
        Option(CallOutcome.KEPT, texts.TOLD),
    )


class Begin(Gap):
    """The appointment that is changed or cancelled on the telephone."""

    name: ClassVar[str] = APPOINTMENT

    async def ask(self, frame: Frame) -> None:
        """Take the one the call is about."""
        call = await _call(frame)
        if call is not None:
            frame.fill(self.name, call.notice.claim or "")


class Record(Gap):
    """Records the outcome and does what follows from it; then the next call."""

    name: ClassVar[str] = "recorded"

    async def ask(self, frame: Frame) -> Done | None:
        """Record; somebody else's record stands."""
        call = await _call(frame)
        if call is None:
            return None
        chosen = frame.gaps[_OUTCOME]
        if chosen == _BOOK:
            frame.start(words.BOOK, patient=call.patient, **{CALL: call.notice.id, SEEN: frame.get(SEEN)})
            return None
        try:
            if chosen.startswith(_OFFER):
                return await _choose(frame, call, chosen.removeprefix(_OFFER))
            outcome = CallOutcome(chosen)
            await _settle(frame, call, outcome)
        except CallSettled as error:
            await _say_settled(frame, error)
        except Refused as error:
            frame.refuse(error)
            frame.forget(_OUTCOME)
            return None
        else:
            frame.note(texts.recorded(call.name, outcome))
            frame.outcome = "called"
        _to_list(frame)
        return None


async def _choose(frame: Frame, call: Call, claim: str) -> Done:
    """Choose an offer for the patient; raises the ``Refused`` that says why it is not to be had."""
    displaced = call.displacement.id if call.displacement else ""
    answer = await frame.services.offers.choose_for(displaced, claim, by=frame.actor, now=frame.now)
    with suppress(CallSettled):  # the appointment is booked, whoever recorded the call
        await _settle(frame, call, CallOutcome.CHANGED)
    view = cast("AppointmentView", answer.view)  # None only where none was chosen
    return Done(texts.chosen(view, frame.catalogue, frame.now), outcome="changed")


async def _settle(frame: Frame, call: Call, outcome: CallOutcome) -> None:
    """Record first: who is second must not give back what the first one chose for the patient."""
    seen = frame.get(SEEN)
    await frame.services.calls.settle(
        call.notice.id, outcome, by=frame.actor, seen=datetime.fromisoformat(seen) if seen else None, now=frame.now
    )
    ends = outcome in (CallOutcome.CHANGED, CallOutcome.CANCELLED)
    if ends and call.displacement is not None and call.displacement.state in UNSETTLED:
        with suppress(Refused):  # answered meanwhile: that stands
            await frame.services.offers.choose_for(call.displacement.id, None, by=frame.actor, now=frame.now)


async def _say_settled(frame: Frame, error: CallSettled) -> None:
    name = await frame.services.staff.name_of(error.by) or texts.SOMEBODY
    frame.note(texts.settled_by(name, error.outcome))
    frame.outcome, frame.rule = "refused", error.rule


async def _call(frame: Frame) -> Call | None:
    try:
        return await frame.services.calls.get(frame.gaps[CALL], by=frame.actor, now=frame.now)
    except UnknownCall as error:
        frame.refuse(error)
        _to_list(frame)
        return None


def _to_list(frame: Frame) -> None:
    frame.start(words.CALLS)


def _gaps(frame: Frame) -> Iterable[Gap]:
    yield from (_WHICH, _OUTCOME_GAP)
    deed = frame.get("deed")
    if deed:
        yield _BEGIN
        yield from change.GAPS if deed == commands.CHANGE else cancel.GAPS
    else:
        yield _RECORD


_WHICH, _OUTCOME_GAP, _BEGIN, _RECORD = Which(), Outcome(), Begin(), Record()
FLOW = Flow(words.CALLS, _gaps, hear_change)
