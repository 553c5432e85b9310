"""A backup made while patients book serves on another machine: what was acknowledged before is there, once (R-B12).

Real processes, a minute of one core: only with ``ZHENYUE_LONG=1``. ``tests/integration/test_backup.py`` books between
every two tables of a backup, on both databases, in a second.
"""

import asyncio
import os
from pathlib import Path

import pytest

from tests.support.history import Acknowledged, violations
from tests.support.system import SAMPLE, System, choose, number_in, register

pytestmark = [
    pytest.mark.skipif("ZHENYUE_LONG" not in os.environ, reason="long: set ZHENYUE_LONG=1"),
    pytest.mark.timeout(600),
]
NUMBERS = ("110101199003070011", "11010119900307002X", "110101199003070038", "110101199003070046", "110101199003070054")
PATIENTS, BOOKINGS = len(NUMBERS), 2
BEFORE = 3
"""How many appointments there are when the backup begins."""


async def patient(system: System, number: int, told: list[Acknowledged], enough: asyncio.Event) -> None:
    """Register and book, and note each number as soon as it is read."""
    user = await system.emulator.user(f"病人{number}")
    await register(user, "陈小明", NUMBERS[number], f"1380013800{number}")
    for doctor in range(BOOKINGS):
        await user.say("预约")
        await user.say("按科室" if doctor else "按医生")
        await choose(user, "1. 确认")
        reply = await user.say("1")
        if "预约成功" in reply:
            told.append(Acknowledged(number_in(reply), user.openid))
        if len(told) >= BEFORE:
            enough.set()


async def saved_under_load(system: System) -> tuple[list[Acknowledged], list[Acknowledged]]:
    """Back up while patients book; return what was acknowledged before and by the end."""
    told: list[Acknowledged] = []
    enough = asyncio.Event()
    booking = asyncio.gather(*(patient(system, number, told, enough) for number in range(PATIENTS)))
    await asyncio.wait_for(enough.wait(), 60)
    before = list(told)
    await system.run("backup", "copy.zy")
    await booking
    return before, told


async def check_copy(copy: System, backup: Path, before: list[Acknowledged], told: list[Acknowledged]) -> None:
    """Restore on another machine, serve there, and hold what is there against what was acknowledged."""
    restored = await copy.run("restore", str(backup))
    assert "均与备份一致" in restored
    await copy.start()
    await copy.run("pool", "verify")
    await copy.run("audit", "--verify")
    rows = [row for row in await copy.appointments() if row["status"] == "booked"]
    slots = [{**slot, "held": 0} for slot in await copy.slots()]  # whoever was choosing still holds a seat
    assert violations(before, rows, slots) == []
    known = {(each.number, each.openid) for each in told}
    assert {(str(row["number"]), str(row["openid"])) for row in rows} <= known


async def other_machine(system: System, tmp_path: Path) -> System:
    """A data folder of its own with nothing in it, embedded."""
    copy = System(tmp_path / "elsewhere", system.emulator, system.api_base)
    copy.folder.mkdir()
    return copy


async def test_a_backup_of_an_embedded_system_under_load_serves_elsewhere(system: System, tmp_path: Path) -> None:
    before, told = await saved_under_load(system)
    copy = await other_machine(system, tmp_path)
    try:
        await check_copy(copy, system.folder / "copy.zy", before, told)
    finally:
        await copy.close()


@pytest.mark.postgres
async def test_a_backup_of_postgres_under_load_serves_from_a_file_elsewhere(
    system_on_servers: System, tmp_path: Path
) -> None:
    system = system_on_servers
    for words in (["migrate"], ["load", str(SAMPLE)], ["publish"]):
        await system.run(*words)
    await system.start()
    before, told = await saved_under_load(system)
    copy = await other_machine(system, tmp_path)
    try:
        await check_copy(copy, system.folder / "copy.zy", before, told)
    finally:
        await copy.close()
