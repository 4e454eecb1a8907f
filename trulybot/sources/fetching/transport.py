"""The way out: a name is looked up once, and the connection goes to the address that was found fit, and to no other."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import cache

import httpx

from trulybot.sources.fetching.addresses import Reach, literal
from trulybot.sources.fetching.models import FetchError

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> Sequence[str]:
    """
    The addresses that a name stands for.

    Raises:
        FetchError: None.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchError("not_resolved") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class CheckedTransport(httpx.AsyncBaseTransport):
    """
    Every request is looked up, checked and connected anew, a redirect's too.

    No connection is kept, so that none that was opened for one name serves another at the same address.
    """

    def __init__(self, reach: Reach, resolve: Resolve = resolve) -> None:
        self.reach, self.resolve = reach, resolve
        nothing_kept = httpx.Limits(max_keepalive_connections=0)
        self._inner = httpx.AsyncHTTPTransport(verify=_trust(), trust_env=False, limits=nothing_kept)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        found = [host] if literal(host) is not None else await self.resolve(host, port)
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
        await self._inner.aclose()


@cache
def _trust() -> ssl.SSLContext:
    """The certificates that we trust; made once, since that takes longer than most fetches."""
    return httpx.create_ssl_context(trust_env=False)
