"""The page of a golden set in a real browser: no barrier, and nothing wider than a phone."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import uvicorn

from tests.browser import PHONE, Visit, barriers
from tests.world import PASSWORD, World
from trulybot.kit.server import configured
from trulybot.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="session")

RETURNS = "You may send back anything unused within 30 days. Send it in its own box."
QUESTIONS = [
    {"question": "How long do I have to send something back?", "answers": ["30 days"]},
    {"question": "Do you sell lamps of brass?", "answers": ["brass"]},
    {"question": "What is the capital of Mongolia?", "must_refuse": True},
]


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


async def test_a_set_that_was_asked_and_a_gate_that_holds(served: tuple[World, str], visit: Visit):
    world, here = served
    alice = await world.alice()
    await alice.knows(RETURNS, title="Returns", external_id="returns")
    await world.work()
    await alice.asks("Who won the cup?")
    set_id = (await alice.post("/api/golden-sets", {"name": "What people ask"})).json()["id"]
    await alice.post(f"/api/golden-sets/{set_id}/questions", {"questions": QUESTIONS})
    for _ in range(2):
        await alice.post(f"/api/golden-sets/{set_id}/runs")
        await world.work()
    await alice.request("PUT", "/api/publish-gate", json={"set_id": set_id})
    await alice.knows(RETURNS.replace("30", "14"), title="Returns", external_id="returns")
    await world.work()
    page = await visit(f"{here}/sign-in", viewport=PHONE)
    await page.get_by_label("Email").fill(alice.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/dashboard")

    found: list[str] = []
    for path in ("/dashboard/quality", f"/dashboard/quality/{set_id}"):
        await page.goto(here + path)
        found += await barriers(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    assert found == []
