"""WeChat's side of a delivery, on wechatpy's crypto, which is not the one under test."""

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient
from wechatpy.crypto import WeChatCrypto
from wechatpy.parser import parse_message

APPID = "wxba5fad812f8e6fb9"
TOKEN = "AAAAA"
AES_KEY = "A" * 43
OLD_AES_KEY = "B" * 43
ACCOUNT = "gh_clinic"
_numbers = itertools.count(6054768590064713728)


def sign(*parts: str) -> str:
    """WeChat's signature."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 - WeChat's choice


def message_xml(openid: str, now: datetime, *, kind: str = "text", number: str | None = None, **fields: str) -> str:
    """A message of a new number; ``fields`` are further elements."""
    values = {
        "ToUserName": ACCOUNT,
        "FromUserName": openid,
        "CreateTime": str(int(now.timestamp())),
        "MsgType": kind,
        **fields,
    }
    if kind != "event":
        values["MsgId"] = number or str(next(_numbers))
    inner = "".join(f"<{name}>{escape(value, quote=False)}</{name}>" for name, value in values.items())
    return f"<xml>{inner}</xml>"


@dataclass
class Letter:
    """What one delivery carries; deliver it twice and it is a redelivery."""

    query: dict[str, str]
    body: bytes


@dataclass
class WeChat:
    """Delivers to a webhook and reads its answers."""

    client: TestClient
    now: datetime
    mode: str = "secure"
    aes_key: str = AES_KEY
    nonces: Iterator[int] = field(default_factory=lambda: itertools.count(1514711492))

    def letter(self, xml: str, *, encrypted: bool | None = None) -> Letter:
        """Sign a message, and encrypt it unless the mode is plain."""
        timestamp, nonce = str(int(self.now.timestamp())), str(next(self.nonces))
        query = {"timestamp": timestamp, "nonce": nonce, "signature": sign(TOKEN, timestamp, nonce)}
        if not (self.mode != "plain" if encrypted is None else encrypted):
            return Letter(query, xml.encode())
        sealed = WeChatCrypto(TOKEN, self.aes_key, APPID).encrypt_message(xml, nonce, timestamp)
        cipher_text = sealed.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
        query |= {"encrypt_type": "aes", "msg_signature": sign(TOKEN, timestamp, nonce, cipher_text)}
        body = f"<xml><ToUserName>{ACCOUNT}</ToUserName><Encrypt>{cipher_text}</Encrypt></xml>"
        return Letter(query, body.encode())

    async def post(self, letter: Letter) -> ClientResponse:
        """Deliver."""
        return await self.client.post("/wechat", params=letter.query, data=letter.body)

    async def deliver(self, letter: Letter) -> str | None:
        """Deliver and return the reply's text; None for ``success``."""
        response = await self.post(letter)
        assert response.status == 200, await response.text()
        return self.read(await response.text(), letter)

    def read(self, text: str, letter: Letter) -> str | None:
        """The text of a reply as the person sees it."""
        if text == "success":
            return None
        if "encrypt_type" in letter.query:
            reply = WeChatCrypto(TOKEN, self.aes_key, APPID)
            text = _decrypted(reply, text)
        return str(parse_message(text).content)

    async def say(self, openid: str, text: str) -> str | None:
        """A new text message of the account."""
        return await self.deliver(self.letter(message_xml(openid, self.now, Content=text)))

    async def event(self, openid: str, event: str, **fields: str) -> str | None:
        """A new event of the account."""
        return await self.deliver(self.letter(message_xml(openid, self.now, kind="event", Event=event, **fields)))


def _decrypted(crypto: WeChatCrypto, text: str) -> str:
    outer = {
        name: text.partition(f"<{name}>")[2].partition(f"</{name}>")[0].removeprefix("<![CDATA[").removesuffix("]]>")
        for name in ("MsgSignature", "TimeStamp", "Nonce")
    }
    return str(crypto.decrypt_message(text, outer["MsgSignature"], outer["TimeStamp"], outer["Nonce"]))
