"""Random bytes of the system, fetched in bulk: one value at a time costs a system call each, several in every turn."""

import os
from threading import Lock

_BULK = 4096


class _Bulk:
    """Gives every byte away once, to whatever thread asks; a forked process starts with none of its parent's."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._bytes = b""

    def take(self, count: int) -> bytes:
        with self._lock:
            if len(self._bytes) < count:
                self._bytes = os.urandom(_BULK)
            taken, self._bytes = self._bytes[:count], self._bytes[count:]
        return taken

    def forget(self) -> None:
        self._lock = Lock()
        self._bytes = b""


_bulk = _Bulk()
os.register_at_fork(after_in_child=_bulk.forget)


def random_bytes(count: int) -> bytes:
    """Return up to 4096 bytes fit for keys and nonces."""
    if not 0 < count <= _BULK:
        raise ValueError(f"{count} bytes at once")
    return _bulk.take(count)
