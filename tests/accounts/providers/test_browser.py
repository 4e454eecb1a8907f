"""From the button on the sign-in page to a real provider, and into the dashboard."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import expect

from tests.accounts.providers.conftest import PEOPLE
from tests.accounts.providers.peer import SECRET, Peer
from tests.browser import Visit, barriers
from tests.world import World
from trulybot.setting_values import External
from trulybot.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def site(settings: Settings) -> AsyncIterator[str]:
    """The whole product on a real port, with a real provider and one that is away."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    peer = Peer.started(PEOPLE, site=address)
    externals = (
        External("keycloak", ("trulybot",), SECRET, f"{address}/auth/v1/callback", peer.issuer),
        External("acme", ("trulybot",), SECRET, f"{address}/auth/v1/callback", "http://127.0.0.1:1"),
    )
    async with World.running(replace(settings, gotrue_external=externals)) as world:
        server = uvicorn.Server(uvicorn.Config(world.app, lifespan="off", log_config=None, access_log=False))
        serving = asyncio.create_task(server.serve([listener]))
        yield address
        server.should_exit = True
        await serving
    peer.stop()


async def test_a_person_comes_in_by_the_button(site: str, visit: Visit):
    page = await visit(f"{site}/sign-in?next=/dashboard/leads")

    await page.get_by_role("link", name="Continue with Keycloak").click()
    await page.get_by_label("Login").fill("p15")
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="Continue").click()

    await expect(page).to_have_url(f"{site}/dashboard/leads")
    kept = {cookie["name"]: cookie for cookie in await page.context.cookies(site)}
    assert kept["trulybot"]["httpOnly"] is True
    assert not [name for name in kept if name.startswith("trulybot-flow-")]


async def test_who_says_no_there_is_back_at_the_sign_in_page(site: str, visit: Visit):
    page = await visit(f"{site}/sign-up")
    await page.get_by_role("link", name="Continue with Keycloak").click()

    await page.get_by_role("button", name="Cancel").click()

    await expect(page.get_by_role("alert")).to_contain_text("The sign-in was not completed.")
    assert await barriers(page) == []


async def test_a_provider_that_is_away_is_said_so_and_the_password_still_works(site: str, visit: Visit):
    page = await visit(f"{site}/sign-in")

    await page.get_by_role("link", name="Continue with Acme").click()

    await expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    await expect(page.get_by_label("Password")).to_be_visible()


async def test_what_an_address_says_was_refused_is_only_looked_up(site: str, visit: Visit):
    page = await visit(f"{site}/sign-in?refused=whatever+somebody+wrote")

    await expect(page.get_by_role("alert")).to_have_text(
        "The sign-in was not completed. Try again, or sign in another way."
    )
