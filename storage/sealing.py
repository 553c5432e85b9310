"""Encryption of personal data at rest, and the keyed hash by which it is found again (R-A11, R-C7)."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from booking.errors import ZhenyueError
from storage.entropy import random_bytes

KEY_BYTES = 32
_FORMAT = b"\x01"
ID_BYTES = 4
_HEADER_BYTES = len(_FORMAT) + ID_BYTES
_NONCE_BYTES = 12
_TAG_BYTES = 16


class SealBroken(ZhenyueError):
    """Raised when a sealed value cannot be opened: unknown key, altered, or moved to another place."""


@dataclass(frozen=True, slots=True)
class _Keys:
    id: bytes
    cipher: AESGCM
    hash_key: bytes


class Sealer:
    """Seals values with AES-256-GCM under ``current`` and opens them under ``previous`` keys as well.

    Sealing and hashing use keys of their own, derived by HKDF-SHA256 (RFC 5869), so neither tells of the
    other. A value is ``format (1) | key id (4) | nonce (12) | ciphertext and tag``; header and place are
    authenticated. Nonces are random, which is safe for 2**32 values a key (NIST SP 800-38D).

    To rotate without downtime: give every process the new key as a previous one, then swap the two;
    when the background work has sealed every row anew, drop the old key.
    """

    def __init__(self, current: bytes, previous: Sequence[bytes] = ()) -> None:
        """Derive the working keys once. Raises ``ValueError`` for a key that is not 32 bytes long."""
        self._rings = [_derive(key) for key in dict.fromkeys((current, *previous))]
        self._current = self._rings[0]
        self._by_id = {ring.id: ring for ring in self._rings}
        if len(self._by_id) != len(self._rings):
            raise ValueError("two secret keys share a key id: choose another new key")
        self._header = _FORMAT + self._current.id

    @property
    def key_id(self) -> str:
        """The current key's id as it is written beside sealed rows: 8 hexadecimal digits."""
        return self._current.id.hex()

    @property
    def rotating(self) -> bool:
        """Whether values of a previous key may still be about."""
        return len(self._rings) > 1

    def seal(self, plaintext: bytes, *, bound_to: str) -> bytes:
        """Encrypt for one place (``patient:ID:name``); the value opens nowhere else."""
        nonce = random_bytes(_NONCE_BYTES)
        place = self._header + bound_to.encode()
        return self._header + nonce + self._current.cipher.encrypt(nonce, plaintext, place)

    def open(self, sealed: bytes, *, bound_to: str) -> bytes:
        """Decrypt a value of this place. Raises ``SealBroken``; its message holds nothing of the content."""
        ring = self._by_id.get(sealed[len(_FORMAT) : _HEADER_BYTES])
        if len(sealed) < _HEADER_BYTES + _NONCE_BYTES + _TAG_BYTES or sealed[: len(_FORMAT)] != _FORMAT:
            raise SealBroken(f"{bound_to}: not a sealed value of a known format")
        header, body = sealed[:_HEADER_BYTES], sealed[_HEADER_BYTES:]
        if ring is None:
            raise SealBroken(
                f"{bound_to}: sealed with key {header[len(_FORMAT) :].hex()}, which is neither "
                "ZHENYUE_SECRET_KEY nor ZHENYUE_SECRET_KEY_PREVIOUS"
            )
        try:
            return ring.cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], header + bound_to.encode())
        except InvalidTag:
            raise SealBroken(f"{bound_to}: altered, or moved from another place") from None

    def fingerprint(self, text: str) -> str:
        """Return the keyed hash (HMAC-SHA256, 64 hexadecimal digits) of a text under the current key."""
        return _fingerprint(self._current, text)

    def fingerprints(self, text: str) -> list[str]:
        """Return the hashes under all keys, the current first: a look-up during rotation tries them all."""
        return [_fingerprint(ring, text) for ring in self._rings]


def _fingerprint(ring: _Keys, text: str) -> str:
    return hmac.digest(ring.hash_key, text.encode(), sha256).hex()


def key_id_of(secret: bytes) -> bytes:
    """Return the id by which a key is named beside what it seals; it tells nothing of the key."""
    return derived(secret, b"zhenyue key id", ID_BYTES)


def derived(secret: bytes, purpose: bytes, length: int, *, salt: bytes | None = None) -> bytes:
    """Return a key for one purpose; with a random ``salt``, for one use of it (HKDF-SHA256)."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=purpose).derive(secret)


def _derive(secret: bytes) -> _Keys:
    if len(secret) != KEY_BYTES:
        raise ValueError(f"a secret key has {KEY_BYTES} bytes, not {len(secret)}")
    return _Keys(
        id=key_id_of(secret),
        cipher=AESGCM(derived(secret, b"zhenyue sealing", KEY_BYTES)),
        hash_key=derived(secret, b"zhenyue fingerprint", KEY_BYTES),
    )
