"""Which pages follow from a page or a sitemap."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trulybot.sources.fetching import urls
from trulybot.sources.fetching.fetcher import PAGES, SITEMAPS, Fetcher
from trulybot.sources.fetching.models import FetchError
from trulybot.sources.fetching.reading import Page, read_sitemap

KEPT_LINKS = 500  # of a page, in its order
SEGMENTS = 12  # of a path
REPEATED = 3  # times that one segment may stand in a path: relative links on a wrong page go deeper for ever
PARAMETERS = 4  # of a query: filters and calendars have as many pages as there are combinations

# What holds no text for us; a server that says otherwise of them is not worth asking.
NO_PAGE = re.compile(
    r"\.(png|jpe?g|gif|webp|svg|ico|avif|css|m?js|json|xml|rss|atom|zip|gz|tgz|rar|7z|exe|dmg|apk|mp[34]|m4[av]|webm|avi|mov|ogg"
    r"|wav|woff2?|ttf|eot|docx?|xlsx?|pptx?|odt|csv|ics)$",
    re.IGNORECASE,
)
ACTIONS = re.compile(r"(^|/)(wp-admin|wp-login\.php|cart|checkout|login|logout|signin|signout)(/|$)", re.IGNORECASE)


def of_page(page: Page, url: str) -> list[str]:
    """The pages of the same site that a page links to, each once."""
    found: dict[str, None] = {}
    for link in page.links:
        try:
            address = urls.normal(link)
        except FetchError:
            continue
        if urls.same_site(address, url) and is_worth_visiting(address):
            found[address] = None
        if len(found) >= KEPT_LINKS:
            break
    return list(found)


def is_worth_visiting(url: str) -> bool:
    path, _, query = url.partition("?")
    segments = [segment for segment in path.split("/")[3:] if segment]
    most = max(map(segments.count, segments), default=0)
    return (
        len(segments) <= SEGMENTS
        and most < REPEATED
        and query.count("&") < PARAMETERS
        and not NO_PAGE.search(path)
        and not ACTIONS.search("/".join(segments))
    )


def canonical_of(page: Page, url: str) -> str:
    """The address that a page says is its own; the one it was found at, when it names none or another site's."""
    try:
        canonical = urls.normal(page.canonical) if page.canonical else url
    except FetchError:
        return url
    return canonical if urls.same_site(canonical, url) else url


@dataclass(frozen=True)
class Listed:
    """What a sitemap lists of its own site: pages, or further sitemaps. bytes: that were fetched."""

    pages: Sequence[str]
    sitemaps: Sequence[str]
    bytes: int


async def of_sitemap(fetcher: Fetcher, url: str, site: str) -> Listed:
    """
    Raises:
        FetchError: It cannot be read.
    """
    fetched = await fetcher.get(url, accept=SITEMAPS | PAGES)
    read = await read_sitemap(fetched)
    return Listed(_of_site(read.pages, site), _of_site(read.sitemaps, site), len(fetched.content))


def _of_site(addresses: Sequence[str], site: str) -> list[str]:
    """Addresses in their one spelling, each once; what is none, or of another site, is left out."""
    kept: dict[str, None] = {}
    for address in addresses:
        try:
            url = urls.normal(address)
        except FetchError:
            continue
        if urls.same_site(url, site):
            kept[url] = None
    return list(kept)
