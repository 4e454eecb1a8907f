"""What is read of pages and sitemaps, by the limited child and by its parsers alone."""

import gzip
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trulybot.documents.reading import html
from trulybot.documents.reading.models import Limits, Section
from trulybot.sources.fetching import links, page, sitemap
from trulybot.sources.fetching.models import Fetched, FetchError
from trulybot.sources.fetching.reading import Page, read_page, read_sitemap

HERE = "https://shop.example/help/returns"

SHOP = """<!doctype html><html><head><title>Returns &lt;b&gt;</title><base href="/help/">
<link rel="canonical" href="returns"><meta name="robots" content="noarchive, NOFOLLOW"></head><body>
<header class="site-header"><ul class="main-menu"><li><a href="/">Home</a></li></ul></header>
<div class="cookieBanner">We use cookies.</div>
<div id="content"><h1>Returns</h1><p>Return it within 45 days. <a href="contact">Write to us</a>.</p>
<table><tr><th>Chair</th><th>Days</th></tr><tr><td>Oak</td><td>45</td></tr></table></div>
<aside>Our newsletter is worth reading.</aside>
<div class="share-buttons">Share on everything</div>
<div><a href="a">One thing</a> <a href="b" rel="nofollow">Another thing</a> <a href="c">A third thing</a></div>
</body></html>"""


def fetched(content: str | bytes, **more: str) -> Fetched:
    return Fetched(HERE, content.encode() if isinstance(content, str) else content, "text/html", **more)


async def test_a_page_is_its_text_without_its_frame():
    read = await read_page(fetched(SHOP))
    text = " ".join(section.text for section in read.sections)

    assert read.title == "Returns <b>"
    assert "within 45 days" in text
    assert "Oak" in text
    for frame in ("cookies", "newsletter", "Share on", "Home", "Another thing"):
        assert frame not in text
    assert (read.noindex, read.nofollow) == (False, True)
    assert read.canonical == "https://shop.example/help/returns"
    assert "https://shop.example/help/contact" in read.links
    assert "https://shop.example/help/b" not in read.links


async def test_a_page_without_a_sound_word_is_no_fault_of_ours():
    for content in (b"<", b"<" * 100_000, "<div>" * 20_000 + "deep"):
        assert isinstance((await read_page(fetched(content))).sections, list)
    with pytest.raises(FetchError, match="not text"):
        await read_page(fetched(b"\x00" * 1000))


async def test_the_servers_word_on_the_encoding_is_believed_where_it_holds():
    russian = "<p>Мы открыты с понедельника по субботу.</p>"

    for charset in ("windows-1251", "koi8-r", "utf-8"):
        read = await read_page(fetched(russian.encode(charset), charset=charset))
        assert "понедельника" in read.sections[0].text
    assert (await read_page(fetched(russian, charset="rot13"))).sections


@pytest.mark.parametrize(
    ("header", "noindex"),
    [
        ("noindex", True),
        ("none", True),
        ("nofollow, NOINDEX", True),
        ("googlebot: noindex", False),
        ("trulybot: noindex", True),
        ("googlebot: noindex, trulybot: nofollow", False),
        ("unavailable_after: 1 Jan 2030 00:00:00 GMT, noindex", True),
        ("", False),
    ],
)
async def test_a_header_for_robots_is_read_for_whom_it_is_meant(header: str, noindex: bool):
    assert (await read_page(fetched("<p>Open.</p>", robots=header))).noindex is noindex


BLOCK = st.text(st.sampled_from("aé中<>&\"'*#-/p 1"), min_size=1, max_size=30).map(str.strip).filter(bool)


@given(st.lists(BLOCK, min_size=1, max_size=4))
def test_what_is_written_down_reads_as_what_was_read(blocks: list[str]):
    """Markup in a text is text: nothing that a page says becomes part of the page that we keep."""
    sections = [Section(("Heading <1>",), "\n\n".join(blocks))]
    written = Page("A <title>", sections, [], "", noindex=False, nofollow=False).written().decode()

    reading = html.read(written, Limits())

    assert reading.title == "A <title>"
    assert [one.heading for one in reading.sections] == [("Heading <1>",)]
    assert reading.sections[0].text.split() == " ".join(blocks).split()


async def test_sitemaps_are_read_packed_and_plain():
    entry = "<url><loc> https://shop.example/a&amp;b </loc><lastmod>2026-11-01</lastmod></url>"
    urls = f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{entry}</urlset>"

    for content in (urls.encode(), gzip.compress(urls.encode()), b"https://shop.example/a&b\n\nnonsense"):
        assert (await read_sitemap(fetched(content))).pages == ["https://shop.example/a&b"]
    assert sitemap.read(b"<sitemapindex><sitemap><loc>x</loc></sitemap></sitemapindex>").sitemaps == ["x"]


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "content",
    [
        f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><urlset><url><loc>&l11;</loc></url></urlset>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1/dtd"><urlset><url><loc>a</loc></url></urlset>',
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><urlset><url><loc>&f;</loc></url></urlset>',
        "<html><body>Not found</body></html>",
        "<urlset><url><loc>https://shop.example/",
        "",
        "nothing of the kind",
    ],
)
async def test_what_is_no_sitemap_or_wants_more_than_to_be_read_is_refused(content: str):
    with pytest.raises(FetchError) as refused:
        await read_sitemap(fetched(content))

    assert refused.value.code == "not_a_sitemap"


async def test_a_packed_sitemap_that_grows_is_refused():
    with pytest.raises(FetchError) as refused:
        await read_sitemap(fetched(gzip.compress(b" " * 60_000_000)))

    assert refused.value.code == "too_large"


@given(st.binary(max_size=200))
def test_any_bytes_are_a_sitemap_or_none(content: bytes):
    with suppress(FetchError):
        sitemap.read(content)


@pytest.mark.parametrize(
    ("url", "worth"),
    [
        ("https://shop.example/help/returns", True),
        ("https://shop.example/a/b/a/b/a/b/a/b", False),
        ("https://shop.example/" + "x/" * 13, False),
        ("https://shop.example/list?a=1&b=2&c=3&d=4&e=5", False),
        ("https://shop.example/chair.jpg?size=2", False),
        ("https://shop.example/manual.pdf", True),
        ("https://shop.example/cart", False),
    ],
)
def test_what_leads_nowhere_is_not_followed(url: str, worth: bool):
    assert links.is_worth_visiting(url) is worth


def test_links_stay_on_the_site_and_come_once():
    found = page.read(
        b"<a href='/a#x'>a</a><a href='/a'>a</a><a href='//evil.example/'>e</a><a href='javascript:x'>x</a>",
        HERE,
        "",
        Limits(),
    )
    read = Page("", found.sections, found.links, "", noindex=False, nofollow=False)

    assert links.of_page(read, HERE) == ["https://shop.example/a"]
