"""The same message sent again while the first try still runs: answered and paid for once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.providers import Provider, Reply, says
from tests.world import Person, World
from trulybot.conversations import queries, service, tries
from trulybot.kit.errors import Unavailable
from trulybot.llm.model import OpenAIModel
from trulybot.settings import Settings
from trulybot.workspaces.identity import Member

HOURS = "We are open from 10:00 to 14:00 on Saturdays."
QUESTION = "When are you open on Saturdays?"


@dataclass
class Gate:
    """A provider that answers once it is opened."""

    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def act(self, reply: Reply) -> None:
        await self.open.wait()
        await says(f"{HOURS} [1]")(reply)


@pytest.fixture
async def gate() -> Gate:
    return Gate()


@pytest.fixture
async def provider(gate: Gate) -> AsyncIterator[Provider]:
    async with Provider.playing(gate.act) as provider:
        yield provider
        gate.open.set()


@pytest.fixture
async def alice(world: World, provider: Provider) -> Person:
    world.app.state.answering.model = OpenAIModel("gpt-4o-mini", api_key=f"sk-{uuid4().hex}", base_url=provider.url)
    alice = await world.alice()
    await alice.knows(HOURS)
    await world.work()
    return alice


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set when a try has found that another one holds the turn."""
    found = asyncio.Event()
    look = queries.turn

    async def turn(*given: Any) -> queries.Turn | None:
        there = await look(*given)
        if there is not None and there.is_held:
            found.set()
        return there

    monkeypatch.setattr(queries, "turn", turn)
    monkeypatch.setattr(tries, "LOOK_SECONDS", 0.01)
    return found


def member(person: Person) -> Member:
    return Member(person.user_id, person.workspace_id, "owner", person.email, uuid4())


async def of_turn(world: World, person: Person, message_id: str, *, lapses: bool = False) -> Any:
    """Until when it is held."""
    async with world.app.state.db.workspace(member(person)) as tx:
        if lapses:
            await tx.run("update turns set answering_until = now() where id = %(id)s", id=UUID(message_id))
        return await tx.value("select answering_until from turns where id = %(id)s", id=UUID(message_id))


async def test_a_try_in_another_process_waits_for_the_answer_of_the_first(
    world: World, settings: Settings, alice: Person, provider: Provider, gate: Gate, waited: asyncio.Event
):
    message_id = str(uuid4())
    async with World.running(settings) as other:
        other.app.state.answering.model = world.app.state.answering.model
        there = Person(other.http, alice.email, alice.user_id, alice.token)
        first = asyncio.create_task(alice.asks(QUESTION, message_id=message_id))
        await provider.asked.wait()
        second = asyncio.create_task(there.asks(QUESTION, message_id=message_id))
        await waited.wait()
        busy = [one.app.state.db.pool.get_stats()["pool_available"] for one in (world, other)]
        size = [one.app.state.db.pool.get_stats()["pool_size"] for one in (world, other)]
        gate.open.set()
        replies = [await first, await second]

    assert replies[0] == replies[1]
    assert replies[0]["source"] == "model"
    assert len(provider.requests) == 1
    assert busy[0] == size[0]


async def test_what_a_process_that_died_was_answering_is_answered_by_the_next_try(
    world: World, alice: Person, provider: Provider, gate: Gate, waited: asyncio.Event
):
    message_id = str(uuid4())
    first = asyncio.create_task(alice.asks(QUESTION, message_id=message_id))
    await provider.asked.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    gate.open.set()

    second = asyncio.create_task(alice.asks(QUESTION, message_id=message_id))
    await waited.wait()
    assert not second.done()
    await of_turn(world, alice, message_id, lapses=True)

    assert (await second)["source"] == "model"
    assert await of_turn(world, alice, message_id) is None


async def test_a_try_that_fails_gives_its_turn_to_the_next(
    world: World, alice: Person, gate: Gate, monkeypatch: pytest.MonkeyPatch
):
    gate.open.set()
    message_id = str(uuid4())

    async def fails(*_: Any) -> None:
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(service, "_keep", fails)
        failed = await alice.post("/api/chat", {"message": QUESTION, "message_id": message_id})
    held_until = await of_turn(world, alice, message_id)

    assert (failed.status_code, held_until) == (503, None)
    assert (await alice.asks(QUESTION, message_id=message_id))["answered"] is True


async def test_nobody_waits_without_an_end(
    alice: Person, provider: Provider, gate: Gate, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tries, "WAIT_SECONDS", 0.0)
    message_id = str(uuid4())
    first = asyncio.create_task(alice.asks(QUESTION, message_id=message_id))
    await provider.asked.wait()

    second = await alice.post("/api/chat", {"message": QUESTION, "message_id": message_id})
    gate.open.set()

    assert (second.status_code, second.json()["error"]["code"]) == (409, "request_in_progress")
    assert second.headers["retry-after"] == "1"
    assert (await first)["answered"] is True


async def test_a_hold_is_renewed_until_another_has_it(
    world: World, alice: Person, provider: Provider, gate: Gate, monkeypatch: pytest.MonkeyPatch
):
    message_id = str(uuid4())
    first = asyncio.create_task(alice.asks(QUESTION, message_id=message_id))
    await provider.asked.wait()
    monkeypatch.setattr(tries, "RENEW_SECONDS", 0.0)
    monkeypatch.setattr(tries, "MOST_RENEWALS", 3)
    begun = await of_turn(world, alice, message_id)
    mine = tries._Hold(world.app.state.db, member(alice), UUID(message_id), begun)
    late = tries._Hold(world.app.state.db, member(alice), UUID(message_id), begun)

    await mine.renew()
    await late.renew()
    await late.give_back()

    assert await of_turn(world, alice, message_id) == mine.until
    gate.open.set()
    assert (await first)["answered"] is True


async def test_a_stranger_with_the_same_id_waits_for_nobody(
    world: World, alice: Person, provider: Provider, gate: Gate, waited: asyncio.Event
):
    message_id = str(uuid4())
    first = asyncio.create_task(alice.asks(QUESTION, message_id=message_id))
    await provider.asked.wait()

    theirs = await (await world.charlie()).asks(QUESTION, message_id=message_id)
    gate.open.set()

    assert (theirs["answered"], waited.is_set()) == (False, False)
    assert (await first)["answered"] is True
