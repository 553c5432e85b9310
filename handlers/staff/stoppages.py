"""停诊进度 and 恢复: how stoppages stand; requests decided, stoppages lifted whole or for one session (R-A14)."""

from collections.abc import Iterable
from typing import ClassVar

from booking.errors import Refused
from booking.models import ClinicSession
from booking.stoppage_models import Stoppage, StoppageFigures, StoppageState
from handlers.frame import BACK, Done, Flow, Frame, Gap, Question, confirm_or_back
from handlers.state import Option
from handlers.texts import commands
from handlers.texts import staff as words
from handlers.texts import staff_stop as texts

STOPPAGE, SESSION = "list_stoppage", "lift_session"
_ALL, _ONE, _APPROVE, _REFUSE = "all", "one", "approve", "refuse"
_OVER = (StoppageState.LIFTED, StoppageState.REFUSED, StoppageState.LIFTING)


class Which(Gap):
    """Stoppages and requests, newest first."""

    name: ClassVar[str] = STOPPAGE

    async def ask(self, frame: Frame) -> Question | Done:
        """List them."""
        known = await frame.services.stoppages.known()
        if not known:
            return Done(texts.NO_STOPPAGES, outcome="none")
        known.sort(key=lambda stoppage: stoppage.state in _OVER)
        options = [
            Option(stoppage.id, texts.listed(stoppage, frame.catalogue, await _session(frame, stoppage)))
            for stoppage in known[: texts.LONGEST_LIST]
        ]
        return Question(texts.LIST, tuple(options))


class What(Gap):
    """How it stands, and what can be done."""

    name: ClassVar[str] = "stoppage_deed"

    async def ask(self, frame: Frame) -> Question | None:
        """Show it."""
        found = await _found(frame)
        if found is None:
            return None
        stoppage, figures = found
        shown = texts.progress(
            stoppage, figures, frame.catalogue, await _whom(frame, stoppage), await _by(frame, stoppage)
        )
        deeds: list[Option] = []
        if stoppage.state is StoppageState.REQUESTED:
            deeds = [Option(_APPROVE, texts.APPROVE), Option(_REFUSE, texts.REFUSE)]
        elif stoppage.state not in _OVER:
            deeds = [Option(_ALL, texts.LIFT_ALL, texts.LIFT_ALL_WORDS)]
            if len(await frame.services.desk.stopped_sessions(stoppage.id, now=frame.now)) > 1:
                deeds.append(Option(_ONE, texts.LIFT_ONE))
        return Question(shown, (*deeds, Option(BACK, commands.GO_BACK)))


class LiftedSession(Gap):
    """The one session that is lifted."""

    name: ClassVar[str] = SESSION

    async def ask(self, frame: Frame) -> Question | None:
        """Offer those that are ahead."""
        stopped = await frame.services.desk.stopped_sessions(frame.gaps[STOPPAGE], now=frame.now)
        if not stopped:
            frame.forget(What.name)
            return None
        options = tuple(Option(one.id, texts.with_doctor(one, frame.catalogue)) for one in stopped)
        return Question(texts.ASK_LIFT_SESSION, options)


class Sure(Gap):
    """One confirmation."""

    name: ClassVar[str] = "confirmed"

    async def ask(self, frame: Frame) -> Question | None:
        """Say what it means, and ask."""
        found = await _found(frame)
        if found is None:
            return None
        deed = frame.gaps[What.name]
        if deed in (_APPROVE, _REFUSE):
            whom = await _whom(frame, found[0])
            return Question(texts.confirm_decision(whom, approves=deed == _APPROVE), confirm_or_back())
        one = await frame.services.desk.session(frame.get(SESSION)) if deed == _ONE else None
        whom = texts.with_doctor(one, frame.catalogue) if one is not None else await _whom(frame, found[0])
        return Question(texts.confirm_lift(whom), confirm_or_back())


class Act(Gap):
    """Does it; what somebody else did meanwhile is said."""

    name: ClassVar[str] = "acted"

    async def ask(self, frame: Frame) -> Done | None:
        """Lift, approve or refuse."""
        stoppages, stoppage, deed = frame.services.stoppages, frame.gaps[STOPPAGE], frame.gaps[What.name]
        try:
            if deed == _APPROVE:
                await stoppages.approve(stoppage, by=frame.actor, now=frame.now)
                return Done(texts.APPROVED, outcome="approved")
            if deed == _REFUSE:
                await stoppages.refuse(stoppage, by=frame.actor, now=frame.now)
                return Done(texts.REFUSED, outcome="refused_request")
            await stoppages.lift(stoppage, frame.get(SESSION) or None, by=frame.actor, now=frame.now)
        except Refused as error:
            frame.refuse_and_keep(error)
            return None
        return Done(texts.LIFTED, outcome="lifted")


async def _found(frame: Frame) -> tuple[Stoppage, StoppageFigures] | None:
    """Return the stoppage in question; None, and back to the list, when there is none such."""
    try:
        return await frame.services.stoppages.get(frame.gaps[STOPPAGE])
    except Refused as error:
        frame.refuse(error)
        frame.forget(STOPPAGE, What.name, SESSION, Sure.name)
        return None


async def _session(frame: Frame, stoppage: Stoppage) -> ClinicSession | None:
    return await frame.services.desk.session(stoppage.scope.code) if stoppage.scope.kind == "session" else None


async def _whom(frame: Frame, stoppage: Stoppage) -> str:
    return texts.scope(stoppage, frame.catalogue, await _session(frame, stoppage))


async def _by(frame: Frame, stoppage: Stoppage) -> str:
    """Return who ordered it: a member of staff by name, an operator by the account of the machine."""
    return await frame.services.staff.name_of(stoppage.by) or stoppage.by


def _gaps(frame: Frame) -> Iterable[Gap]:
    yield from (_WHICH, _WHAT)
    if frame.get(What.name) == _ONE:
        yield _LIFTED_SESSION
    yield from (_SURE, _ACT)


_WHICH, _WHAT, _LIFTED_SESSION, _SURE, _ACT = Which(), What(), LiftedSession(), Sure(), Act()
FLOW = Flow(words.STOPPAGES, _gaps)
