"""A scripted tour: somebody types and taps in the page by themselves, and the terminal shows the same conversation.

A script is JSON: `{"title": …, "steps": [STEP, …]}`. A step names the user (`"user"`) and one action:

- `"follow": true`, `"say": TEXT`, `"voice": TEXT`, `"click": BUTTON`
- `"tap": CHOICE`: a number, a label, or a pattern within a label of the last message; with `"any": true` the first
  choice serves when none matches
- `"read": true`: waits for a message that the account sends by itself

Any step may have `"only_if": PATTERN` (skipped unless the last message matches), `"expect": PATTERN` (the answer must
match, else the tour stops with TourFailed), `"note": TEXT` (told in the terminal first) and `"repeat": N` (done again
while `only_if` goes on matching, N times at most).
"""

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from emulator.client import EmulatedUser, EmulatorClient, Message, Refused
from emulator.shapes import Json, records, text, whole

TOURS = Path(__file__).parent / "tours"
LETTERS_A_SECOND = 9
READING_LETTERS_A_SECOND = 30
LONGEST_READING = 4.0


class TourFailed(Exception):
    """Raised when the bot did not answer as a script expects."""


@dataclass(frozen=True)
class Step:
    """One thing a user does; see the module's text for the names."""

    user: str
    action: str
    words: str = ""
    only_if: str = ""
    expect: str = ""
    note: str = ""
    any: bool = False
    repeat: int = 1

    @classmethod
    def read(cls, item: Json) -> Self:
        """A step from a script; raise ValueError when it does not name exactly one action."""
        actions = [name for name in _ACTIONS if name in item]
        unknown = set(item) - set(_ACTIONS) - {"user", "only_if", "expect", "note", "any", "repeat"}
        if len(actions) != 1 or unknown or not text(item, "user"):
            raise ValueError(f"a step needs a user and one of {', '.join(_ACTIONS)}: {item}")
        return cls(
            user=text(item, "user"),
            action=actions[0],
            words=text(item, actions[0]),
            only_if=text(item, "only_if"),
            expect=text(item, "expect"),
            note=text(item, "note"),
            any=item.get("any") is True,
            repeat=whole(item, "repeat", 1),
        )


@dataclass(frozen=True)
class Script:
    """A tour: its title and its steps."""

    title: str
    steps: Sequence[Step]

    @classmethod
    def load(cls, path: Path, **words: str) -> Self:
        """Read a script, `{name}` replaced by the words of that name; raise ValueError for a step without sense."""
        script = path.read_text(encoding="utf-8")
        for name, word in words.items():
            script = script.replace(f"{{{name}}}", word)
        document = cast("Json", json.loads(script))
        return cls(text(document, "title"), [Step.read(item) for item in records(document, "steps")])


_ACTIONS = ("follow", "say", "voice", "tap", "click", "read")


async def play(
    client: EmulatorClient, *scripts: Script, pace: float = 1.0, echo: Console | None = None
) -> dict[str, Message | None]:
    """Play scripts with the same users, at a pace (2 is twice as fast, 0 without pauses); each user's last message.

    Raise TourFailed when an answer is not as expected, NoAnswer when there is none.
    """
    tour = _Tour(client, pace, echo or Console())
    for script in scripts:
        tour.title(script.title)
        for step in script.steps:
            await tour.take(step)
    return {name: user.last for name, user in tour.users.items()}


class _Tour:
    def __init__(self, client: EmulatorClient, pace: float, echo: Console) -> None:
        self._client = client
        self._pace = pace
        self._echo = echo
        self.users: dict[str, EmulatedUser] = {}

    def title(self, words: str) -> None:
        if words:
            self._echo.rule(words)

    async def take(self, step: Step) -> None:
        user = self.users.get(step.user)
        if user is None:
            user = self.users[step.user] = await self._client.user(step.user)
        for turn in range(step.repeat):
            if step.only_if and not _matches(step.only_if, user.last):
                return
            if step.note and turn == 0:
                self._echo.print(Text(step.note, style="dim italic"))
            await self._once(user, step)

    async def _once(self, user: EmulatedUser, step: Step) -> None:
        answer = await self._act(user, step)
        if answer is None:
            return
        self._show(user.name, answer)
        if step.expect and not _matches(step.expect, answer):
            raise TourFailed(
                f"{user.name}, {step.action} {step.words!r}: expected {step.expect!r}, got {answer.text!r}"
            )
        await self._pause(min(LONGEST_READING, len(answer.text) / READING_LETTERS_A_SECOND))

    async def _act(self, user: EmulatedUser, step: Step) -> Message | None:
        if step.action == "follow":
            return await self._follow(user)
        if step.action == "read":
            return await user.next_message()
        if step.action == "tap":
            return await self._tap(user, step)
        if step.action == "say":
            await self._type(user, step.words)
        self._say(user.name, step.words)
        if step.action == "voice":
            return await user.voice(step.words)
        if step.action == "click":
            return await user.click(step.words)
        return await user.say(step.words)

    async def _follow(self, user: EmulatedUser) -> Message | None:
        self._say(user.name, "＋")
        try:
            return await user.follow()
        except Refused:
            return None

    async def _tap(self, user: EmulatedUser, step: Step) -> Message:
        last = user.last
        if last is None:
            raise TourFailed(f"{user.name} has nothing to tap yet")
        try:
            choice = last.choice(step.words)
        except LookupError as error:
            if not step.any or not last.choices:
                raise TourFailed(str(error)) from error
            choice = last.choices[0]
        self._say(user.name, choice.label)
        return await user.tap(choice.number or choice.label)

    async def _type(self, user: EmulatedUser, words: str) -> None:
        """Let the words appear in the page's typing box, letter by letter."""
        if not self._pace:
            return
        for end in range(1, len(words) + 1):
            await self._client.request("POST", f"users/{user.openid}/draft", {"text": words[:end]})
            await self._pause(1 / LETTERS_A_SECOND)
        await self._client.request("POST", f"users/{user.openid}/draft", {"text": ""})

    async def _pause(self, seconds: float) -> None:
        if self._pace:
            await asyncio.sleep(seconds / self._pace)

    def _say(self, name: str, words: str) -> None:
        line = Text.assemble((f" {words} ", "black on #95ec69"), f"  {name}")
        self._echo.print(line, justify="right")

    def _show(self, name: str, message: Message) -> None:
        title = f"→ {name}" if len(self.users) > 1 else None
        self._echo.print(Panel(Text(message.text), title=title, title_align="left", expand=False, padding=(0, 1)))


def _matches(pattern: str, message: Message | None) -> bool:
    return message is not None and re.search(pattern, message.text) is not None
