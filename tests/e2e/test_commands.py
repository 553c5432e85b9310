"""Commands beside a running system, as an operator would use them."""

import asyncio
import re
from asyncio.subprocess import PIPE, STDOUT

from redis.asyncio import Redis

from emulator.client import EmulatorClient
from tests.support.system import ZHENYUE, System, settings
from tests.support.toybot import ToyBot, serving


async def test_the_account_menu_is_pushed_and_its_buttons_answer(system: System) -> None:
    user = await system.emulator.user("小明")
    await user.follow()
    await system.run("menu", "push")
    assert await system.emulator.calls(path="menu/create")
    assert "请问" in await user.say("菜单")
    assert "首次预约" in await user.click("就诊人") or "同意" in str(user.last)
    assert "指南" in await user.click("帮助")


async def test_a_wiped_redis_differs_until_it_is_rebuilt(system: System, valkey: Redis, valkey_url: str) -> None:
    await valkey.flushall()
    await system.stop()
    system.env["REDIS_URL"] = valkey_url
    code, out, _ = await system.attempt("pool", "verify")
    assert code == 1
    assert "missing in Redis" in out
    await system.run("pool", "rebuild")
    assert (await system.attempt("pool", "verify"))[0] == 0
    rows = await system.listing("pool", "verify")
    assert rows == []


async def test_check_finds_everything_in_order_and_says_what_is_not(system: System) -> None:
    code, out, err = await system.attempt("check")
    assert code == 0, out + err
    system.env["WECHAT_SECRET"] = "f" * 32
    code, out, _ = await system.attempt("check")
    assert code == 1
    assert re.search(r"40125|40001|secret", out, re.IGNORECASE), out


async def test_the_emulator_serves_a_bot_that_is_not_ours(system: System) -> None:
    async with serving(bot := ToyBot()):
        words = ["emulator", "--webhook", bot.url, "--token", "EmulatorToken", "--port", "0"]
        words += ["--aes-key", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "--appid", "wx0123456789abcdef"]
        process = await asyncio.create_subprocess_exec(
            ZHENYUE, *words, env=settings(system.folder), cwd=system.folder, stdout=PIPE, stderr=STDOUT
        )
        assert process.stdout is not None
        address = None
        async with asyncio.timeout(30):
            while address is None:
                line = (await process.stdout.readline()).decode()
                assert line, "the emulator ended"
                address = re.search(r"http://127\.0\.0\.1:\d+", line)
        reading = asyncio.create_task(process.stdout.read())
        async with EmulatorClient(address[0]) as wechat:
            user = await wechat.user("小红")
            await user.send("follow", {"ticket": ""})
            assert "你说：在吗" in await user.say("在吗")
        process.terminate()
        await reading
        assert await process.wait() == 0
