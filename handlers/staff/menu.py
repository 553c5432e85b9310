"""The menu of staff: what each role may begin."""

from typing import ClassVar

from booking.actors import Deed, Staff
from handlers.frame import STAFF, Flow, Frame, Gap, Question
from handlers.state import Option
from handlers.texts import staff as texts

MAY_BEGIN: dict[str, frozenset[Deed]] = {
    texts.TODAY: frozenset({Deed.SEE_ALL, Deed.SEE_OWN}),
    texts.FIGURES: frozenset({Deed.SEE_ALL, Deed.SEE_OWN}),
    texts.BOOK: frozenset({Deed.BOOK}),
    texts.LOOK: frozenset({Deed.LOOK_UP}),
    texts.CALLS: frozenset({Deed.CALL}),
    texts.STOP: frozenset({Deed.STOP, Deed.ASK_TO_STOP}),
    texts.STOPPAGES: frozenset({Deed.STOP}),
    texts.PEOPLE: frozenset({Deed.MANAGE_STAFF}),
}
"""Flows in the order of the menu, each with the deeds of which one is enough."""


def may_begin(staff: Staff, flow: str) -> bool:
    """Tell whether somebody may lead a dialogue of staff; the menu is everybody's who is bound."""
    return flow == STAFF or any(staff.may(deed) for deed in MAY_BEGIN.get(flow, ()))


def flows_of(staff: Staff) -> list[str]:
    """Return what somebody may begin."""
    return [flow for flow in MAY_BEGIN if may_begin(staff, flow)]


class What(Gap):
    """What is to be done; every option is a command."""

    name: ClassVar[str] = "what"

    async def ask(self, frame: Frame) -> Question:
        """Offer what the role allows."""
        staff = frame.bound
        options = tuple(Option(flow, texts.LABELS[flow]) for flow in flows_of(staff))
        return Question("" if frame.notes else texts.menu(staff), options, lasting=True)

    def choose(self, frame: Frame, value: str) -> None:
        """Begin what was chosen."""
        frame.start(value)


_WHAT = What()
FLOW = Flow(STAFF, lambda _frame: (_WHAT,))
