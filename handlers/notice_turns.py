"""When a message answers a notice, and when it does not: nothing is ever guessed (contract, "How the chat speaks").

A tap answers its own notice. What is typed answers the open question, unless a notice came after that question: then
the bot asks which is meant. Where no question is open, it answers the only notice that has such a choice.
"""

from datetime import datetime

from booking.notices import REMINDERS, Notice
from handlers.answer import ANSWER, READ, fitting
from handlers.asking import Turn, ended, go_on, set_aside
from handlers.frame import SAID, STAFF, Done, Frame
from handlers.menu import MENU
from handlers.showing import show, stands
from handlers.state import Asked
from handlers.texts import answers as texts
from handlers.texts import greeting
from handlers.words import acknowledges, clean, compact, matching, number


def _set_aside(frame: Frame, asked: Asked | None) -> None:
    """Put the open dialogue aside; below the answer to one notice lies what lay there before."""
    if asked is not None and frame.flow != ANSWER and not frame.suspended:
        set_aside(frame)


async def hear_tap(frame: Frame, asked: Asked | None, notice_id: str, place: int) -> Turn:
    """Take a tap on a notice's choice, however old the notice and whatever is open."""
    _set_aside(frame, asked)
    frame.start(ANSWER, notice=notice_id, **{SAID: str(place), READ: "yes"})
    return await go_on(frame, None)


async def hear_beside(frame: Frame, asked: Asked, since: datetime) -> Turn | None:
    """Take what may answer a notice though a question is open since then; None when the question has it."""
    text = clean(frame.incoming.text)
    if frame.incoming.tapped is not None or frame.flow == ANSWER:
        return None
    if number(text) is None:
        return await _hear_words_beside(frame, asked, text)
    newest = await frame.services.answers.newest()
    if newest is None or newest <= since:
        return None
    if not any(notice.updated_at > since and _was_before(frame, notice) for notice in await fitting(frame, text)):
        return None
    return await _ask_which(frame, asked, text)


async def _hear_words_beside(frame: Frame, asked: Asked, text: str) -> Turn | None:
    """Take 我会来, 不再改约 and their like, which can mean nothing else unless the question has such an option."""
    if compact(text) not in texts.PLAIN_WORDS or matching(asked.options, text):
        return None
    before = await _meant_before(frame)
    if before is not None:
        _set_aside(frame, asked)
        return await _act(frame, before, text)
    found = await fitting(frame, text)
    if not found:
        return None
    if not all(_was_before(frame, notice) for notice in found):
        return await go_on_overtaken(frame, asked)
    if len(found) > 1:
        return await _ask_which(frame, asked, text)
    _set_aside(frame, asked)
    return await _act_first(frame, found[0], text)


async def hear_unasked(frame: Frame) -> Turn | None:
    """Take what may answer a notice while no question is open; None when there is no notice to answer."""
    text = clean(frame.incoming.text)
    if frame.incoming.tapped is not None:
        return None
    before = await _meant_before(frame)
    if before is not None:
        return await _act(frame, before, text)
    open_ones = await frame.services.answers.open(frame.openid, now=frame.now)
    found = await fitting(frame, text, open_ones)
    if found and not _may_answer(frame, found, text):
        return await show_waiting(frame, lead=_why_again(frame))
    if len(found) == 1:
        return await _act_first(frame, found[0], text)
    if found:
        return await _ask_which(frame, None, text)
    return await _hear_no_answer(frame, text)


async def _hear_no_answer(frame: Frame, text: str) -> Turn | None:
    """Take what answers no notice, and show the newest that waits; None when none does."""
    if acknowledges(text):
        return await return_courtesy(frame, texts.NOTED)
    if frame.incoming.first_taken is not None or frame.incoming.unsure:
        return await show_waiting(frame, lead=_why_again(frame))
    lead = texts.not_understood() if number(text) is None else texts.no_such_choice(text)
    return await show_waiting(frame, lead=lead)


def _why_again(frame: Frame) -> str:
    return greeting.INTERRUPTED if frame.incoming.first_taken is None else greeting.OVERTAKEN


def _was_before(frame: Frame, notice: Notice) -> bool:
    """Tell whether a message can have been an answer to a notice; taken up again, it may be older than the notice."""
    first_taken = frame.incoming.first_taken
    return first_taken is None or notice.updated_at.timestamp() <= first_taken


def _may_answer(frame: Frame, found: list[Notice], text: str) -> bool:
    """Tell whether a message is an answer to a notice and to nothing else, while no question is open.

    Of a digit that is taken up again nobody knows: it may have answered a question that has ended since. Nor of one
    whose account may have been asked something that was not kept.
    """
    if frame.incoming.first_taken is None and not frame.incoming.unsure:
        return True
    return number(text) is None and all(_was_before(frame, notice) for notice in found)


async def go_on_overtaken(frame: Frame, asked: Asked | None) -> Turn:
    """Say that a message came too late for what was asked or told after it, and go on with that."""
    frame.note(greeting.OVERTAKEN)
    if asked is not None and frame.flow not in (MENU, STAFF):
        frame.note(greeting.GOES_ON)
    frame.outcome = "overtaken"
    return await go_on(frame, asked)


async def ask_once_more(frame: Frame, asked: Asked) -> Turn:
    """Ask again what is open, since the account may have been asked something else since."""
    frame.note(greeting.INTERRUPTED)
    frame.outcome = "unsure"
    return await go_on(frame, asked)


async def return_courtesy(frame: Frame, said: str) -> Turn | None:
    """Return thanks or a nod, and leave what waits for an answer to the next digit; None when nothing waits.

    A reminder is not shown once more for that: who nods at it has read it.
    """
    waiting = await _waiting(frame)
    asking = [notice for notice in waiting if not (notice.shown and notice.kind in REMINDERS)]
    if asking:
        return await _show(frame, asking, texts.courtesy(said))
    return await ended(frame, Done(texts.courtesy_to_reminder(said), outcome="courtesy")) if waiting else None


async def show_waiting(frame: Frame, *, lead: str) -> Turn | None:
    """Show the newest notice that waits for an answer, so that the next digit means it; None when none does."""
    return await _show(frame, await _waiting(frame), lead)


async def goes_past_menu(frame: Frame, asked: Asked, since: datetime) -> bool:
    """Tell whether words are none of the open menu's, and a notice that waits came after it: it is no dialogue."""
    text = clean(frame.incoming.text)
    if frame.flow != MENU or frame.incoming.tapped is not None or number(text) is not None:
        return False
    if matching(asked.options, text):
        return False
    newest = await frame.services.answers.newest()
    if newest is None or newest <= since:
        return False
    return any(notice.updated_at > since for notice in await _waiting(frame))


async def _waiting(frame: Frame) -> list[Notice]:
    """Return what was never read, and what can still be answered as it was read; newest first."""
    open_ones = await frame.services.answers.open(frame.openid, now=frame.now)
    return [notice for notice in open_ones if not notice.shown or await stands(frame, notice)]


async def show_unread(frame: Frame, *, lead: str) -> Turn | None:
    """Show what came while the account could not be reached and still waits for an answer; None without any."""
    open_ones = await frame.services.answers.open(frame.openid, now=frame.now)
    return await _show(frame, [notice for notice in open_ones if not notice.shown], lead)


async def _show(frame: Frame, unread: list[Notice], lead: str) -> Turn | None:
    return await ended(frame, await show(frame, unread[0], lead=lead)) if unread else None


async def _meant_before(frame: Frame) -> str | None:
    """Return the notice that this very message was taken for before, where a process died over it.

    Its notice is answered by now: without this, the message could mean the next one.
    """
    return await frame.services.answers.meant_by(frame.openid, frame.incoming.request_id)


async def _act_first(frame: Frame, notice: Notice, text: str) -> Turn:
    if notice.shown:
        await frame.services.answers.mean(notice.id, frame.incoming.request_id)
    return await _act(frame, notice.id, text)


async def _act(frame: Frame, notice_id: str, text: str) -> Turn:
    frame.start(ANSWER, notice=notice_id, **{SAID: text})
    return await go_on(frame, None)


async def _ask_which(frame: Frame, asked: Asked | None, text: str) -> Turn:
    _set_aside(frame, asked)
    frame.start(ANSWER, **{SAID: text})
    return await go_on(frame, asked)


def is_plain(text: str) -> bool:
    """Tell whether a text is the label of a notice's choice and nothing else, so that it begins no flow."""
    return compact(text) in texts.PLAIN_WORDS
