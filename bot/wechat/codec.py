"""Verifies, decrypts and reads what WeChat delivers; renders and encrypts what it is answered."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from bot.wechat.crypto import AesKey, NotDecrypted, is_signature, signature
from bot.wechat.delivery import BadDelivery, Delivery
from bot.wechat.messages import to_delivery
from bot.wechat.render import reply_xml
from bot.wechat.xml import read_xml
from storage.entropy import random_bytes

Mode = Literal["secure", "compatible", "plain"]
CLOCK_SKEW = 600
"""Seconds a delivery's timestamp may be off."""


class Codec:
    """One official account's side of the protocol (接收消息与事件, 消息加解密说明)."""

    def __init__(self, *, appid: str, token: str, aes_keys: Sequence[str], mode: Mode) -> None:
        """``aes_keys``: the current EncodingAESKey, then the previous one while it is being changed.

        Raises ValueError for a key that is none, and when a mode with encryption has no key.
        """
        self._keys = tuple(AesKey(key, appid) for key in aes_keys)
        if mode != "plain" and not self._keys:
            raise ValueError(f"mode {mode} needs an EncodingAESKey")
        self._token = token
        self._mode = mode

    def echo(self, query: Mapping[str, str], *, now: datetime) -> str:
        """The echostr of WeChat's verification of this address, as it came. Raises BadDelivery."""
        self._verify(query, "signature", now)
        echo = query.get("echostr", "")
        if not echo:
            raise BadDelivery("echostr is missing")
        return echo

    def read(self, query: Mapping[str, str], body: bytes, *, now: datetime) -> Delivery:
        """The message of a delivery. Raises BadDelivery, and nothing else, whatever came."""
        encrypted = query.get("encrypt_type", "raw") == "aes"
        if encrypted and self._mode == "plain":
            raise BadDelivery("encrypted, but the mode is plain")
        if not encrypted:
            if self._mode == "secure":
                raise BadDelivery("not encrypted, but the mode is secure", 403)
            self._verify(query, "signature", now)
            return to_delivery(read_xml(body), None)
        fields = read_xml(body)
        cipher_text = fields.get("Encrypt", "")
        if not cipher_text:
            raise BadDelivery("Encrypt is missing")
        self._verify(query, "msg_signature", now, cipher_text)
        message, key = self._decrypt(cipher_text)
        return to_delivery(read_xml(message), key)

    def write(self, delivery: Delivery, text: str, *, now: datetime) -> bytes:
        """The body of the answer: ``text`` for the account, encrypted with the key its message came with."""
        created = int(now.timestamp())
        xml = reply_xml(openid=delivery.incoming.openid, account=delivery.account, created=created, text=text)
        if delivery.key is None:
            return xml
        return self.envelope(delivery.key.encrypt(xml), str(created), str(int.from_bytes(random_bytes(4))))

    def envelope(self, cipher_text: str, timestamp: str, nonce: str) -> bytes:
        """The XML around an encrypted reply."""
        signed = signature(self._token, timestamp, nonce, cipher_text)
        return (
            f"<xml><Encrypt><![CDATA[{cipher_text}]]></Encrypt><MsgSignature><![CDATA[{signed}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        ).encode()

    def _verify(self, query: Mapping[str, str], field: str, now: datetime, *signed: str) -> None:
        timestamp, nonce, claimed = query.get("timestamp", ""), query.get("nonce", ""), query.get(field, "")
        if not (timestamp and nonce and claimed):
            raise BadDelivery(f"timestamp, nonce or {field} is missing", 403)
        if not is_signature(claimed, self._token, timestamp, nonce, *signed):
            raise BadDelivery(f"{field} is wrong", 403)
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):  # noqa: PLR2004 - seconds
            raise BadDelivery("timestamp is not a number")
        if abs(now.timestamp() - int(timestamp)) > CLOCK_SKEW:
            raise BadDelivery("timestamp is more than ten minutes off", 403)

    def _decrypt(self, cipher_text: str) -> tuple[bytes, AesKey]:
        reason = ""
        for key in self._keys:
            try:
                return key.decrypt(cipher_text), key
            except NotDecrypted as error:
                reason = reason or str(error)
        raise BadDelivery(f"cannot be decrypted: {reason}", 403)
