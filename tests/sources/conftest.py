"""A shop with a small help centre of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.sites import Answer, Site, page, site

RETURNS = "You may return any chair within 45 days if it is unused and in its box."
DELIVERY = "Delivery to Porto costs 12 euros and takes three days."
HOURS = "The shop in Lisbon opens at ten in the morning from Monday to Saturday."


@pytest.fixture
async def shop() -> AsyncIterator[Site]:
    pages = {
        "/robots.txt": Answer("User-agent: *\nCrawl-delay: 0\nDisallow: /private", media_type="text/plain"),
        "/": page(
            "Help", "Everything about our chairs.", "/returns", "/delivery?utm_source=menu", "/hours", "/private"
        ),
        "/returns": page("Returns", RETURNS, "/", "/hours#saturday"),
        "/delivery": page("Delivery", DELIVERY, "/", "https://elsewhere.example/"),
        "/hours": page("Opening hours", HOURS, "/", "mailto:us@shop.example", "/picture.png"),
    }
    async with site(pages) as served:
        yield served
