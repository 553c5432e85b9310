"""What a user of the emulator reads, as `EmulatorClient` returns it."""

import re
from dataclasses import dataclass

from emulator.choices import Choice
from emulator.shapes import Json, record, records, text, whole


@dataclass(frozen=True)
class Message:
    """What a user read. `text` is without links, `raw` as the bot wrote it; `"…" in message` looks into `text`."""

    id: int
    kind: str
    source: str
    text: str
    raw: str
    choices: tuple[Choice, ...]
    body: Json
    reply_to: int | None
    attempts: int = 1

    def __contains__(self, words: str) -> bool:
        """Whether the text holds these words."""
        return words in self.text

    def __str__(self) -> str:
        """The text."""
        return self.text

    def choice(self, wanted: str) -> Choice:
        """A choice by number, label, or a pattern within the label; raise LookupError naming what there is."""
        for choice in self.choices:
            if wanted in {choice.number, choice.label}:
                return choice
        for choice in self.choices:
            if not wanted.isdigit() and re.search(wanted, choice.label):
                return choice
        offered = ", ".join(f"{choice.number}. {choice.label}" for choice in self.choices)
        raise LookupError(f"no choice {wanted!r} among: {offered or 'none'}; the text is {self.text!r}")


@dataclass(frozen=True)
class Delivered:
    """How telling the bot something ended: `outcome` is `reply`, `silence`, `no_answer` or `malformed`."""

    outcome: str
    attempts: int
    problem: str
    sent: int
    reply: Message | None


def heard(item: Json, attempts: int) -> Message:
    body = record(item, "body")
    reply_to = item.get("reply_to")
    return Message(
        id=whole(item, "id"),
        kind=text(item, "kind"),
        source=text(item, "source"),
        text=text(body, "text") or _card_text(body),
        raw=text(body, "content"),
        choices=tuple(
            Choice(text(choice, "number"), text(choice, "label"), text(choice, "content"), text(choice, "id"))
            for choice in records(body, "choices")
        ),
        body=body,
        reply_to=reply_to if isinstance(reply_to, int) else None,
        attempts=attempts,
    )


def _card_text(body: Json) -> str:
    lines = [text(body, "title")] if "title" in body else []
    lines += [f"{text(row, 'label')}：{text(row, 'value')}" for row in records(body, "rows")]
    for article in records(body, "articles"):
        lines += [text(article, "title"), text(article, "description")]
    return "\n".join(lines)
