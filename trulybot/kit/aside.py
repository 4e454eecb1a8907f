"""
Work that begins with a request and is not waited for by it.

For acts whose time would tell the caller what the answer must not: whether somebody with this address exists. What
must never be lost is a job instead.
"""

import asyncio
from collections.abc import Coroutine
from weakref import WeakKeyDictionary

from trulybot.kit.errors import Unavailable
from trulybot.kit.log import get_logger

log = get_logger()

AT_ONCE = 4  # of the connections to the database, that many may be busy with it
MOST_WAITING = 500

# asyncio keeps only weak references to tasks.
_running: set[asyncio.Task[None]] = set()


def aside(work: Coroutine[object, object, None]) -> None:
    """
    Do it soon; what goes wrong is logged.

    Raises:
        Unavailable: Too much waits already.
    """
    if len(_running) >= MOST_WAITING:
        work.close()
        raise Unavailable
    task = asyncio.create_task(_done(work))
    _running.add(task)
    task.add_done_callback(_running.discard)


async def finish_asides(seconds: float) -> None:
    """Wait for what is still under way, before what it needs is closed."""
    if _running:
        await asyncio.wait(_running, timeout=seconds)


async def _done(work: Coroutine[object, object, None]) -> None:
    async with _places():
        try:
            await work
        except Exception as error:
            log.error("aside.failed", exc_info=error)  # noqa: TRY400  (what an exception says may quote people)


_semaphores: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def _places() -> asyncio.Semaphore:
    return _semaphores.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
