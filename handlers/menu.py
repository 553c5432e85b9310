"""The menu: what can be done here, as choices that work however old their message is."""

from typing import ClassVar

from handlers.book import BOOKING, said_way, take_names
from handlers.frame import Flow, Frame, Gap, Question
from handlers.manage import PATIENTS
from handlers.mine import MINE
from handlers.reading import read_names
from handlers.state import Option
from handlers.texts import commands, greeting

MENU = "menu"
SAID_IN, READINGS = "said_in", "readings"
"""The message of a sentence that may mean several things, and what it may mean."""
NEITHER, OF_MESSAGE = "neither", "@"
"""The choice of none of that; and what stands in a choice before the message, so that it is none for another one."""
BEGINS = {
    commands.BOOK: BOOKING,
    commands.MINE: MINE,
    commands.CHANGE: MINE,
    commands.CANCEL: MINE,
    commands.PATIENTS: PATIENTS,
    commands.MENU: MENU,
}
"""Commands that begin a flow."""
_OPTIONS = (
    Option(commands.BOOK, greeting.MENU_BOOK),
    Option(commands.MINE, greeting.MENU_MINE),
    Option(commands.PATIENTS, greeting.MENU_PATIENTS),
    Option(commands.HELP, greeting.MENU_HELP),
)


class What(Gap):
    """What the patient came for; every option is a command."""

    name: ClassVar[str] = "what"

    async def ask(self, frame: Frame) -> Question:
        """Offer the menu; the question itself only where nothing else was said."""
        return Question("" if frame.notes else greeting.CHOOSE, _OPTIONS, lasting=True)

    def choose(self, frame: Frame, value: str) -> None:
        """Begin what was chosen, or show the guide."""
        if value in BEGINS:
            frame.start(BEGINS[value])
        else:
            frame.note(greeting.guide(frame.clinic))


class Meant(Gap):
    """Which of its readings a sentence has, where none is sure; ``hearing`` takes the answer."""

    name: ClassVar[str] = "meant"

    async def ask(self, frame: Frame) -> Question:
        """Offer what it may mean."""
        readings, of = frame.get(READINGS).split(","), f"{OF_MESSAGE}{frame.get(SAID_IN)}"
        yes = commands.CONFIRM_WORDS if len(readings) == 1 else ()
        options = [Option(one + of, greeting.MEANT[one], (*commands.words_of(one), *yes)) for one in readings]
        return Question(
            greeting.WHICH_IS_MEANT, (*options, Option(NEITHER + of, greeting.MEANT_OTHERWISE, greeting.NO_WORDS))
        )


def is_dialogue(frame: Frame) -> bool:
    """Tell whether something is asked that waits for its answer; the mere menu is no dialogue."""
    return frame.flow != MENU or READINGS in frame.gaps


def _hear(frame: Frame, text: str) -> bool:
    """Begin to book at the name of a department or doctor, or of an entrance."""
    way = said_way(text)
    if way is not None:
        frame.start(BOOKING, way=way)
        return True
    named = read_names(text, frame.catalogue)
    if named is None:
        return False
    frame.start(BOOKING)
    take_names(frame, named)
    return True


_WHAT, _MEANT = What(), Meant()
FLOW = Flow(MENU, lambda frame: (_MEANT,) if READINGS in frame.gaps else (_WHAT,), _hear)
