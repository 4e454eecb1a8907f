"""What a machine can check of WCAG 2.2 AA, on every page."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser import DESKTOP, PHONE, barriers

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.mark.parametrize("path", ["/sign-up", "/sign-in", "/nowhere"])
async def test_a_page_for_anyone(product, visit, path):
    page = await visit(product + path, extra_http_headers={"Accept": "text/html"})

    assert await barriers(page) == []


async def test_a_refused_sign_up(product, visit, willow):
    page = await visit(f"{product}/sign-up")

    await page.get_by_label("Name of your business").fill("Another")
    await page.get_by_label("Email").fill(willow.email)
    await page.get_by_label("Password").fill("correct horse battery")
    await page.keyboard.press("Enter")

    await expect(page.locator(".field-error")).to_be_visible()
    assert await barriers(page) == []


async def test_the_dashboard_from_empty_to_filled(product, visit, new_owner):
    owner = new_owner("Empty")
    page = await visit(f"{product}/dashboard")
    await page.get_by_label("Email").fill(owner.email)
    await page.get_by_label("Password").fill(owner.password)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Nothing here yet.")).to_be_visible()
    assert await barriers(page) == []

    files = [SAMPLES / name for name in ("returns-policy.pdf", "password-willow.pdf")]
    await page.locator("input[type=file]").set_input_files(files)
    await expect(page.locator(".status-ready")).to_be_visible(timeout=30_000)
    await expect(page.locator(".status-failed")).to_be_visible(timeout=30_000)
    assert await barriers(page) == []

    await page.get_by_label("A customer’s question").fill("How long do I have to return something?")
    await page.keyboard.press("Enter")
    await expect(page.locator(".trial")).to_be_visible()
    await page.get_by_label("Sites that may show your bot").fill("not a site")
    await page.get_by_role("button", name="Save the sites").click()
    await expect(page.locator("#origins .field-error")).to_be_visible()
    assert await barriers(page) == []

    await page.get_by_role("button", name="Delete Returns").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await barriers(page) == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_the_widget_in_a_shop(open_shop, willow, visit, viewport):
    shop = open_shop(willow.bot)
    willow.allows(shop)
    page = await visit(shop, viewport=viewport)
    await page.locator("truly-bot .launcher").click()
    for asked, question in enumerate(["How long do I have to return something?", "Who wrote Hamlet?"]):
        await page.locator("truly-bot textarea").fill(question)
        await page.locator("truly-bot textarea").press("Enter")
        await expect(page.locator("truly-bot .bot .text")).to_have_count(asked + 1)
    await expect(page.locator("truly-bot .unanswered")).to_be_visible()
    assert await barriers(page) == []

    await page.locator("truly-bot .note").first.click()
    await expect(page.locator("truly-bot blockquote")).to_be_visible()
    assert await barriers(page) == []
