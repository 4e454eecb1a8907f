"""What a site's robots.txt asks of us. Source: RFC 9309, and Crawl-delay as it is commonly understood."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from protego import Protego

from trulybot.sources.fetching import urls
from trulybot.sources.fetching.fetcher import Fetcher
from trulybot.sources.fetching.models import FetchError

NAME = "TrulyBot"  # as robots.txt knows us
LARGEST_BYTES = 512 * 1024  # RFC 9309, 2.5: at least 500 kibibytes are read
DELAY_SECONDS = 1.0  # between two pages of a host that asks for nothing
LONGEST_DELAY_SECONDS = 10.0  # a site may ask for an hour; a crawl of a hundred pages would never end

# The file is not there, or not for us: then nothing is forbidden.
ABSENT = ("page_gone", "login_needed")
# It may say anything, so nothing is allowed until it can be read.
UNREADABLE = ("server_error", "too_often", "damaged", "too_large", "too_many_redirects")


@dataclass(frozen=True)
class Rules:
    """delay_seconds: to leave between two fetches. sitemaps: that the file names."""

    parsed: Protego
    delay_seconds: float
    sitemaps: Sequence[str]

    def allows(self, url: str) -> bool:
        return self.parsed.can_fetch(url, NAME)


async def rules_of(fetcher: Fetcher, url: str) -> Rules:
    """
    The rules of the site that a page belongs to.

    Raises:
        FetchError: They cannot be read, so that nothing may be fetched.
    """
    try:
        found = await fetcher.get(f"{urls.root(url)}robots.txt", accept=None, limit_bytes=LARGEST_BYTES)
    except FetchError as error:
        if error.code in ABSENT:
            return rules("")
        if error.code in UNREADABLE:
            raise FetchError("robots_unavailable", where=error.code) from error
        raise
    return await asyncio.to_thread(rules, found.content.decode("utf-8", "replace"))


def rules(text: str) -> Rules:
    parsed = Protego.parse(text.removeprefix("\ufeff"))
    delay = parsed.crawl_delay(NAME)
    return Rules(
        parsed,
        delay_seconds=DELAY_SECONDS if delay is None else min(max(delay, 0.0), LONGEST_DELAY_SECONDS),
        sitemaps=list(parsed.sitemaps),
    )
