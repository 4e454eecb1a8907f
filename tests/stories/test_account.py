"""Somebody sets up two-factor sign-in and uses it, with an authenticator app beside them."""

import re

import pyotp
import pytest
from playwright.async_api import Page, expect

from tests.browser import DESKTOP, PHONE, barriers

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def signs_in(page: Page, owner) -> None:
    await page.get_by_label("Email").fill(owner.email)
    await page.get_by_label("Password").fill(owner.password)
    await page.keyboard.press("Enter")


async def sets_up(page: Page) -> pyotp.TOTP:
    await page.get_by_label("Name of the app or phone").fill("My phone")
    await page.get_by_role("button", name="Set it up").click()
    seed = re.sub(r"\s", "", await page.locator(".key").inner_text())
    return pyotp.TOTP(seed)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_two_factor_sign_in_from_nothing_to_a_recovery_code(product, visit, new_owner, viewport):
    owner = new_owner("Guarded")
    page = await visit(f"{product}/account", viewport=viewport)
    await signs_in(page, owner)
    await expect(page.get_by_text("Not set up yet.")).to_be_visible()
    assert await barriers(page) == []

    app = await sets_up(page)
    await expect(page.get_by_role("img", name="QR code")).to_be_visible()
    assert await barriers(page) == []
    await page.get_by_role("textbox", name="Code").fill("000000")
    await page.get_by_role("button", name="Turn it on").click()
    await expect(page.locator(".field-error")).to_be_visible()
    assert await barriers(page) == []

    await page.get_by_role("textbox", name="Code").fill(app.now())
    await page.keyboard.press("Enter")
    await expect(page.locator(".recovery-codes li")).to_have_count(10)
    assert await barriers(page) == []
    recovery_code = await page.locator(".recovery-codes li").first.inner_text()
    await page.get_by_role("link", name="I have kept them").click()
    await expect(page.get_by_text("10 recovery codes left")).to_be_visible()
    assert await barriers(page) == []

    await page.get_by_role("button", name="Sign out", exact=True).first.click()
    await page.goto(f"{product}/account")
    await signs_in(page, owner)
    await expect(page.get_by_role("heading", name="One more step.")).to_be_visible()
    assert await barriers(page) == []
    await page.get_by_role("textbox", name="Code").fill(recovery_code)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("9 recovery codes left")).to_be_visible()

    await page.get_by_role("button", name="Remove My phone").click()
    await page.get_by_role("dialog").get_by_role("button", name="Yes").click()
    await expect(page.get_by_text("Not set up yet.")).to_be_visible()


async def test_without_javascript_it_works_all_the_same(product, visit, new_owner):
    owner = new_owner("Plain")
    page = await visit(f"{product}/account", java_script_enabled=False)
    await signs_in(page, owner)

    app = await sets_up(page)
    await page.get_by_role("textbox", name="Code").fill(app.now())
    await page.get_by_role("button", name="Turn it on").click()

    await expect(page.locator(".recovery-codes li")).to_have_count(10)
