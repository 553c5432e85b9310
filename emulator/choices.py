"""Reading a text as WeChat's client does: which parts are links, which are choices to tap, what is plain.

Only `<a href>` means anything in a text message; everything else is shown as it stands. The page receives
these parts ready-made and never parses markup itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from emulator.shapes import Json

_LINK = re.compile(r"<a\s+(?P<attributes>[^<>]*)>(?P<label>.*?)</a>", re.IGNORECASE | re.DOTALL)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_BARE_URL = re.compile(r"https?://[\w\-.~:/?#\[\]@!$&'()*+,;=%]+", re.ASCII)
_NUMBERED = re.compile(r"^\s*(\d{1,3})[.、．]\s*(.+?)\s*$", re.MULTILINE)
_NUMBER_BEFORE = re.compile(r"(?:^|\n)\s*(\d{1,3})[.、．]\s*$")


@dataclass(frozen=True)
class Part:
    """A stretch of a text: `plain`, a `link` with its `url`, or a `choice` with what a tap sends."""

    type: Literal["plain", "link", "choice"]
    text: str
    url: str = ""
    content: str = ""
    id: str = ""

    def as_json(self) -> Json:
        """The part as the page reads it."""
        return {"type": self.type, "text": self.text, "url": self.url, "content": self.content, "id": self.id}


@dataclass(frozen=True)
class Choice:
    """What a user may take. `number` is empty when none stands before it, `content` when it is only text."""

    number: str
    label: str
    content: str = ""
    id: str = ""

    def as_json(self) -> Json:
        """The choice as the control interface shows it."""
        return {"number": self.number, "label": self.label, "content": self.content, "id": self.id}

    @property
    def tappable(self) -> bool:
        """Whether the client shows it as a link."""
        return bool(self.content)


def parts_of(raw: str) -> list[Part]:
    """The parts of a text message, in order."""
    found: list[Part] = []
    end = 0
    for match in _LINK.finditer(raw):
        found.extend(_plain(raw[end : match.start()]))
        found.append(_linked(match))
        end = match.end()
    found.extend(_plain(raw[end:]))
    return found


def _plain(text: str) -> Iterator[Part]:
    end = 0
    for match in _BARE_URL.finditer(text):
        if match.start() > end:
            yield Part("plain", text[end : match.start()])
        yield Part("link", match[0], url=match[0])
        end = match.end()
    if end < len(text):
        yield Part("plain", text[end:])


def _linked(match: re.Match[str]) -> Part:
    label = match["label"]
    href = _HREF.search(match["attributes"])
    url = (href[1] or href[2] or "").strip() if href else ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return Part("plain", label)
    if parts.scheme == "weixin" and parts.netloc == "bizmsgmenu":
        query = parse_qs(parts.query, keep_blank_values=True)
        content = query.get("msgmenucontent", [""])[0]
        return Part("choice", label, content=content or label, id=query.get("msgmenuid", [""])[0])
    if parts.scheme in {"http", "https"} and parts.netloc:
        return Part("link", label, url=url)
    return Part("plain", label)


def stripped(parts: list[Part]) -> str:
    """What a person reads: the text without any markup."""
    return "".join(part.text for part in parts)


def choices_of(parts: list[Part]) -> list[Choice]:
    """The choices of a text in order: taps, and lines `N. label` that are only text."""
    found: list[Choice] = []
    read = ""
    pending = ""
    for part in parts:
        if part.type == "choice":
            before = _NUMBER_BEFORE.search(read + pending)
            found.extend(_untappable(pending[: -len(before[0])] if before else pending))
            found.append(Choice(before[1] if before else "", part.text, part.content, part.id))
            read, pending = read + pending + part.text, ""
        else:
            pending += part.text
    found.extend(_untappable(pending))
    return found


def _untappable(text: str) -> Iterator[Choice]:
    for match in _NUMBERED.finditer(text):
        yield Choice(match[1], match[2])
