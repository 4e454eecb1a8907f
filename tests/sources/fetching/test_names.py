"""Looking names up: slow ones of one tenant hold nobody else's up."""

import threading
from collections.abc import AsyncIterator, Sequence

import pytest

from trulybot.sources.fetching import names
from trulybot.sources.fetching.models import FetchError
from trulybot.sources.fetching.names import AT_ONCE, OF_ONE, Names


class Resolver:
    """Never done with the names of slow.example before it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        if host.endswith("slow.example"):
            self.let_go.wait()
        if host.startswith("no."):
            raise OSError
        return ["93.184.215.14"]


@pytest.fixture
async def resolver() -> AsyncIterator[Resolver]:
    resolver = Resolver()
    yield resolver
    resolver.let_go.set()


async def fails(looking: Names, host: str, whose: str) -> str:
    with pytest.raises(FetchError) as caught:
        await looking.look_up(host, 443, whose)
    return caught.value.code


async def test_a_tenant_with_many_slow_names_holds_up_neither_others_nor_what_shares_our_threads(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(names, "SECONDS", 0.01)
    looking = Names(resolver)

    codes = [await fails(looking, f"{number}.slow.example", "mallory") for number in range(2 * AT_ONCE)]

    assert set(codes) == {"too_slow"}
    assert len(resolver.asked) == OF_ONE
    monkeypatch.undo()
    assert await looking.look_up("shop.example", 443, "alice") == ["93.184.215.14"]


async def test_a_tenant_may_look_up_again_once_the_slow_ones_are_done(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
):
    looking = Names(resolver)
    with monkeypatch.context() as patch:
        patch.setattr(names, "SECONDS", 0.01)
        for number in range(OF_ONE):
            await fails(looking, f"{number}.slow.example", "mallory")
    assert await fails(looking, "shop.example", "mallory") == "too_slow"

    resolver.let_go.set()
    while looking._running:
        await looking.look_up("shop.example", 443, "alice")

    assert await looking.look_up("shop.example", 443, "mallory") == ["93.184.215.14"]


async def test_when_every_thread_is_held_nobody_waits_without_an_end(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(names, "SECONDS", 0.01)
    looking = Names(resolver)
    for number in range(AT_ONCE):
        await fails(looking, f"{number}.slow.example", f"mallory {number}")

    assert await fails(looking, "shop.example", "alice") == "too_slow"
    assert len(resolver.asked) == AT_ONCE


async def test_a_name_that_stands_for_nothing_is_said_to(resolver: Resolver):
    assert await fails(Names(resolver), "no.example", "alice") == "not_resolved"
