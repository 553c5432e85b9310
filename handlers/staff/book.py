"""代约: booking for somebody who telephones or stands at the desk; nobody is left without alternatives (R-A1, R-A3)."""

from collections.abc import Iterable
from typing import ClassVar

from handlers.book import hear_wish, wish_gaps
from handlers.frame import Flow, Frame, Gap, Question
from handlers.registration import NEW, registration_gaps
from handlers.state import Option
from handlers.texts import staff as words
from handlers.texts import staff_patients as texts


class Through(Gap):
    """Through what the patient asked: by telephone, or at the desk."""

    name: ClassVar[str] = "channel"

    async def ask(self, frame: Frame) -> Question:
        """Ask."""
        return Question(
            texts.ASK_CHANNEL,
            (
                Option("phone", texts.BY_PHONE, texts.BY_PHONE_WORDS),
                Option("onsite", texts.ON_SITE, texts.ON_SITE_WORDS),
            ),
        )


class Who(Gap):
    """The patient: one who was looked up before, else one to be registered, or found by the papers."""

    name: ClassVar[str] = "patient"

    async def ask(self, frame: Frame) -> None:
        """Begin to register."""
        frame.fill(self.name, NEW)
        frame.note(texts.ASK_DETAILS)


def _gaps(frame: Frame) -> Iterable[Gap]:
    yield from (_THROUGH, _WHO)
    if frame.get(Who.name) == NEW:
        yield from registration_gaps(frame)
    yield from wish_gaps(frame)


_THROUGH, _WHO = Through(), Who()
FLOW = Flow(words.BOOK, _gaps, hear_wish)
