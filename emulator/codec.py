"""Signatures and encryption of WeChat's server, written from the platform's document and from nothing else.

Source: 消息加解密说明 (AES-256-CBC, PKCS#7 to 32 bytes, length and appid inside) and 接入指南 (signatures).
It shares no code with the bot, so that a mistake made twice cannot cancel itself out.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import string

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
KEY_CHARACTERS = 43
_RANDOM_BYTES = 16
_LENGTH_BYTES = 4
_LETTERS = string.ascii_letters + string.digits


class Undecipherable(Exception):
    """Raised when a cipher text was not made with this key for this account; says which check failed."""


def signature(*parts: str) -> str:
    """The SHA-1 of the parts, sorted and joined, in hexadecimal."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare two signatures in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


def nonce() -> str:
    """Ten digits, as WeChat sends them."""
    return "".join(secrets.choice(string.digits) for _ in range(10))


def random_prefix() -> bytes:
    """The sixteen random letters that start every plaintext."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM_BYTES)).encode()


class Codec:
    """Encrypts and decrypts with one EncodingAESKey for one account."""

    def __init__(self, *, token: str, aes_key: str, appid: str) -> None:
        """Raise ValueError when the key is not 43 base64 characters."""
        if len(aes_key) != KEY_CHARACTERS:
            raise ValueError(f"EncodingAESKey has {len(aes_key)} characters; it needs {KEY_CHARACTERS}")
        try:
            self._key = base64.b64decode(aes_key + "=", validate=True)
        except binascii.Error as error:
            raise ValueError("EncodingAESKey may hold only letters and digits") from error
        self._token = token
        self._appid = appid.encode()

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))

    def encrypt(self, message: str, *, prefix: bytes | None = None) -> str:
        """Base64 of the encrypted message; `prefix` replaces the random bytes in tests."""
        content = message.encode()
        plain = (prefix or random_prefix()) + len(content).to_bytes(_LENGTH_BYTES, "big") + content + self._appid
        padding = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher().encryptor()
        sealed = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def decrypt(self, encrypted: str) -> str:
        """The message inside; raise Undecipherable saying which check failed."""
        try:
            sealed = base64.b64decode(encrypted, validate=True)
        except ValueError as error:
            raise Undecipherable("Encrypt is not base64") from error
        if not sealed or len(sealed) % 16:
            raise Undecipherable("the cipher text is not a whole number of AES blocks")
        decryptor = self._cipher().decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
        return self._open(_unpad(padded))

    def _open(self, plain: bytes) -> str:
        header = _RANDOM_BYTES + _LENGTH_BYTES
        if len(plain) < header:
            raise Undecipherable("the plaintext is too short for its header")
        end = header + int.from_bytes(plain[_RANDOM_BYTES:header], "big")
        if end > len(plain):
            raise Undecipherable("the length inside the plaintext is larger than the plaintext")
        if plain[end:] != self._appid:
            raise Undecipherable("the appid inside the plaintext is not this account's")
        try:
            return plain[header:end].decode()
        except UnicodeDecodeError as error:
            raise Undecipherable("the decrypted message is not UTF-8") from error

    def message_signature(self, timestamp: str, number: str, encrypted: str) -> str:
        """`msg_signature` over the encrypted content."""
        return signature(self._token, timestamp, number, encrypted)


def _unpad(padded: bytes) -> bytes:
    count = padded[-1]
    if not 1 <= count <= BLOCK or padded[-count:] != bytes([count]) * count:
        raise Undecipherable("the padding is wrong: another EncodingAESKey, or not PKCS#7 to 32 bytes")
    return padded[:-count]
