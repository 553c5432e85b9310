"""An encrypted stream of any length: chunks in their order, the last one marked, so that a missing end is noticed.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015), as age and Tink use it: AES-256-GCM under a key
of the file's own (HKDF over a random salt), a nonce of the chunk's number and whether it is the last, the header
authenticated with each. Chunks exchanged, left out, repeated or cut off do not open. Memory: one chunk.

``magic | key id (4) | salt (32)``, then for each chunk ``length (4, big endian) | ciphertext and tag``. The content is
compressed before.
"""

import os
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from booking.errors import ZhenyueError
from storage.sealing import ID_BYTES, KEY_BYTES, derived, key_id_of

MAGIC = b"zhenyue backup\x01"
CHUNK = 64 * 1024
_SALT_BYTES = 32
_COUNTER_BYTES = 11
_LENGTH_BYTES = 4
_TAG_BYTES = 16
_LEVEL = 3
"""How hard to compress: beyond this a backup waits for the processor, not for the disk."""

Flaw = Literal["foreign", "other_key", "cut_off", "altered"]


class StreamBroken(ZhenyueError):
    """Raised when a stream is not ours, was made with another key, is cut off, or was altered."""

    def __init__(self, flaw: Flaw, *, key: str = "") -> None:
        super().__init__(f"{flaw} {key}".strip())
        self.flaw = flaw
        self.key = key
        """The id of the key it was made with."""


class SealedWriter:
    """Encrypts what is written to it; only ``finish`` makes it whole."""

    def __init__(self, sink: BinaryIO, secret: bytes) -> None:
        salt = os.urandom(_SALT_BYTES)
        self._sink = sink
        self._header = MAGIC + key_id_of(secret) + salt
        self._cipher = _cipher(secret, salt)
        self._squeeze = zlib.compressobj(_LEVEL)
        self._waiting = bytearray()
        self._count = 0
        sink.write(self._header)

    def write(self, content: bytes) -> None:
        """Add to the stream."""
        self._waiting += self._squeeze.compress(content)
        while len(self._waiting) > CHUNK:  # a full one may still turn out to be the last
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]

    def finish(self) -> None:
        """Write the end marker; nothing may follow."""
        self._waiting += self._squeeze.flush()
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        self._put(bytes(self._waiting), last=True)

    def _put(self, plain: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._count, last=last), plain, self._header)
        self._sink.write(len(sealed).to_bytes(_LENGTH_BYTES, "big") + sealed)
        self._count += 1


def opened(source: BinaryIO, secrets: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the content of a stream in pieces; raises ``StreamBroken`` at the first thing that is wrong.

    Whoever acts on what comes must undo it when a later piece raises: only the end proves that all is there.
    """
    header = source.read(len(MAGIC) + ID_BYTES + _SALT_BYTES)
    if not header.startswith(MAGIC):
        raise StreamBroken("cut_off" if MAGIC.startswith(header) and header else "foreign")
    if len(header) < len(MAGIC) + ID_BYTES + _SALT_BYTES:
        raise StreamBroken("cut_off")
    key = header[len(MAGIC) : len(MAGIC) + ID_BYTES]
    secret = next((each for each in secrets if key_id_of(each) == key), None)
    if secret is None:
        raise StreamBroken("other_key", key=key.hex())
    yield from _unsqueezed(_chunks(source, _cipher(secret, header[-_SALT_BYTES:]), header))


def _chunks(source: BinaryIO, cipher: AESGCM, header: bytes) -> Iterator[bytes]:
    count, sealed = 0, _next(source)
    while sealed is not None:
        following = _next(source)
        try:
            yield cipher.decrypt(_nonce(count, last=following is None), sealed, header)
        except InvalidTag:
            raise StreamBroken(_flaw(cipher, count, sealed, header, last=following is None)) from None
        count, sealed = count + 1, following
    if not count:
        raise StreamBroken("cut_off")


def _next(source: BinaryIO) -> bytes | None:
    """Return the next chunk as it stands in the file; None at the end."""
    length = source.read(_LENGTH_BYTES)
    if not length:
        return None
    size = int.from_bytes(length, "big")
    if len(length) < _LENGTH_BYTES:
        raise StreamBroken("cut_off")
    if not _TAG_BYTES <= size <= CHUNK + _TAG_BYTES:
        raise StreamBroken("altered")
    sealed = source.read(size)
    if len(sealed) < size:
        raise StreamBroken("cut_off")
    return sealed


def _flaw(cipher: AESGCM, count: int, sealed: bytes, header: bytes, *, last: bool) -> Flaw:
    """Tell a sound chunk that should not have been the last from one that was altered."""
    try:
        cipher.decrypt(_nonce(count, last=not last), sealed, header)
    except InvalidTag:
        return "altered"
    return "cut_off" if last else "altered"


def _unsqueezed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj()
    for piece in pieces:
        rest = piece
        while rest:
            yield inflate.decompress(rest, CHUNK)
            rest = inflate.unconsumed_tail
    yield inflate.flush()


def _cipher(secret: bytes, salt: bytes) -> AESGCM:
    return AESGCM(derived(secret, b"zhenyue backup", KEY_BYTES, salt=salt))


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(_COUNTER_BYTES, "big") + bytes([last])
