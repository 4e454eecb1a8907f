"""Fetching over real sockets: what a hostile server or resolver tries, and what an honest one sends."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Sequence
from ipaddress import IPv4Network

import pytest

from tests.sites import SITE_ADDRESS, Answer, Site, page, site
from trulybot.sources.fetching.addresses import Reach
from trulybot.sources.fetching.fetcher import USER_AGENT, Fetcher
from trulybot.sources.fetching.models import FetchError, FetchLimits
from trulybot.sources.fetching.packing import gunzip
from trulybot.sources.fetching.robots import rules, rules_of

REACH = Reach((IPv4Network(f"{SITE_ADDRESS}/32"),))
SMALL = FetchLimits(bytes=100_000, seconds=5, redirects=3)


@pytest.fixture
async def shop() -> AsyncIterator[Site]:
    async with site({"/": page("Shop", "Open on Mondays.")}) as served:
        yield served


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    one = Fetcher(REACH, SMALL)
    yield one
    await one.close()


async def refused(fetcher: Fetcher, url: str, **more: object) -> str:
    """The code of the refusal."""
    with pytest.raises(FetchError) as error:
        await fetcher.get(url, **more)  # type: ignore[arg-type]
    return error.value.code


async def test_a_page_comes_with_what_is_needed_to_ask_again(shop: Site, fetcher: Fetcher):
    shop.pages["/"] = page(
        "Shop", "Open.", ETag='"7"', Last_Modified="Sat, 28 Nov 2026 06:00:00 GMT", X_Robots_Tag="noindex"
    )

    found = await fetcher.get(f"{shop.url}/?utm_source=mail#top")

    assert (found.url, found.media_type, found.charset, found.etag) == (f"{shop.url}/", "text/html", "utf-8", '"7"')
    assert (found.last_modified, found.robots) == ("Sat, 28 Nov 2026 06:00:00 GMT", "noindex")
    assert b"Open." in found.content
    assert shop.asked[0].headers["user-agent"] == USER_AGENT.lower()
    assert shop.asked[0].headers["host"] == shop.url.removeprefix("http://")


async def test_a_page_that_did_not_change_is_not_sent_again(shop: Site, fetcher: Fetcher):
    shop.pages["/"] = page("Shop", "Open.", ETag='"7"')

    found = await fetcher.get(shop.url, etag='"7"')

    assert found.unchanged
    assert found.content == b""


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "page_gone"),
        (410, "page_gone"),
        (403, "login_needed"),
        (429, "too_often"),
        (500, "server_error"),
        (206, "server_error"),
    ],
)
async def test_a_status_is_told_in_words(shop: Site, fetcher: Fetcher, status: int, code: str):
    shop.pages["/"] = Answer("No.", status=status)

    assert await refused(fetcher, shop.url) == code


async def test_the_environments_proxies_are_not_asked(shop: Site, monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert (await Fetcher(REACH, SMALL).get(shop.url)).content


async def test_the_name_is_looked_up_once_and_the_connection_goes_there(shop: Site):
    """A resolver that answers something else the second time gains nothing, since nobody asks it again."""
    answers = iter([[SITE_ADDRESS], ["127.0.0.1"], ["127.0.0.1"]])
    asked: list[str] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    port = shop.url.rpartition(":")[2]
    fetcher = Fetcher(REACH, SMALL, resolve=rebinding)
    found = await fetcher.get(f"http://shop.example:{port}/")

    assert b"Open on Mondays." in found.content
    assert asked == ["shop.example"]
    assert shop.asked[0].headers["host"] == f"shop.example:{port}"
    assert await refused(fetcher, f"http://shop.example:{port}/") == "address_refused"
    assert len(shop.asked) == 1


async def test_a_redirect_is_checked_like_a_first_address(shop: Site, fetcher: Fetcher):
    async with site({"/": page("Inside", "Secret.")}, "127.0.0.1") as inside:
        port = inside.url.rpartition(":")[2]
        for target in (
            inside.url,
            f"http://[::ffff:127.0.0.1]:{port}/",
            "http://169.254.169.254/latest/",
            "http://10.0.0.1/",
        ):
            shop.pages["/away"] = Answer(status=302, headers={"Location": target})
            assert await refused(fetcher, f"{shop.url}/away") == "address_refused"
        for target in (
            "file:///etc/passwd",
            "gopher://127.0.0.1/",
            f"http://0x7f.1:{port}/",
            f"http://u:p@127.0.0.1:{port}/",
        ):
            shop.pages["/away"] = Answer(status=302, headers={"Location": target})
            assert await refused(fetcher, f"{shop.url}/away") == "address_invalid"

    assert inside.asked == []


async def test_redirects_end(shop: Site, fetcher: Fetcher):
    shop.pages["/a"] = Answer(status=301, headers={"Location": "/b"})
    shop.pages["/b"] = Answer(status=308, headers={"Location": "/a"})
    shop.pages["/moved"] = Answer(status=302, headers={"Location": "/"})

    assert await refused(fetcher, f"{shop.url}/a") == "too_many_redirects"
    assert len(shop.asked) == SMALL.redirects + 1
    assert (await fetcher.get(f"{shop.url}/moved")).url == f"{shop.url}/"


@pytest.mark.parametrize("media_type", ["image/png", "application/octet-stream", "video/mp4", "application/json"])
async def test_only_what_holds_text_is_loaded(shop: Site, fetcher: Fetcher, media_type: str):
    shop.pages["/"] = Answer(b"\x89PNG", media_type=media_type)

    assert await refused(fetcher, shop.url) == "wrong_type"


async def test_a_page_that_unpacks_to_too_much_is_left(shop: Site, fetcher: Fetcher):
    bomb = gzip.compress(b"a" * 20_000_000)
    shop.pages["/"] = Answer(bomb, headers={"Content-Encoding": "gzip"})
    shop.pages["/twice"] = Answer(gzip.compress(bomb), headers={"Content-Encoding": "gzip, gzip"})
    shop.pages["/brotli"] = Answer(b"x", headers={"Content-Encoding": "br"})
    shop.pages["/broken"] = Answer(b"not gzip", headers={"Content-Encoding": "gzip"})
    shop.pages["/sound"] = Answer(gzip.compress(b"<p>Open.</p>"), headers={"Content-Encoding": "gzip"})

    assert len(bomb) < SMALL.bytes
    assert await refused(fetcher, shop.url) == "too_large"
    assert await refused(fetcher, f"{shop.url}/twice") == "damaged"
    assert await refused(fetcher, f"{shop.url}/brotli") == "damaged"
    assert await refused(fetcher, f"{shop.url}/broken") == "damaged"
    assert (await fetcher.get(f"{shop.url}/sound")).content == b"<p>Open.</p>"


def test_no_more_is_unpacked_than_may_be(monkeypatch: pytest.MonkeyPatch):
    unpacked = 0
    real = zlib.decompressobj

    class Counting:
        def __init__(self, bits: int) -> None:
            self.real = real(bits)

        def decompress(self, piece: bytes, most: int) -> bytes:
            nonlocal unpacked
            out = self.real.decompress(piece, most)
            unpacked += len(out)
            return out

    monkeypatch.setattr(zlib, "decompressobj", Counting)
    with pytest.raises(FetchError):
        gunzip(gzip.compress(b"a" * 1_000_000), 1000)

    assert unpacked == 1001


async def test_a_page_without_an_end_is_left_at_the_limit(shop: Site, fetcher: Fetcher):
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"1000\r\n" + b"a" * 0x1000 + b"\r\n")
            await writer.drain()

    shop.pages["/"] = endless

    assert await refused(fetcher, shop.url) == "too_large"
    assert await refused(fetcher, shop.url, limit_bytes=-5) == "too_large"


async def test_headers_without_an_end_are_left(shop: Site, fetcher: Fetcher):
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while not writer.is_closing():
            writer.write(b"X-More: " + b"a" * 4000 + b"\r\n")
            await writer.drain()

    shop.pages["/"] = endless

    assert await refused(fetcher, shop.url) == "damaged"


async def test_a_trickle_is_left_when_the_time_is_over(shop: Site):
    """Each byte comes in time, the page never does."""
    stopped = asyncio.Event()

    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while not stopped.is_set():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    async def silence(_writer: asyncio.StreamWriter) -> None:
        await stopped.wait()

    shop.pages |= {"/": trickle, "/silence": silence}
    fetcher = Fetcher(REACH, FetchLimits(seconds=0.2))

    assert await refused(fetcher, shop.url) == "too_slow"
    assert await refused(fetcher, f"{shop.url}/silence") == "too_slow"
    stopped.set()


async def test_a_server_that_is_down_is_told(fetcher: Fetcher):
    async with site() as gone:
        pass

    assert await refused(fetcher, gone.url) == "unreachable"


async def test_robots_txt_is_read_and_obeyed(shop: Site, fetcher: Fetcher):
    shop.pages["/robots.txt"] = Answer(
        "User-agent: *\nDisallow: /\n\nUser-agent: TrulyBot\nDisallow: /cart*\nAllow: /cart/help$\nCrawl-delay: 3\n\n"
        f"Sitemap: {shop.url}/map.xml",
        media_type="text/plain",
    )

    found = await rules_of(fetcher, f"{shop.url}/deep/page")

    assert (found.allows(f"{shop.url}/"), found.allows(f"{shop.url}/cart/1")) == (True, False)
    assert found.allows(f"{shop.url}/cart/help")
    assert (found.delay_seconds, found.sitemaps) == (3.0, [f"{shop.url}/map.xml"])


async def test_without_robots_txt_all_may_be_read_and_with_a_broken_one_nothing(shop: Site, fetcher: Fetcher):
    assert (await rules_of(fetcher, shop.url)).allows(f"{shop.url}/any")

    shop.pages["/robots.txt"] = Answer("Oops", status=500)
    with pytest.raises(FetchError, match=r"robots\.txt cannot be read"):
        await rules_of(fetcher, shop.url)


def test_a_delay_that_a_site_asks_for_is_bounded():
    assert rules("User-agent: *\nCrawl-delay: 86400").delay_seconds == 10.0
    assert rules("User-agent: *\nCrawl-delay: nonsense").delay_seconds == 1.0


async def test_many_wildcards_cost_no_time():
    """A rule is matched by looking for its parts in turn, so that none makes the matching go back and forth."""
    found = rules("User-agent: *\nDisallow: /" + "*a" * 5000 + "b")

    assert found.allows("https://shop.example/" + "a" * 1900)
