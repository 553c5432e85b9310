"""Where staff come in: who writes, binding by a code, and the words that only staff may use.

Whoever is none of the staff gets, in every state of the dialogue, exactly what other words would get: nothing here
says anything to them, and what is looked up for their words is looked up for any other words as well.
"""

from collections.abc import Callable

from booking.actors import Deed, Staff
from handlers.asking import Turn, go_on, let_all_go
from handlers.chat import Incoming
from handlers.frame import STAFF, Frame
from handlers.hearing import hear
from handlers.menu import MENU
from handlers.paging import LASTING
from handlers.staff import figures, stop_what, today
from handlers.staff.look import QUERY
from handlers.staff.menu import flows_of, may_begin
from handlers.state import Asked, load
from handlers.texts import commands
from handlers.texts import staff as texts
from handlers.words import clean, command, compact, is_named, matching, number

_HEAR_MORE: dict[str, Callable[[Frame, str], bool]] = {
    texts.STOP: stop_what.hear_more,
    texts.FIGURES: figures.hear_more,
    texts.TODAY: today.hear_more,
}
"""What takes more words behind a command."""
_SHARED = (commands.MENU, commands.HUMAN, commands.HELP)
"""Commands of patients that mean something else where staff say them."""


async def admit(frame: Frame) -> bool:
    """Find out who of the staff writes, where that can matter; False where a dialogue of staff is none of theirs.

    Asked anew every turn: who was removed is a stranger with the next message.
    """
    aside = load(frame.suspended.encode()).flow if frame.suspended else ""
    leads = frame.is_staffs or aside.startswith(STAFF)
    if leads or (_may_be_staffs(frame.incoming) and await frame.services.staff.may_be(frame.openid)):
        frame.staff = await frame.services.staff.of(frame.openid)
    if not _may_lead(frame, aside):
        frame.suspended = ""
    if _may_lead(frame, frame.flow):
        return True
    frame.start(MENU)
    frame.held = ""
    return False


def _may_lead(frame: Frame, flow: str) -> bool:
    return not flow.startswith(STAFF) or (frame.staff is not None and may_begin(frame.staff, flow))


def _may_be_staffs(incoming: Incoming) -> bool:
    """Tell whether a message is words that no command of patients is; strangers' nonsense is treated alike."""
    if incoming.tapped is not None:
        return incoming.tapped.startswith(f"{LASTING}.")
    said = command(incoming.text)
    return said in _SHARED or (said is None and number(incoming.text) is None)


async def take(frame: Frame, asked: Asked | None) -> Turn | None:
    """Obey words that only staff say; None for all else, and for everybody else."""
    text = clean(frame.incoming.text)
    binding = texts.BINDING.fullmatch(text)
    if frame.staff is None:
        return await _bind(frame, binding["code"]) if binding else None
    if binding:
        return await _welcome(frame, frame.staff, texts.bound_already(frame.staff))
    if frame.is_staffs and command(text) == commands.HELP:
        frame.note(texts.guide(frame.staff, flows_of(frame.staff)))
        return await go_on(frame, asked)
    if frame.is_staffs and asked is not None and is_named(asked.options, text):
        return await hear(frame, asked)
    begun = _begun(frame, frame.staff, asked, text)
    return None if begun is None else await _begin(frame, frame.staff, asked, *begun)


async def _bind(frame: Frame, code: str) -> Turn | None:
    staff = await frame.services.staff.bind(code, frame.openid, now=frame.now)
    return None if staff is None else await _welcome(frame, staff, texts.bound(staff))


async def _welcome(frame: Frame, staff: Staff, said: str) -> Turn:
    frame.staff = staff
    frame.start(STAFF)
    await let_all_go(frame)
    frame.note(said)
    return await go_on(frame, None)


def _begun(frame: Frame, staff: Staff, asked: Asked | None, text: str) -> tuple[str, str] | None:
    """Return which flow the words begin, and whom they name."""
    prefix, _, tapped = (frame.incoming.tapped or "").partition(".")
    if prefix == LASTING:
        return (tapped, "") if tapped in texts.LABELS else None
    if asked is not None and is_named(asked.options, text):
        return None
    flow = texts.ENTRANCES.get(compact(text))
    if flow is not None:
        # 电话 is how anybody asks for the clinic's number.
        return None if command(text) == commands.HUMAN and not staff.may(Deed.CALL) else (flow, "")
    if command(text) is not None:
        return None
    looking = texts.LOOKING_UP.fullmatch(text)
    if looking is None:
        return _begun_with_more(asked, text)
    return None if _is_free(asked) and not looking["gap"] else (texts.LOOK, looking["who"])


def _begun_with_more(asked: Asked | None, text: str) -> tuple[str, str] | None:
    """Return the flow of a command with more words behind it, and the words: 停诊 王芳, 停诊王芳明天."""
    said = compact(text)
    # What patients say as well (电话, 菜单) begins too much of what anybody says.
    words = [word for word in texts.ENTRANCES if said.startswith(word) and command(word) is None]
    if not words or _is_free(asked) or (asked is not None and matching(asked.options, text)):
        return None
    word = max(words, key=len)
    return texts.ENTRANCES[word], said[len(word) :]


async def lead_home(frame: Frame) -> None:
    """Let the menu of staff, not of patients, follow where one of them said what answers nothing."""
    if frame.staff is None:
        frame.staff = await frame.services.staff.of(frame.openid)
    if frame.staff is not None:
        frame.start(STAFF)


def _is_free(asked: Asked | None) -> bool:
    """Tell whether the open question is for words of one's own, which may begin with any: 查 is a surname, too."""
    return asked is not None and asked.gap in texts.FREE_GAPS


async def _begin(frame: Frame, staff: Staff, asked: Asked | None, flow: str, who: str) -> Turn:
    if not may_begin(staff, flow):
        frame.note(texts.not_allowed(staff, flow))
        frame.outcome, frame.rule = "refused", "not_allowed"
        if asked is None:
            frame.start(STAFF)
        return await go_on(frame, asked)
    frame.start(flow, **({QUERY: who} if who and flow == texts.LOOK else {}))
    if flow != texts.LOOK and who and not (flow in _HEAR_MORE and _HEAR_MORE[flow](frame, who)):
        frame.note(texts.more_not_read(who))
    await let_all_go(frame)
    return await go_on(frame, asked)
