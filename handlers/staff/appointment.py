"""An appointment as staff see it, with what may be done for its patient (R-A1, R-A12, R-A13)."""

from collections.abc import Iterable
from typing import ClassVar

from booking.actors import Deed
from booking.models import ClaimState
from booking.refusals import UnknownAppointment
from handlers import cancel, change
from handlers.frame import BACK, Frame, Gap, Question
from handlers.state import Option
from handlers.texts import changes, commands
from handlers.texts import staff_patients as texts

APPOINTMENT = "appointment"
_DEEDS = {commands.CHANGE: change.GAPS, commands.CANCEL: cancel.GAPS}


class Shown(Gap):
    """The appointment in full; 改约 and 取消预约 until the visit begins, for those who may."""

    name: ClassVar[str] = "deed"

    async def ask(self, frame: Frame) -> Question | None:
        """Show it, and what can be done."""
        try:
            view = await frame.services.appointments.view(frame.gaps[APPOINTMENT], openid=None, by=frame.by)
        except UnknownAppointment as error:
            frame.refuse(error)
            frame.forget(APPOINTMENT)
            return None
        deeds: tuple[Option, ...] = ()
        ahead = view.claim.state is ClaimState.BOOKED and view.claim.starts_at > frame.now
        if ahead and frame.bound.may(Deed.BOOK):
            deeds = (
                Option(commands.CHANGE, changes.CHANGE, changes.CHANGE_WORDS),
                Option(commands.CANCEL, changes.CANCEL, changes.CANCEL_WORDS),
            )
        shown = texts.appointment(view, frame.catalogue, frame.now)
        return Question(shown, (*deeds, Option(BACK, commands.GO_BACK)))


def appointment_gaps(frame: Frame) -> Iterable[Gap]:
    """Return what follows where an appointment was chosen."""
    yield _SHOWN
    yield from _DEEDS.get(frame.get(Shown.name), ())


def hear_change(frame: Frame, text: str) -> bool:
    """While an appointment is changed, take the name of a department or doctor."""
    return frame.get("deed") == commands.CHANGE and change.hear(frame, text)


_SHOWN = Shown()
