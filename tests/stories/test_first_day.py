"""A shop owner's first day, in a real browser, against all of the product's processes."""

import re
import time
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser import PHONE, stored

pytestmark = pytest.mark.asyncio(loop_scope="session")

RETURNS_POLICY = Path(__file__).parents[1] / "samples" / "returns-policy.pdf"
QUESTION = "How long do I have to return something?"
SECONDS = 30


async def sign_up(page: Page, email: str, workspace: str) -> None:
    await page.get_by_label("Name of your business").fill(workspace)
    await page.get_by_label("Email").fill(email)
    await page.get_by_label("Password").fill("correct horse battery")
    await page.get_by_role("button", name="Create your workspace").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(workspace)


async def ask_in_the_shop(page: Page) -> None:
    await page.get_by_role("button", name="Ask us a question").click()
    await page.get_by_role("textbox", name="Ask a question").fill(QUESTION)
    await page.keyboard.press("Enter")


async def test_from_signing_up_to_the_first_visitor_who_reads_an_answers_source(product, visit, open_shop):
    # The owner signs up and drops a file, which becomes ready before their eyes.
    dashboard = await visit(f"{product}/sign-up")
    await sign_up(dashboard, "ana@willow.example", "Ana & Söhne <b>")
    await dashboard.evaluate("window.isTheSamePage = true")
    await expect(dashboard.get_by_text("Nothing here yet.")).to_be_visible()
    await dashboard.locator("input[type=file]").set_input_files(RETURNS_POLICY)
    await expect(dashboard.get_by_role("listitem").filter(has_text="Returns, shipping and warranty")).to_contain_text(
        "Ready", timeout=SECONDS * 1000
    )

    # They try the bot and see what its answer rests on.
    await dashboard.get_by_label("A customer’s question").fill(QUESTION)
    await dashboard.keyboard.press("Enter")
    await expect(dashboard.locator(".trial-answer")).to_contain_text("within 45 days of delivery")
    await expect(dashboard.locator(".passage").first).to_contain_text("Returns, shipping and warranty, page 1")
    await expect(dashboard.locator(".passage[open] p")).to_contain_text("within 45 days of delivery")

    # They take the script tag and allow their shop to show the bot.
    tag = await dashboard.locator("#script-tag").inner_text()
    bot = re.fullmatch(rf'<script src="{product}/widget.js" data-bot="(tb_bot_[\w-]+)" async></script>', tag)
    assert bot
    shop = open_shop(bot[1])
    await dashboard.get_by_label("Sites that may show your bot").fill(shop)
    await dashboard.get_by_role("button", name="Save the sites").click()
    await expect(dashboard.get_by_role("status")).to_have_text("Saved")
    assert await dashboard.evaluate("window.isTheSamePage")

    # A visitor comes to the shop, whose page has a strict policy and keeps nothing before the first click.
    page = await visit(shop)
    answer = await page.reload()
    assert answer
    policy = f"default-src 'self'; script-src 'self' {product}; connect-src {product}"
    assert answer.headers["content-security-policy"] == policy
    await page.get_by_role("button", name="Ask us a question").hover()
    await expect(page.locator("truly-bot dialog")).to_be_attached()
    assert await stored(page) == {}

    # They ask, and read the answer as it forms.
    async with page.expect_response(f"{product}/api/chat") as chat:
        await ask_in_the_shop(page)
    assert (await (await chat.value).all_headers())["content-type"].startswith("text/event-stream")
    await expect(page.locator("truly-bot .bot .text")).to_contain_text("within 45 days of delivery")

    # They look where it comes from.
    await page.get_by_role("button", name="Returns, shipping and warranty").click()
    await expect(page.locator("truly-bot blockquote")).to_contain_text("Made-to-measure shelves")
    await expect(page.locator("truly-bot mark").first).to_contain_text("within 45 days of delivery")


async def test_another_workspaces_visitor_gets_nothing_from_it(open_shop, new_owner, willow, visit):
    stranger = new_owner("Another shop")
    shop = open_shop(stranger.bot)
    stranger.allows(shop)

    page = await visit(shop)
    await ask_in_the_shop(page)

    await expect(page.locator("truly-bot .bot .state")).to_have_text("No answer found")
    await expect(page.locator("truly-bot .note")).to_have_count(0)
    assert "45" not in await page.locator("truly-bot .lines").inner_text()


async def test_a_visitor_with_a_phone_and_a_keyboard(open_shop, willow, visit):
    shop = open_shop(willow.bot)
    willow.allows(shop)
    page = await visit(shop, viewport=PHONE)
    launcher = page.get_by_role("button", name="Ask us a question")
    await launcher.wait_for()

    await tab_to(page, "launcher")
    await page.keyboard.press("Enter")
    await expect(page.locator("truly-bot dialog")).to_be_focused()
    await tab_to(page, "TEXTAREA")
    await page.keyboard.type(QUESTION)
    await page.keyboard.press("Enter")
    await expect(page.locator("truly-bot .note")).to_be_visible()
    await tab_to(page, "note", back=True)
    await page.keyboard.press("Enter")
    await expect(page.locator("truly-bot blockquote")).to_be_in_viewport()
    await page.keyboard.press("Escape")
    await expect(page.locator("truly-bot .note")).to_be_focused()
    await page.keyboard.press("Escape")

    await expect(page.locator("truly-bot dialog")).to_be_hidden()
    await expect(launcher).to_be_focused()
    assert await overflow(page) == 0


async def test_an_owner_with_a_phone_and_a_keyboard(product, visit, new_owner):
    owner = new_owner("A shop with a name that is too long for the narrow screen of a phone")
    owner.knows(RETURNS_POLICY)
    page = await visit(f"{product}/dashboard", viewport=PHONE)

    await tab_to(page, "email")
    await page.keyboard.type(owner.email)
    await page.keyboard.press("Tab")
    await page.keyboard.type(owner.password)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{product}/dashboard")
    await tab_to(page, "question")
    await page.keyboard.type(QUESTION)
    await page.keyboard.press("Enter")
    await expect(page.locator(".trial-answer")).to_contain_text("45 days")
    assert await overflow(page) == 0

    delete = page.get_by_role("button", name="Delete Returns, shipping and warranty")
    for answer in ("Keep it", "Delete"):
        await delete.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_contain_text("Your bot forgets it at once.")
        await page.get_by_role("dialog").get_by_role("button", name=answer).focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page.get_by_text("Nothing here yet.")).to_be_visible()


async def test_the_dashboard_without_javascript(product, visit):
    page = await visit(f"{product}/sign-up", java_script_enabled=False)
    await sign_up(page, "without-javascript@willow.example", "Plain forms")

    await page.locator("input[type=file]").set_input_files(RETURNS_POLICY)
    await page.get_by_role("button", name="Upload").click()
    row = page.locator(".document")
    deadline = time.monotonic() + SECONDS
    while "Ready" not in await row.inner_text():
        assert time.monotonic() < deadline, await row.inner_text()
        await page.reload()
    await page.get_by_label("A customer’s question").fill(QUESTION)
    await page.get_by_role("button", name="Ask").click()
    await expect(page.locator(".trial-answer")).to_contain_text("within 45 days of delivery")
    await page.get_by_label("Sites that may show your bot").fill("ftp://shop.example")
    await page.get_by_role("button", name="Save the sites").click()
    await expect(page.locator(".field-error")).to_have_text("This is not a website's address: ftp://shop.example.")
    await page.get_by_role("button", name="Delete").click()

    await expect(page.get_by_text("Nothing here yet.")).to_be_visible()


async def tab_to(page: Page, name: str, *, back: bool = False) -> None:
    """Press Tab until what has this id, class or tag has the focus."""
    for _ in range(40):
        await page.keyboard.press("Shift+Tab" if back else "Tab")
        focused = await page.evaluate(
            """() => {
                const { activeElement: outer } = document
                const inner = outer.shadowRoot?.activeElement ?? outer
                return [inner.id, inner.className, inner.tagName]
            }"""
        )
        if name in focused:
            return
    raise AssertionError(f"Tab never reaches {name}")


async def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(await page.evaluate("document.documentElement.scrollWidth - innerWidth"))
