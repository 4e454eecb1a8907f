"""An owner gives the bot a website, and watches it become knowledge."""

import pytest
from playwright.async_api import expect

from tests.browser import PHONE, barriers
from tests.sites import Answer, page, site

pytestmark = pytest.mark.asyncio(loop_scope="session")

HELP = {
    "/robots.txt": Answer("User-agent: *\nCrawl-delay: 0", media_type="text/plain"),
    "/": page("Help", "Everything about our chairs and tables.", "/warranty", "/broken"),
    "/warranty": page("Warranty", "Our chairs come with a warranty of eleven years on the wooden frame."),
    "/broken": Answer("Oops", status=500),
}


async def test_a_website_becomes_knowledge_while_the_owner_watches(product, visit, new_owner):
    owner = new_owner("Reads the web")
    browser = await visit(f"{product}/dashboard/sources", viewport=PHONE)
    await browser.get_by_label("Email").fill(owner.email)
    await browser.get_by_label("Password").fill(owner.password)
    await browser.keyboard.press("Enter")
    await browser.get_by_role("link", name="Web pages").click()
    assert await barriers(browser) == []

    async with site(HELP) as served:
        await browser.get_by_label("Address").fill(served.url)
        await browser.get_by_role("button", name="Add").click()
        await expect(browser.locator(".status-ready")).to_be_visible(timeout=30_000)
    await browser.get_by_text("Pages that could not be taken in").click()

    await expect(browser.get_by_text("2 pages known")).to_be_visible()
    await expect(browser.get_by_text("The server answered with an error.")).to_be_visible()
    assert await barriers(browser) == []
    assert await browser.evaluate("document.documentElement.scrollWidth <= innerWidth")

    answer = owner.http.post("/api/chat", json={"message": "How long is the warranty of a chair?"}).json()
    assert "eleven years" in answer["answer"]
    assert answer["citations"][0]["url"] == f"{served.url}/warranty"

    await browser.get_by_role("button", name="Remove").click()
    await browser.get_by_role("dialog").get_by_role("button", name="Yes").click()
    await expect(browser.get_by_text("No web pages yet.")).to_be_visible()
