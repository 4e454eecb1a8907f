"""A page has one spelling, and what has none is no page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trulybot.sources.fetching import urls
from trulybot.sources.fetching.models import FetchError


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("HTTPS://Shop.Example:443", "https://shop.example/"),
        ("http://shop.example:80/a/../b#part", "http://shop.example/b"),
        ("https://shop.example./x", "https://shop.example/x"),
        ("https://shop.example/x?utm_source=a&id=7&gclid=b", "https://shop.example/x?id=7"),
        ("https://shop.example/x?fbclid=1", "https://shop.example/x"),
        ("https://shop.example/x;jsessionid=1A2B?q=a%20b", "https://shop.example/x?q=a%20b"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("  https://shop.example/x  ", "https://shop.example/x"),
    ],
)
def test_an_address_has_one_spelling(written: str, meant: str):
    assert urls.normal(written) == meant
    assert urls.normal(meant) == meant


@pytest.mark.parametrize(
    "written",
    [
        "file:///etc/passwd",
        "gopher://shop.example/",
        "ftp://shop.example/",
        "javascript:alert(1)",
        "data:text/html,hello",
        "//shop.example/",
        "shop.example",
        "http://",
        "http:///x",
        "https://user@shop.example/",
        "https://user:word@shop.example/",
        "https://@shop.example/",
        "https://shop.example\\@evil.example/",
        "https://shop.example /",
        "https://shop.example/\r\nHost: evil",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://017700000001/",
        "http://0x7f000001/",
        "http://127.1/",
        "http://127.0.0.01/",
        "http://[::1/",
        "http://shop.example:99999/",
        "https://shop.example/" + "a" * 2000,
    ],
)
def test_what_is_no_address_of_a_page_is_refused(written: str):
    with pytest.raises(FetchError, match="not an address"):
        urls.normal(written)


@given(st.text(max_size=60))
def test_any_link_is_an_address_or_none(link: str):
    try:
        found = urls.normal(link, "https://shop.example/a/b")
    except FetchError:
        return
    assert found.startswith(("http://", "https://"))
    assert urls.normal(found) == found


def test_a_site_is_its_host_with_and_without_www():
    assert urls.same_site("https://www.shop.example/a", "http://shop.example/b")
    assert not urls.same_site("https://shop.example/", "https://shop.example.evil.example/")
    assert not urls.same_site("https://shop.example/", "https://blog.shop.example/")
    assert not urls.same_site("http://shop.example/", "http://shop.example:8080/")
