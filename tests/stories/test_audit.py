"""An owner looks up who did what, in a real browser."""

import pytest
from playwright.async_api import expect

from tests.browser import DESKTOP, PHONE, barriers
from tests.stories.test_team import signed_in

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_the_owner_finds_an_act_and_exports_the_log(product, visit, new_owner, viewport):
    owner = await signed_in(await visit(f"{product}/dashboard/keys", viewport=viewport), new_owner("Fern & Moss"))
    await owner.goto(f"{product}/dashboard/keys")
    await owner.get_by_label("What it is for").fill("website")
    await owner.get_by_role("button", name="Make the key").click()

    await owner.get_by_role("link", name="Audit log").click()
    await expect(owner.get_by_text("founded the workspace")).to_be_visible()
    assert await barriers(owner) == []
    assert await owner.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await owner.get_by_label("What", exact=True).select_option("key.made")
    await owner.get_by_role("button", name="Show").press("Enter")

    await expect(owner.get_by_text("made the API key “website”")).to_be_visible()
    await expect(owner.get_by_text("founded the workspace")).to_have_count(0)
    async with owner.expect_download() as download:
        await owner.get_by_role("link", name="Export as CSV").click()
    assert (await download.value).suggested_filename.startswith("audit-log-")
