"""A patient books in chat, through the real protocol and real processes (R-A1, R-A2, R-A4, R-A9, R-D4, R-E3)."""

import asyncio
import os
import signal
from unittest.mock import ANY

import pytest
from redis.asyncio import Redis

from emulator.client import EmulatedUser
from tests.support.servers import create_database, drop_database
from tests.support.system import SAMPLE, System, choose, number_in, register

MING = ("陈小明", "110101199003074477", "13800138000")
HONG = ("李小红", "110101198506154466", "13900139000")


async def booked(user: EmulatedUser, *wanted: str) -> str:
    """Book by whatever is wanted, confirm, and return the number."""
    await user.say("预约")
    confirmation = await choose(user, "1. 确认", *wanted)
    for part in ("科", "医生", "元", "*"):
        assert part in confirmation, str(confirmation)
    assert [choice.label for choice in confirmation.choices] == ["确认", "返回"]
    success = await user.say("1")
    assert "预约成功" in success
    assert not success.choices
    return number_in(success)


@pytest.mark.parametrize("entrance", ["科室", "医生", "时间"])
async def test_a_patient_registers_and_books_by_each_entrance(system: System, entrance: str) -> None:
    user = await system.emulator.user("小明")
    await register(user, *MING)
    number = await booked(user, f"按{entrance}")
    mine = await user.say("我的预约")
    assert "陈*" in mine
    assert "陈小明" not in mine
    (row,) = await system.appointments()
    assert (row["number"], row["status"], row["channel"], row["openid"]) == (number, "booked", "wechat", user.openid)
    assert (row["patient"], row["seat"]) == ("陈*", 1)
    (slot,) = [s for s in await system.slots() if s["slot"] == row["slot"]]
    assert (slot["booked"], slot["held"]) == (1, 0)
    assert slot["free"] == int(str(slot["capacity"])) - 1


async def test_every_reply_of_a_first_booking_reaches_the_patient_at_once(system: System) -> None:
    user = await system.emulator.user("小明")
    await register(user, *MING)
    await booked(user)
    deliveries = await system.emulator.deliveries()
    assert {d["attempt"] for d in deliveries} == {1}
    assert await system.emulator.calls(path="custom/send") == []


async def test_a_confirmation_delivered_twice_books_once_and_reads_the_same(system: System) -> None:
    user = await system.emulator.user("小明")
    await register(user, *MING)
    await user.say("预约")
    await choose(user, "1. 确认")
    await system.emulator.fault("duplicate")
    success = await user.say("1")
    assert "预约成功" in success
    assert len(await system.appointments()) == 1
    first, second = (await system.emulator.deliveries())[-2:]
    assert (first["copy"], second["copy"], second["same_as_first"]) == (1, 2, True)


async def test_a_bot_killed_in_mid_dialogue_goes_on_where_it_stopped(system: System) -> None:
    user = await system.emulator.user("小明")
    await register(user, *MING)
    await user.say("预约")
    question = await user.say("1")
    await system.kill()
    await system.start()
    assert question.choices
    success = await choose(user, "1. 确认")
    assert "预约成功" in await user.say("1"), str(success)
    assert len(await system.appointments()) == 1
    assert await system.attempt("pool", "verify") == (0, ANY, "")


@pytest.mark.parametrize("milliseconds", [0, 6, 14])
async def test_a_bot_killed_while_it_books_books_once_whatever_the_moment(system: System, milliseconds: int) -> None:
    user = await system.emulator.user("小明")
    await register(user, *MING)
    await user.say("预约")
    await choose(user, "1. 确认")
    confirming = asyncio.create_task(user.send("say", {"content": "1"}))
    await asyncio.sleep(milliseconds / 1000)
    await system.kill()
    await confirming
    await system.start()
    if not await system.appointments():
        reply = await user.say("1")
        if "系统刚才中断过" in reply:  # what died may have answered that already
            reply = await user.say("1")
        assert "预约成功" in reply
    (row,) = await system.appointments()
    assert str(row["start"]) in await user.say("我的预约")
    assert await system.attempt("pool", "verify") == (0, ANY, "")


async def test_redis_killed_in_mid_conversation_costs_at_most_an_apology(system: System) -> None:
    user = await system.emulator.user("小明")
    await register(user, *MING)
    await user.say("预约")
    pid = int((system.folder / "redis" / "server.lock").read_text())
    os.kill(pid, signal.SIGKILL)
    reply = await user.say("1")
    assert str(reply)
    for _ in range(50):
        await user.say("退出")
        reply = await user.say("预约")
        if reply.choices:
            break
        await asyncio.sleep(0.1)
    await choose(user, "1. 确认")
    assert "预约成功" in await user.say("1")
    assert len(await system.appointments()) == 1


async def test_two_patients_on_two_telephones_do_not_get_in_each_others_way(system: System) -> None:
    ming, hong = [await system.emulator.user(name) for name in ("小明", "小红")]
    await asyncio.gather(register(ming, *MING), register(hong, *HONG))
    first, second = await asyncio.gather(booked(ming), booked(hong))
    rows = {row["number"]: row for row in await system.appointments()}
    assert rows[first]["openid"] == ming.openid
    assert rows[second]["openid"] == hong.openid
    assert (rows[first]["slot"], rows[first]["seat"]) != (rows[second]["slot"], rows[second]["seat"])


@pytest.mark.parametrize("mode", ["plain", "compatible"])
async def test_the_other_modes_of_wechat_work_when_asked_for(empty_system: System, mode: str) -> None:
    empty_system.env["WECHAT_MODE"] = mode
    await empty_system.emulator.settings(mode=mode)
    await empty_system.start()
    user = await empty_system.emulator.user("小明")
    assert str(await user.follow())


async def test_a_clean_end_leaves_no_process_behind(system: System) -> None:
    pid = int((system.folder / "redis" / "server.lock").read_text())
    assert await system.stop() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    await system.start()
    user = await system.emulator.user("小明")
    assert str(await user.follow())


@pytest.mark.postgres
async def test_the_same_code_runs_on_postgresql_and_an_outside_redis(
    empty_system: System, postgres_server: str, valkey: Redis, valkey_url: str
) -> None:
    await valkey.flushall()
    url = await create_database(postgres_server, "zhenyue_e2e", "template1")
    empty_system.env |= {"DATABASE_URL": url, "REDIS_URL": valkey_url}
    try:
        await empty_system.run("migrate")
        await empty_system.run("load", str(SAMPLE))
        await empty_system.run("publish")
        await empty_system.start("--workers", "2")
        user = await empty_system.emulator.user("小明")
        await register(user, *MING)
        number = await booked(user)
        assert [row["number"] for row in await empty_system.appointments()] == [number]
        assert not (empty_system.folder / "redis").exists()
        await empty_system.close()
    finally:
        await drop_database(url)


async def test_the_database_is_readable_by_its_owner_only(system: System) -> None:
    """R-A11: openids stand in it as they are."""
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in system.folder.glob("zhenyue.db*")}
    assert set(modes.values()) == {"0o600"}, modes
