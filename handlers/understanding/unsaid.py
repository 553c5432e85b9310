"""What is wished where no word says it: naming something of the clinic is a wish to book, a question asks."""

from handlers.understanding import vocabulary as words
from handlers.understanding.cues import Around
from handlers.understanding.sayings import NEARBY

NAMED_LOOSE = 2
"""Characters not understood beside a bare name that may still be a wish to book."""
TIMED_LOOSE = 7
"""The same, where a day or a time is said with the name; twice as many where a wish is said, or for whom it is."""
LOOSE = 0
"""Characters not understood beside a bare day that may still be a wish to book: none, or 明天见 would be one."""


def unsaid(text: str, around: Around) -> str:
    """Return what is wished; what tells of something else, or asks what nobody here can tell, wishes nothing."""
    if _is_beside_the_point(text, around):
        return words.UNKNOWN
    found = asked(text, around)
    if found:
        return found
    if around.named and not around.complaint and _is_no_wish(text, around):
        return words.UNKNOWN
    if around.named or around.complaint:
        return words.UNKNOWN if _is_over(text, around) and not around.when else words.BOOK
    if around.vague or around.hints or words.NO_WISH.search(text) is not None:
        return words.UNKNOWN
    return words.BOOK if around.when and (around.prefers or around.loose <= LOOSE) else words.UNKNOWN


def asked(text: str, around: Around, *, spoken: bool = False) -> str | None:
    """Return what a question about something of the clinic asks for: seats where it speaks of a time or of them.

    ``spoken``: a visit is spoken of, which is something of the clinic too. None where nobody here can answer.
    """
    if not around.asks or words.PRIVATE.search(text) is not None or words.WHICHEVER.search(text) is not None:
        return None
    if around.named and words.HAS.search(text) is not None:
        return words.AVAILABILITY if around.when or NEARBY in around.sayings else words.INFO
    if around.complaint or not (around.named or (spoken and around.when)):
        return None
    of_seats = words.SEATS.search(text) is not None
    if not of_seats and words.PREPARING.search(text) is not None:
        return words.INFO
    of_days = around.when or (around.vague and not around.past) or NEARBY in around.sayings
    if of_seats or of_days or (around.doctor and words.ON_DUTY.search(text) is not None):
        return words.AVAILABILITY
    return words.INFO if around.doctor or words.TOPIC.search(text) is not None else None


def _is_beside_the_point(text: str, around: Around) -> bool:
    """Tell whether it speaks of something else, or asks what is none of a clinic's: 中医是科学吗."""
    if around.elsewhere and not around.complaint:
        return not (around.named and around.when and around.somebody)
    if not around.named or words.ASIDE.search(text) is None or words.FOR_SEATS.search(text) is not None:
        return False
    return around.loose > LOOSE


def _is_no_wish(text: str, around: Around) -> bool:
    """Tell whether a sentence that names something says too much else, or asks, to wish it."""
    if around.asks or words.LEARNING.search(text) is not None:
        return True
    bearable = NAMED_LOOSE
    if around.when:
        wished = around.somebody or words.WISH.search(text) is not None
        bearable = TIMED_LOOSE * 2 if wished else TIMED_LOOSE
    return around.loose > bearable


def _is_over(text: str, around: Around) -> bool:
    """Tell whether what is named or hurts is told as past, or in general."""
    if around.past and around.named and (not around.complaint or around.loose > LOOSE):
        return True
    if words.OVER.search(text) is not None or words.ADVISING.search(text) is not None:
        return True
    return words.LONG_AGO.search(text) is not None and words.NOWADAYS.search(text) is None
