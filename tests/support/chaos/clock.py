"""The servers' clock, stepped both ways with libfaketime: Valkey's, and PostgreSQL's, which is the one all go by.

Python's own ``time.sleep`` fails under libfaketime once the monotonic clock is left alone, as a host's is; so our
processes keep the true one. What they take from it is the time until their first look at the database's.
"""

import shutil
from pathlib import Path

_PLACES = (
    "/usr/lib/*/faketime/libfaketime.so.1",
    "/usr/lib*/faketime/libfaketime.so.1",
    "/usr/local/lib/faketime/*.so.1",
)


def library() -> str | None:
    """Return libfaketime; None where it is not installed (Debian: ``apt-get install libfaketime``)."""
    if shutil.which("ldd") is None:
        return None
    found = [str(path) for pattern in _PLACES for path in Path("/").glob(pattern.lstrip("/"))]
    return found[0] if found else None


class HostClock:
    """A clock that processes with ``environment`` go by; without libfaketime it is the real one and cannot step."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._library = library()
        self.most_ahead = 0.0
        """By how many seconds it was ever off, either way."""
        self.step(0)

    @property
    def can_step(self) -> bool:
        """Whether it can be stepped here."""
        return self._library is not None

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to go by it; its monotonic clock stays as it is, as clocks of hosts do."""
        if self._library is None:
            return {}
        return {
            "LD_PRELOAD": self._library,
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def step(self, seconds: float) -> None:
        """Let it be so many seconds ahead of the true time."""
        self._file.write_text(f"{seconds:+.0f}")
        self.most_ahead = max(self.most_ahead, abs(seconds))
