"""The seat: held, shown for confirmation, booked; refusals lead to what is near (R-A3, R-A4)."""

import contextlib
from typing import ClassVar

from booking.appointments import Wish
from booking.availability import Avoid
from booking.errors import Busy, Refused
from booking.models import Channel, Claim, ClaimState
from booking.notices import CallOutcome
from booking.refusals import (
    AlreadyInSession,
    DayLimitReached,
    HoldExpired,
    NotChangeable,
    OverlappingAppointment,
    SessionClosed,
    TooLateToChange,
    UnknownAppointment,
    UnknownPatient,
    UnknownSlot,
)
from handlers.frame import Done, Frame, Gap, Question, confirm_or_back
from handlers.settling import settle_call
from handlers.texts import booking as texts
from handlers.texts import staff_patients as staff_texts
from handlers.texts.refusals import refusal

_AVOID: dict[type[Refused], Avoid] = {
    AlreadyInSession: Avoid.SESSION,
    OverlappingAppointment: Avoid.PERIOD,
    DayLimitReached: Avoid.DAY,
    HoldExpired: Avoid.NOTHING,
    SessionClosed: Avoid.SESSION,
}
"""What the alternatives to a refused slot must not share with it; by default only the slot itself."""


_DESK_CHANNELS: tuple[Channel, ...] = ("phone", "onsite")
"""Through what staff book for somebody (R-A1)."""
HOPELESS = (UnknownPatient, UnknownAppointment, TooLateToChange, NotChangeable)
"""Refusals of a hold that no other slot can help."""


def is_held(claim: Claim, frame: Frame) -> bool:
    """Tell whether a hold still lasts."""
    return claim.state is ClaimState.HELD and claim.expires_at is not None and claim.expires_at > frame.now


def look_near(frame: Frame, error: Refused) -> None:
    """Say why not, and let the question for a time offer what is near."""
    frame.refuse(error)
    frame.fill("near", f"{frame.gaps['slot']} {_AVOID.get(type(error), Avoid.SLOT)}")
    frame.forget("slot", "claim", "confirmed")


async def lose(frame: Frame, error: Refused) -> None:
    """The hold came to nothing: give back what is left of it, so that the same seat can be offered again."""
    with contextlib.suppress(Refused):  # whatever became of it, it is not held for us any more
        await frame.services.appointments.release(frame.gaps["claim"], openid=frame.openid, by=frame.by, now=frame.now)
    frame.held = ""
    look_near(frame, error)


def _channel(frame: Frame) -> Channel:
    """Return through what the patient asks."""
    return next((channel for channel in _DESK_CHANNELS if channel == frame.get("channel")), "wechat")


async def hold_seat(frame: Frame, *, replaces: str | None = None) -> None:
    """Hold the slot for the patient, or say which rule was met and open the gaps that it concerns.

    Raises the refusals that no other slot can help: who the patient is, whether the appointment may be changed.
    """
    wish = Wish(
        slot=frame.gaps["slot"],
        patient=frame.gaps["patient"],
        openid=None if frame.is_staffs else frame.openid,
        channel=_channel(frame),
        request_id=frame.incoming.request_id,
        replaces=replaces,
    )
    try:
        claim = await frame.services.appointments.hold(wish, by=frame.by, now=frame.now)
    except HOPELESS:
        raise
    except UnknownSlot as error:
        frame.refuse(error)
        frame.forget("slot")
    except Busy as error:
        frame.note(refusal(error, clinic=frame.clinic))
        frame.outcome = "busy"
        frame.forget("slot")
    except Refused as error:
        look_near(frame, error)
    else:
        frame.fill("claim", claim.id)
        frame.drop_echoes()
        frame.outcome = "held"


class Hold(Gap):
    """Holds the seat for the patient; the same message again finds the same hold."""

    name: ClassVar[str] = "claim"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Hold, or say which rule was met."""
        try:
            await hold_seat(frame)
        except UnknownPatient as error:
            frame.refuse(error)
            frame.forget("patient", "slot")
        return None


class Confirm(Gap):
    """Shows what is held, and asks: 1. 确认, 2. 返回."""

    name: ClassVar[str] = "confirmed"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Ask while the hold lasts."""
        try:
            view = await frame.services.appointments.view(frame.gaps["claim"], openid=frame.openid, by=frame.by)
        except UnknownAppointment:
            await lose(frame, HoldExpired())
            return None
        claim = view.claim
        if claim.state is ClaimState.BOOKED:  # confirmed before, and the answer was lost
            frame.fill(self.name, "yes")
            return None
        if not is_held(claim, frame):
            await lose(frame, HoldExpired())
            return None
        return Question(texts.confirm(view, frame.catalogue, frame.now), confirm_or_back())


class Book(Gap):
    """Books what was confirmed; the same confirmation again finds the same appointment."""

    name: ClassVar[str] = "booked"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Book, or say why not and what is near."""
        try:
            view = await frame.services.appointments.confirm(
                frame.gaps["claim"], openid=frame.openid, by=frame.by, now=frame.now
            )
        except (HoldExpired, SessionClosed) as error:
            await lose(frame, error)
            return None
        except UnknownAppointment:
            await lose(frame, HoldExpired())
            return None
        await settle_call(frame, CallOutcome.CHANGED)
        said = staff_texts.booked if frame.is_staffs else texts.booked
        return Done(said(view, frame.catalogue, frame.now), outcome="booked")


HOLD, CONFIRM, BOOK = Hold(), Confirm(), Book()
