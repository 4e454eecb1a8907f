"""A workspace's own model answers with its own key, and goes nowhere that it must not."""

from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_network

import pytest

from tests.providers import Provider, says
from tests.world import World
from trulybot.settings import Settings

HOURS = "We are open from 10:00 to 14:00 on Saturdays."
QUESTION = "When are you open on Saturdays?"


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with Provider.playing(says(f"{HOURS} [1]")) as provider:
        yield provider


async def test_a_workspaces_own_model_is_asked_with_its_own_key(settings: Settings, provider: Provider):
    async with World.running(replace(settings, trulybot_model_private=(ip_network("127.0.0.0/8"),))) as world:
        alice = await world.alice()
        await alice.knows(HOURS)
        await world.work()
        own = {"model": "our-own", "base_url": provider.url, "api_key": "sk-of-alice"}
        await alice.patch("/api/bot", {**own, "prompt_price_usd": "10", "completion_price_usd": "20"})

        reply = await alice.asks(QUESTION)

    (request,) = provider.requests
    assert request.headers["authorization"] == "Bearer sk-of-alice"
    assert request.body["model"] == "our-own"
    assert (reply["source"], reply["usage"]["cost_usd"]) == ("model", "0.001800")


async def test_an_owners_server_is_not_looked_for_in_a_private_network(world: World, provider: Provider):
    alice = await world.alice()
    await alice.knows(HOURS)
    await world.work()
    await alice.patch("/api/bot", {"base_url": provider.url})

    reply = await alice.asks(QUESTION)

    assert (reply["source"], reply["answered"]) == ("documents", True)
    assert provider.requests == []
