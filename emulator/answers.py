"""Reading a bot's passive reply as strictly as WeChat does."""

import re
from dataclasses import dataclass
from typing import NoReturn

from emulator.codec import Codec, Undecipherable, same
from emulator.config import Mode
from emulator.markup import Node, NotXml, parse
from emulator.shapes import Json
from emulator.world import listed, text_body

MOST_TEXT_BYTES = 2048
MOST_ARTICLES = 1
_MEDIA = {
    "image": ("Image", ("MediaId",)),
    "voice": ("Voice", ("MediaId",)),
    "video": ("Video", ("MediaId",)),
}


class Malformed(Exception):
    """Raised when WeChat would tell the user that the account is out of order.

    `problem` says what is wrong, `plain` is the reply as far as it could be read.
    """

    def __init__(self, problem: str, plain: str = "") -> None:
        """Keep both for the log."""
        super().__init__(problem)
        self.problem = problem
        self.plain = plain


@dataclass(frozen=True)
class Expectation:
    """What a reply must fit: the mode, the codec (None without a key), the user and the account."""

    mode: Mode
    codec: Codec | None
    openid: str
    account_id: str


@dataclass(frozen=True)
class Answer:
    """A reply that WeChat accepts: `kind` and `body` for the conversation, `plain` for the log."""

    kind: str
    body: Json
    plain: str


def read_answer(raw: bytes, expected: Expectation) -> Answer | None:
    """The reply in a response body, None for silence (`success` or nothing); raise Malformed."""
    try:
        content = raw.decode()
    except UnicodeDecodeError:
        raise Malformed("the answer is not UTF-8") from None
    if content.strip() in {"", "success"}:
        return None
    outer = _parsed(content, content)
    sealed = outer.child("Encrypt")
    if sealed is None:
        if expected.mode == "secure":
            raise Malformed("secure mode needs an encrypted reply; this one is plain", content)
        return _read_message(content, outer, expected)
    plain = _opened(outer, content, expected)
    return _read_message(plain, _parsed(plain, plain), expected)


def _parsed(document: str, plain: str) -> Node:
    try:
        root = parse(document)
    except NotXml as error:
        raise Malformed(f"neither success nor XML: {error}", plain) from error
    if root.name != "xml":
        raise Malformed(f"the root element is <{root.name}>, not <xml>", plain)
    return root


def _opened(outer: Node, content: str, expected: Expectation) -> str:
    if expected.mode == "plain" or expected.codec is None:
        raise Malformed("plain mode needs a plain reply; this one is encrypted", content)
    sealed, stamp, number = (outer.get(name).strip() for name in ("Encrypt", "TimeStamp", "Nonce"))
    if not stamp.isdigit() or not number:
        raise Malformed("an encrypted reply needs TimeStamp (digits) and Nonce", content)
    right = expected.codec.message_signature(stamp, number, sealed)
    if not same(right, outer.get("MsgSignature").strip()):
        raise Malformed("MsgSignature does not fit token, TimeStamp, Nonce and Encrypt", content)
    try:
        return expected.codec.decrypt(sealed)
    except Undecipherable as error:
        raise Malformed(f"the reply cannot be decrypted: {error}", content) from error


def _read_message(plain: str, root: Node, expected: Expectation) -> Answer:
    def refuse(problem: str) -> NoReturn:
        raise Malformed(problem, plain)

    if root.get("ToUserName") != expected.openid:
        refuse("ToUserName is not the user who wrote")
    if root.get("FromUserName") != expected.account_id:
        refuse("FromUserName is not the account's original id (the ToUserName of the delivery)")
    if not re.fullmatch(r"\d{1,12}", root.get("CreateTime").strip()):
        refuse("CreateTime is not a number of seconds")
    kind = root.get("MsgType").strip()
    try:
        body = _body(kind, root)
    except ValueError as error:
        refuse(str(error))
    return Answer(kind, body, plain)


def _body(kind: str, root: Node) -> Json:
    if kind == "text":
        return _text(root)
    if kind == "news":
        return _news(root)
    if kind in _MEDIA:
        wrapper, names = _MEDIA[kind]
        return _media(root, wrapper, names)
    if kind == "music":
        inside = root.child("Music") or Node("Music")
        return {"title": inside.get("Title"), "description": inside.get("Description")}
    if kind == "transfer_customer_service":
        return {}
    raise ValueError(f"MsgType {kind!r} is unknown")


def _text(root: Node) -> Json:
    content = root.get("Content")
    if not content.strip():
        raise ValueError("Content is empty")
    size = len(content.encode())
    if size > MOST_TEXT_BYTES:
        raise ValueError(f"Content has {size} bytes; WeChat takes {MOST_TEXT_BYTES}")
    return text_body(content)


def _news(root: Node) -> Json:
    items = [node for node in (root.child("Articles") or Node("")).children if node.name == "item"]
    if not items or root.get("ArticleCount").strip() != str(len(items)):
        raise ValueError("ArticleCount does not fit the items in Articles")
    if len(items) > MOST_ARTICLES:
        raise ValueError(f"{len(items)} articles; a passive reply may hold {MOST_ARTICLES}")
    return {"articles": listed(_article(item) for item in items)}


def _article(item: Node) -> Json:
    return {
        "title": item.get("Title"),
        "description": item.get("Description"),
        "picture": item.get("PicUrl"),
        "url": item.get("Url"),
    }


def _media(root: Node, wrapper: str, names: tuple[str, ...]) -> Json:
    inside = root.child(wrapper)
    if inside is None or not all(inside.get(name) for name in names):
        raise ValueError(f"{wrapper} needs {', '.join(names)}")
    return {"media_id": inside.get("MediaId"), "title": inside.get("Title")}
