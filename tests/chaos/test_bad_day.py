"""The clinic's bad day while cables are pulled: kill -9 of bot and worker changes nothing in its outcome (R-A14).

Runs with ``make chaos``; ``make test`` has the day without kills (tests/e2e) and the short form of test_chaos.py.
"""

import asyncio
import os
import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.support.bad_day import RESTORED, Evidence, wrongs
from tests.support.bad_day_clinic import book_forty, gathered, lapse_leases, publish
from tests.support.bad_day_story import Story, eventually
from tests.support.system import System

LONG = bool(os.environ.get("ZHENYUE_CHAOS_MINUTES"))
WHERE = os.environ.get("ZHENYUE_CHAOS_DATABASE") or "both"
SEED = int(os.environ.get("ZHENYUE_CHAOS_SEED", "20261122"))
KILLS = 10
"""In each of the three acts."""
LONGEST_PAUSE = 2.0


class Nemesis:
    """Kills bot or worker at random moments while something happens, and starts them again."""

    def __init__(self, system: System, dice: random.Random) -> None:
        self._system = system
        self._dice = dice
        self.faults: list[str] = []

    async def during(self, act: Callable[[], Coroutine[Any, Any, None]], *, kills: int) -> None:
        """Pull cables while this is done, once at least; both processes run at the end."""
        doing = asyncio.create_task(act())
        for _ in range(kills):
            await asyncio.wait({doing}, timeout=self._dice.uniform(0.1, LONGEST_PAUSE))
            await self._strike()
            if doing.done():
                break
        await doing

    async def _strike(self) -> None:
        if self._dice.random() < 0.5:
            self.faults.append("bot")
            await self._system.kill()
            await asyncio.sleep(self._dice.uniform(0, 0.5))
            await self._system.start("--no-worker")
        else:
            self.faults.append("worker")
            await self._system.kill_worker()
            await lapse_leases(self._system)
            await asyncio.sleep(self._dice.uniform(0, 0.5))
            await self._system.start_worker()


SERVERS = pytest.param("system_on_servers", marks=pytest.mark.postgres)
STAGES = {"sqlite": ["empty_system"], "embedded": ["empty_system"], "postgres": [SERVERS]}


@pytest.fixture(params=STAGES.get(WHERE, ["empty_system", SERVERS]))
def stage(request: pytest.FixtureRequest) -> System:
    """Embedded, or on servers of its own."""
    system: System = request.getfixturevalue(request.param)
    return system


@pytest.mark.skipif(not LONG, reason="minutes of its own; runs with `make chaos`")
@pytest.mark.timeout(1800)
async def test_whatever_is_killed_the_bad_day_ends_as_it_should(stage: System, valkey: Redis) -> None:
    system = stage
    dice = random.Random(SEED)  # noqa: S311  # repeatable, no secret
    await publish(system)
    people = await book_forty(system, valkey)
    await system.start("--no-worker")
    await system.start_worker()
    story = Story(system, people, random.Random(SEED), await system.emulator.user("陈经理"))  # noqa: S311  # repeatable
    nemesis = Nemesis(system, dice)
    await story.arrive()
    await story.bind()
    lifted, _ = story.sessions
    silent = [person for person in story.of(lifted) if person.reachable][:5]

    async def stop() -> None:
        await story.stop()
        await eventually(story.settled_notices)

    async def answer() -> None:
        await story.answer([person for person in people if person not in silent])

    async def lift() -> None:
        await story.lift(lifted)

    for act in (stop, answer, lift):
        await nemesis.during(act, kills=KILLS)
    await eventually(story.settled_notices)
    await eventually(story.pool_agrees)
    seen = await gathered(system, people)
    told = f"seed {SEED}, faults {nemesis.faults}"
    assert wrongs(seen) == [], told
    assert {seen.fates[person.number] for person in silent} == {"restored"}, told
    assert (await system.attempt("audit", "--verify"))[0] == 0, told
    print(f"\n{told}: {sorted(seen.fates.values())}")  # noqa: T201  # what a long run has shown


def quiet_day() -> Evidence:
    """Three patients of a stopped session: one chose another seat, one got the old one back, one wants none."""

    def row(number: str, openid: str, status: str, slot: str) -> dict[str, object]:
        return {"number": number, "openid": openid, "status": status, "slot": slot, "seat": 1}

    return Evidence(
        displaced={"1": "o1", "2": "o2", "3": "o3"},
        fates={"1": "rebooked", "2": "restored", "3": "declined"},
        calls=set(),
        pages={"o1": ["n1"], "o2": ["n2", RESTORED], "o3": ["n3"]},
        appointments=[
            row("1", "o1", "stopped", "a"),
            row("9", "o1", "booked", "x"),
            row("2", "o2", "booked", "b"),
            row("3", "o3", "stopped", "c"),
        ],
        slots=[
            {"slot": slot, "booked": booked, "held": 0} for slot, booked in {"a": 0, "b": 1, "c": 0, "x": 1}.items()
        ],
    )


def test_the_checker_finds_nothing_wrong_with_a_day_as_it_should_be() -> None:
    assert wrongs(quiet_day()) == []
    called = quiet_day()
    called.pages["o3"] = []
    called.calls.add("3")
    called.fates["3"] = "offered"
    assert wrongs(called) == []
    unsure = quiet_day()  # the worker died in mid-send of the stoppage's notice, and then the session was lifted
    unsure.pages["o2"] = [RESTORED]
    assert wrongs(unsure) == []


def _lose_a_notice(seen: Evidence) -> None:
    seen.pages["o3"] = []


def _send_twice(seen: Evidence) -> None:
    seen.pages["o3"] = ["n3", "n3"]


def _restore_in_silence(seen: Evidence) -> None:
    seen.pages["o2"] = ["n2"]


def _lose_both(seen: Evidence) -> None:
    seen.pages["o2"] = []


def _restore_whom_nobody_told(seen: Evidence) -> None:
    seen.pages["o3"] = [RESTORED]


def _forget(seen: Evidence) -> None:
    seen.fates["3"] = "offered"


def _never_displace(seen: Evidence) -> None:
    del seen.fates["3"]


def _sell_a_seat_twice(seen: Evidence) -> None:
    seen.appointments.append({"number": "8", "openid": "o8", "status": "booked", "slot": "x", "seat": 1})
    seen.slots[-1]["booked"] = 2


def _rebook_twice(seen: Evidence) -> None:
    seen.appointments.append({"number": "8", "openid": "o1", "status": "booked", "slot": "x", "seat": 2})
    seen.slots[-1]["booked"] = 2


def _book_for_who_declined(seen: Evidence) -> None:
    seen.appointments.append({"number": "8", "openid": "o3", "status": "booked", "slot": "x", "seat": 2})
    seen.slots[-1]["booked"] = 2


def _keep_the_old_one_too(seen: Evidence) -> None:
    seen.appointments[0]["status"] = "booked"
    seen.slots[0]["booked"] = 1


def _leak_a_seat(seen: Evidence) -> None:
    seen.slots[0]["held"] = 1


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (_lose_a_notice, "never told"),
        (_send_twice, "2 times"),
        (_restore_in_silence, "restored and never told"),
        (_lose_both, "never told, and nobody is to call"),
        (_restore_whom_nobody_told, "never told, and nobody is to call"),
        (_forget, "forgotten"),
        (_never_displace, "not even displaced"),
        (_sell_a_seat_twice, "sold 2 times"),
        (_rebook_twice, "has 2 appointments"),
        (_book_for_who_declined, "is declined and has 1"),
        (_keep_the_old_one_too, "the stopped appointment itself booked"),
        (_leak_a_seat, "leaked"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_control_the_checker_finds_every_kind_of_wrong(spoil: Callable[[Evidence], None], complaint: str) -> None:
    seen = quiet_day()
    spoil(seen)
    assert any(complaint in line for line in wrongs(seen)), wrongs(seen)
