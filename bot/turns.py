"""One turn of an account at a time, answered once, in time or afterwards.

A turn is a task of its own, so a broken connection does not break it. What WeChat's request cannot wait for is kept in
the chat store first; its answer follows as a customer-service message, or with the account's next answer.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

import orjson
from structlog import get_logger

from booking.errors import Unavailable
from bot.crowd import AT_ONCE, MANY, MOST, Crowd
from bot.late_answers import LateAnswers
from bot.lines import Lines, LineTooLong
from bot.ports import Dialogue, Sender, TurnMetrics
from bot.renewing import Renewals
from bot.turn_state import LONG_AGO, Answer, Running, known, reference
from bot.waiting_room import WaitingRoom
from bot.wechat.render import reply_text, with_earlier
from handlers.chat import Incoming, Reply
from handlers.ports import ChatStore, Entered, Saved
from handlers.texts import transport as texts
from storage.chats import LOCK_KEPT
from storage.entropy import random_bytes

TURN_LIMIT = 60.0
"""Seconds after which a turn that does not end becomes an apology."""
_BUSY_LIMIT = 30.0
_KEEP_LIMIT = 0.4
"""Seconds for keeping a late message; with the last chance, the answer is still within WeChat's five."""
_LAST_CHANCE = 0.3
_LOST_LOCKS = 3
_UNTOLD = frozenset({"unavailable", "failed"})
"""Outcomes of turns that told the account nothing of what is asked."""
_LOOK_AGAIN = 0.2
log = get_logger()
_T = TypeVar("_T")


class Turns:
    """Takes turns; one object a process."""

    def __init__(
        self,
        chats: ChatStore,
        dialogue: Dialogue,
        sender: Sender,
        now: Callable[[], datetime],
        metrics: TurnMetrics,
        *,
        at_once: int = AT_ONCE,
        most: int = MOST,
    ) -> None:
        self._chats = chats
        self._dialogue = dialogue
        self._late = LateAnswers(chats, sender, now)
        self._now = now
        self._metrics = metrics
        self._lines = Lines()
        self._crowd = Crowd(at_once)
        self._room = WaitingRoom(self._crowd, chats, now, metrics)
        self._most = most
        self._running: dict[str, Running] = {}
        self._tasks: set[asyncio.Task[object]] = set()
        self._renewals = Renewals(chats, now, self._spawn)

    async def answer(self, incoming: Incoming, *, until: float) -> str:
        """The text for the account, by loop time ``until`` or a moment after; empty when nothing is said now."""
        running = self._running.get(incoming.request_id)
        if running is None:
            running = self._start(incoming, until)
        else:
            self._metrics.redelivery()
        answer = await self._wait(running, until)
        # While no place is free, keeping what has not begun would be more work for who has too much.
        if answer is None and self._crowd.is_full and running.may_be_given_up:
            answer = await self._wait(running, asyncio.get_running_loop().time() + _LAST_CHANCE)
            if answer is None and running.may_be_given_up:
                running.given_up = True
                self._metrics.refused("busy")
                return texts.BUSY
        if answer is None or answer.late:
            return await self._postpone(running)
        return answer.text

    @property
    def many(self) -> bool:
        """Whether so many turns are under way that a message may have waited before it was seen."""
        return self._crowd.under_way >= MANY

    async def recover_late(self) -> int:
        """Finish late messages whose process died; returns how many there were. Raises Unavailable."""
        found = await self._chats.overdue(now=self._now())
        tasks: list[asyncio.Task[object]] = []
        for overdue in found:
            incoming = Incoming(**orjson.loads(overdue.incoming))
            if overdue.answer is not None:
                tasks.append(self._spawn(self._late.deliver(incoming, overdue.answer)))
            elif incoming.request_id not in self._running:
                tasks.append(self._start(incoming, kept=True).task)
        if tasks:
            await asyncio.wait(tasks)
        return len(found)

    async def close(self, patience: float = 10.0) -> None:
        """Let the turns that run end, for ``patience`` seconds; what is cut off is finished by another process."""
        until = asyncio.get_running_loop().time() + patience
        while self._tasks and (left := until - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._tasks, timeout=left)  # the last ones may begin others
        cut_off = list(self._tasks)
        for task in cut_off:
            task.cancel()
        await asyncio.gather(*cut_off, return_exceptions=True)

    def _start(self, incoming: Incoming, until: float = 0.0, *, kept: bool = False) -> Running:
        came, too_many = self._now().timestamp(), len(self._running) >= self._most
        running = Running(incoming, until, came, too_many=too_many, kept=kept)
        self._running[incoming.request_id] = running
        self._renewals.begin(running)
        running.task = self._spawn(self._run(running))
        return running

    def _spawn(self, work: Coroutine[object, object, _T]) -> asyncio.Task[_T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _wait(self, running: Running, until: float) -> Answer | None:
        running.waiting += 1
        try:
            async with asyncio.timeout_at(until):
                return await asyncio.shield(running.task)
        except TimeoutError:
            return None
        finally:
            running.waiting -= 1

    async def _postpone(self, running: Running) -> str:
        """Keep the message, so that the answer follows; or take the answer, when it is there and nobody else has."""
        incoming, now = running.incoming, self._now()
        kept = orjson.dumps(running.again)
        try:
            async with asyncio.timeout(_KEEP_LIMIT):
                entered = await self._chats.postpone(incoming.openid, incoming.request_id, now=now, incoming=kept)
        except (Unavailable, TimeoutError):
            await asyncio.wait((running.task,), timeout=_LAST_CHANCE)
            if running.task.done():
                return running.task.result().text
            running.abandoned = True
            return texts.BUSY
        running.kept = running.kept or entered.standing == "postponed"
        return known(entered)

    async def _run(self, running: Running) -> Answer:
        incoming = running.incoming
        try:
            answer = await self._taken_or_refused(running)
        except LineTooLong:
            self._metrics.refused("silenced")
            answer = Answer("")
        except Unavailable:
            log.warning("turn_unavailable", request_id=incoming.request_id)
            answer = Answer(texts.BUSY if running.spoken else "")
        except Exception:
            log.exception("turn_failed", request_id=incoming.request_id)
            answer = self._apology(running)
        finally:
            self._renewals.end(running)
            del self._running[incoming.request_id]
        if not running.waiting and answer.late:
            await self._late.deliver(incoming, answer.text)
        elif running.abandoned:
            await self._late.send(incoming, answer.text)
        return answer

    async def _taken_or_refused(self, running: Running) -> Answer:
        """Take the turn; or tell who cannot be answered in time when to come again. Raises Unavailable, LineTooLong."""
        if running.too_many and running.refusable:
            refused = await self._room.refuse(running, self._crowd.crowded(), again=True)
            if refused is not None:
                return refused
        async with self._lines.of(running.incoming.openid):
            if running.given_up:
                return Answer(texts.BUSY)
            if not self._crowd.enter():
                refused = await self._room.wait(running)
                if refused is not None:
                    return refused
            running.begun = True
            since = self._crowd.now()
            try:
                return await self._turn(running)
            finally:
                self._crowd.leave(self._crowd.now() - since)

    async def _turn(self, running: Running) -> Answer:
        read_with: list[bytes | None] = []
        for _ in range(_LOST_LOCKS):
            running.token = random_bytes(8).hex()
            entered = await self._enter(running)
            if entered.standing != "turn":
                return self._room.told(entered)
            if entered.begun is not None:
                running.incoming = replace(running.incoming, first_taken=entered.begun)
            if entered.unsure:
                running.incoming = replace(running.incoming, unsure=True)
            if read_with and entered.chat != read_with[-1]:
                # Another turn came between, or Redis was rolled back: what is asked there, it was never an answer to.
                running.incoming = replace(running.incoming, first_taken=LONG_AGO)
            read_with.append(entered.chat)
            answer = await self._take(running, entered)
            if answer is not None:
                return answer
            log.warning("lock_lost", request_id=running.incoming.request_id)
            running.incoming = running.again
        raise Unavailable("the account's lock")

    async def _enter(self, running: Running) -> Entered:
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
                counts=running.expected,
            )
            if entered.standing == "answer":
                self._metrics.redelivery()
            if entered.standing != "busy":
                return entered
            if time.monotonic() > patience:
                raise Unavailable("the account's lock")
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.2)

    async def _take(self, running: Running, entered: Entered) -> Answer | None:
        """Ask the dialogue and save; None when the lock was lost meanwhile."""
        incoming = running.incoming
        chat, text, seated, outcome = await self._talk(running, entered.chat)
        carried: list[str] = []
        if entered.earlier and running.spoken:
            text, carried = with_earlier(entered.earlier, text, texts.EARLIER)
        gone = incoming.event == "unsubscribe" and chat is None
        leave = partial(
            self._chats.leave,
            incoming.openid,
            incoming.request_id,
            token=running.token,
            now=self._now(),
            chat=chat,
            answer=text,
            carried=carried,
            forget=gone,
            seated=seated,
            unsure=incoming.unsure and (not text or outcome in _UNTOLD),
        )
        try:
            saved = await leave()
        except Unavailable:
            # What was done is in SQL already, so the patient is told the truth though it cannot be kept yet.
            log.warning("answer_not_kept", request_id=incoming.request_id)
            self._spawn(self._keep_later(leave, incoming, text))
            return Answer(text)
        return None if saved == "lost" else Answer(text, late=saved == "late")

    async def _keep_later(self, leave: Callable[[], Awaitable[Saved]], incoming: Incoming, text: str) -> None:
        """Save chat and answer as soon as Redis is back, while nobody else can have had the account's lock."""
        until = time.monotonic() + LOCK_KEPT.total_seconds()
        while time.monotonic() < until:
            await asyncio.sleep(_LOOK_AGAIN)
            with contextlib.suppress(Unavailable):
                if await leave() == "late":  # WeChat's request was answered without it
                    await self._late.deliver(incoming, text)
                return

    async def _talk(self, running: Running, chat: bytes | None) -> tuple[bytes | None, str, bool, str]:
        """The chat, the text, whether a seat is held afterwards, and how it ended.

        After a fault it is the chat as it was, and an apology.
        """
        incoming, started = running.incoming, time.monotonic()
        flow, outcome = "none", "failed"
        try:
            async with asyncio.timeout(TURN_LIMIT):
                talked = await self._dialogue.answer(chat, incoming, now=self._now())
            flow, outcome = talked.flow, talked.outcome
            return talked.chat, _text_of(talked.reply), talked.seated, outcome
        except Unavailable:
            outcome = "unavailable"
            return chat, texts.BUSY if running.spoken else "", False, outcome
        except Exception:
            log.exception("turn_failed", request_id=incoming.request_id, reference=reference(incoming))
            return chat, self._apology(running).text, False, outcome
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
    def _apology(running: Running) -> Answer:
        return Answer(texts.SORRY.format(reference=reference(running.incoming)) if running.spoken else "")


def _text_of(reply: Reply | None) -> str:
    return "" if reply is None else reply_text(reply)
