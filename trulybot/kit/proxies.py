"""Whose word counts on where a request came from: a trusted proxy's, and nobody else's."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send


class TrustedProxies:
    """Takes the client's address and scheme from X-Forwarded-For and -Proto when a trusted proxy sent them."""

    def __init__(self, app: ASGIApp, *, networks: Sequence[IPv4Network | IPv6Network]) -> None:
        self.app, self.networks = app, networks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] == "http" and client and self._trusts(client[0]):
            headers = Headers(scope=scope)
            scope.setdefault("state", {})["came_by_proxy"] = True
            # From the right: each trusted proxy wrote down whom it heard; the first that is none of ours is the client.
            for hop in reversed([hop.strip() for hop in ",".join(headers.getlist("x-forwarded-for")).split(",")]):
                if not _is_address(hop):
                    break
                scope["client"] = (hop, 0)
                if not self._trusts(hop):
                    break
            scheme = headers.get("x-forwarded-proto", "").strip().lower()
            if scheme in ("http", "https"):
                scope["scheme"] = scheme
        await self.app(scope, receive, send)

    def _trusts(self, host: str) -> bool:
        address = _address(host)
        return address is not None and any(address in network for network in self.networks)


def _is_address(text: str) -> bool:
    return _address(text) is not None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """As it stands in a list of networks: a socket that listens for both kinds names IPv4 as ::ffff:203.0.113.9."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
