"""The way to a model server that a tenant named: looked up once, checked, and connected to that address alone."""

import asyncio
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

# host, port, its addresses → the one to connect to. Raises what says that there is none for us.
Choose = Callable[[str, int, Sequence[str]], str]

LOOK_UP_SECONDS = 3.0
UNKNOWN_SECONDS = 10.0  # until a name that was not found is looked up again
# A tenant's name server may be slow: it ties up one of these threads, and none of those that everybody shares.
_NAMES = ThreadPoolExecutor(32, "model-names")


def guarded(choose: Choose) -> "httpx2.AsyncBaseTransport":
    """A transport for the SDK. Redirects are not followed, so that each request goes where it was checked to go."""
    # Imported here, like the SDK that brings it.
    import httpx2

    class Guarded(httpx2.AsyncBaseTransport):
        def __init__(self) -> None:
            nothing_kept = httpx2.Limits(max_keepalive_connections=0)
            self._unknown: dict[str, float] = {}  # of one server's client, so one host
            self._looking: Future[Sequence[str]] | None = None
            self._inner = httpx2.AsyncHTTPTransport(trust_env=False, limits=nothing_kept)

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            host = request.url.host
            port = request.url.port or (443 if request.url.scheme == "https" else 80)
            if time.monotonic() < self._unknown.get(host, 0.0):
                raise httpx2.ConnectError("unknown host")
            found = await self._look_up(host, port)
            if not found:
                self._unknown[host] = time.monotonic() + UNKNOWN_SECONDS
                raise httpx2.ConnectError("unknown host")
            try:
                address = choose(host, port, found)
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

        async def _look_up(self, host: str, port: int) -> Sequence[str]:
            """None in time. One look-up at a time: whoever comes while it runs, or hangs, waits for the same."""
            if self._looking is None or self._looking.done():
                self._looking = _NAMES.submit(_addresses, host, port)
            try:
                async with asyncio.timeout(LOOK_UP_SECONDS):
                    return await asyncio.shield(asyncio.wrap_future(self._looking))
            except TimeoutError:
                return []

        async def aclose(self) -> None:
            await self._inner.aclose()

    return Guarded()


def _addresses(host: str, port: int) -> Sequence[str]:
    """Those that a name stands for; none when it is not found."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(one[4][0]) for one in found))
