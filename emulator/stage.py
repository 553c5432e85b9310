"""The parts of a running emulator, together: the world, who acts in it, and who carries messages."""

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import dataclass, field

from emulator.actions import Actions
from emulator.deliveries import Courier, Envelope
from emulator.world import World


class Background:
    """Work that nobody waits for, ended together with the emulator."""

    def __init__(self) -> None:
        """Start with nothing to do."""
        self._tasks: set[asyncio.Task[object]] = set()

    def spawn(self, work: Coroutine[None, None, object]) -> None:
        """Run something beside everything else."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Cancel what still runs."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task


@dataclass(frozen=True)
class Stage:
    """What a handler needs."""

    world: World
    actions: Actions
    courier: Courier
    background: Background = field(default_factory=Background)

    def send(self, envelope: Envelope) -> None:
        """Deliver something beside everything else."""
        self.background.spawn(self.courier.deliver(envelope))

    def send_later(self, envelope: Envelope) -> None:
        """Deliver an event that follows an API call, after the call has been answered."""
        self.background.spawn(self._after_a_moment(envelope))

    async def _after_a_moment(self, envelope: Envelope) -> None:
        await asyncio.sleep(self.world.config.event_seconds)
        await self.courier.deliver(envelope)
