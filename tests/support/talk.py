"""Conversations as a test writes them: a patient says something, the reply shows something."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from bot.wechat.render import MAX_TEXT, reply_text, without_links
from handlers.chat import Choice, Incoming, Reply
from handlers.dialogue import Dialogue, Turn


@dataclass
class Seen:
    """What the patient sees."""

    text: str
    choices: dict[str, Choice]
    turn: Turn

    def shows(self, *parts: str) -> "Seen":
        """Assert that the reply contains every part."""
        for part in parts:
            assert part in self.text, f"{part!r} is not in:\n{self.text}"
        return self

    def hides(self, *parts: str) -> "Seen":
        """Assert that the reply contains none of the parts."""
        for part in parts:
            assert part not in self.text, f"{part!r} is in:\n{self.text}"
        return self

    def ends(self, *outcome: str) -> "Seen":
        """Assert that the dialogue is over, with no numbers to answer."""
        assert self.turn.chat is None
        assert not self.choices
        assert not outcome or self.turn.outcome == outcome[0], self.turn.outcome
        return self

    def offers(self, *labels: str) -> "Seen":
        """Assert that the choices are exactly these, by the beginning of their labels."""
        assert len(self.choices) == len(labels), self.text
        for shown, label in zip(self.choices, labels, strict=True):
            assert shown.startswith(label), self.text
        return self

    def last_line(self) -> str:
        """The last line."""
        return self.text.splitlines()[-1]

    def tap_of(self, label: str) -> Choice:
        """The one choice whose label contains this."""
        found = [choice for shown, choice in self.choices.items() if label in shown]
        assert len(found) == 1, f"{len(found)} choices with {label!r} in:\n{self.text}"
        return found[0]


@dataclass
class Talk:
    """One account talking with the bot. Every reply is checked to be one that WeChat shows with its links."""

    dialogue: Dialogue
    now: datetime
    openid: str = "o-zhang"
    chat: bytes | None = None
    messages: int = 0
    transcript: list[str] = field(default_factory=list)

    async def says(self, *texts: str) -> Seen:
        """Send texts, one after the other; return the last reply."""
        for text in texts:
            seen = await self.sends(Incoming(self.openid, "text", self.next_id(), text=text))
        return seen

    async def speaks(self, text: str) -> Seen:
        """Send a voice message with what was recognised."""
        return await self.sends(Incoming(self.openid, "voice", self.next_id(), text=text))

    async def taps(self, seen: Seen, label: str) -> Seen:
        """Tap a choice in a reply, be it an old one."""
        choice = seen.tap_of(label)
        return await self.sends(
            Incoming(self.openid, "text", self.next_id(), text=str(choice.number), tapped=choice.tap)
        )

    async def picks(self, seen: Seen, label: str) -> Seen:
        """Type the number of a choice."""
        return await self.says(str(seen.tap_of(label).number))

    async def event(self, name: str, key: str | None = None) -> Seen:
        """Send an event."""
        return await self.sends(Incoming(self.openid, "event", self.next_id(), event=name, key=key))

    async def sends(self, incoming: Incoming) -> Seen:
        """Send any message, and keep the chat as the webhook would."""
        turn = await self.dialogue.answer(self.chat, incoming, now=self.now)
        self.chat = turn.chat
        seen = see(turn)
        said = incoming.text or f"［{incoming.event or incoming.kind}］"
        self.transcript.append(f"患者：{said}\n诊约：{seen.text}")
        return seen

    def next_id(self) -> str:
        """The identity of the next message."""
        self.messages += 1
        return f"{self.openid}:{self.messages}"


def see(turn: Turn) -> Seen:
    """Render a turn as WeChat does, and check what every reply must keep to."""
    if turn.reply is None:
        return Seen("", {}, turn)
    rendered = reply_text(turn.reply)
    assert len(rendered.encode()) <= MAX_TEXT
    assert rendered.count("weixin://bizmsgmenu") == len(turn.reply.choices), "no room for the links"
    _check_lines(turn.reply)
    choices = {choice.label: choice for choice in turn.reply.choices}
    return Seen(without_links(rendered), choices, turn)


def _check_lines(reply: Reply) -> None:
    numbers = [choice.number for choice in reply.choices]
    assert len(set(numbers)) == len(numbers)
    assert not re.search(r"\n{2,}|^\n|\n$", reply.text), f"empty lines in {reply.text!r}"
    assert not re.search(r"^\d\. ", reply.text, re.MULTILINE), "a text that looks like a choice"
    assert reply.text or reply.choices or reply.footer
