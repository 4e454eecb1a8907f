"""The way to a model server that a tenant named: looked up once, checked, and connected to that address alone."""

import asyncio
import functools
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

# host, port, its addresses → the one to connect to. Raises what says that there is none for us.
Choose = Callable[[str, int, Sequence[str]], str]

LOOK_UP_SECONDS = 3.0
UNKNOWN_SECONDS = 10.0  # until a name that was not found is looked up again
# A tenant's name server may be slow: it ties up these threads, and not those that everybody shares.
_NAMES = ThreadPoolExecutor(4, "model-names")


def guarded(choose: Choose) -> "httpx2.AsyncBaseTransport":
    """A transport for the SDK. Redirects are not followed, so that each request goes where it was checked to go."""
    # Imported here, like the SDK that brings it.
    import httpx2

    class Guarded(httpx2.AsyncBaseTransport):
        def __init__(self) -> None:
            nothing_kept = httpx2.Limits(max_keepalive_connections=0)
            self._unknown: dict[str, float] = {}  # of one server's client, so one host
            self._inner = httpx2.AsyncHTTPTransport(trust_env=False, limits=nothing_kept)

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            host = request.url.host
            port = request.url.port or (443 if request.url.scheme == "https" else 80)
            if time.monotonic() < self._unknown.get(host, 0.0):
                raise httpx2.ConnectError("unknown host")
            look = functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
            try:
                async with asyncio.timeout(LOOK_UP_SECONDS):
                    found = await asyncio.get_running_loop().run_in_executor(_NAMES, look)
            except (OSError, UnicodeError) as error:  # TimeoutError is one
                self._unknown[host] = time.monotonic() + UNKNOWN_SECONDS
                raise httpx2.ConnectError("unknown host") from error
            try:
                address = choose(host, port, list(dict.fromkeys(str(one[4][0]) for one in found)))
            except Exception as error:
                raise httpx2.ConnectError("refused address") from error
            return await self._inner.handle_async_request(
                httpx2.Request(
                    request.method,
                    request.url.copy_with(host=address),
                    headers=request.headers,
                    stream=request.stream,
                    extensions={**request.extensions, "sni_hostname": host},
                )
            )

        async def aclose(self) -> None:
            await self._inner.aclose()

    return Guarded()
