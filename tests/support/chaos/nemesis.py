"""Picks faults by its dice, now and then two at once, and measures how long the harm of each lasts after its end."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.support.chaos.faults import FAULTS, Fault
from tests.support.chaos.history import History
from tests.support.chaos.players import Probe
from tests.support.chaos.redeliveries import compare_answers, newest_delivery
from tests.support.chaos.stage import Stage

GIVE_UP = 40.0
_NEXT_PROBE = 0.3


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault that struck: when it ended, how long it lasted, and how long after its end somebody was served again.

    ``heard`` is what the others of those were answered last who tried to be.
    """

    name: str
    ended: datetime
    heard: str
    lasted: float
    recovered: float


@dataclass
class Nemesis:
    """What strikes a stage while its players play; ``struck`` is what it has done."""

    stage: Stage
    history: History
    probes: list[Probe]
    dice: random.Random
    rest: tuple[float, float]
    """Seconds of quiet between two faults: at least, at most."""
    only: tuple[str, ...] = ()
    struck: list[Struck] = field(default_factory=list)
    _bag: list[Fault] = field(default_factory=list)

    def able(self) -> list[Fault]:
        """Return the faults that can strike this stage."""
        has = {self.stage.kind, "sqlite" if self.stage.postgres is None else "postgres"}
        if self.stage.valkey is not None:
            has |= {"server", "clock"} if self.stage.clock.can_step else {"server"}
        return [each for each in FAULTS if each.needs <= has and (not self.only or each.name in self.only)]

    def choose(self) -> list[Fault]:
        """Return what strikes next: a fault, or two different ones; every kind comes before any comes too often."""
        if not self._bag:
            self._bag = [each for each in self.able() for _ in range(each.weight)]
            self.dice.shuffle(self._bag)
        chosen = [self._bag.pop()]
        if self.dice.random() < 0.15:
            second = self.dice.choice(self.able())
            # Two faults of one part would each make good what the other still breaks.
            if second.name.split()[0].rstrip("s") != chosen[0].name.split()[0].rstrip("s"):
                chosen.append(second)
        return chosen

    async def rage(self, until: float) -> None:
        """Strike until this moment of the monotonic clock."""
        while time.monotonic() < until:
            await asyncio.sleep(self.dice.uniform(*self.rest))
            await self._strike(self.choose())

    async def _strike(self, faults: list[Fault]) -> None:
        begun, mark = time.monotonic(), await newest_delivery(self.stage.emulator)
        dice = [random.Random(self.dice.random()) for _ in faults]  # noqa: S311  # repeatable, no secret
        await asyncio.gather(*(each.strike(self.stage, own) for each, own in zip(faults, dice, strict=True)))
        ended, ended_at = time.monotonic(), datetime.now(UTC)
        if not any(each.name.startswith("redis") for each in faults):  # which may have lost the answer to repeat
            await compare_answers(self.stage.emulator, self.history, after=mark)
        recovered = await self._recovery(ended)
        name = " and ".join(each.name for each in faults)
        heard = " / ".join(" ".join(probe.heard.split())[:60] for probe in self.probes)
        self.struck.append(Struck(name, ended_at, heard, ended - begun, recovered))

    async def _recovery(self, since: float) -> float:
        """Let probes go, one after the other, until a seat could be held; return how long after that moment."""
        going: dict[asyncio.Task[bool], Probe] = {}
        recovered = GIVE_UP
        while recovered == GIVE_UP and time.monotonic() - since < GIVE_UP:
            free = [probe for probe in self.probes if probe not in going.values()]
            if free:
                self.probes.remove(free[0])
                self.probes.append(free[0])
                going[asyncio.create_task(free[0].is_served())] = free[0]
            done, _ = await asyncio.wait(going, timeout=_NEXT_PROBE, return_when=asyncio.FIRST_COMPLETED)
            if any(each.result() for each in done):
                recovered = time.monotonic() - since
            for each in done:
                del going[each]
        for each in going:
            each.cancel()
        await asyncio.gather(*going, return_exceptions=True)
        return recovered
