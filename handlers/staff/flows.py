"""All dialogues of staff."""

from handlers.frame import Flow
from handlers.staff import book, calls, figures, look, menu, people, stop, stoppages, today

STAFF_FLOWS: tuple[Flow, ...] = tuple(
    module.FLOW for module in (menu, today, figures, book, look, calls, stop, stoppages, people)
)
