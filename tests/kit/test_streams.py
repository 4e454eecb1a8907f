"""Streams that run to their end, whoever listens."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from trulybot.kit.streams import detached, settle

SECONDS = 10


async def counting(*steps: int, ended: asyncio.Event | None = None) -> AsyncIterator[int]:
    for step in steps:
        await asyncio.sleep(0)
        yield step
    if ended is not None:
        ended.set()


async def test_a_listener_hears_everything_in_order():
    assert [part async for part in detached(counting(1, 2, 3))] == [1, 2, 3]


async def test_the_source_ends_although_its_listener_left():
    ended = asyncio.Event()

    parts = detached(counting(1, 2, 3, ended=ended))
    assert await anext(parts) == 1
    await parts.aclose()  # type: ignore[attr-defined]

    await asyncio.wait_for(ended.wait(), SECONDS)


async def test_the_source_ends_although_nobody_ever_listened():
    ended = asyncio.Event()

    detached(counting(1, 2, 3, ended=ended))

    await asyncio.wait_for(ended.wait(), SECONDS)


async def test_silence_has_a_beat():
    release = asyncio.Event()

    async def waits() -> AsyncIterator[str]:
        await release.wait()
        yield "at last"

    parts = detached(waits(), beat_seconds=0.01)

    assert await anext(parts) is None
    release.set()
    assert [part async for part in parts if part is not None] == ["at last"]


async def test_an_error_of_the_source_reaches_the_listener_after_what_was_said():
    async def fails() -> AsyncIterator[int]:
        yield 1
        raise ZeroDivisionError

    parts = detached(fails())

    assert await anext(parts) == 1
    with pytest.raises(ZeroDivisionError):
        await anext(parts)


async def test_before_the_end_we_wait_for_what_still_runs_but_not_for_ever():
    ended, never = asyncio.Event(), asyncio.Event()

    async def hangs() -> AsyncIterator[int]:
        await never.wait()
        yield 1

    detached(counting(1, 2, 3, ended=ended))
    await settle(SECONDS)
    assert ended.is_set()

    parts = detached(hangs())
    await settle(0.01)
    never.set()
    assert [part async for part in parts] == [1]
