"""When a message answers a notice, and when it does not: nothing is ever guessed (contract, "How the chat speaks").

A tap answers its own notice. What is typed answers the open question, unless a notice came after that question: then
the bot asks which is meant. Where no question is open, it answers the only notice that has such a choice.
"""

from datetime import datetime

from booking.notices import Notice
from handlers.answer import ANSWER, READ, SAID, fitting
from handlers.asking import Turn, ended, go_on
from handlers.frame import Frame
from handlers.showing import show, stands
from handlers.state import Asked
from handlers.texts import answers as texts
from handlers.words import clean, compact, matching, number


def _set_aside(frame: Frame, asked: Asked | None) -> None:
    """Put the open dialogue aside; below the answer to one notice lies what lay there before."""
    if asked is not None and frame.flow != ANSWER and not frame.suspended:
        frame.suspended, frame.held = frame.document.decode(), ""


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
    if not any(notice.updated_at > since for notice in await fitting(frame, text)):
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
    if len(found) == 1:
        return await _act_first(frame, found[0], text)
    if found:
        return await _ask_which(frame, None, text)
    lead = texts.no_such_choice(text) if number(text) is not None else ""
    unread = [notice for notice in open_ones if not notice.shown or (lead and await stands(frame, notice))]
    return await _show(frame, unread, lead)


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
