"""What a new user sees: ``zhenyue demo``, its page in a real Chromium, a booking by taps and by words.

With ZHENYUE_WRITE_DOCS=1 (``make docs``) the pictures of README are taken here.
"""

import asyncio
import os
import re
import signal
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Locator, async_playwright, expect

from tests.support.browser import CHROMIUM, NO_CHROMIUM, launch, opened
from tests.support.system import ZHENYUE, settings

IMAGES = Path("docs/images").resolve()
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)]
PATIENCE = 30_000
"""Milliseconds; a notice comes with the next run of two jobs, on a busy machine too."""
PAGE, CODE = re.compile(r"聊天页面：(\S+)"), re.compile(r"绑定 ([0-9A-Z-]+)")


@dataclass
class Demo:
    """A running demo: the address of its page, and the code by which a visitor becomes the clinic's manager."""

    page: str = ""
    code: str = ""


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncGenerator[Demo]:
    """A demo; afterwards it was ended with Ctrl-C and said goodbye with 0."""
    environment = {k: v for k, v in settings(tmp_path / "data").items() if not k.startswith("ZHENYUE_WECHAT")}
    process = await asyncio.create_subprocess_exec(
        ZHENYUE, "demo", env=environment | {"ZHENYUE_PORT": "0"}, cwd=tmp_path, stdout=PIPE, stderr=STDOUT
    )
    assert process.stdout is not None
    demo = Demo()
    async with asyncio.timeout(60):
        while not demo.code:
            line = (await process.stdout.readline()).decode()
            assert line, "the demo ended"
            if found := PAGE.search(line):
                demo.page = found[1]
            if found := CODE.search(line):
                demo.code = found[1]
    reading = asyncio.create_task(process.stdout.read())
    yield demo
    process.send_signal(signal.SIGINT)
    await reading
    assert await process.wait() == 0


async def last(phone: Locator, words: str) -> Locator:
    """Wait until the newest bubble of the account holds these words."""
    bubble = phone.locator(".line.theirs .bubble").last
    await expect(bubble).to_contain_text(words, timeout=PATIENCE)
    return bubble


async def say(phone: Locator, words: str) -> None:
    """Type and send."""
    if await phone.get_by_role("button", name="键盘").is_visible():
        await phone.get_by_role("button", name="键盘").click()
    await phone.locator("textarea").fill(words)
    await phone.get_by_role("button", name="发送").click()


async def book(phone: Locator) -> Locator:
    """Follow, register and book at the dentist's, by taps; return the success."""
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
    return await last(phone, "预约成功")


async def test_a_newcomer_books_with_a_few_taps_in_the_demos_page(demo: Demo) -> None:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        page, problems = await opened(browser, demo.page, {"width": 1440, "height": 900})
        phone = page.locator(".phone").first
        success = await book(phone)
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


async def test_a_visitor_stops_a_doctor_and_the_patient_chooses_what_was_kept(demo: Demo) -> None:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        page, problems = await opened(browser, demo.page, {"width": 1440, "height": 900})
        phone, desk = page.locator(".phone").first, page.locator(".phone").nth(1)
        doctor = re.search(r"医生：(\S+)", await (await book(phone)).inner_text())
        assert doctor
        await desk.get_by_role("button", name="关注公众号").click()
        await last(desk, "欢迎关注")
        await say(desk, f"绑定 {demo.code}")
        await last(desk, "绑定成功")
        await say(desk, "停诊")
        for question, answer in (
            ("请选择范围", "医生"),
            ("请选择医生", doctor[1]),
            ("请选择停诊时间", "从现在起，直至恢复"),
            ("停诊原因", "医生身体不适"),
            ("另加说明", "不加说明"),
            ("请确认停诊", "确认"),
        ):
            await last(desk, question)
            await say(desk, answer)
        await last(desk, "停诊已生效")
        notice = await last(phone, "很抱歉")
        await expect(notice).to_contain_text("0. 不再改约")
        if os.environ.get("ZHENYUE_WRITE_DOCS"):
            await page.screenshot(animations="disabled", path=IMAGES / "stoppage.png")
        await notice.locator(".choice").first.click()
        await last(phone, "改约成功")
        await say(desk, "停诊进度")
        await (await last(desk, "停诊与申请")).locator(".choice").first.click()
        await last(desk, "已改约1")
        assert problems == []
        await browser.close()


async def test_the_page_fits_a_small_screen(demo: Demo) -> None:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        page, problems = await opened(browser, demo.page, {"width": 390, "height": 844})
        phone = page.locator(".phone").first
        await phone.get_by_role("button", name="关注公众号").click()
        await last(phone, "欢迎关注")
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        if os.environ.get("ZHENYUE_WRITE_DOCS"):
            await page.screenshot(animations="disabled", path=IMAGES / "small-screen.png")
        assert problems == []
        await browser.close()
