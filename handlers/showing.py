"""Showing a notice in the chat, and finding the one about an appointment that was stopped (R-A14)."""

from typing import ClassVar

from booking.notices import Notice, NoticeKind
from handlers.frame import Done, Frame, Gap, Question
from handlers.notices import render
from handlers.texts import answers as texts

_OFFERING = (NoticeKind.STOPPED, NoticeKind.OFFER)


async def show(frame: Frame, notice: Notice, *, lead: str = "") -> Done:
    """Show a notice with its choices; from now on a digit can mean it."""
    await frame.services.answers.show([notice.id], now=frame.now)
    return Done("", outcome="shown", reply=render(notice, frame.catalogue, now=frame.now, lead=lead))


async def offered_for(frame: Frame, claim: str) -> Notice | None:
    """Return the newest notice that waits for a choice instead of a stopped appointment."""
    open_ones = await frame.services.answers.open(frame.openid, now=frame.now)
    return next((each for each in open_ones if each.kind in _OFFERING and each.claim == claim), None)


class ShowOffers(Gap):
    """Shows what is kept instead of a stopped appointment, once more."""

    name: ClassVar[str] = "shown"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Show the notice, unless it was answered meanwhile."""
        notice = await offered_for(frame, frame.gaps["appointment"])
        return Done(texts.NONE_OPEN, outcome="none") if notice is None else await show(frame, notice)
