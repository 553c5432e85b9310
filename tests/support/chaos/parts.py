"""Processes of ours that the nemesis kills and stops: each starts again on the same words, however often."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.support.system import ZHENYUE

START_WITHIN = 60.0
END_WITHIN = 30.0
_PAUSE = 0.05


class Part:
    """A command of ours as a process, its output in a file; ``ready`` is what it says when it is."""

    def __init__(self, name: str, words: Sequence[str], folder: Path, env: Callable[[], dict[str, str]], ready: str):
        self.name = name
        self._words = words
        self._folder = folder
        self._env = env
        self._ready = ready.encode()
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it and wait until it is ready; again when it ended, as whoever runs services does."""
        deadline = time.monotonic() + START_WITHIN
        while True:
            begun = self.log.stat().st_size if self.log.exists() else 0
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(  # noqa: ASYNC220 - its output goes to a file; waited for in a thread
                    [ZHENYUE, *self._words],
                    env=self._env(),
                    cwd=self._folder,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            while self.process.poll() is None:
                if self._ready in self.said(begun):
                    return
                assert time.monotonic() < deadline, f"{self.name} is not ready:\n{self.tail()}"
                await asyncio.sleep(_PAUSE)
            assert time.monotonic() < deadline, f"{self.name} does not start:\n{self.tail()}"
            await asyncio.sleep(_PAUSE)

    def said(self, since: int = 0) -> bytes:
        """Return what it said after so many bytes."""
        with self.log.open("rb") as log:
            log.seek(since)
            return log.read()

    def tail(self) -> str:
        """Return the last of what it said."""
        return self.said(max(0, self.log.stat().st_size - 3000)).decode(errors="replace")

    @property
    def pids(self) -> list[int]:
        """Its process, then its children."""
        if self.process is None:
            return []
        return [self.process.pid, *children(self.process.pid)]

    async def kill(self) -> None:
        """Pull its cable: kill -9, only of the process itself; its children find out."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(self.process.wait)

    async def close(self) -> None:
        """Ask it to end, and wait for that."""
        if self.process is None or self.process.poll() is not None:
            return
        for pid in self.pids:
            send(pid, signal.SIGCONT)
        self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(self.process.wait, END_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            await asyncio.to_thread(self.process.wait)


def children(pid: int) -> list[int]:
    """Return the children of a process."""
    with contextlib.suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def send(pid: int, what: signal.Signals) -> None:
    """Send a signal to a process that may be gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, what)
