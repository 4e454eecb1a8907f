"""The way out: a name is looked up once, and the connection goes to the address that was found fit, and to no other."""

import ssl
from functools import cache

import httpx

from trulybot.sources.fetching.addresses import Reach, literal
from trulybot.sources.fetching.names import Names


class CheckedTransport(httpx.AsyncBaseTransport):
    """
    Every request is looked up, checked and connected anew, a redirect's too.

    No connection is kept, so that none that was opened for one name serves another at the same address.
    """

    def __init__(self, reach: Reach, names: Names) -> None:
        self.reach, self.names = reach, names
        nothing_kept = httpx.Limits(max_keepalive_connections=0)
        self._inner = httpx.AsyncHTTPTransport(verify=_trust(), trust_env=False, limits=nothing_kept)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        whose = request.extensions.get("whose")
        found = [host] if literal(host) is not None else await self.names.look_up(host, port, whose)
        address = self.reach.choose(host, port, found)
        return await self._inner.handle_async_request(
            httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,  # with Host as the address was named
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},  # whose certificate we ask for, and check
            )
        )

    async def aclose(self) -> None:
        self.names.close()
        await self._inner.aclose()


@cache
def _trust() -> ssl.SSLContext:
    """The certificates that we trust; made once, since that takes longer than most fetches."""
    return httpx.create_ssl_context(trust_env=False)
