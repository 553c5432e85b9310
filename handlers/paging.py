"""Pages of choices and the reply they make, within what WeChat carries."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.chat import Choice, Reply
from handlers.frame import Question
from handlers.state import Option
from handlers.texts import commands

PAGE = 8
"""Choices a page; 9 turns to the next page, 0 to the one before."""
NEXT, PREVIOUS = 9, 0
MOST_BYTES = 2048
"""What a passive text reply may weigh in UTF-8 (WeChat)."""
LONGEST_LABEL = 60
"""Bytes of a label, so that a full page leaves room for its text."""
LINK = len('0. <a href="weixin://bizmsgmenu?msgmenucontent=0&msgmenuid="></a>\n')
NO_MARKUP = str.maketrans("<>", "＜＞")
"""A label stands in a link, where it must not be markup; the wide forms weigh more, so they are counted here."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
ELLIPSIS = "…"
LASTING = "go"
"""In front of a tap that is a command, and works at any time."""


def last_page(options: Sequence[Option]) -> int:
    """Return the number of the last page, counted from 0."""
    return max(0, (len(options) - 1) // PAGE)


def reply_for(question: Question, notes: Sequence[str], *, serial: int, page: int) -> Reply:
    """Lay out a question with what is to be said before it; the text gives way where there is too much."""
    choices = choices_for(question, serial=serial, page=page)
    used = sum(LINK + len(choice.tap) + len(choice.label.encode()) for choice in choices)
    room = MOST_BYTES - used - len(question.footer.encode()) - 2
    return Reply(_text(notes, question.text, room), choices, question.footer)


def _text(notes: Sequence[str], question: str, room: int) -> str:
    """Join notes and question; where there is too much, the notes give way first."""
    for_notes = room - len(question.encode()) - 1
    said = cut("\n".join(notes), for_notes) if for_notes > len(ELLIPSIS.encode()) else ""
    return cut("\n".join(filter(None, (said, question))), room)


def choices_for(question: Question, *, serial: int, page: int) -> tuple[Choice, ...]:
    """Return the numbered lines of a page; a tap carries the option's place among all, whatever page shows it."""
    first, last = page * PAGE, last_page(question.options)
    choices = []
    for place, option in enumerate(question.options[first : first + PAGE], start=first):
        tap = f"{LASTING}.{option.value}" if question.lasting else tap_id(serial, str(place))
        choices.append(Choice(place - first + 1, cut(option.label.translate(NO_MARKUP), LONGEST_LABEL), tap))
    if page < last:
        choices.append(Choice(NEXT, commands.NEXT_PAGE, tap_id(serial, f"p{page + 1}")))
    if page > 0:
        choices.append(Choice(PREVIOUS, commands.PREVIOUS_PAGE, tap_id(serial, f"p{page - 1}")))
    return tuple(choices)


@dataclass(frozen=True, slots=True)
class Tap:
    """A tapped choice: which question it belongs to, and an option's place or a page."""

    serial: int
    option: int | None = None
    page: int | None = None


def tap_id(serial: int, what: str) -> str:
    """Write the id of a tap: serial of the question, dot, option or page."""
    digits = ""
    while serial:
        serial, digit = divmod(serial, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return f"{digits}.{what}"


def read_tap(tap: str) -> Tap | None:
    """Read the id of a tap; None when it is none of ours."""
    serial, _, what = tap.partition(".")
    try:
        number = int(what.removeprefix("p"))
        read = int(serial, len(_DIGITS))
    except ValueError:
        return None
    if number < 0:
        return None
    return Tap(read, page=number) if what.startswith("p") else Tap(read, option=number)


def cut(text: str, most: int) -> str:
    """Return a text of at most ``most`` bytes, cut between characters."""
    encoded = text.encode()
    if len(encoded) <= most:
        return text
    return encoded[: max(0, most - len(ELLIPSIS.encode()))].decode(errors="ignore") + ELLIPSIS
