"""From the dialogue's replies to the text and XML that WeChat shows."""

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

from structlog import get_logger

from handlers.chat import Choice, Reply

MAX_TEXT = 2048
"""Bytes of UTF-8 in a passive text reply."""
_LEAST_SHOWN = 128
_LINK = re.compile(r'<a href="weixin://bizmsgmenu\?[^"]*">([^<]*)</a>')
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NO_MARKUP = str.maketrans("<>", "＜＞")
log = get_logger()


def reply_text(reply: Reply) -> str:
    """The text of a reply; choices are lines ``N. label``, tappable where there is room for the links."""
    text = "\n".join(_parts(reply, map(_tappable, reply.choices)))
    if _size(text) <= MAX_TEXT:
        return text
    text = "\n".join(_parts(reply, (f"{choice.number}. {choice.label}" for choice in reply.choices)))
    return cut(text)


def _parts(reply: Reply, choices: Iterable[str]) -> Iterable[str]:
    if reply.text:
        yield reply.text
    yield from choices
    if reply.footer:
        yield reply.footer


@lru_cache(maxsize=4096)
def _tappable(choice: Choice) -> str:
    content, tap = choice.number, quote(choice.tap, safe="")
    label = choice.label.translate(_NO_MARKUP)
    return f'{content}. <a href="weixin://bizmsgmenu?msgmenucontent={content}&msgmenuid={tap}">{label}</a>'


def without_links(text: str) -> str:
    """The same text with the choices as plain lines."""
    return _LINK.sub(r"\1", text)


def cut(text: str, room: int = MAX_TEXT) -> str:
    """``text``, ended with … where it would take more than ``room`` bytes."""
    data = text.encode("utf-8", "replace")
    if len(data) <= room:
        return text
    log.warning("reply_cut", size=len(data), room=room)
    return data[: room - len("…".encode())].decode("utf-8", "ignore") + "…"


def with_earlier(earlier: Iterable[tuple[str, str]], text: str, heading: str) -> tuple[str, list[str]]:
    """Puts answers that could not be sent before ``text``; tells which (by request id) found room.

    The first is cut where it must be, for the next answer may leave it no more room; the others come whole.
    """
    carried: list[str] = []
    parts: list[str] = []
    room = MAX_TEXT - _size(text)
    for request_id, answer in earlier:
        part = f"{heading}\n{without_links(answer)}"
        if _size(part) + 2 > room:
            if parts or room < _size(heading) + _LEAST_SHOWN:
                break
            part = cut(part, room - 2)
        parts.append(part)
        carried.append(request_id)
        room -= _size(part) + 2
    return "\n\n".join((*parts, text) if text else parts), carried


def reply_xml(*, openid: str, account: str, created: int, text: str) -> bytes:
    """A passive text reply (被动回复文本消息)."""
    return (
        f"<xml><ToUserName>{_cdata(openid)}</ToUserName><FromUserName>{_cdata(account)}</FromUserName>"
        f"<CreateTime>{created}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content>{_cdata(text)}</Content></xml>"
    ).encode()


def _cdata(text: str) -> str:
    # A patient's "]]>" would end the section and start markup of the patient's own.
    safe = _NO_XML.sub("", text).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{safe}]]>"


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
