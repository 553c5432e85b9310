"""One turn of an account at a time, answered once, in time or afterwards.

A turn is a task of its own, so a broken connection does not break it. What WeChat's request cannot wait for is kept in
the chat store first; its answer follows as a customer-service message, or with the account's next answer.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeVar

import orjson
from structlog import get_logger

from booking.errors import Unavailable
from bot.late_answers import LateAnswers
from bot.lines import Lines, LineTooLong
from bot.ports import Dialogue, Sender, TurnMetrics
from bot.wechat.render import reply_text, with_earlier
from handlers.chat import Incoming
from handlers.ports import ChatStore, Entered
from handlers.texts import transport as texts
from storage.chats import RENEW_EVERY
from storage.entropy import random_bytes

TURN_LIMIT = 60.0
"""Seconds after which a turn that does not end becomes an apology."""
_BUSY_LIMIT = 30.0
_KEEP_LIMIT = 0.4
"""Seconds for keeping a late message; with the last chance, the answer is still within WeChat's five."""
_LAST_CHANCE = 0.3
_LOST_LOCKS = 3
_SPOKEN_EVENTS = frozenset({"subscribe", "scan", "click"})
log = get_logger()
_T = TypeVar("_T")


class _Answer(NamedTuple):
    text: str
    late: bool = False
    """The message was kept meanwhile, so the answer must be claimed before it is given."""


@dataclass(slots=True, eq=False)
class _Running:
    incoming: Incoming
    waiting: int = 0
    """Requests of WeChat's that wait for the answer."""
    abandoned: bool = False
    """The request was told that we are busy, and the message could not be kept."""
    token: str = ""
    timer: asyncio.TimerHandle | None = None
    task: asyncio.Task[_Answer] = field(init=False)

    @property
    def spoken(self) -> bool:
        """Whether a person did something and expects an answer."""
        return self.incoming.kind != "event" or self.incoming.event in _SPOKEN_EVENTS


class Turns:
    """Takes turns; one object a process."""

    def __init__(
        self,
        chats: ChatStore,
        dialogue: Dialogue,
        sender: Sender,
        now: Callable[[], datetime],
        metrics: TurnMetrics,
    ) -> None:
        self._chats = chats
        self._dialogue = dialogue
        self._late = LateAnswers(chats, sender, now)
        self._now = now
        self._metrics = metrics
        self._lines = Lines()
        self._running: dict[str, _Running] = {}
        self._tasks: set[asyncio.Task[object]] = set()

    async def answer(self, incoming: Incoming, *, until: float) -> str:
        """The text for the account, by loop time ``until`` or a moment after; empty when nothing is said now."""
        running = self._running.get(incoming.request_id)
        if running is None:
            running = self._start(incoming)
        else:
            self._metrics.redelivery()
        answer = await self._wait(running, until)
        if answer is None or answer.late:
            return await self._postpone(running)
        return answer.text

    async def recover_late(self) -> int:
        """Finish late messages whose process died; returns how many there were. Raises Unavailable."""
        found = await self._chats.overdue(now=self._now())
        tasks: list[asyncio.Task[object]] = []
        for overdue in found:
            incoming = Incoming(**orjson.loads(overdue.incoming))
            if overdue.answer is not None:
                tasks.append(self._spawn(self._late.deliver(incoming, overdue.answer)))
            elif incoming.request_id not in self._running:
                tasks.append(self._start(incoming).task)
        if tasks:
            await asyncio.wait(tasks)
        return len(found)

    async def close(self, patience: float = 10.0) -> None:
        """Let the turns that run end, for ``patience`` seconds; what is cut off is finished by another process."""
        if self._tasks:
            _, left = await asyncio.wait(self._tasks, timeout=patience)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def _start(self, incoming: Incoming) -> _Running:
        running = _Running(incoming)
        self._running[incoming.request_id] = running
        self._renew_later(running)
        running.task = self._spawn(self._run(running))
        return running

    def _spawn(self, work: Coroutine[object, object, _T]) -> asyncio.Task[_T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _wait(self, running: _Running, until: float) -> _Answer | None:
        running.waiting += 1
        try:
            async with asyncio.timeout_at(until):
                return await asyncio.shield(running.task)
        except TimeoutError:
            return None
        finally:
            running.waiting -= 1

    async def _postpone(self, running: _Running) -> str:
        """Keep the message, so that the answer follows; or take the answer, when it is there and nobody else has."""
        incoming = running.incoming
        try:
            async with asyncio.timeout(_KEEP_LIMIT):
                entered = await self._chats.postpone(
                    incoming.openid, incoming.request_id, now=self._now(), incoming=orjson.dumps(incoming)
                )
        except (Unavailable, TimeoutError):
            await asyncio.wait((running.task,), timeout=_LAST_CHANCE)
            if running.task.done():
                return running.task.result().text
            running.abandoned = True
            return texts.BUSY
        return _known(entered)

    async def _run(self, running: _Running) -> _Answer:
        incoming = running.incoming
        try:
            async with self._lines.of(incoming.openid):
                answer = await self._turn(running)
        except LineTooLong:
            answer = _Answer("")
        except Unavailable:
            log.warning("turn_unavailable", request_id=incoming.request_id)
            answer = _Answer(texts.BUSY if running.spoken else "")
        except Exception:
            log.exception("turn_failed", request_id=incoming.request_id)
            answer = self._apology(running)
        finally:
            self._stop_renewing(running)
            del self._running[incoming.request_id]
        if not running.waiting and answer.late:
            await self._late.deliver(incoming, answer.text)
        elif running.abandoned:
            await self._late.send(incoming, answer.text)
        return answer

    async def _turn(self, running: _Running) -> _Answer:
        for _ in range(_LOST_LOCKS):
            running.token = random_bytes(8).hex()
            entered = await self._enter(running)
            if entered.standing != "turn":
                return _Answer(_known(entered))
            answer = await self._take(running, entered)
            if answer is not None:
                return answer
            log.warning("lock_lost", request_id=running.incoming.request_id)
        raise Unavailable("the account's lock")

    async def _enter(self, running: _Running) -> Entered:
        """Enter, waiting while another process takes a turn of the account. Raises Unavailable."""
        incoming = running.incoming
        pause, patience = 0.01, time.monotonic() + _BUSY_LIMIT
        while True:
            entered = await self._chats.enter(
                incoming.openid,
                incoming.request_id,
                token=running.token,
                now=self._now(),
                claims=running.waiting > 0,
                counts=running.spoken and running.waiting > 0,
            )
            if entered.standing == "answer":
                self._metrics.redelivery()
            if entered.standing != "busy":
                return entered
            if time.monotonic() > patience:
                raise Unavailable("the account's lock")
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.2)

    async def _take(self, running: _Running, entered: Entered) -> _Answer | None:
        """Ask the dialogue and save; None when the lock was lost meanwhile."""
        incoming = running.incoming
        chat, text = await self._talk(running, entered.chat)
        carried: list[str] = []
        if entered.earlier and running.spoken:
            text, carried = with_earlier(entered.earlier, text, texts.EARLIER)
        gone = incoming.event == "unsubscribe"
        try:
            saved = await self._chats.leave(
                incoming.openid,
                incoming.request_id,
                token=running.token,
                now=self._now(),
                chat=None if gone else chat,
                answer=text,
                carried=carried,
                forget=gone,
            )
        except Unavailable:
            # What was done is in SQL already, so the patient is told the truth though it cannot be kept.
            log.warning("answer_not_kept", request_id=incoming.request_id)
            return _Answer(text)
        return None if saved == "lost" else _Answer(text, late=saved == "late")

    async def _talk(self, running: _Running, chat: bytes | None) -> tuple[bytes | None, str]:
        """The chat and the text after the message; a fault leaves the chat as it was and becomes an apology."""
        incoming, started = running.incoming, time.monotonic()
        flow, outcome = "none", "failed"
        try:
            async with asyncio.timeout(TURN_LIMIT):
                talked = await self._dialogue.answer(chat, incoming, now=self._now())
            flow, outcome = talked.flow, talked.outcome
            return talked.chat, reply_text(talked.reply) if talked.reply is not None else ""
        except Unavailable:
            outcome = "unavailable"
            return chat, texts.BUSY if running.spoken else ""
        except Exception:
            log.exception("turn_failed", request_id=incoming.request_id, reference=_reference(incoming))
            return chat, self._apology(running).text
        finally:
            seconds = time.monotonic() - started
            self._metrics.turn(flow, outcome, seconds)
            log.info(
                "turn",
                request_id=incoming.request_id,
                openid=incoming.openid,
                kind=incoming.kind,
                flow=flow,
                outcome=outcome,
                milliseconds=round(seconds * 1000, 1),
            )

    @staticmethod
    def _apology(running: _Running) -> _Answer:
        return _Answer(texts.SORRY.format(reference=_reference(running.incoming)) if running.spoken else "")

    def _renew_later(self, running: _Running) -> None:
        loop = asyncio.get_running_loop()
        running.timer = loop.call_later(RENEW_EVERY, lambda: self._spawn(self._renew(running)))

    async def _renew(self, running: _Running) -> None:
        incoming = running.incoming
        try:
            await self._chats.renew(incoming.openid, incoming.request_id, token=running.token, now=self._now())
        except Unavailable:
            log.warning("lock_not_renewed", request_id=incoming.request_id)
        if running.timer is not None:
            self._renew_later(running)

    @staticmethod
    def _stop_renewing(running: _Running) -> None:
        if running.timer is not None:
            running.timer.cancel()
            running.timer = None


def _known(entered: Entered) -> str:
    if entered.standing == "limited":
        return texts.TOO_FAST
    return entered.answer


def _reference(incoming: Incoming) -> str:
    return incoming.request_id[:6].upper()
