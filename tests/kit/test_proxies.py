"""Whose word counts on where a request came from."""

from ipaddress import ip_network
from typing import Any

import pytest

from trulybot.kit.proxies import TrustedProxies

OURS = [ip_network("10.0.0.0/8"), ip_network("::1/128")]


async def seen(client: str | None, headers: list[tuple[str, str]], networks: Any = OURS) -> tuple[str | None, str]:
    """The client's address and the scheme as the application sees them."""
    found: dict[str, Any] = {}

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        found.update(scope)

    scope = {
        "type": "http",
        "scheme": "http",
        "client": (client, 4711) if client is not None else None,
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }
    await TrustedProxies(app, networks=networks)(scope, None, None)  # type: ignore[arg-type]
    return found["client"] and found["client"][0], found["scheme"]


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        (["203.0.113.9"], "203.0.113.9"),
        (["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        (["203.0.113.9", "10.0.0.2"], "203.0.113.9"),
        (["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        (["10.9.9.9"], "10.9.9.9"),
        (["2001:db8::1"], "2001:db8::1"),
        (["nonsense"], "10.0.0.1"),
        (["203.0.113.9, nonsense"], "10.0.0.1"),
        ([""], "10.0.0.1"),
        ([], "10.0.0.1"),
    ],
)
async def test_a_trusted_proxy_says_who_the_client_is(forwarded: list[str], client: str):
    headers = [("x-forwarded-for", value) for value in forwarded]

    assert await seen("10.0.0.1", headers) == (client, "http")


async def test_nobody_else_is_believed():
    headers = [("x-forwarded-for", "127.0.0.1"), ("x-forwarded-proto", "https")]

    assert await seen("203.0.113.9", headers) == ("203.0.113.9", "http")
    assert await seen("10.0.0.1", headers, networks=[]) == ("10.0.0.1", "http")
    assert await seen("not an address", headers) == ("not an address", "http")
    assert await seen(None, headers) == (None, "http")


async def test_a_proxy_is_known_by_its_ipv4_address_on_a_socket_for_both_kinds():
    headers = [("x-forwarded-for", "203.0.113.9, ::ffff:10.0.0.2")]

    assert (await seen("::ffff:10.0.0.1", headers))[0] == "203.0.113.9"
    assert (await seen("::ffff:203.0.113.7", headers))[0] == "::ffff:203.0.113.7"


@pytest.mark.parametrize("name", ["forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip", "x-client-ip"])
async def test_a_trusted_proxy_speaks_by_one_header_alone(name: str):
    assert (await seen("10.0.0.1", [(name, "203.0.113.9"), (name, "for=203.0.113.9")]))[0] == "10.0.0.1"


@pytest.mark.parametrize(
    ("said", "scheme"), [("https", "https"), ("HTTPS ", "https"), ("gopher", "http"), ("", "http")]
)
async def test_a_trusted_proxy_says_by_which_scheme_it_was_asked(said: str, scheme: str):
    assert (await seen("10.0.0.1", [("x-forwarded-proto", said)]))[1] == scheme
