"""Cables pulled while patients book: bot and Redis killed at random moments, everything acknowledged checked.

ZHENYUE_CHAOS_KILLS and ZHENYUE_CHAOS_SEED set length and dice; ``make chaos`` runs it long.
"""

import asyncio
import contextlib
import os
import random
import re
import shutil
import signal
import time
from pathlib import Path

import pytest

from emulator.client import EmulatedUser, Message, NoAnswer, Refused
from tests.support.history import Acknowledged, violations
from tests.support.system import System, number_in

KILLS = int(os.environ.get("ZHENYUE_CHAOS_KILLS", "6"))
SEED = int(os.environ.get("ZHENYUE_CHAOS_SEED", "20261122"))
PATIENTS = 6
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
SETTLED_WITHIN = 60.0


@pytest.fixture
async def fragile(empty_system: System, published: Path) -> System:
    """The system with holds that expire soon."""
    shutil.copytree(published, empty_system.folder, dirs_exist_ok=True)
    empty_system.env["HOLD_SECONDS"] = "5"
    await empty_system.start()
    return empty_system


def id_number(patient: int) -> str:
    """A valid number for each patient (GB 11643)."""
    digits = f"11010119900307{patient:03}"
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, WEIGHTS, strict=True)) % 11]


def answer(reply: Message, patient: int, dice: random.Random) -> str:
    """What a patient says to that: details when asked for, 确认, else any choice that leads on."""
    if "请输入" in reply:
        return f"陈小明 {id_number(patient)} 1380013800{patient}"
    onward = [c for c in reply.choices if not re.search("返回|其他|上一页|不同意|就诊人|帮助", c.label)]
    agreed = [c for c in onward if c.label in {"确认", "同意"}]
    return dice.choice(agreed or onward).number if onward else "预约"


async def patient(user: EmulatedUser, number: int, acknowledged: list[Acknowledged], over: asyncio.Event) -> None:
    """Book whatever can be had, whatever happens, until the end; note every success that was read."""
    dice = random.Random(SEED + number)  # noqa: S311  # repeatable, no secret
    with contextlib.suppress(NoAnswer, Refused):
        await user.follow()
    words = "预约"
    while not over.is_set():
        try:
            reply = await user.say(words, patience=3)
        except (NoAnswer, Refused):
            await asyncio.sleep(0.3)
            continue
        if "预约成功" in reply:
            acknowledged.append(Acknowledged(number_in(reply), user.openid))
            words = "预约"
        else:
            words = answer(reply, number, dice)
        await asyncio.sleep(0.1)


async def nemesis(system: System, dice: random.Random) -> list[str]:
    """Kill the bot or its Redis, again and again, and start what has to be started."""
    faults = []
    for _ in range(KILLS):
        await asyncio.sleep(dice.uniform(0.5, 2.0))
        if dice.random() < 0.5:
            await system.kill()
            faults.append("bot")
            await asyncio.sleep(dice.uniform(0, 0.5))
            await system.start()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int((system.folder / "redis" / "server.lock").read_text()), signal.SIGKILL)
            faults.append("redis")
    return faults


async def settled(system: System) -> str:
    """Wait until Redis agrees with the database and no hold is left; what differs if that never comes."""
    deadline = time.monotonic() + SETTLED_WITHIN
    while True:
        code, out, err = await system.attempt("pool", "verify")
        held = sum(int(str(slot["held"])) for slot in await system.slots())
        if (code, held) == (0, 0):
            return ""
        if time.monotonic() > deadline:
            return f"{held} held; {out}{err}"
        await asyncio.sleep(1)


@pytest.mark.timeout(120 + 20 * KILLS)
async def test_whatever_is_killed_what_was_acknowledged_is_there_once(fragile: System) -> None:
    dice = random.Random(SEED)  # noqa: S311  # repeatable, no secret
    acknowledged: list[Acknowledged] = []
    over = asyncio.Event()
    users = [await fragile.emulator.user(f"病人{n}") for n in range(PATIENTS)]
    booking = [asyncio.create_task(patient(user, n, acknowledged, over)) for n, user in enumerate(users)]
    faults = await nemesis(fragile, dice)
    await asyncio.sleep(2)
    over.set()
    await asyncio.gather(*booking)
    assert await settled(fragile) == ""
    found = violations(acknowledged, await fragile.appointments(), await fragile.slots())
    assert found == [], f"seed {SEED}, faults {faults}"
    assert len(acknowledged) >= PATIENTS
    told = f"seed {SEED}: {len(faults)} kills ({faults.count('redis')} of Redis), {len(acknowledged)} acknowledged"
    print(f"\n{told}")  # noqa: T201  # what a long run has shown


@pytest.mark.parametrize(
    ("appointments", "booked", "complaint"),
    [
        ([], 0, "not there"),
        ([{"number": "1", "openid": "o2"}], 1, "owner"),
        ([{"number": "1", "openid": "o1"}, {"number": "2", "openid": "o2"}], 2, "sold 2 times"),
        ([{"number": "1", "openid": "o1"}], 0, "leaked"),
        ([{"number": "1", "openid": "o1", "status": "cancelled"}], 0, "not there"),
    ],
)
def test_control_the_checker_finds_every_kind_of_violation(
    appointments: list[dict[str, object]], booked: int, complaint: str
) -> None:
    rows = [{"status": "booked", "slot": "s", "seat": 1} | row for row in appointments]
    found = violations([Acknowledged("1", "o1")], rows, [{"slot": "s", "booked": booked, "held": 0}])
    assert any(complaint in line for line in found), found
