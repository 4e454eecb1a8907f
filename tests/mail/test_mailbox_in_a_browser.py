"""The mailbox as an operator opens it."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import uvicorn

from tests.browser import PHONE, Visit, barriers
from tests.mail.conftest import CODE, Post, emptied
from tests.mail.servers import MailServer
from tests.world import World
from trulybot.kit.server import configured
from trulybot.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def served(settings: Settings) -> AsyncIterator[tuple[Post, str]]:
    """The product without a mail server, and its address."""
    async with World.running(settings) as world:
        listener = socket.create_server(("127.0.0.1", 0))
        config = configured(world.app)
        config.lifespan = "off"
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        yield await emptied(Post(world, MailServer())), f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


async def test_an_operator_reads_a_mail_as_its_reader_would(served: tuple[Post, str], visit: Visit):
    post, here = served
    await post.recovery()
    page = await visit(f"{here}/mailbox", viewport=PHONE)
    at_the_door = await barriers(page)

    await page.get_by_label("Passcode").fill(post.world.app.state.mailbox.passcode)
    await page.get_by_role("button", name="Open the mailbox").click()
    await page.get_by_role("link", name="Choose a new password").wait_for()
    in_the_list = await barriers(page)
    await page.get_by_role("link", name="Choose a new password").click()
    card = page.frame_locator("iframe").locator(".card")
    await card.wait_for()

    async with page.expect_popup() as opened:  # and not within the frame, which may show no page of ours
        await card.get_by_role("link", name="Choose a new password").click()
    await (await opened.value).close()

    assert at_the_door + in_the_list + await barriers(page) == []
    assert CODE in await card.inner_text()
    assert await card.evaluate("card => getComputedStyle(card).borderRadius") == "12px"  # the mail's own style
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await page.evaluate("document.cookie") == ""
