"""One run: players and nemesis at once, then peace, then everything acknowledged is held against what there is."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from booking.actors import Role
from booking.staffing import StaffAccounts
from tests.support.chaos.checker import leaked_seats, redis_equals_sql, violations
from tests.support.chaos.final import Final, at_work, held, read_final
from tests.support.chaos.history import History
from tests.support.chaos.nemesis import Nemesis, Struck
from tests.support.chaos.players import Manager, Patient, Player, Probe
from tests.support.chaos.stage import DOCTORS, FIRST_DAY, LEFT_TO_PROBES, Stage, StageKind, staged
from tests.support.staffing import OPERATOR
from tests.support.system import ZHENYUE

ALONE = 60.0
"""Seconds within which Redis must equal SQL when it is left alone."""
GOAL = 5.0
"""Seconds within which somebody must be served after the faulty part is back."""


@dataclass(frozen=True)
class Play:
    """What is played: by how many patients, how long, and how the nemesis rests."""

    kind: StageKind
    seed: int
    seconds: float
    patients: int
    pause: float
    rest: tuple[float, float]
    hold_seconds: int = 10
    stops_every: float = 8.0
    left_alone: bool = True
    """Whether Redis has to find back by itself, which takes it up to a minute; else it is rebuilt at once."""
    settled_within: float = 90.0
    """Seconds until everything must be at rest."""
    only: tuple[str, ...] = ()
    """The faults there are; all, unless some are named."""
    without: tuple[str, ...] = ()
    """Indexes that are taken away before: for controls."""


@dataclass
class Report:
    """What came of it."""

    play: Play
    history: History
    final: Final
    struck: list[Struck]
    violations: dict[str, list[str]]
    alone: float
    """Seconds until Redis equalled SQL."""

    @property
    def slow(self) -> list[Struck]:
        """Faults after whose end it took too long until somebody was served."""
        return [each for each in self.struck if each.recovered > GOAL]

    def __str__(self) -> str:
        """The report as it is printed."""
        done = self.history.acknowledged
        kinds = Counter(each.name for each in self.struck)
        worst: dict[str, float] = {}
        for each in self.struck:
            worst[each.name] = max(worst.get(each.name, 0.0), each.recovered)
        recovered = sorted(each.recovered for each in self.struck) or [0.0]
        total = sum(done.values())
        deeds = ", ".join(f"{deed} {count}" for deed, count in sorted(done.items()))
        head = f"seed {self.play.seed}, {self.play.kind}, {self.play.seconds:.0f} s, {self.play.patients} patients: "
        recovery = f"served again after {recovered[len(recovered) // 2]:.2f} s (median), {recovered[-1]:.2f} s at most"
        leaked = f"{sum(map(len, self.violations.values()))} violations, {len(leaked_seats(self.final))} leaked seats"
        lines = [
            f"{head}{self.history.messages} messages, {self.history.redeliveries} redelivered and answered again",
            f"{total} operations acknowledged: {deeds}",
            f"{len(self.struck)} faults; {recovery}; {len(self.slow)} over {GOAL:.0f} s",
            *(f"  {count:3} {name}: {worst[name]:.2f} s at most" for name, count in sorted(kinds.items())),
            *(
                f"  over {GOAL:.0f} s: {each.name}, which ended at {each.ended:%X}; heard: {each.heard}"
                for each in self.slow
            ),
            f"{leaked}, Redis equal to SQL after {self.alone:.1f} s",
        ]
        for rule, wrong in self.violations.items():
            lines += [f"  {rule}: {line}" for line in wrong[:20]]
        return "\n".join(lines)


async def perform(play: Play, folder: Path) -> Report:
    """Play it."""
    history = History()
    async with staged(play.kind, hold_seconds=play.hold_seconds, keep_logs=folder) as stage:
        await stage.enter(play.patients)
        await stage.drop(play.without)
        struck, cast = await _rage(play, stage, history)
        final, alone = await _settled(play, stage, history, cast)
        _write_down(history, final, folder)
        found = violations(history, final)
        if alone > ALONE:
            found.setdefault("redis_equals_sql", []).append(f"it took {alone:.0f} s")
        found |= await _afterwards(stage, rebuild=play.left_alone)
        return Report(play, history, final, struck, found, alone)


def _write_down(history: History, final: Final, folder: Path) -> None:
    """Leave beside the logs what a violation is traced by."""
    lines = [*history.acts, *final.claims, *final.displaced, *final.notices, *final.trail.items()]
    (folder / "history.txt").write_text("\n".join(map(str, lines)), encoding="utf-8")


async def _rage(play: Play, stage: Stage, history: History) -> tuple[list[Struck], list[Player]]:
    """Let everybody play while the nemesis strikes."""
    over = asyncio.Event()
    days = [datetime.now(UTC) + timedelta(days=ahead) for ahead in range(FIRST_DAY, 8)]
    wishes = [
        (name, f"{day.month}月{day.day}日") for name in DOCTORS.values() if name != LEFT_TO_PROBES for day in days
    ]

    def dice(name: object) -> random.Random:
        return random.Random(f"{play.seed} {name}")  # noqa: S311  # repeatable, no secret

    patients = [Patient(user, history, dice(n), play.pause, wishes) for n, user in enumerate(stage.users)]
    manager = Manager(await stage.emulator.user("陈经理"), history, dice("manager"), play.pause, wishes)
    now = datetime.now(UTC)
    _, code = await StaffAccounts(stage.database).add("陈经理", Role.MANAGER, by=OPERATOR, now=now)
    await manager.bind(code)
    probes = [Probe(user, history, dice(user.name), 0, [(LEFT_TO_PROBES, "")]) for user in stage.probes]
    await asyncio.gather(*(probe.settle_in() for probe in probes))
    nemesis = Nemesis(stage, history, probes, dice("nemesis"), play.rest, only=play.only)
    tasks = [asyncio.create_task(patient.live(over)) for patient in patients]
    tasks.append(asyncio.create_task(manager.live(over, play.stops_every)))
    try:
        await nemesis.rage(time.monotonic() + play.seconds)
        await asyncio.sleep(1)
    finally:
        over.set()
        await asyncio.gather(*tasks)
    return nemesis.struck, [*patients, *probes, manager]


async def _settled(play: Play, stage: Stage, history: History, cast: list[Player]) -> tuple[Final, float]:
    """Leave everything alone until it is at rest; return what there is then, and when Redis equalled SQL."""
    begun = time.monotonic()
    if not play.left_alone:
        await command(stage, "pool", "rebuild")
    alone = 0.0
    while True:
        await asyncio.gather(*(player.look() for player in cast))
        final = await read_final(stage, now=datetime.now(UTC))
        if not alone and not held(final) and not redis_equals_sql(history, final):
            alone = time.monotonic() - begun
        pending = [told for told in final.notices if told.due and told.state in {"pending", "sending"}]
        if alone and not (at_work(final) or pending or final.repairs):
            return final, alone
        if time.monotonic() - begun > play.settled_within:
            return final, alone or play.settled_within
        await asyncio.sleep(0.5)


async def _afterwards(stage: Stage, *, rebuild: bool) -> dict[str, list[str]]:
    """What the commands say that look after it: the chain of the trail, and Redis rebuilt unless it was before."""
    found: dict[str, list[str]] = {}
    for words in (["audit", "--verify"], *([["pool", "rebuild"], ["pool", "verify"]] if rebuild else [])):
        with contextlib.suppress(CommandFailed):
            await command(stage, *words)
            continue
        found[" ".join(words)] = ["failed"]
    return found


class CommandFailed(Exception):
    """Raised with what a command of ours said when it did not end with 0."""


async def command(stage: Stage, *words: str) -> str:
    """Run a command of ours beside what serves, and return what it printed."""
    process = await asyncio.create_subprocess_exec(
        ZHENYUE,
        *words,
        env=stage.environment(),
        cwd=stage.folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    if process.returncode:
        raise CommandFailed(out.decode())
    return out.decode()
