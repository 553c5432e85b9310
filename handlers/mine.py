"""我的预约: what was booked through this account, one appointment in full, and what can be done with it."""

from collections.abc import Iterable
from typing import ClassVar

from booking.appointments import AppointmentView
from booking.models import ClaimState
from booking.refusals import NotCancellable, NotChangeable, TooLateToCancel, TooLateToChange, UnknownAppointment
from booking.rules import may_cancel, may_change
from handlers import cancel, change
from handlers.frame import BACK, Done, Flow, Frame, Gap, Question
from handlers.showing import ShowOffers, claims_with_offers, show, standing_offer
from handlers.state import Option
from handlers.texts import answers, changes, commands
from handlers.texts import appointments as texts
from handlers.texts.common import day_words
from handlers.texts.refusals import refusal, too_late

MINE = "mine"
_AHEAD = (ClaimState.BOOKED, ClaimState.ARRIVED)
_OFFERS = "offers"
WISH = "wish"
"""A gap that is filled when the flow began with 改约 or 取消预约."""
AMONG = "of"
"""A gap with the appointments that a sentence may mean, which are asked for even where there is one."""


class Which(Gap):
    """Coming appointments by time, then past ones, newest first."""

    name: ClassVar[str] = "appointment"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """List them; of those that a wish can mean, the only one is taken."""
        views = await frame.services.appointments.of_account(frame.openid, now=frame.now)
        wish = frame.get(WISH)
        if wish:
            return await self._ask_wished(frame, wish, [view for view in views if frame.is_ahead(view)])
        if not views:
            return Done(texts.NONE)
        coming = sum(view.claim.state in _AHEAD and view.claim.ends_at > frame.now for view in views)
        stopped = any(view.claim.state is ClaimState.STOPPED for view in views)
        kept = await claims_with_offers(frame) if stopped else frozenset()
        return Question(texts.listing(coming, len(views) - coming), self._options(frame, views, kept))

    async def _ask_wished(self, frame: Frame, wish: str, ahead: list[AppointmentView]) -> Question | Done | None:
        if not ahead:
            offered = await standing_offer(frame)
            if offered is not None:  # what was stopped is all there is to change, and seats are kept for it
                return await show(frame, offered)
            return Done(changes.NONE_AHEAD[wish], outcome="none")
        among = [view for view in ahead if view.claim.id in frame.get(AMONG).split(",")]
        if among:
            return Question(changes.WHICH[wish], self._options(frame, among))
        if len(ahead) > 1:
            return Question(changes.WHICH[wish], self._options(frame, ahead))
        frame.forget(WISH)
        for gap, value in ((self.name, ahead[0].claim.id), (DEED, wish)):  # so that 返回 leads back over both
            frame.step()
            frame.fill(gap, value)
        return None

    def _options(
        self, frame: Frame, views: list[AppointmentView], kept: frozenset[str] = frozenset()
    ) -> tuple[Option, ...]:
        return tuple(
            Option(
                view.claim.id,
                texts.label(view, frame.catalogue, frame.today, kept=view.claim.id in kept),
                (view.claim.number, *day_words(view.claim.date, frame.today)),
            )
            for view in views
        )


DEED = "deed"


class Deed(Gap):
    """The appointment in full, and what to do with it: 改约, 取消预约 while that is possible (R-A12, R-A13)."""

    name: ClassVar[str] = DEED

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Show it, unless it is known what to do."""
        if frame.get(WISH):
            frame.fill(self.name, frame.gaps[WISH])
            return None
        try:
            view = await frame.services.appointments.view(frame.gaps["appointment"], openid=frame.openid)
        except UnknownAppointment as error:
            frame.refuse(error)
            frame.forget("appointment")
            return None
        deeds, refused = _possible(view, frame)
        stopped = view.claim.state is ClaimState.STOPPED
        kept = stopped and await standing_offer(frame, view.claim.id) is not None
        shown = texts.details(view, frame.catalogue, frame.now, kept=kept)
        said = {refusal(error, clinic=frame.clinic) for error in refused}
        if refused and view.claim.starts_at > frame.now and not said & set(frame.notes):
            shown = f"{shown}\n{too_late(*refused, clinic=frame.clinic)}"
        if kept:
            deeds = (*deeds, Option(_OFFERS, answers.SEE_OFFERS, answers.SEE_OFFERS_WORDS))
        return Question(shown, (*deeds, Option(BACK, texts.BACK_TO_LIST)))


def begin_deed(frame: Frame, appointment: str, deed: str) -> None:
    """Begin to change or cancel an appointment, as if it had been chosen in the list."""
    frame.start(MINE)
    for gap, value in ((Which.name, appointment), (DEED, deed)):  # so that 返回 leads back over both
        frame.step()
        frame.fill(gap, value)


def _possible(
    view: AppointmentView, frame: Frame
) -> tuple[tuple[Option, ...], tuple[TooLateToChange | TooLateToCancel, ...]]:
    """Return what can be done with an appointment, and for what it is too late."""
    deeds: list[Option] = []
    refused: list[TooLateToChange | TooLateToCancel] = []
    for check, option in (
        (may_change, Option(commands.CHANGE, changes.CHANGE, changes.CHANGE_WORDS)),
        (may_cancel, Option(commands.CANCEL, changes.CANCEL, changes.CANCEL_WORDS)),
    ):
        try:
            check(view.claim, frame.clinic.policy, now=frame.now)
        except (NotChangeable, NotCancellable):
            continue
        except (TooLateToChange, TooLateToCancel) as error:
            refused.append(error)
        else:
            deeds.append(option)
    return tuple(deeds), tuple(refused)


def _gaps(frame: Frame) -> Iterable[Gap]:
    yield from (_WHICH, _DEED)
    yield from _DEEDS.get(frame.get(DEED), ())


def _hear(frame: Frame, text: str) -> bool:
    """While an appointment is changed, take the name of a department or doctor."""
    return frame.get(DEED) == commands.CHANGE and change.hear(frame, text)


_WHICH, _DEED = Which(), Deed()
_DEEDS: dict[str, tuple[Gap, ...]] = {
    commands.CHANGE: change.GAPS,
    commands.CANCEL: cancel.GAPS,
    _OFFERS: (ShowOffers(),),
}
FLOW = Flow(MINE, _gaps, _hear)
