"""我的预约: what was booked through this account, and one appointment in full."""

from collections.abc import Iterable
from typing import ClassVar

from booking.errors import UnknownAppointment
from booking.models import ClaimState
from handlers.frame import BACK, Done, Flow, Frame, Gap, Question
from handlers.state import Option
from handlers.texts import appointments as texts

MINE = "mine"
_AHEAD = (ClaimState.BOOKED, ClaimState.ARRIVED)


class Which(Gap):
    """Coming appointments by time, then past ones, newest first."""

    name: ClassVar[str] = "appointment"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """List them."""
        views = await frame.services.appointments.of_account(frame.openid, now=frame.now)
        if not views:
            return Done(texts.NONE)
        coming = sum(view.claim.state in _AHEAD and view.claim.ends_at > frame.now for view in views)
        options = tuple(
            Option(view.claim.id, texts.label(view, frame.catalogue, frame.today), (view.claim.number,))
            for view in views
        )
        return Question(texts.listing(coming, len(views) - coming), options)


class Deed(Gap):
    """What to do with the appointment shown. Changing and cancelling stand here as further options (R-A12, R-A13)."""

    name: ClassVar[str] = "deed"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Show it."""
        try:
            view = await frame.services.appointments.view(frame.gaps["appointment"], openid=frame.openid)
        except UnknownAppointment as error:
            frame.refuse(error)
            frame.forget("appointment")
            return None
        return Question(texts.details(view, frame.catalogue, frame.now), (Option(BACK, texts.BACK_TO_LIST),))


def _gaps(frame: Frame) -> Iterable[Gap]:  # noqa: ARG001 - always the same
    return _GAPS


_GAPS = (Which(), Deed())
FLOW = Flow(MINE, _gaps)
