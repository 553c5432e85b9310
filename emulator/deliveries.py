"""Posting messages to the bot as WeChat does: signed, five seconds, up to three times."""

import asyncio
import time
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Literal

import aiohttp

from emulator import texts
from emulator.answers import Answer, Expectation, Malformed, read_answer
from emulator.letters import Letter, forged, sealed_letter, verification
from emulator.markup import Fields
from emulator.shapes import Json
from emulator.state import Message
from emulator.world import World

_HEADERS = {"User-Agent": "Mozilla/4.0", "Accept": "*/*", "Content-Type": "text/xml", "Pragma": "no-cache"}
LONGEST_HOLD = 10.0

OutcomeKind = Literal["reply", "silence", "no_answer", "malformed"]


@dataclass(frozen=True)
class Envelope:
    """A message or event on its way: `message` is its line in the conversation, if it has one.

    `visible` says whether the user reads the answer, or is told that none came.
    """

    openid: str
    fields: Fields
    message: int | None = None
    visible: bool = True

    @property
    def what(self) -> str:
        """`text`, `voice`, `event CLICK` and so on."""
        event = self.fields.get("Event")
        return f"{self.fields.get('MsgType')} {event}" if event else str(self.fields.get("MsgType"))


@dataclass(frozen=True)
class Exchange:
    """One request and what came back; `plain` is the answer decrypted, as far as that was possible."""

    kind: OutcomeKind
    problem: str = ""
    answer: Answer | None = None
    status: int = 0
    raw: bytes = b""
    plain: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """How a delivery ended after `attempts` tries, and the line the user read."""

    kind: OutcomeKind
    attempts: int
    problem: str = ""
    reply: Message | None = None

    def as_json(self) -> Json:
        """The outcome as the control interface shows it."""
        reply = None if self.reply is None else self.reply.as_json()
        return {"outcome": self.kind, "attempts": self.attempts, "problem": self.problem, "reply": reply}


class Courier:
    """Carries messages to the bot and its passive replies back."""

    def __init__(self, world: World) -> None:
        """Deliver for a world."""
        self._world = world
        self._connections: aiohttp.ClientSession | None = None
        self._held: dict[str, asyncio.Event] = {}
        self._timeout = aiohttp.ClientTimeout(total=world.config.answer_seconds)

    @property
    def _session(self) -> aiohttp.ClientSession:
        """Opened at the first delivery; as many connections as there are users who write at once."""
        if self._connections is None:
            connector = aiohttp.TCPConnector(limit=0)
            self._connections = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._connections

    async def close(self) -> None:
        """Close the connections to the bot."""
        if self._connections is not None:
            await self._connections.close()

    async def deliver(self, envelope: Envelope) -> Outcome:
        """Deliver until the bot answers or the tries are used up, and show what the user then reads."""
        overtaken = self._held.pop(envelope.openid, None)
        if overtaken is None:
            await self._hold_back(envelope)
        try:
            if fault := self._world.faults.take("delay", openid=envelope.openid, what=envelope.what):
                self._world.faults_changed()
                await asyncio.sleep(fault.seconds)
            return await self._try_repeatedly(envelope)
        finally:
            if overtaken is not None:
                overtaken.set()

    async def _hold_back(self, envelope: Envelope) -> None:
        """Let the user's next message overtake this one, when that was ordered."""
        openid = envelope.openid
        fault = self._world.faults.take("reorder", openid=openid, what=envelope.what)
        if fault is None:
            return
        self._world.faults_changed()
        passed = self._held[openid] = asyncio.Event()
        try:
            await asyncio.wait_for(passed.wait(), fault.seconds or LONGEST_HOLD)
        except TimeoutError:
            self._held.pop(openid, None)

    async def _try_repeatedly(self, envelope: Envelope) -> Outcome:
        exchange = Exchange("no_answer")
        attempt = 0
        while exchange.kind == "no_answer" and attempt < self._world.config.attempts:
            attempt += 1
            exchange = await self._attempt(envelope, attempt)
        return self._conclude(envelope, exchange, attempt)

    async def _attempt(self, envelope: Envelope, attempt: int) -> Exchange:
        faults, openid = self._world.faults, envelope.openid
        letter = sealed_letter(self._world, envelope.fields, openid)
        fault = faults.take("duplicate", "replay", "bad_signature", "drop_answer", openid=openid, what=envelope.what)
        if fault is None:
            return await self._exchange(letter, envelope, attempt)
        self._world.faults_changed()
        if fault.kind == "duplicate":
            return await self._twice(letter, envelope, attempt, fault.seconds)
        if fault.kind == "bad_signature":
            return await self._exchange(forged(letter), envelope, attempt)
        exchange = await self._exchange(letter, envelope, attempt, dropped=fault.kind == "drop_answer")
        if fault.kind == "replay":
            await self._exchange(letter, envelope, attempt, copy=2, first=exchange)
        return exchange

    async def _twice(self, letter: Letter, envelope: Envelope, attempt: int, seconds: float) -> Exchange:
        """Deliver once more while the first delivery is still being handled; the user sees one answer."""
        first = asyncio.ensure_future(self._exchange(letter, envelope, attempt))
        await asyncio.sleep(seconds)
        again = sealed_letter(self._world, envelope.fields, envelope.openid)
        second = await self._exchange(again, envelope, attempt, copy=2, beside=first)
        exchange = await first
        return second if exchange.kind == "no_answer" else exchange

    async def _exchange(
        self,
        letter: Letter,
        envelope: Envelope,
        attempt: int,
        *,
        copy: int = 1,
        dropped: bool = False,
        first: Exchange | None = None,
        beside: "asyncio.Future[Exchange] | None" = None,
    ) -> Exchange:
        exchange = await self._post(letter, envelope.openid)
        if dropped and exchange.kind != "no_answer":
            exchange = replace(exchange, kind="no_answer", problem="the answer was lost on the way, as ordered")
        if beside is not None:
            first = await beside
        self._note_contact(exchange)
        alike = None if first is None else _alike(first, exchange)
        record: Json = {"attempt": attempt, "copy": copy, "same_as_first": alike}
        self._world.deliveries.write(self._circumstances(envelope) | record | _traffic(letter, exchange))
        return exchange

    def _note_contact(self, exchange: Exchange) -> None:
        """A bot that answers rightly is connected, whether it was verified or not."""
        if exchange.kind in {"reply", "silence"} and not self._world.verified:
            self._world.verified = True
            self._world.account_changed()

    def _circumstances(self, envelope: Envelope) -> Json:
        user = self._world.users.get(envelope.openid)
        return {
            "at": self._world.clock.now(),
            "openid": envelope.openid,
            "what": envelope.what,
            "message": envelope.message,
            "name": user.name if user else "",
            "mode": self._world.wiring.mode,
        }

    async def _post(self, letter: Letter, openid: str) -> Exchange:
        begun = time.monotonic()
        try:
            async with self._session.post(
                letter.url,
                data=letter.body.encode(),
                headers=_HEADERS,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                exchange = self._judge(response.status, await response.read(), openid)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            exchange = Exchange("no_answer", self._unreached(error))
        return replace(exchange, seconds=round(time.monotonic() - begun, 3))

    def _unreached(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no answer within {self._world.config.answer_seconds:g} seconds"
        return f"no connection: {error}"

    def _judge(self, status: int, raw: bytes, openid: str) -> Exchange:
        if status != HTTPStatus.OK:
            return Exchange("no_answer", f"HTTP status {status}", status=status, raw=raw)
        wiring = self._world.wiring
        cipher = self._world.codec if wiring.aes_key else None
        expected = Expectation(wiring.mode, cipher, openid, self._world.config.account_id)
        try:
            answer = read_answer(raw, expected)
        except Malformed as error:
            return Exchange("malformed", error.problem, status=status, raw=raw, plain=error.plain)
        if answer is None:
            return Exchange("silence", status=status, raw=raw)
        return Exchange("reply", answer=answer, status=status, raw=raw, plain=answer.plain)

    def _conclude(self, envelope: Envelope, exchange: Exchange, attempts: int) -> Outcome:
        return Outcome(exchange.kind, attempts, exchange.problem, self._shown(envelope, exchange))

    def _shown(self, envelope: Envelope, exchange: Exchange) -> Message | None:
        user = self._world.users.get(envelope.openid)
        if user is None or not envelope.visible or exchange.kind == "silence":
            return None
        if exchange.kind != "reply" or exchange.answer is None:
            line = texts.UNAVAILABLE if exchange.kind == "no_answer" else texts.BROKEN_SERVICE
            return self._world.add_notice(user, line, reply_to=envelope.message)
        if exchange.answer.kind == "transfer_customer_service":
            return self._world.add_notice(user, texts.ENTERED_HUMAN_SERVICE, reply_to=envelope.message)
        return self._world.add_message(
            user, "account", exchange.answer.kind, "passive", exchange.answer.body, reply_to=envelope.message
        )

    async def verify(self) -> tuple[bool, str]:
        """Ask the webhook as WeChat's console does when an address is saved; the problem when it fails."""
        url, echo = verification(self._world)
        try:
            async with self._session.get(url, timeout=self._timeout, allow_redirects=False) as response:
                raw = await response.read()
                ok = response.status == HTTPStatus.OK and raw == echo.encode()
                problem = "" if ok else f"HTTP status {response.status}, answer {raw[:100]!r} instead of echostr"
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            ok, problem = False, self._unreached(error)
        self._world.verified = ok
        self._world.account_changed()
        return ok, problem


def _traffic(letter: Letter, exchange: Exchange) -> Json:
    return {
        "url": letter.url,
        "sent": letter.plain,
        "sent_body": letter.body,
        "status": exchange.status,
        "answer": exchange.plain,
        "answer_body": exchange.raw.decode(errors="replace"),
        "outcome": exchange.kind,
        "problem": exchange.problem,
        "seconds": exchange.seconds,
    }


def _alike(first: Exchange, second: Exchange) -> bool:
    """Whether two answers say the same to the user (times of creation may differ)."""
    return first.kind == second.kind and (
        first.answer is second.answer
        or (
            first.answer is not None
            and second.answer is not None
            and (first.answer.kind, first.answer.body) == (second.answer.kind, second.answer.body)
        )
    )
