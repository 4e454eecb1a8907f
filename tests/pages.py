"""Pages as a browser without JavaScript sees them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from tests.world import PASSWORD, Person, World

# What a browser sends with a form of our own pages.
OURS = {"Origin": "http://trulybot.test"}


@asynccontextmanager
async def a_browser(world: World, who: Person | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of its own, in which this person is signed in."""
    http = world.http
    async with httpx.AsyncClient(transport=http._transport, base_url=http.base_url) as browser:
        if who is not None:
            form = {"email": who.email, "password": PASSWORD}
            response = await browser.post("/sign-in", data=form, headers=OURS)
            assert response.status_code == 303, response.text
        yield browser
