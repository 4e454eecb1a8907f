"""Of the forty things an attacker tries: make us fetch what is not theirs, and make fetching cost us dearly."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from tests.sites import Answer, Site, page, site
from trulybot.parts import fetcher_of
from trulybot.settings import Settings
from trulybot.sources.fetching.fetcher import Fetcher
from trulybot.sources.fetching.models import FetchError


@pytest.fixture
async def inside() -> AsyncIterator[Site]:
    """What stands in the operator's network and is nobody's business."""
    async with site({"/": page("Inside", "The password is 4711.")}, "127.0.0.1") as served:
        yield served


@pytest.fixture
def fetcher(settings: Settings) -> Fetcher:
    """As an operator has it who set nothing."""
    return fetcher_of(replace(settings, trulybot_crawl_private=()))


async def refusals(fetcher: Fetcher, *addresses: str) -> dict[str, str]:
    codes = {}
    for address in addresses:
        try:
            await fetcher.get(address)
            codes[address] = "FETCHED"
        except FetchError as error:
            codes[address] = error.code
    return codes


async def test_item_15_no_spelling_of_a_private_address_is_fetched(inside: Site, fetcher: Fetcher):
    port = inside.url.rpartition(":")[2]
    hosts = """
        127.0.0.1 localhost [::1] [::ffff:127.0.0.1] [::ffff:7f00:1] [64:ff9b::7f00:1] [::127.0.0.1] 0.0.0.0 [::] 0x7f.1
        0x7f000001 2130706433 017700000001 127.1 127.0.1 127.0.0.1. 0 169.254.169.254 [fd00:ec2::254] 10.0.0.1
        192.168.0.1 172.16.0.1 100.64.0.1 [fe80::1] [2002:7f00:1::] metadata.google.internal localhost.localdomain
    """.split()

    codes = await refusals(
        fetcher, *(f"http://{host}{at}/" for host in hosts for at in ("", f":{port}")), f"http://u:p@127.0.0.1:{port}/"
    )

    assert set(codes.values()) <= {"address_refused", "address_invalid", "not_resolved"}
    assert inside.asked == []


async def test_item_15_only_the_web_is_spoken(fetcher: Fetcher):
    codes = await refusals(
        fetcher,
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_INFO",
        "ftp://127.0.0.1/",
        "dict://127.0.0.1/",
        "data:,x",
    )

    assert set(codes.values()) == {"address_invalid"}


async def test_item_15_a_name_that_changes_its_address_gains_nothing(inside: Site, settings: Settings):
    """It is public when it is checked; had anybody looked again to connect, it would be ours."""
    answers = [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["127.0.0.1", "93.184.215.14"], ["::1", "93.184.215.14"]]

    def rebinding(_host: str, _port: int) -> Sequence[str]:
        return answers.pop()

    fetcher = Fetcher(resolve=rebinding)
    codes = [(await refusals(fetcher, "http://shop.example/")).popitem()[1] for _ in range(4)]

    assert codes == ["address_refused"] * 4
    assert inside.asked == []


async def test_item_15_a_redirect_leads_nowhere_that_a_first_address_would_not(inside: Site, settings: Settings):
    async with site() as outside:
        fetcher = fetcher_of(settings)
        for target in (
            inside.url,
            inside.url.replace("127.0.0.1", "localhost"),
            "http://169.254.169.254/",
            "file:///etc/passwd",
        ):
            outside.pages["/"] = Answer(status=302, headers={"Location": target})
            with pytest.raises(FetchError):
                await fetcher.get(outside.url)

    assert inside.asked == []


async def test_item_16_nothing_that_is_fetched_grows_or_lasts_beyond_its_limits(settings: Settings):
    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 10\r\n\r\n")
        await writer.drain()
        await stopped.wait()

    stopped = asyncio.Event()
    bomb = gzip.compress(b"\0" * 50_000_000)
    pages = {
        "/bomb": Answer(bomb, headers={"Content-Encoding": "gzip"}),
        "/picture": Answer(b"\x89PNG", media_type="image/png"),
        "/circle": Answer(status=302, headers={"Location": "/circle"}),
        "/trickle": trickle,
    }
    fetcher = fetcher_of(settings)
    fetcher.limits = replace(fetcher.limits, seconds=0.5)
    async with site(pages) as served:
        codes = await refusals(fetcher, *(f"{served.url}{path}" for path in pages))
        stopped.set()

    assert list(codes.values()) == ["too_large", "wrong_type", "too_many_redirects", "too_slow"]
    assert len(served.asked) == 3 + fetcher.limits.redirects + 1
