"""The time the emulator lives in: the machine's, shifted as a test wishes."""

import time
from datetime import UTC, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8))


class Clock:
    """Seconds since 1970, plus a shift."""

    def __init__(self) -> None:
        """Start with no shift."""
        self.shift: float = 0.0

    def now(self) -> float:
        """The emulated moment in seconds since 1970."""
        return time.time() + self.shift

    def day(self) -> str:
        """The emulated date in Shanghai, where WeChat's quotas begin anew at midnight."""
        return datetime.fromtimestamp(self.now(), tz=UTC).astimezone(SHANGHAI).date().isoformat()
