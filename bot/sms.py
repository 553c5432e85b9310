"""SMS to a file, one JSON object a line: for trials, and for a gateway that reads it. Real providers come beside it."""

import asyncio
import os
from pathlib import Path

import orjson


class SmsFile:
    """``SmsSender`` that appends to a file which only its owner reads."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, mobile: str, text: str, *, message_id: str) -> None:
        """Append a message, durably; raises ``OSError`` when it was not written."""
        line = orjson.dumps({"id": message_id, "mobile": mobile, "text": text}, option=orjson.OPT_APPEND_NEWLINE)
        await asyncio.to_thread(self._append, line)

    def _append(self, line: bytes) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # One write of one line: others may append at the same time.
            if os.write(descriptor, line) != len(line):
                raise OSError("the disk is full")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
