"""停诊: what, when, why, a preview, one confirmation; doctors ask for their own sessions (R-A14, R-A15)."""

from collections.abc import Iterable
from typing import ClassVar

from booking.actors import Deed
from booking.errors import Refused
from booking.staff_refusals import EmptyRange, RangePast, ReasonMissing, TextTooLong
from handlers.frame import Done, Flow, Frame, Gap, Question, confirm_or_back
from handlers.staff.stop_order import CODE, PERIOD, REASON, SCOPE, TEXT, order_of, session_of
from handlers.staff.stop_what import what_gaps
from handlers.staff.stop_when import WHEN
from handlers.state import Option
from handlers.texts import staff as words
from handlers.texts import staff_stop as texts
from handlers.words import compact


class Reason(Gap):
    """Why; patients read it."""

    name: ClassVar[str] = REASON

    async def ask(self, frame: Frame) -> Question:
        """Offer the usual reasons."""
        return Question(texts.ASK_REASON, tuple(Option(reason, reason) for reason in texts.REASONS))

    def hear(self, frame: Frame, text: str) -> bool:
        """Take a reason in words."""
        return _take_words(frame, self.name, text, texts.LONGEST_REASON)


class Text(Gap):
    """What is said to patients besides; may be nothing."""

    name: ClassVar[str] = TEXT

    async def ask(self, frame: Frame) -> Question:
        """Ask, with a way to say nothing."""
        return Question(texts.ASK_TEXT, (Option("", texts.NO_TEXT, texts.NO_TEXT_WORDS),))

    def hear(self, frame: Frame, text: str) -> bool:
        """Take the words."""
        return _take_words(frame, self.name, text, texts.LONGEST_TEXT)


def _take_words(frame: Frame, gap: str, text: str, longest: int) -> bool:
    if compact(text).isdigit():  # a choice that is none
        return False
    if len(text) > longest:
        frame.note(texts.too_long(longest))
    else:
        frame.fill(gap, text)
    return True


class Confirm(Gap):
    """The preview: sessions, appointments, patients, how many can be reached and helped; then one confirmation."""

    name: ClassVar[str] = "confirmed"

    async def ask(self, frame: Frame) -> Question | None:
        """Count, and ask; what cannot be stopped is asked anew."""
        # Whatever confirms this preview, however often, is one stoppage.
        if "order" not in frame.gaps:
            frame.fill("order", frame.incoming.request_id)
        order = order_of(frame)
        try:
            shown = await frame.services.stoppages.preview(order, now=frame.now)
        except Refused as error:
            _ask_anew(frame, error)
            return None
        whom = texts.scope(order, frame.catalogue, await session_of(frame, order.scope.code))
        asks = not frame.bound.may(Deed.STOP)
        return Question(texts.preview(order, shown, frame.catalogue, whom, asks=asks), confirm_or_back())


class Stop(Gap):
    """Stops what was confirmed, or asks the managers to; the same confirmation again finds the same stoppage."""

    name: ClassVar[str] = "stopped"

    async def ask(self, frame: Frame) -> Done | None:
        """Act once."""
        order, stoppages = order_of(frame), frame.services.stoppages
        try:
            if frame.bound.may(Deed.STOP):
                stoppage = await stoppages.stop(order, by=frame.actor, now=frame.now)
                return Done(texts.stopped(stoppage), outcome="stopped")
            stoppage = await stoppages.request(order, by=frame.actor, now=frame.now)
        except Refused as error:
            _ask_anew(frame, error)
            return None
        return Done(texts.requested(stoppage), outcome="requested")


def _ask_anew(frame: Frame, error: Refused) -> None:
    """Say what cannot be stopped, and open the gap that it concerns."""
    frame.refuse(error)
    frame.forget("order", Confirm.name)
    if isinstance(error, ReasonMissing | TextTooLong):
        frame.forget(REASON, TEXT)
    elif isinstance(error, EmptyRange | RangePast):
        frame.forget(PERIOD)
    else:
        frame.forget(PERIOD, CODE)
        if frame.get(SCOPE) == "clinic":
            frame.forget(SCOPE)
    frame.settle()


def _gaps(frame: Frame) -> Iterable[Gap]:
    yield from what_gaps(frame)
    yield WHEN
    yield from (_REASON, _TEXT, _CONFIRM, _STOP)


_REASON, _TEXT, _CONFIRM, _STOP = Reason(), Text(), Confirm(), Stop()
FLOW = Flow(words.STOP, _gaps)
