"""A team comes together, in two real browsers."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser import PHONE, barriers
from tests.stories.conftest import Owner

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def signed_in(page: Page, owner: Owner) -> Page:
    await page.get_by_label("Email").fill(owner.email)
    await page.get_by_label("Password").fill(owner.password)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Settings")).to_be_visible()
    return page


async def test_somebody_is_invited_joins_and_is_let_go(product, visit, new_owner):
    ana, ben = new_owner("Fern & Moss"), new_owner("Ben's own")
    owner = await signed_in(await visit(f"{product}/dashboard/team"), ana)
    await owner.goto(f"{product}/dashboard/team")
    await owner.get_by_label("Email").fill(ben.email)
    await owner.get_by_role("button", name="Invite", exact=True).click()
    link = await owner.locator("#invitation-link").inner_text()
    assert await barriers(owner) == []

    invited = await visit(product + re.sub(r"^https?://[^/]+", "", link), viewport=PHONE)
    await expect(invited.get_by_role("heading", level=1)).to_contain_text("Fern & Moss")
    assert await barriers(invited) == []
    await invited.get_by_role("link", name="Sign in").click()
    await invited.get_by_label("Email").fill(ben.email)
    await invited.get_by_label("Password").fill(ben.password)
    await invited.keyboard.press("Enter")
    await invited.get_by_role("button", name="Join the team").click()
    await expect(invited.get_by_role("heading", level=1)).to_have_text("Fern & Moss")
    await expect(invited.get_by_role("link", name="API keys")).to_have_count(0)

    await owner.goto(f"{product}/dashboard/team")
    await owner.get_by_label(f"Role of {ben.email}").select_option("admin")
    await owner.get_by_role("button", name=f"Change the role of {ben.email}").click()
    await invited.reload()
    await invited.get_by_role("link", name="API keys").click()
    await expect(invited.get_by_role("heading", level=1)).to_have_text("API keys")
    assert await barriers(invited) == []

    await owner.get_by_role("button", name=f"Remove {ben.email}").click()
    await owner.get_by_role("dialog").get_by_role("button", name="Yes").click()
    await expect(owner.get_by_text(ben.email)).to_have_count(0)
    await invited.goto(f"{product}/dashboard")
    await expect(invited.get_by_role("heading", level=1)).to_have_text("Ben's own")


async def test_a_workspace_is_ended_and_kept_by_keyboard(product, visit, new_owner):
    owner = await signed_in(await visit(f"{product}/dashboard/settings", viewport=PHONE), new_owner("Short-lived"))
    await owner.goto(f"{product}/dashboard/settings")

    await owner.get_by_label("To be sure").focus()
    await owner.keyboard.type("Short-lived")
    await owner.keyboard.press("Enter")
    await expect(owner.get_by_text("will be deleted on")).to_be_visible()
    assert await barriers(owner) == []
    await owner.get_by_role("button", name="Keep the workspace").press("Enter")

    await expect(owner.get_by_text("will be deleted on")).to_have_count(0)
    assert await owner.evaluate("document.documentElement.scrollWidth <= innerWidth")
