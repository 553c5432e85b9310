"""What happens, told to everyone who watches: the page's live stream and the waiting scripts."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from emulator.shapes import Json

WAITING_EVENTS = 1000

Topic = Literal["message", "users", "account", "delivery", "call", "faults", "typing", "draft", "cleared"]


@dataclass(frozen=True)
class Event:
    """One thing that happened."""

    topic: Topic
    data: Json


class Watcher:
    """One reader's queue. A reader too slow to follow misses events and is told so by `overflowed`."""

    def __init__(self, topic: Topic | None, openid: str) -> None:
        """Start empty, with what is of interest."""
        self._queue: asyncio.Queue[Event] = asyncio.Queue(WAITING_EVENTS)
        self._topic = topic
        self._openid = openid
        self.overflowed = False

    def put(self, event: Event) -> None:
        """Hand over an event that is of interest, or note that there is no room."""
        if self._topic not in {None, event.topic} or (self._openid and event.data.get("openid") != self._openid):
            return
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self.overflowed = True

    async def next(self) -> Event:
        """Wait for the next event."""
        return await self._queue.get()


class Feed:
    """Tells every watcher of every event, in order."""

    def __init__(self) -> None:
        """Start with nobody watching."""
        self._watchers: set[Watcher] = set()

    def publish(self, topic: Topic, data: Json) -> None:
        """Tell all watchers."""
        event = Event(topic, data)
        for watcher in self._watchers:
            watcher.put(event)

    @contextmanager
    def watch(self, topic: Topic | None = None, openid: str = "") -> Iterator[Watcher]:
        """Be told from now on of everything, of one topic, or of one user's part of it."""
        watcher = Watcher(topic, openid)
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
