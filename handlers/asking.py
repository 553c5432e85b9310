"""Going on with a flow: the first open gap is asked, and the question becomes what is remembered and what is read."""

import contextlib
from dataclasses import dataclass

from booking.errors import Refused
from booking.models import ClaimState
from handlers import answer, book, manage, menu, mine
from handlers.chat import Reply
from handlers.frame import NOT_UNDERSTOOD, Done, Flow, Frame, Gap, Question
from handlers.paging import MOST_BYTES, cut, last_page, reply_for
from handlers.staff.flows import STAFF_FLOWS
from handlers.state import Asked, Chat, UnknownState, dump, load
from handlers.texts import greeting

FLOWS: dict[str, Flow] = {
    flow.name: flow for flow in (menu.FLOW, book.FLOW, mine.FLOW, manage.FLOW, answer.FLOW, *STAFF_FLOWS)
}
MOST_STEPS = 50
"""Gaps that may be filled or opened again in one turn; more means that a flow goes round in circles."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a message led to: the chat to keep (None: none), the reply (None: silence), and figures for metrics."""

    chat: bytes | None
    reply: Reply | None
    flow: str
    outcome: str
    rule: str = ""
    seated: bool = False
    """Whether a seat is held for the chat, which the account can lose while it waits."""


async def go_on(frame: Frame, last: Asked | None, page: int | None = None) -> Turn:
    """Ask for the first open gap, after giving back a seat that the change of gaps let go."""
    await let_go(frame)
    for _ in range(MOST_STEPS):
        gap = next(gap for gap in FLOWS[frame.flow].gaps(frame) if gap.name not in frame.gaps)
        step = await gap.ask(frame)
        if isinstance(step, Done):
            return await ended(frame, step)
        if step is not None:
            return _asked(frame, gap, step, last, page)
    raise RuntimeError(f"flow {frame.flow} comes to no question")


async def let_go(frame: Frame, *, tell: bool = False) -> None:
    """Give back the seat that was held when the message came, unless the gaps still hold it.

    What was booked meanwhile (the answer was lost) stays so, and is said; with ``tell``, giving back is said too.
    """
    held, frame.held = frame.held, ""
    if not held or frame.get("claim") == held:
        return
    with contextlib.suppress(Refused):  # whatever became of it, it is not held for us any more
        await frame.services.appointments.release(held, openid=frame.openid, by=frame.held_by, now=frame.now)
        view = await frame.services.appointments.view(held, openid=frame.openid, by=frame.held_by)
        if view.claim.state is ClaimState.BOOKED:
            frame.note(greeting.BOOKED_ALREADY)
            return
    if tell:
        frame.note(greeting.RELEASED)


async def let_all_go(frame: Frame) -> None:
    """Give back what is held, of the dialogue that was put aside as well, and say so."""
    await let_go(frame, tell=True)
    if frame.suspended:
        aside = load(frame.suspended.encode())
        frame.held, frame.held_by = aside.gaps.get("claim", ""), frame.by_in(aside.flow)
        frame.suspended = ""
        await let_go(frame, tell=True)


def set_aside(frame: Frame) -> None:
    """Put the open dialogue aside, with its seat; it goes on after the one that begins now."""
    frame.suspended, frame.held = frame.document.decode(), ""


def gap_of(frame: Frame, name: str) -> Gap:
    """Return the gap that the open question fills; raises ``UnknownState``."""
    if frame.flow in FLOWS:
        for gap in FLOWS[frame.flow].gaps(frame):
            if gap.name == name:
                return gap
    raise UnknownState(f"no gap {name} in flow {frame.flow}")


def resume(frame: Frame) -> Asked:
    """Take up the dialogue that was put aside, and return its question; raises ``UnknownState``."""
    chat = load(frame.suspended.encode())
    frame.flow, frame.gaps, frame.trail = chat.flow, dict(chat.gaps), [dict(step) for step in chat.trail]
    frame.suspended = ""
    frame.held, frame.held_by = frame.get("claim"), frame.by
    return chat.asked


async def ended(frame: Frame, done: Done) -> Turn:
    """End the flow; a dialogue that was put aside for it goes on with its question. The menu is no dialogue."""
    flow, outcome = frame.flow, frame.outcome if frame.rule else done.outcome
    text, waiting, asked = "\n".join((*frame.notes, done.text)), frame.suspended.encode() or None, None
    if waiting is not None:
        asked = resume(frame)
        if not menu.is_dialogue(frame):
            waiting = asked = None
    if done.reply is not None:
        return Turn(waiting, done.reply, flow, outcome, frame.rule)
    if asked is None:
        return Turn(None, Reply(cut(text, MOST_BYTES)), flow, outcome, frame.rule)
    frame.note(done.text)
    frame.note(greeting.GOES_ON)
    frame.outcome = outcome
    return await go_on(frame, asked)


def _asked(frame: Frame, gap: Gap, question: Question, last: Asked | None, page: int | None) -> Turn:
    again = last is not None and last.gap == gap.name and _values(last) == [o.value for o in question.options]
    if page is None:
        page = last.page if last is not None and again else 0
    page = min(page, last_page(question.options))
    serial = last.serial if last is not None and again else _serial(frame, last)
    chat = Chat(
        flow=frame.flow,
        gaps=frame.gaps,
        trail=tuple(frame.trail),
        asked=Asked(gap.name, serial, question.options, page),
        updated_at=frame.now,
        suspended=frame.suspended,
        misses=_misses(frame, gap),
        sent=max(frame.sent, frame.incoming.sent),
    )
    reply = reply_for(question, frame.notes, serial=serial, page=page)
    return Turn(dump(chat), reply, frame.flow, frame.outcome, frame.rule, seated=bool(frame.get("claim")))


def _misses(frame: Frame, gap: Gap) -> int:
    """Return how many messages in a row were not understood; of one that is asked about nobody knows yet."""
    if frame.outcome == NOT_UNDERSTOOD:
        return frame.misses + 1
    return frame.misses if gap.name == menu.Meant.name else 0


def _values(asked: Asked) -> list[str]:
    return [option.value for option in asked.options]


def _serial(frame: Frame, last: Asked | None) -> int:
    """Return a serial that no earlier message of the account carries, though the chat was forgotten meanwhile."""
    return max(int(frame.now.timestamp() * 1000), last.serial + 1 if last else 0)
