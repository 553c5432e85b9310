"""Notices through real processes: a template from the catalogue, a blocked patient in the call list (R-A8)."""

import asyncio
import json

from booking.current import LOOK_AGAIN_AFTER
from emulator.client import EmulatedUser
from tests.e2e.test_booking import MING, booked
from tests.support.system import SAMPLE, System, register

TEMPLATES = """
templates:
  booked: {id: T-booked, fields: {thing1: doctor, time2: start, character_string3: number}}
"""


async def with_templates(system: System) -> None:
    """Let bookings be told by a template that the account has."""
    file = system.folder / "clinic.yaml"
    file.write_text(SAMPLE.read_text() + TEMPLATES)
    assert "通知模板" in await system.run("load", str(file))
    fields = {"thing1": "医生", "time2": "时间", "character_string3": "预约号"}
    await system.emulator.register_template("T-booked", "预约成功通知", fields)
    await asyncio.sleep(LOOK_AGAIN_AFTER + 0.5)  # until the running process has seen the load


async def settled(system: System, *states: str) -> dict[str, object]:
    """The one notice, once it is in one of these states."""
    rows: list[dict[str, object]] = []
    for _ in range(200):
        rows = await system.notices()
        if rows and rows[0]["state"] in states:
            (row,) = rows
            return row
        await asyncio.sleep(0.1)
    raise AssertionError(f"never {states}: {rows}")


async def new_patient(system: System) -> EmulatedUser:
    """小明, registered."""
    user = await system.emulator.user("小明")
    await register(user, *MING)
    return user


async def test_a_booking_is_told_by_the_template_of_the_catalogue(system: System) -> None:
    await with_templates(system)
    user = await new_patient(system)
    number = await booked(user)
    row = await settled(system, "delivered")
    assert (row["kind"], row["channel"], row["number"], row["patient"]) == ("booked", "template", number, "陈*")
    (card,) = [message for message in await user.messages() if message.kind == "card"]
    assert number in card


async def test_who_blocked_the_account_is_unreachable_and_not_telephoned_about_what_they_just_read(
    system: System,
) -> None:
    await with_templates(system)
    user = await new_patient(system)
    await user.change(refuses=True)
    await booked(user)
    row = await settled(system, "unreachable")
    assert row["reason"] == "template failed:user block; custom unreachable 48002"
    assert json.loads(await system.run("notices", "--unreachable", "--json")) == []
