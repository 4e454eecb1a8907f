"""Who is next, where only so many may at once: each workspace in turn, however many each has waiting."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Hashable


class Line:
    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()

    async def enter(self, whose: Hashable, seconds: float) -> None:
        """
        Wait for one's place; `leave` gives it back.

        Raises:
            TimeoutError: It did not come in time.
        """
        if self._free and not self._waiting:
            self._free -= 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(whose, deque()).append(place)
        try:
            async with asyncio.timeout(seconds):
                await place
        except BaseException:
            if place.done() and not place.cancelled():
                self.leave()  # it came while we gave up
            place.cancel()
            raise

    def leave(self) -> None:
        while self._waiting:
            whose, line = next(iter(self._waiting.items()))
            place = line.popleft()
            if line:
                self._waiting.move_to_end(whose)
            else:
                del self._waiting[whose]
            if not place.done():
                place.set_result(None)
                return
        self._free += 1
