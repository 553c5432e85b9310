"""A real Chromium for the page tests, where there is one."""

import shutil

from playwright.async_api import Browser, Page, Playwright, ViewportSize

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
NO_CHROMIUM = "no chromium, chromium-browser or google-chrome on PATH"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


async def launch(playwright: Playwright) -> Browser:
    """Start Chromium without its calls home."""
    return await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


async def opened(browser: Browser, address: str, viewport: ViewportSize) -> tuple[Page, list[str]]:
    """Open the chat page; also what the browser complains about from then on."""
    page = await browser.new_page(viewport=viewport)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    await page.goto(address)
    await page.wait_for_selector("body[data-ready]")
    return page, problems
