"""Raw scripts: EVALSHA of our own ``admit.lua`` over 50 connections, one request each, nothing around it.

By ``redis-benchmark`` or ``valkey-benchmark`` where one is installed, else by a lean client in Python.
"""

import asyncio
import csv
import shutil
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


def benchmark_program() -> str | None:
    """Return the program that Redis or Valkey is measured with, if one is installed."""
    return shutil.which("redis-benchmark") or shutil.which("valkey-benchmark")


async def benchmark_admissions(program: str, socket: str, sha: str, call: Sequence[str], count: int) -> float:
    """Let the program run the script so often; ``__rand_int__`` in keys and arguments is another number each time."""
    options = ["-s", socket, "-c", str(CONNECTIONS), "-P", "1", "-n", str(count), "-r", str(10**11), "--csv"]
    process = await asyncio.create_subprocess_exec(
        program, *options, "EVALSHA", sha, "4", *call, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{program} failed")
    *_, last = csv.reader(printed.decode().splitlines())
    return float(last[1])


def admit_script() -> str:
    """Return the script's text."""
    return _ADMIT.read_text()
