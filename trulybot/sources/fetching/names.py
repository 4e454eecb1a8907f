"""
What names stand for. A look-up cannot be called off, and a tenant's name server may be as slow as it likes: so they run
in threads of their own, so many at once, and only a few of them for one tenant.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor

from trulybot.sources.fetching.models import FetchError

# host, port → its addresses. Raises OSError or UnicodeError when there are none.
Resolve = Callable[[str, int], Sequence[str]]

AT_ONCE = 16
OF_ONE = 3  # a crawl looks up one name after the other; what it gave up on may still run
SECONDS = 6.0  # a resolver that asks two servers in turn is done by then


def resolve(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class Names:
    def __init__(self, resolve: Resolve = resolve) -> None:
        self._resolve = resolve
        self._threads = ThreadPoolExecutor(AT_ONCE, "names")
        self._free = asyncio.Semaphore(AT_ONCE)
        self._running = Counter[Hashable]()

    async def look_up(self, host: str, port: int, whose: Hashable) -> Sequence[str]:
        """
        The addresses that a name stands for.

        Raises:
            FetchError: There are none, or they were not told in time.
        """
        if self._running[whose] >= OF_ONE:
            raise FetchError("too_slow", where="names")
        self._running[whose] += 1
        try:
            async with asyncio.timeout(SECONDS):
                await self._free.acquire()
        except BaseException as error:
            self._ended(whose)
            if isinstance(error, TimeoutError):
                raise FetchError("too_slow", where="names") from error
            raise
        loop = asyncio.get_running_loop()
        asked = self._threads.submit(self._resolve, host, port)
        # Not when we give up: when the thread is free again.
        asked.add_done_callback(lambda _: loop.call_soon_threadsafe(self._give_back, whose))
        try:
            async with asyncio.timeout(SECONDS):
                return await asyncio.wrap_future(asked)
        except TimeoutError as error:
            raise FetchError("too_slow", where="names") from error
        except (OSError, UnicodeError) as error:
            raise FetchError("not_resolved") from error

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _give_back(self, whose: Hashable) -> None:
        self._free.release()
        self._ended(whose)

    def _ended(self, whose: Hashable) -> None:
        self._running[whose] -= 1
        if not self._running[whose]:
            del self._running[whose]
