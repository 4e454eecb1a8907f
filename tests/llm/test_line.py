"""Whose turn it is, and who is left alone."""

import asyncio

import pytest

from trulybot.llm.breaker import FAILURES, REST_SECONDS, Breakers
from trulybot.llm.line import Line

LONG_SECONDS = 10.0


async def test_a_workspace_with_one_question_does_not_wait_behind_anothers_hundred():
    line, served = Line(1), []

    async def asks(whose: str) -> None:
        await line.enter(whose, LONG_SECONDS)
        served.append(whose)
        await asyncio.sleep(0)
        line.leave()

    await line.enter("first", LONG_SECONDS)
    waiting = [asyncio.create_task(asks(whose)) for whose in ["noisy"] * 20 + ["quiet"]]
    await asyncio.sleep(0)
    line.leave()
    await asyncio.gather(*waiting)

    assert served.index("quiet") <= 1
    assert len(served) == 21


async def test_who_gives_up_holds_nobody_up():
    line = Line(1)
    await line.enter("a", LONG_SECONDS)
    with pytest.raises(TimeoutError):
        await line.enter("b", 0.0)
    cancelled = asyncio.create_task(line.enter("c", LONG_SECONDS))
    await asyncio.sleep(0)
    cancelled.cancel()

    line.leave()

    await line.enter("d", LONG_SECONDS)


async def test_who_gives_up_as_the_turn_comes_passes_it_on():
    line = Line(1)
    await line.enter("a", LONG_SECONDS)
    waiting = asyncio.create_task(line.enter("b", LONG_SECONDS))
    await asyncio.sleep(0)
    line.leave()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    await line.enter("c", LONG_SECONDS) if waiting.cancelled() else line.leave()


def test_a_server_that_fails_is_left_alone_and_then_tried_by_one():
    now = 0.0
    breakers = Breakers(clock=lambda: now)
    for _ in range(FAILURES):
        assert breakers.admits("p")
        breakers.failed("p")

    assert not breakers.admits("p")
    assert breakers.admits("another")
    now += REST_SECONDS
    assert [breakers.admits("p"), breakers.admits("p")] == [True, False]

    breakers.worked("p")
    assert breakers.admits("p")
    assert not breakers.rests("p")
