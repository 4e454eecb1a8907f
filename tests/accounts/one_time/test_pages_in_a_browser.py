"""A forgotten password, from the page that asks for a mail to the dashboard."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import uvicorn

from tests.accounts.served import last_letter
from tests.browser import PHONE, Visit, barriers
from tests.world import World
from trulybot.kit.aside import finish_asides
from trulybot.kit.server import configured
from trulybot.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def served(settings: Settings) -> AsyncIterator[tuple[World, str]]:
    async with World.running(settings) as world:
        listener = socket.create_server(("127.0.0.1", 0))
        config = configured(world.app)
        config.lifespan = "off"
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        yield world, f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


async def test_somebody_sets_a_new_password_and_is_in(served: tuple[World, str], visit: Visit):
    world, here = served
    alice = await world.alice()
    page = await visit(f"{here}/sign-in", viewport=PHONE)
    found: list[str] = []

    await page.get_by_role("link", name="Forgotten your password?").click()
    found += await barriers(page)
    await page.get_by_label("Email").fill(alice.email)
    await page.get_by_role("button", name="Send the link").click()
    await page.get_by_role("heading", name="Look into your mailbox.").wait_for()
    found += await barriers(page)
    await finish_asides(30)
    letter = await last_letter(world.app.state.db, alice.email)
    await page.goto(f"{here}/reset-password?token={letter.token}")
    found += await barriers(page)
    await page.get_by_label("New password").fill("another good one")
    await page.get_by_role("button", name="Set the password").click()
    await page.wait_for_url(f"{here}/dashboard")

    assert found == []


async def test_nothing_keeps_anybody_out_of_the_page_that_confirms(served: tuple[World, str], visit: Visit):
    page = await visit(f"{served[1]}/confirm-email?token=x&type=signup", viewport=PHONE)

    assert await barriers(page) == []
