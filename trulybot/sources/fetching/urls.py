"""Addresses of pages, each in one spelling, so that a page is one page however it is linked."""

import re
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx

from trulybot.sources.fetching.addresses import literal
from trulybot.sources.fetching.models import FetchError

CHARACTERS = 2000

# What says where a visitor came from, or who they are, and not what they see.
TRACKING = re.compile(
    r"(utm_\w+|gclid|gbraid|wbraid|dclid|fbclid|msclkid|yclid|twclid|ttclid|igshid|mc_[ce]id|_ga|_gl|_hs\w+|hsctatracking"
    r"|oly_\w+|vero_\w+|mkt_tok|srsltid|phpsessid|jsessionid|sessionid|sid)",
    re.IGNORECASE,
)
SESSION_IN_PATH = re.compile(r";jsessionid=[^/?]*", re.IGNORECASE)
UNSOUND = re.compile(r"[\x00-\x20\x7f\\]")  # read one way by one parser and another by the next
NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)


def normal(url: str, base: str | None = None) -> str:
    """
    The one spelling of an address, as a link on the page `base`.

    Raises:
        FetchError: It is no address of a page.
    """
    url = url.strip()
    if UNSOUND.search(url) or len(url) > CHARACTERS:
        raise FetchError("address_invalid")
    try:
        whole = urljoin(base, url) if base else url
        parsed, authority = httpx.URL(whole), urlsplit(whole).netloc
        host = parsed.host.rstrip(".").lower()
        named = parsed.copy_with(host=host, fragment=None)
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError("address_invalid") from error
    if parsed.scheme not in ("http", "https") or not host or "@" in authority or (parsed.port or 0) > 65_535:
        raise FetchError("address_invalid")
    # 0x7f.1, 2130706433 and 017700000001 are spellings of 127.0.0.1 that only some programs know.
    if NUMBER.fullmatch(host.rpartition(".")[2]) and literal(host) is None:
        raise FetchError("address_invalid")
    named = named.copy_with(path=SESSION_IN_PATH.sub("", named.path) or "/")
    query = parsed.query.decode()
    if query:
        kept = [(name, value) for name, value in parse_qsl(query, True) if not TRACKING.fullmatch(name)]
        query = urlencode(kept) if len(kept) != len(query.split("&")) else query
    text = str(named.copy_with(query=query.encode() or None))
    if len(text) > CHARACTERS:
        raise FetchError("address_invalid")
    return text


def site(url: str) -> str:
    """The host that a page belongs to; with and without "www." is the same site."""
    return httpx.URL(url).host.removeprefix("www.")


def same_site(url: str, other: str) -> bool:
    """The port too, since another port is often another program; but http and https are one."""
    return site(url) == site(other) and httpx.URL(url).port == httpx.URL(other).port


def host(url: str) -> str:
    return httpx.URL(url).host


def root(url: str) -> str:
    """The site's address without a path."""
    return str(httpx.URL(url).copy_with(path="/", query=None, fragment=None))
