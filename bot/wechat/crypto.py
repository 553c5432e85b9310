"""WeChat's message encryption (消息加解密说明): AES-256-CBC with the key's own start as the vector.

``cryptography`` is used directly: a third of the time wechatpy's wrapper takes, and with the padding checked.
wechatpy decrypts what this encrypts and the other way round (``tests/unit/test_wechat_crypto.py``).
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from storage.entropy import random_bytes

_BLOCK = 32
_RANDOM = 16
_HEAD = _RANDOM + 4


class NotDecrypted(Exception):
    """The cipher text is not base64, not whole blocks, wrongly padded, or meant for another appid."""


class AesKey:
    """An EncodingAESKey, bound to the account's appid."""

    __slots__ = ("_appid", "_cipher")

    def __init__(self, encoding_aes_key: str, appid: str) -> None:
        """``encoding_aes_key`` has 43 characters. Raises ValueError when it is no such key."""
        try:
            key = b64decode(encoding_aes_key + "=", validate=True)
        except (Base64Error, ValueError) as error:
            raise ValueError("an EncodingAESKey has 43 letters and digits") from error
        if len(key) != _BLOCK:
            raise ValueError("an EncodingAESKey has 43 letters and digits")
        self._cipher = Cipher(AES(key), CBC(key[:16]))
        self._appid = appid.encode()

    def encrypt(self, message: bytes, random: bytes | None = None) -> str:
        """``random`` is 16 bytes and only tests choose it."""
        random = random or random_bytes(_RANDOM // 2).hex().encode()
        plain = b"".join((random, len(message).to_bytes(4, "big"), message, self._appid))
        pad = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher.encryptor()
        return b64encode(encryptor.update(plain + bytes((pad,)) * pad) + encryptor.finalize()).decode()

    def decrypt(self, cipher_text: str) -> bytes:
        """The message. Raises NotDecrypted."""
        try:
            sealed = b64decode(cipher_text)
            decryptor = self._cipher.decryptor()
            plain = decryptor.update(sealed) + decryptor.finalize()
        except ValueError as error:
            raise NotDecrypted("not base64 of whole blocks") from error
        pad = plain[-1] if plain else 0
        if not 1 <= pad <= _BLOCK or len(plain) < _HEAD + pad or plain[-pad:] != bytes((pad,)) * pad:
            raise NotDecrypted("wrong padding or wrong key")
        end = _HEAD + int.from_bytes(plain[_RANDOM:_HEAD], "big")
        if end > len(plain) - pad:
            raise NotDecrypted("wrong length or wrong key")
        if not hmac.compare_digest(plain[end : len(plain) - pad], self._appid):
            raise NotDecrypted("another appid")
        return plain[_HEAD:end]


def signature(*parts: str) -> str:
    """``sha1("".join(sorted(parts)))``: WeChat's signature of token, timestamp, nonce, cipher text."""
    # WeChat prescribes SHA-1 here.
    return hashlib.sha1("".join(sorted(parts)).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def is_signature(claimed: str, *parts: str) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(claimed.encode("utf-8", "replace"), signature(*parts).encode())
