"""Being a user of the emulator from Python: made for tests and tours.

async with EmulatorClient("http://127.0.0.1:8081") as wechat:
    ming = await wechat.user("小明")
    await ming.follow()
    reply = await ming.say("预约")
    reply = await ming.tap("口腔科")
    assert "请选择" in reply
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Self, cast
from urllib.parse import quote

import aiohttp

from emulator.heard import Delivered, Message, heard
from emulator.shapes import Json, JsonValue, record, records, text, whole

__all__ = ["Delivered", "EmulatedUser", "EmulatorClient", "Message", "NoAnswer", "Refused"]

PATIENCE = 10.0
_SLACK = 60.0


class Refused(Exception):
    """Raised when the emulator refuses a request; says what it says."""


class NoAnswer(Exception):
    """Raised when the bot stayed silent, or nothing more arrived in time."""


class EmulatorClient:
    """One emulator. Close it, or use it in an `async with`."""

    def __init__(self, base_url: str) -> None:
        """Talk to the emulator at this address."""
        self._base = base_url.rstrip("/")
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def __aenter__(self) -> Self:
        """Nothing to prepare."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def request(self, method: str, path: str, body: Mapping[str, JsonValue] | None = None) -> Json:
        """Any request to `/emulator/…`; raise Refused with the emulator's reason."""
        timeout = aiohttp.ClientTimeout(total=PATIENCE * 12 + _SLACK)
        url = f"{self._base}/emulator/{path}"
        json = None if body is None else dict(body)
        async with self._session.request(method, url, json=json, timeout=timeout) as response:
            answer = cast("Json", await response.json())
            if not response.ok:
                raise Refused(text(answer, "error"))
            return answer

    async def user(self, name: str) -> "EmulatedUser":
        """The user of that name, made when there is none."""
        found = await self.request("POST", "users", {"name": name})
        return EmulatedUser(self, text(found, "name"), text(found, "openid"))

    async def fault(
        self,
        kind: str,
        *,
        user: str = "",
        times: int | None = 1,
        path: str = "",
        what: str = "",
        seconds: float = 0,
        errcode: int = -1,
        errmsg: str = "",
        after: bool = False,
    ) -> int:
        """Order a fault (docs/emulator.md lists the kinds); `what` and `path` narrow it; its number."""
        body: Json = {"kind": kind, "user": user, "times": times, "path": path, "what": what, "seconds": seconds}
        fault = await self.request("POST", "faults", body | {"errcode": errcode, "errmsg": errmsg, "after": after})
        return whole(fault, "id")

    async def clear_faults(self) -> None:
        """Take all faults back."""
        await self.request("DELETE", "faults")

    async def clear(self) -> None:
        """Empty conversations, logs, faults and counted calls."""
        await self.request("POST", "clear", {})

    async def deliveries(self, *, after: int = 0, what: str = "", wait: float = 0) -> list[Json]:
        """The requests to the bot; `what` is for example `event subscribe`."""
        path = f"deliveries?after={after}&what={quote(what)}&wait={wait}"
        return records(await self.request("GET", path), "deliveries")

    async def calls(self, *, after: int = 0, path: str = "", wait: float = 0) -> list[Json]:
        """The bot's API calls; `path` is for example `template/send`."""
        query = f"calls?after={after}&path={quote(path)}&wait={wait}"
        return records(await self.request("GET", query), "calls")

    async def register_template(
        self,
        template: str,
        title: str,
        fields: Mapping[str, str],
        options: Mapping[str, list[str]] | None = None,
    ) -> None:
        """Add or replace a template: keys to labels, and the values of enumerated keys."""
        values: Json = {key: list(items) for key, items in (options or {}).items()}
        body: Json = {"id": template, "title": title, "fields": dict(fields), "options": values}
        await self.request("POST", "templates", body)

    async def qrcode(self, scene: str, *, seconds: int | None = None) -> str:
        """The ticket of a new QR code."""
        return text(await self.request("POST", "qrcodes", {"scene": scene, "seconds": seconds}), "ticket")

    async def shift_clock(self, seconds: float) -> None:
        """Let the emulated time be this far ahead of the machine's."""
        await self.request("POST", "clock", {"shift": seconds})

    async def tokens(self, do: str) -> None:
        """`expire` or `revoke` every access token."""
        await self.request("POST", "tokens", {"do": do})

    async def limit(self, path: str, calls: int) -> None:
        """Allow so many calls of an address a day."""
        await self.request("PUT", "quotas", {"limits": {path: calls}})

    async def settings(self, **changes: str) -> None:
        """Change `webhook_url`, `token`, `aes_key` or `mode`."""
        await self.request("PATCH", "settings", dict(changes.items()))

    async def verify(self) -> tuple[bool, str]:
        """Send the verification request; whether it succeeded, and what was wrong."""
        answer = await self.request("POST", "verify", {})
        return answer["verified"] is True, text(answer, "problem")


class EmulatedUser:
    """One person with a telephone. Actions wait for the bot's answer and return what the user reads."""

    def __init__(self, client: EmulatorClient, name: str, openid: str) -> None:
        """Use `EmulatorClient.user` instead."""
        self.client = client
        self.name = name
        self.openid = openid
        self.last: Message | None = None
        self._floor = 0
        self._read: set[int] = set()

    async def say(self, content: str, *, patience: float = PATIENCE) -> Message:
        """Send a text; the reply, or the customer-service message that came instead; raise NoAnswer."""
        return await self.act("say", {"content": content}, patience=patience)

    async def tap(self, wanted: str, *, message: Message | None = None, patience: float = PATIENCE) -> Message:
        """Take a choice of the last message (or of `message`) by number or words, as links are tapped.

        A choice that is only text is typed by its number. Raise LookupError when there is no such choice.
        """
        within = message or self.last
        if within is None:
            raise LookupError(f"{self.name} has read nothing yet")
        choice = within.choice(wanted)
        if not choice.tappable:
            return await self.say(choice.number, patience=patience)
        body: Json = {"content": choice.content, "choice_id": choice.id}
        return await self.act("say", body, patience=patience)

    async def voice(self, recognition: str | None, *, patience: float = PATIENCE) -> Message:
        """Send a voice message that was recognised as this, or not at all (None)."""
        return await self.act("voice", {"recognition": recognition}, patience=patience)

    async def follow(self, ticket: str = "", *, patience: float = PATIENCE) -> Message:
        """Follow the account; the greeting."""
        return await self.act("follow", {"ticket": ticket}, patience=patience)

    async def scan(self, ticket: str, *, patience: float = PATIENCE) -> Message:
        """Scan a QR code."""
        return await self.act("scan", {"ticket": ticket}, patience=patience)

    async def click(self, button: str, *, patience: float = PATIENCE) -> Message:
        """Tap a menu button by its key or words."""
        return await self.act("click", {"button": button}, patience=patience)

    async def unfollow(self) -> Delivered:
        """Leave the account."""
        return await self.send("unfollow", {})

    async def consent(self, template: str, answer: str = "accept") -> Delivered:
        """Accept or reject notices of a template."""
        return await self.send("consent", {"answers": {template: answer}})

    async def act(self, action: str, body: Mapping[str, JsonValue], *, patience: float = PATIENCE) -> Message:
        """Any action whose answer the user reads; raise NoAnswer when the bot says nothing in time."""
        delivered = await self.send(action, body)
        if delivered.reply is not None:
            return delivered.reply
        found = await self._conversation(after=delivered.sent, wait=patience, source="custom")
        if not found:
            raise NoAnswer(f"{self.name}: no answer to {action} {dict(body)!r} ({delivered.outcome})")
        return self._take(found[0])

    async def send(self, action: str, body: Mapping[str, JsonValue]) -> Delivered:
        """Any action (`say`, `image`, `location`, `event`, …), without waiting for later messages."""
        answer = await self.client.request("POST", f"users/{self.openid}/{action}", body)
        attempts = whole(answer, "attempts")
        reply = self._take(heard(record(answer, "reply"), attempts)) if answer.get("reply") else None
        return Delivered(text(answer, "outcome"), attempts, text(answer, "problem"), whole(answer, "message"), reply)

    async def change(self, **states: bool) -> None:
        """Switch `refuses`, `failing` or `blacklisted`."""
        await self.client.request("PATCH", f"users/{self.openid}", dict(states.items()))

    async def next_message(self, *, patience: float = PATIENCE) -> Message:
        """The oldest message of the account that was not returned yet; raise NoAnswer when none comes in time."""
        while True:
            found = await self._conversation(after=self._floor, wait=patience)
            if not found:
                raise NoAnswer(f"{self.name}: nothing arrived within {patience:g} seconds")
            fresh = [message for message in found if message.id not in self._read]
            if fresh:
                return self._take(fresh[0])
            self._floor = found[-1].id

    async def messages(self) -> list[Message]:
        """Everything the account and the platform wrote to this user, oldest first."""
        answer = await self.client.request("GET", f"users/{self.openid}/messages?side=account,system")
        return [heard(item, 1) for item in records(answer, "messages")]

    async def _conversation(self, *, after: int, wait: float, source: str = "") -> list[Message]:
        query = f"users/{self.openid}/messages?side=account&after={after}&wait={wait}&source={source}"
        return [heard(item, 1) for item in records(await self.client.request("GET", query), "messages")]

    def _take(self, message: Message) -> Message:
        self._read.add(message.id)
        self.last = message
        return message
