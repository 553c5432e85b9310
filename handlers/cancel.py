"""取消预约: shown with rule and deadline, confirmed once, done (R-A13)."""

from typing import ClassVar

from booking.errors import Refused
from booking.models import ClaimState
from booking.notices import CallOutcome
from booking.refusals import UnknownAppointment
from booking.rules import may_cancel
from handlers.frame import BACK, Done, Frame, Gap, Question
from handlers.settling import settle_call
from handlers.state import Option
from handlers.texts import changes as texts
from handlers.texts import commands

# Not confirm_or_back(): there 取消 means 返回, here nobody can know what it means.
_OPTIONS = (
    Option("yes", commands.CONFIRM, (*commands.CONFIRM_WORDS, *commands.CONFIRM_CANCEL_WORDS)),
    Option(BACK, commands.GO_BACK, commands.KEEP_WORDS),
)


class ConfirmCancel(Gap):
    """Shows what is about to be cancelled, and asks: 1. 确认, 2. 返回."""

    name: ClassVar[str] = "confirmed"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Ask while it may be cancelled; else show the appointment with the rule."""
        try:
            view = await frame.services.appointments.view(frame.gaps["appointment"], openid=frame.openid, by=frame.by)
            if view.claim.state is ClaimState.CANCELLED:  # done before, and the answer was lost
                frame.fill(self.name, "yes")
                return None
            may_cancel(view.claim, frame.clinic.policy, now=frame.now, by_staff=frame.is_staffs)
        except UnknownAppointment as error:
            frame.refuse_and_keep(error)
            return None
        except Refused as error:
            frame.refuse_and_keep(error, "appointment")
            return None
        return Question(texts.confirm_cancel(view, frame.catalogue, frame.now, by_staff=frame.is_staffs), _OPTIONS)


class Cancel(Gap):
    """Cancels what was confirmed; the same confirmation again finds it cancelled."""

    name: ClassVar[str] = "cancelled"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Cancel, or show the appointment with the rule that forbids it."""
        try:
            view = await frame.services.appointments.cancel(
                frame.gaps["appointment"], openid=frame.openid, by=frame.by, now=frame.now
            )
        except Refused as error:
            frame.refuse_and_keep(error, "appointment")
            return None
        await settle_call(frame, CallOutcome.CANCELLED)
        return Done(texts.cancelled(view, frame.catalogue, frame.now, by_staff=frame.is_staffs), outcome="cancelled")


GAPS: tuple[Gap, ...] = (ConfirmCancel(), Cancel())
