"""Consent, asked first and recorded with its version (R-C3)."""

from collections.abc import Iterable
from typing import ClassVar

from handlers.frame import Done, Frame, Gap, Question
from handlers.state import Option
from handlers.texts import commands, patients

KNOWN, AGREED, DECLINED = "known", "agreed", "declined"


class Consent(Gap):
    """The account's consent to the present text, asked unless it was given before."""

    name: ClassVar[str] = "consent"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Look whether this account has agreed to this version; else ask."""
        if (await frame.known()).consent == patients.CONSENT_VERSION:
            frame.fill(self.name, KNOWN)
            return None
        return Question(
            patients.consent(frame.clinic),
            (
                Option(AGREED, commands.AGREE, commands.AGREE_WORDS),
                Option(DECLINED, commands.DISAGREE, commands.DISAGREE_WORDS),
            ),
        )


class RecordConsent(Gap):
    """What follows from the answer: it is recorded, or nothing personal is asked."""

    name: ClassVar[str] = "consent_recorded"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Record a consent just given; end the dialogue without one."""
        if frame.get(Consent.name) == DECLINED:
            return Done(patients.not_agreed(frame.clinic), outcome="declined")
        await frame.services.patients.agree(frame.openid, patients.CONSENT_VERSION, now=frame.now)
        frame.account = None
        frame.settle()
        frame.fill(self.name, "yes")
        return None


def consent_gaps(frame: Frame) -> Iterable[Gap]:
    """Return the gaps to be filled before anything personal is asked."""
    return (_CONSENT,) if frame.get(Consent.name) == KNOWN else (_CONSENT, _RECORD)


_CONSENT, _RECORD = Consent(), RecordConsent()
