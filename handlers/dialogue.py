"""The dialogue: what kind of message it is, which command, or an answer to the open question."""

import contextlib
from dataclasses import replace
from datetime import datetime

import structlog

from booking.errors import Busy, NoCatalogue, Unavailable
from handlers.asking import Turn, go_on, let_all_go
from handlers.chat import Incoming, Kind, Reply
from handlers.frame import NOT_UNDERSTOOD, STAFF, Frame, Services
from handlers.hearing import back, gives_up, hear, keep_misunderstood
from handlers.menu import BEGINS, MENU, Meant, is_dialogue
from handlers.menu import FLOW as MENU_FLOW
from handlers.mine import MINE, begin_deed
from handlers.notice_turns import (
    ask_once_more,
    go_on_overtaken,
    goes_past_menu,
    hear_beside,
    hear_tap,
    hear_unasked,
    is_plain,
    return_courtesy,
    show_unread,
    show_waiting,
)
from handlers.notices import read_notice_tap
from handlers.paging import LASTING, read_tap
from handlers.questions import told
from handlers.sentence import hear_sentence
from handlers.staff import entrance
from handlers.state import KEPT, Asked, Chat, UnknownState, load
from handlers.texts import answers, changes, commands, greeting
from handlers.understanding.flags import CRISIS
from handlers.understanding.vocabulary import UNKNOWN
from handlers.words import acknowledges, clean, command, compact, is_named, matching, number

__all__ = ["Dialogue", "Services", "Turn"]

log = structlog.get_logger()
NONE = "none"
_HEARD_EVENTS = ("subscribe", "scan", "click")
_READ = ("text", "voice")
_SENTENCE = 6
"""Letters and digits from which on nobody takes words for a mere 是 or 确认."""
_LATE = 60
"""Seconds that a message may come behind later ones: WeChat delivers for some 15; more than that, its clock jumped."""
_UNREADABLE: dict[Kind, str] = {"voice": greeting.NOT_HEARD, "text": greeting.NOT_UNDERSTOOD}


class Dialogue:
    """Answers messages one at a time; all it knows between two of them is in the chat it returns."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def answer(self, chat: bytes | None, incoming: Incoming, *, now: datetime) -> Turn:
        """Take one turn. What cannot be done now is apologised for, and the chat stays as it was."""
        if incoming.kind == "event" and incoming.event not in _HEARD_EVENTS:
            return await self._unheard(chat, incoming, now)
        if incoming.event == "click":
            incoming = replace(incoming, kind="text", text=incoming.key or "")
        try:
            try:
                return await self._turn(chat, incoming, now, upgraded=False)
            except UnknownState:
                log.info("chat_of_another_release")
                return await self._turn(None, incoming, now, upgraded=True)
        except (Unavailable, Busy) as error:
            log.warning("turn_not_possible", reason=type(error).__name__)
            return Turn(chat, Reply(greeting.UNAVAILABLE), NONE, "unavailable")
        except NoCatalogue:
            log.warning("no_catalogue")
            return Turn(None, Reply(greeting.NOT_LOADED), NONE, "unavailable")

    async def _unheard(self, chat: bytes | None, incoming: Incoming, now: datetime) -> Turn:
        """Events that get no answer; an account that leaves is forgotten here and noted there.

        Whoever wrote after it has come back since.
        """
        if incoming.event != "unsubscribe":
            return Turn(chat, None, NONE, "ignored")
        with contextlib.suppress(UnknownState):
            if chat and _is_older(incoming, load(chat)):
                return Turn(chat, None, NONE, "overtaken")
        with contextlib.suppress(Unavailable):
            await self._services.patients.follow(incoming.openid, following=False, now=now)
        return Turn(None, None, NONE, "left")

    async def _turn(self, document: bytes | None, incoming: Incoming, now: datetime, *, upgraded: bool) -> Turn:
        """Open the frame and take the message by its kind. Raises ``UnknownState``."""
        chat = load(document) if document else None
        frame, asked = await self._open(document, chat, incoming, now)
        if upgraded:
            frame.note(greeting.UPGRADED)
        if incoming.kind == "event":
            if chat is not None and _is_older(incoming, chat):
                await _note_follower(frame)
                return Turn(document, None, NONE, "overtaken")
            return await _greet(frame, asked)
        tap = read_notice_tap(incoming.tapped)
        if tap is not None:
            return await hear_tap(frame, asked, *tap)
        return await _warn(frame, asked) or await _take(frame, asked, chat)

    async def _open(
        self, document: bytes | None, chat: Chat | None, incoming: Incoming, now: datetime
    ) -> tuple[Frame, Asked | None]:
        """Return the frame as the chat left it, with its open question; a dialogue of staff only to who may lead it."""
        frame = Frame(self._services, await self._services.catalogue.get(), incoming, now, MENU)
        asked = None
        if document and chat is not None and now - chat.updated_at <= KEPT:
            frame.flow, frame.gaps, frame.trail = chat.flow, dict(chat.gaps), [dict(step) for step in chat.trail]
            frame.held = frame.get("claim")
            frame.document, frame.suspended, frame.misses = document, chat.suspended, chat.misses
            frame.sent = chat.sent
            asked = chat.asked
        if not await entrance.admit(frame):
            asked = None
        frame.held_by = frame.by
        return frame, asked


async def _take(frame: Frame, asked: Asked | None, chat: Chat | None) -> Turn:
    """Take a message that is neither an event nor a tap on a notice: words, or what cannot be read."""
    readable = _is_readable(frame.incoming)
    if chat is not None and asked is not None:
        if readable and _is_overtaken(frame.incoming, chat):
            return await go_on_overtaken(frame, asked)
        if readable and frame.incoming.unsure and not _stands_alone(frame.incoming, asked):
            return await ask_once_more(frame, asked)
        if await goes_past_menu(frame, asked, chat.updated_at):
            chat = asked = None
    return await (_read(frame, asked, chat) if readable else _unreadable(frame, asked))


def _is_readable(incoming: Incoming) -> bool:
    return incoming.kind in _READ and bool(compact(incoming.text))


async def _read(frame: Frame, asked: Asked | None, chat: Chat | None) -> Turn:
    """Take words: a command, the answer to the open question or to a notice, or the beginning of something."""
    taken = await entrance.take(frame, asked)
    if taken is not None:
        return taken
    said = _command(frame.incoming) or (commands.QUIT if asked is not None and gives_up(frame) else None)
    if said == commands.THANKS and asked is None:
        returned = await return_courtesy(frame, greeting.THANKS)
        if returned is not None:
            return returned
    if said in commands.WISHES and asked is not None and (frame.is_staffs or _is_meant(frame, asked, said)):
        said = None
    if asked is not None and (said == commands.QUIT or asked.gap == Meant.name):
        said = None if is_named(asked.options, clean(frame.incoming.text)) else said
    if said is not None:
        return await _obey(frame, asked, said)
    if chat is not None and asked is not None:
        return await hear_beside(frame, asked, chat.updated_at) or await hear(frame, asked)
    return await _hear_unasked(frame, ended=chat is not None and not chat.flow.startswith(STAFF))


async def _warn(frame: Frame, asked: Asked | None) -> Turn | None:
    """At a red flag say where help is, before anything else; what was open stays so. None when there is none."""
    if frame.incoming.tapped is not None or frame.is_staffs or not _is_readable(frame.incoming):
        return None
    alarm = frame.services.understanding.of(frame.catalogue).alarm(frame.incoming.text, frame.now)
    if not alarm:
        return None
    frame.outcome = "urgent"
    said = greeting.CRISIS if alarm == CRISIS else greeting.EMERGENCY
    if asked is None or not is_dialogue(frame):
        return Turn(frame.document or None, Reply(f"{said}\n{greeting.WHEN_SAFE}"), frame.flow, frame.outcome)
    frame.note(f"{said}\n{greeting.WAITS}")
    return await go_on(frame, asked)


async def _greet(frame: Frame, asked: Asked | None) -> Turn:
    """A new follower is welcomed from the beginning; who scans a code in mid-dialogue is asked again."""
    await _note_follower(frame)
    if frame.incoming.event == "subscribe":
        frame.start(MENU)
        unread = await show_unread(frame, lead=greeting.welcome(frame.clinic))
        if unread is not None:
            return unread
        frame.note(greeting.welcome(frame.clinic))
    elif not is_dialogue(frame):
        frame.note(greeting.hello(frame.clinic))
    return await go_on(frame, asked)


async def _note_follower(frame: Frame) -> None:
    if frame.incoming.event == "subscribe":
        with contextlib.suppress(Unavailable):  # the welcome matters more; whoever writes is reachable anyway
            await frame.services.patients.follow(frame.openid, following=True, now=frame.now)


async def _unreadable(frame: Frame, asked: Asked | None) -> Turn:
    """A friendly line, and back to the open question."""
    frame.outcome = "unreadable"
    said = _UNREADABLE.get(frame.incoming.kind) or greeting.unreadable(frame.incoming.kind)
    waiting = await show_waiting(frame, lead=answers.not_read(said)) if asked is None else None
    if waiting is not None:
        return waiting
    frame.note(said)
    return await go_on(frame, asked)


def _is_older(incoming: Incoming, chat: Chat) -> bool:
    """Tell whether a message is older than the open question: taken up again, or delivered after a later one."""
    is_late = incoming.sent > 0 and 0 < chat.sent - incoming.sent < _LATE
    return is_late or (incoming.first_taken is not None and incoming.first_taken < chat.updated_at.timestamp())


def _is_overtaken(incoming: Incoming, chat: Chat) -> bool:
    """Tell whether a message is older than the open question, which it can neither answer nor end.

    A tap of that very question's choices is none of those, however often it is asked; the lasting menu's is.
    """
    return _is_older(incoming, chat) and not _is_tap_of(incoming, chat.asked)


def _is_tap_of(incoming: Incoming, asked: Asked) -> bool:
    tap = read_tap(incoming.tapped) if incoming.tapped else None
    return tap is not None and tap.serial == asked.serial


def _stands_alone(incoming: Incoming, asked: Asked) -> bool:
    """Tell whether a message means the same whatever its account was asked last.

    A tap of the question, a command, and words that are no short answer: a sentence, or details of a person.
    """
    if _is_tap_of(incoming, asked) or _command(incoming) is not None:
        return True
    text = incoming.text
    is_long = incoming.tapped is None and len(compact(text)) >= _SENTENCE
    return is_long and number(text) is None and not matching(asked.options, text) and not acknowledges(text)


def _command(incoming: Incoming) -> str | None:
    """Return the command that was typed, said, or tapped in a menu of whatever age."""
    prefix, _, value = (incoming.tapped or "").partition(".")
    if prefix == LASTING and value in commands.ALL:
        return value
    return command(incoming.text)


async def _obey(frame: Frame, asked: Asked | None, said: str) -> Turn:
    """Do what a command word says; it is understood at every step."""
    if said == commands.BACK:
        return await back(frame, asked)
    if _is_other_deed(frame, said):
        begin_deed(frame, frame.gaps["appointment"], said)
        await let_all_go(frame)
    elif said in BEGINS:
        frame.start(BEGINS[said], **({"wish": said} if said in commands.WISHES else {}))
        await let_all_go(frame)
    elif said == commands.QUIT:
        flow = frame.flow
        if flow == MINE and frame.get("deed") in commands.WISHES:
            frame.note(changes.OLD_STANDS)
        frame.start(MENU)
        await let_all_go(frame)
        return Turn(None, Reply("\n".join((*frame.notes, greeting.LEFT))), flow, "left")
    else:
        frame.note(await told(frame, said))
        frame.outcome = said
    return await go_on(frame, asked)


def _is_meant(frame: Frame, asked: Asked, said: str) -> bool:
    """Tell whether 改约 or 取消预约 is an option of the open question, or what it is about already."""
    if _is_other_deed(frame, said):  # 取消预约 is no 取消 of the change
        return False
    return frame.get("deed") == said or len(matching(asked.options, frame.incoming.text)) == 1


def _is_other_deed(frame: Frame, said: str) -> bool:
    """Tell whether 取消预约 is said while an appointment is changed, or the other way round: the same one is meant."""
    return frame.flow == MINE and said in commands.WISHES and frame.get("deed") in {*commands.WISHES} - {said}


async def _hear_unasked(frame: Frame, *, ended: bool) -> Turn:
    """Take words that answer no question: a name or a sentence begins something."""
    text = clean(frame.incoming.text)
    answered = await _begin(frame, text) or await hear_unasked(frame)
    if answered is not None:
        return answered
    if frame.incoming.first_taken is not None:
        await entrance.lead_home(frame)
        return await go_on_overtaken(frame, None)
    frame.outcome = NOT_UNDERSTOOD
    if ended:
        frame.note(greeting.ENDED)
    elif frame.incoming.tapped is not None:
        frame.note(greeting.EARLIER_MESSAGE)
    else:
        await keep_misunderstood(frame, "")
        frame.note(_why_nothing(text))
    if not ended:
        await entrance.lead_home(frame)
    return await go_on(frame, None)


async def _begin(frame: Frame, text: str) -> Turn | None:
    """Begin what words name or wish; of what may well be talk nothing is asked while a notice waits for an answer."""
    if frame.incoming.tapped is not None or is_plain(text) or number(text) is not None:
        return None
    answered = await hear_unasked(frame) if UNKNOWN in frame.read().intents else None
    if answered is None and (MENU_FLOW.hear(frame, text) or await hear_sentence(frame)):
        return await go_on(frame, None)
    return answered


def _why_nothing(text: str) -> str:
    """Return what is said to words when nothing is asked."""
    if number(text) is not None:
        return greeting.NOTHING_OPEN
    if acknowledges(text):
        return greeting.ACKNOWLEDGED
    return greeting.NOT_UNDERSTOOD
