"""Reading a message against the open question: a tap, a number, a page, an option by name, or free words."""

import contextlib

from booking.errors import Refused, Unavailable
from booking.names import may_be_name
from handlers.asking import FLOWS, Turn, gap_of, go_on, resume
from handlers.book import BOOKING
from handlers.frame import BACK, GO_ON, NOT_UNDERSTOOD, SAID, STAFF, Frame, Gap
from handlers.menu import MENU, NEITHER, OF_MESSAGE, Meant
from handlers.paging import NEXT, PAGE, PREVIOUS, Tap, last_page, read_tap
from handlers.registration import PERSONAL
from handlers.sentence import hear_as, hear_question, hear_sentence
from handlers.state import Asked
from handlers.texts import booking as texts
from handlers.texts import commands, common, greeting
from handlers.understanding.people import SURNAMES
from handlers.words import acknowledges, clean, compact, matching, number, page_turn, wish

_PAGE_NUMBERS: dict[int | None, int] = {NEXT: 1, PREVIOUS: -1}
_QUOTED = 10
"""Characters of the patient's words that are repeated."""
_LONGEST_NAME = 4
"""Characters that may be no more than somebody's name."""


async def hear(frame: Frame, asked: Asked) -> Turn:
    """Take an answer to the open question, and go on."""
    gap = gap_of(frame, asked.gap)
    tap = read_tap(frame.incoming.tapped) if frame.incoming.tapped else None
    if tap is not None:
        return await _hear_tap(frame, asked, gap, tap)
    text = clean(frame.incoming.text)
    page = _page(asked, text)
    if page is not None:
        return await _turn_page(frame, asked, page)
    meant = _meant(asked, text)
    if len(meant) == 1:
        return await _choose(frame, asked, gap, meant[0])
    if meant:
        frame.note(greeting.several(common.shorten(text, _QUOTED)))
        frame.outcome = "ambiguous"
    elif not frame.is_staffs and commands.NOT_SO.fullmatch(compact(text)):
        if frame.trail or frame.flow != BOOKING or gap.name in PERSONAL:
            return await back(frame, asked)
        frame.note(texts.WHAT_TO_CHANGE)  # nobody takes a whole wish back with that
    elif _is_nod(frame, text) or not await _hear_words(frame, gap, text):
        await _say_unheard(frame, gap, text)
    return await go_on(frame, asked)


async def back(frame: Frame, asked: Asked | None) -> Turn:
    """One step back: to the question before; from the first one to the menu, of staff to theirs."""
    if not frame.step_back():
        if frame.suspended:
            return await go_on(frame, resume(frame))
        frame.start(STAFF if frame.is_staffs and frame.flow != STAFF else MENU)
    return await go_on(frame, asked)


async def _hear_tap(frame: Frame, asked: Asked, gap: Gap, tap: Tap) -> Turn:
    if tap.serial != asked.serial:
        frame.note(greeting.EARLIER_MESSAGE)
        frame.outcome = "stale"
        return await go_on(frame, asked)
    if tap.option is None:
        return await _turn_page(frame, asked, tap.page or 0)
    return await _choose(frame, asked, gap, min(tap.option, len(asked.options) - 1))


def _page(asked: Asked, text: str) -> int | None:
    """Return the page that the text turns to, which may not exist; None when it turns none."""
    turn, said = page_turn(text), number(text)
    if last_page(asked.options) and said in _PAGE_NUMBERS:
        turn = _PAGE_NUMBERS[said]
    return asked.page + turn if turn else None


async def _turn_page(frame: Frame, asked: Asked, page: int) -> Turn:
    if not 0 <= page <= last_page(asked.options):
        frame.note(greeting.NO_MORE_PAGES)
        page = asked.page
    return await go_on(frame, asked, page)


def _meant(asked: Asked, text: str) -> list[int]:
    """Return the places of the options that the text may mean."""
    said = number(text)
    place = asked.page * PAGE + (said or 0) - 1
    if said and said <= PAGE and place < len(asked.options):
        return [place]
    return matching(asked.options, text)


async def _choose(frame: Frame, asked: Asked, gap: Gap, place: int) -> Turn:
    value = asked.options[place].value
    if value == BACK:
        return await back(frame, asked)
    if value == GO_ON:
        frame.hear_instead(frame.get(SAID))
        return await hear(frame, resume(frame))
    if gap.name == Meant.name:
        return await _hear_meant(frame, asked, value.partition(OF_MESSAGE)[0])
    frame.step()
    gap.choose(frame, value)
    return await go_on(frame, asked)


async def _hear_meant(frame: Frame, asked: Asked, intent: str) -> Turn:
    """Take the sentence of which was asked what it means."""
    frame.hear_instead(frame.get(SAID))
    frame.start(MENU)
    if intent == NEITHER or not await hear_as(frame, frame.read_as(intent)):
        frame.outcome = NOT_UNDERSTOOD
        await keep_misunderstood(frame, gap="")
        frame.note(greeting.way_out(frame.clinic) if frame.misses else greeting.NOT_UNDERSTOOD)
    return await go_on(frame, asked)


async def _hear_words(frame: Frame, gap: Gap, text: str) -> bool:
    """Let the gap, then the flow, take free words, or a sentence; a refusal is said, and counts as understood."""
    before = dict(frame.gaps)
    frame.step()
    try:
        heard = gap.hear(frame, text) or FLOWS[frame.flow].hear(frame, text) or await hear_sentence(frame, gap.name)
    except Refused as error:
        heard = True
        if gap.name not in PERSONAL or not await hear_question(frame):
            frame.refuse(error)
    if frame.gaps == before:
        frame.trail = frame.trail[:-1]
    return heard


def _is_nod(frame: Frame, text: str) -> bool:
    """Tell whether a patient only says to have read; a reason that staff give may be 知道了."""
    return acknowledges(text) and not frame.is_staffs


def gives_up(frame: Frame) -> bool:
    """Tell whether somebody wants no more of a booking or a change; elsewhere what is booked may be meant."""
    under_way = frame.flow == BOOKING or frame.get("deed") == commands.CHANGE
    return under_way and not frame.is_staffs and commands.GIVES_UP.fullmatch(compact(frame.incoming.text)) is not None


async def _say_unheard(frame: Frame, gap: Gap, text: str) -> None:
    """Say that words were not understood; a nod was, but answers nothing, nor does the wish that it is about anyway."""
    if not frame.is_staffs and frame.get("deed") and wish(text) == frame.get("deed"):
        return
    if acknowledges(text):
        frame.note(greeting.ACKNOWLEDGED if frame.flow in (MENU, STAFF) else greeting.STILL_ASKED)
        return
    said = number(text)
    frame.outcome = NOT_UNDERSTOOD
    if wish(text) and "deed" not in frame.gaps and not frame.is_staffs:
        frame.note(greeting.HOW_TO_CHANGE)
    else:
        frame.note(greeting.not_a_choice() if said is None else greeting.no_such_number(said))
        await keep_misunderstood(frame, gap.name)
    if frame.misses and not frame.is_staffs:
        frame.note(greeting.way_out(frame.clinic))


async def keep_misunderstood(frame: Frame, gap: str) -> None:
    """Keep masked what was not understood, for staff; numbers, and what answers a question for a detail, are not."""
    text = clean(frame.incoming.text)
    if frame.is_staffs or gap in PERSONAL or number(text) is not None or acknowledges(text) or not compact(text):
        return
    reading = frame.read()
    patient = reading.patient or reading.patient_aside or ""
    names = [patient] if patient.startswith(tuple(SURNAMES)) else []
    if len(compact(text)) <= _LONGEST_NAME and may_be_name(text):
        names.append(text)
    with contextlib.suppress(Unavailable):
        names += [one.details.name for one in (await frame.known()).patients]
        await frame.services.sayings.keep(text, gap, names, now=frame.now)
