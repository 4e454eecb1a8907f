"""Event streams that outlive whoever listens."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

T = TypeVar("T")

BEAT_SECONDS = 15.0  # proxies close a silent connection after half a minute or so

# asyncio keeps only weak references to tasks; what runs on after its listener left must be held somewhere.
_running: set[asyncio.Task[None]] = set()


def detached(source: AsyncIterator[T], *, beat_seconds: float = BEAT_SECONDS) -> AsyncIterator[T | None]:
    """
    What `source` yields, and None whenever a beat passes in silence.

    The source begins at once and runs to its end even when nobody listens, so that what it was to keep is kept.
    """
    parts: asyncio.Queue[_Part[T]] = asyncio.Queue()
    task = asyncio.create_task(_pump(source, parts))
    _running.add(task)
    task.add_done_callback(_running.discard)
    return _listen(parts, beat_seconds)


async def settle(seconds: float) -> None:
    """Wait for what runs on without its listener, before what it needs is closed."""
    if _running:
        await asyncio.wait(_running, timeout=seconds)


class _End(Exception):
    """The source has nothing more to say."""


_Part = tuple[T, None] | tuple[None, Exception]


async def _pump(source: AsyncIterator[T], parts: "asyncio.Queue[_Part[T]]") -> None:
    try:
        async for part in source:
            parts.put_nowait((part, None))
    except Exception as error:  # noqa: BLE001  (whatever it is, the listener's to handle)
        parts.put_nowait((None, error))
    finally:
        parts.put_nowait((None, _End()))


async def _listen(parts: "asyncio.Queue[_Part[T]]", beat_seconds: float) -> AsyncIterator[T | None]:
    while True:
        try:
            part, error = await asyncio.wait_for(parts.get(), beat_seconds)
        except TimeoutError:
            yield None
            continue
        if isinstance(error, _End):
            return
        if error is not None:
            raise error
        yield part
