"""What a new user sees: ``zhenyue demo``, its page in a real Chromium, a booking by taps and by words.

With ZHENYUE_WRITE_DOCS=1 (``make docs``) the pictures of README are taken here.
"""

import asyncio
import os
import re
import signal
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from playwright.async_api import Locator, async_playwright, expect

from tests.support.browser import CHROMIUM, NO_CHROMIUM, launch, opened
from tests.support.system import ZHENYUE, settings

IMAGES = Path("docs/images").resolve()
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)]
PAGE = re.compile(r"聊天页面：(\S+)")


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncGenerator[str]:
    """The address of the demo's page; afterwards it was ended with Ctrl-C and said goodbye with 0."""
    environment = {k: v for k, v in settings(tmp_path / "data").items() if not k.startswith("ZHENYUE_WECHAT")}
    process = await asyncio.create_subprocess_exec(
        ZHENYUE, "demo", env=environment | {"ZHENYUE_PORT": "0"}, cwd=tmp_path, stdout=PIPE, stderr=STDOUT
    )
    assert process.stdout is not None
    address = ""
    async with asyncio.timeout(60):
        while not address:
            line = (await process.stdout.readline()).decode()
            assert line, "the demo ended"
            if found := PAGE.search(line):
                address = found[1]
    reading = asyncio.create_task(process.stdout.read())
    yield address
    process.send_signal(signal.SIGINT)
    await reading
    assert await process.wait() == 0


async def last(phone: Locator, words: str) -> Locator:
    """Wait until the newest bubble of the account holds these words."""
    bubble = phone.locator(".line.theirs .bubble").last
    await expect(bubble).to_contain_text(words)
    return bubble


async def say(phone: Locator, words: str) -> None:
    """Type and send."""
    if await phone.get_by_role("button", name="键盘").is_visible():
        await phone.get_by_role("button", name="键盘").click()
    await phone.locator("textarea").fill(words)
    await phone.get_by_role("button", name="发送").click()


async def test_a_newcomer_books_with_a_few_taps_in_the_demos_page(demo: str) -> None:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        page, problems = await opened(browser, demo, {"width": 1440, "height": 900})
        phone = page.locator(".phone").first
        await phone.get_by_role("button", name="关注公众号").click()
        await last(phone, "欢迎关注")
        await phone.locator("nav.menu").get_by_role("button", name="预约挂号").click()
        consent = await last(phone, "是否同意")
        await consent.locator(".choice").first.click()
        await last(phone, "请输入姓名")
        await say(phone, "陈小明 110101199003074477 13800138000")
        entrances = await last(phone, "按科室")
        await entrances.locator(".choice", has_text="按科室").click()
        departments = await last(phone, "请选择科室")
        await departments.locator(".choice", has_text="口腔科").click()
        for _ in range(6):
            bubble = phone.locator(".line.theirs .bubble").last
            if "确认" in await bubble.inner_text():
                break
            before = await phone.locator(".line.theirs").count()
            await bubble.locator(".choice").first.click()
            await expect(phone.locator(".line.theirs")).not_to_have_count(before)
        confirmation = await last(phone, "请确认预约信息")
        await confirmation.locator(".choice", has_text="确认").click()
        success = await last(phone, "预约成功")
        await expect(success).to_contain_text("预约号：")
        await expect(success).to_contain_text("陈*")
        await expect(success.locator(".choice")).to_have_count(0)
        if os.environ.get("ZHENYUE_WRITE_DOCS"):
            await page.screenshot(animations="disabled", path=IMAGES / "booking.png")
        await say(phone, "我的预约")
        await last(phone, "待就诊1个")
        beside = page.locator(".phone").nth(1)
        await beside.get_by_role("button", name="关注公众号").click()
        await last(beside, "欢迎关注")
        await say(beside, "眼科")
        await last(beside, "是否同意")
        if os.environ.get("ZHENYUE_WRITE_DOCS"):
            await page.screenshot(animations="disabled", path=IMAGES / "emulator.png")
        assert problems == []
        await browser.close()


async def test_the_page_fits_a_small_screen(demo: str) -> None:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        page, problems = await opened(browser, demo, {"width": 390, "height": 844})
        phone = page.locator(".phone").first
        await phone.get_by_role("button", name="关注公众号").click()
        await last(phone, "欢迎关注")
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        if os.environ.get("ZHENYUE_WRITE_DOCS"):
            await page.screenshot(animations="disabled", path=IMAGES / "small-screen.png")
        assert problems == []
        await browser.close()
