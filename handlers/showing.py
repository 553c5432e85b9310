"""Showing a notice in the chat, and finding the one about an appointment that was stopped (R-A14).

What is kept for somebody may be over by the time a notice is read: it is never shown as if it could still be chosen.
"""

from typing import ClassVar

from booking.models import ClaimState
from booking.notices import Notice, NoticeKind
from booking.refusals import OfferGone
from handlers.frame import Done, Frame, Gap, Question
from handlers.notices import render
from handlers.texts import answers as texts
from handlers.texts import notices as notice_texts
from handlers.texts.refusals import refusal

_OFFERING = (NoticeKind.STOPPED, NoticeKind.OFFER)
_KNOWN = frozenset({"answered", "declined", "restored"})
"""What can only have become of offers to somebody who knows of the stoppage."""


async def show(frame: Frame, notice: Notice, *, lead: str = "") -> Done:
    """Show a notice with its choices, from now on a digit can mean it; or what became of what it offers."""
    await frame.services.answers.show([notice.id], now=frame.now)
    gone = await _gone(frame, notice)
    if gone is None:
        return Done("", outcome="shown", reply=render(notice, frame.catalogue, now=frame.now, lead=lead))
    facts = () if gone.why in _KNOWN else notice_texts.said(notice, frame.catalogue, frame.now).before
    return Done("\n".join((*facts, await became(frame, gone))), outcome="over")


async def became(frame: Frame, gone: OfferGone) -> str:
    """Say what became of an offer, and what there is instead."""
    said = refusal(gone, clinic=frame.clinic)
    if gone.claim is None:
        return f"{said}\n{texts.BOOK_AGAIN}"
    view = await frame.services.appointments.view(gone.claim.id, openid=frame.openid)
    if view.claim.state is not ClaimState.BOOKED:  # what was chosen or given back, and ended since
        return texts.no_more(view, frame.catalogue, frame.now)
    return f"{said}\n{texts.stands(view, frame.catalogue, frame.now)}"


async def stands(frame: Frame, notice: Notice) -> bool:
    """Tell whether what a notice offers can still be chosen; what offers nothing stands."""
    return await _gone(frame, notice) is None


async def _gone(frame: Frame, notice: Notice) -> OfferGone | None:
    offers = notice.payload.get("offers") if notice.kind in _OFFERING else None
    if not offers or notice.displacement is None:
        return None
    claims = [offer["claim"] for offer in offers]
    return await frame.services.offers.gone(notice.displacement, claims, now=frame.now)


async def _offering(frame: Frame, claim: str | None) -> list[Notice]:
    """Return what waits for a choice instead of a stopped appointment, or of any; newest first."""
    open_ones = await frame.services.answers.open(frame.openid, now=frame.now)
    return [each for each in open_ones if each.kind in _OFFERING and claim in {None, each.claim}]


async def standing_offer(frame: Frame, claim: str | None = None) -> Notice | None:
    """Return the newest notice with something to choose instead of a stopped appointment, or of any."""
    for notice in await _offering(frame, claim):
        if notice.payload["offers"] and await stands(frame, notice):
            return notice
    return None


async def claims_with_offers(frame: Frame) -> frozenset[str]:
    """Return the stopped appointments instead of which something is kept that can still be chosen."""
    offering = [each for each in await _offering(frame, None) if each.payload["offers"]]
    return frozenset([each.claim for each in offering if each.claim and await stands(frame, each)])


class ShowOffers(Gap):
    """Shows what is kept instead of a stopped appointment once more, or what became of it."""

    name: ClassVar[str] = "shown"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Show the notice, unless it was answered meanwhile."""
        found = await _offering(frame, frame.gaps["appointment"])
        return await show(frame, found[0]) if found else Done(texts.NONE_OPEN, outcome="none")
