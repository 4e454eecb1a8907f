"""What every test with a real browser leans on: one Chromium for all, and an ear for its complaints."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 375, "height": 740}

# What a browser says by itself of a refusal, and the widget of an answer that broke off: tests are about these.
EXPECTED = ("Failed to load resource: the server responded with a status of 4", "TrulyBot: Error: the answer broke off")

Visit = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for all: starting it takes longer than most of the tests."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser) -> AsyncIterator[Visit]:
    """
    Open an address as somebody new: `page = await visit(address, viewport=PHONE)`.

    No page may complain, of an error in a script or of what its policy forbids.
    """
    complaints: list[str] = []
    async with AsyncExitStack() as stack:

        async def open_page(address: str, **options: Any) -> Page:
            context = await browser.new_context(**{"viewport": DESKTOP, "reduced_motion": "reduce", **options})
            stack.push_async_callback(BrowserContext.close, context)
            page = await context.new_page()
            listen(page, complaints)
            await page.goto(address)
            return page

        yield open_page
    assert complaints == []


def listen(page: Page, complaints: list[str]) -> None:
    """Note what the page complains about."""

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))


async def barriers(page: Page) -> list[str]:
    """
    What keeps people out of the page as it stands, in light and in dark.

    By the rules of WCAG 2.2 AA that a machine can check.
    """
    await page.evaluate(AXE.read_text("utf-8"))
    found: list[str] = []
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        result = await page.evaluate("standards => axe.run(document, {runOnly: standards})", STANDARDS)
        found += [
            f"{scheme}: {violation['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
            for violation in result["violations"]
            for node in violation["nodes"]
        ]
    return found


async def stored(page: Page) -> dict[str, Any]:
    """What the page's origin keeps in this browser; empty when it keeps nothing."""
    kept = await page.evaluate(
        """async () => ({
            localStorage: {...localStorage},
            sessionStorage: {...sessionStorage},
            cookies: document.cookie,
            databases: (await indexedDB.databases()).map(({name}) => name),
            caches: self.caches ? await caches.keys() : [],
        })"""
    )
    kept["cookies of any kind"] = await page.context.cookies(page.url)
    return {name: value for name, value in kept.items() if value}
