"""Raw scripts: EVALSHA of our own ``admit.lua`` over 50 connections, one request each, nothing around it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bench.lanes import Course, Lane, drive
from storage import pool

CONNECTIONS = 50
_ADMIT = Path(pool.__file__).parent / "lua" / "admit.lua"


def resp_length(buffer: bytearray) -> int:
    """Return the length of an answer that is a line, or an array of strings; one at a time is under way."""
    if not buffer.endswith(b"\r\n"):
        return 0
    items = int(buffer[1 : buffer.index(b"\r\n")]) if buffer[0] == ord("*") else 0
    return len(buffer) if buffer.count(b"\r\n") >= 1 + 2 * items else 0


def packed(*words: str) -> bytes:
    """Return a command as Redis reads it."""
    parts = [f"*{len(words)}\r\n", *(f"${len(word.encode())}\r\n{word}\r\n" for word in words)]
    return "".join(parts).encode()


async def raw_admissions(socket: str, sha: str, calls: Sequence[Sequence[str]]) -> float:
    """Run the script with each of these keys and arguments; returns calls a second. Each must be admitted."""

    def judge(_place: int, answer: bytes) -> bool:
        return answer.startswith(b"*3\r\n$2\r\nok")

    async def connect(lane: Lane) -> None:
        await asyncio.get_running_loop().create_unix_connection(lambda: lane, socket)

    course = Course([packed("EVALSHA", sha, "4", *call) for call in calls], resp_length, judge)
    await drive(course, connect, CONNECTIONS)
    if course.errors:
        raise RuntimeError(f"{course.errors} of {len(calls)} raw admissions were refused")
    return len(calls) / course.seconds


def admit_script() -> str:
    """Return the script's text."""
    return _ADMIT.read_text()
