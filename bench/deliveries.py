"""WeChat's deliveries, made beforehand: each with a new MsgId and encrypted anew, as whole HTTP requests.

Those of a plain script are not encrypted.

Encrypted with the emulator's codec, which shares no code with the bot.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from bench.scripts import Script, Step
from emulator.codec import Codec, nonce, signature

APPID = "wx0123456789abcdef"
TOKEN = "benchmark-token"  # noqa: S105  # nobody else's
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ACCOUNT = "gh_0123456789ab"
APART = 96
_FIELD = re.compile(r"<(Encrypt|MsgSignature|TimeStamp|Nonce)>(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?</")
_messages = count(time.time_ns() // 1000)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request as bytes, whose it is, and what it says."""

    request: bytes
    openid: str
    step: Step
    plain: bool = False


def codec() -> Codec:
    """Return the official account's codec."""
    return Codec(token=TOKEN, aes_key=AES_KEY, appid=APPID)


def deliveries(script: Script, accounts: int) -> Iterator[Delivery]:
    """Yield deliveries without end, of as many accounts at once as keep every step equally frequent.

    Every tick some accounts begin, and all that have begun say their next; who has come to the end of the script begins
    anew when it is that account's turn again. An account's next message is at least ``APART`` deliveries later, so that
    connections working side by side cannot overtake it; only before all steps are in play is it less.
    """
    wechat, length = None if script.plain else codec(), len(script.steps)
    together = -(-APART // length)
    for tick in count():
        for place in range(min(tick + 1, length)):
            for member in range(together):
                openid = script.openid(((tick - place) * together + member) % accounts)
                step = script.steps[place]
                yield Delivery(request(wechat, openid, step.says), openid, step, script.plain)


def is_right(body: bytes, delivery: Delivery) -> bool:
    """Verify and decrypt an answer, unless it was asked plainly, and compare it with what it must hold."""
    answer = body.decode() if delivery.plain else answer_in(body)
    return f"<ToUserName><![CDATA[{delivery.openid}]]>" in answer and delivery.step.expects in answer


def answer_in(body: bytes) -> str:
    """Verify and decrypt an answer; empty where there is none (``success``), or it is not signed as it must be."""
    fields = dict(_FIELD.findall(body.decode()))
    if len(fields) < 4:
        return ""
    wechat = codec()
    signed = wechat.message_signature(fields["TimeStamp"], fields["Nonce"], fields["Encrypt"])
    return wechat.decrypt(fields["Encrypt"]) if signed == fields["MsgSignature"] else ""


def request(wechat: Codec | None, openid: str, text: str) -> bytes:
    """Return a message of an account as WeChat delivers it; plain without a codec."""
    timestamp, number = str(int(time.time())), nonce()
    message = (
        f"<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>"
        f"<CreateTime>{timestamp}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{text}]]></Content><MsgId>{next(_messages)}</MsgId></xml>"
    )
    query = f"signature={signature(TOKEN, timestamp, number)}&timestamp={timestamp}&nonce={number}&openid={openid}"
    if wechat is not None:
        encrypted = wechat.encrypt(message)
        query += f"&encrypt_type=aes&msg_signature={wechat.message_signature(timestamp, number, encrypted)}"
        message = f"<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    body = message.encode()
    return (
        f"POST /wechat?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\n"
        f"Pragma: no-cache\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
