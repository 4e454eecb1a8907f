"""What a model may cost and how often it may be asked, held for all processes together."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from tests.providers import Act, Provider, dies, ends_early, refuses, says
from tests.world import Person, World
from trulybot.answers import turns
from trulybot.answers.turns import Allowance, Turns
from trulybot.kit.errors import Unavailable
from trulybot.llm.breaker import FAILURES
from trulybot.llm.model import OpenAIModel
from trulybot.llm.prices import ASSUMED
from trulybot.workspaces.identity import Member

HOURS = "We are open from 10:00 to 14:00 on Saturdays."
QUESTION = "When are you open on Saturdays?"
NOT_AGAIN = ", please, at the {number} entrance"  # so that no cache answers


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with Provider.playing(says(f"{HOURS} [1]", usage=(1000, 200))) as provider:
        yield provider


@pytest.fixture
async def alice(world: World, provider: Provider) -> Person:
    allow(world, provider)
    alice = await world.alice()
    await alice.knows(HOURS)
    await world.work()
    return alice


def allow(world: World, provider: Provider, name: str = "gpt-4o-mini", **allowed: Any) -> None:
    answering = world.app.state.answering
    key = f"sk-{uuid4().hex}"  # a provider of this test's own
    answering.model = OpenAIModel(name, api_key=key, base_url=provider.url)
    answering.turns = Turns(Allowance(**allowed))


async def month(world: World, person: Person) -> tuple[Decimal, int, int]:
    member = Member(person.user_id, person.workspace_id, "owner", person.email, uuid4())
    async with world.app.state.db.workspace(member) as tx:
        spent = await tx.value("select coalesce(sum(spent_usd), 0) from model_months")
        rows = await tx.value("select count(*) from model_usage")
        tokens = await tx.value("select coalesce(sum(prompt_tokens), 0) from model_usage")
    return spent, rows, tokens


async def asks_often(person: Person, count: int) -> list[str]:
    questions = [QUESTION + NOT_AGAIN.format(number=number) for number in range(count)]
    replies = await asyncio.gather(*(person.asks(question) for question in questions))
    return [reply["source"] for reply in replies]


async def test_each_message_is_counted_once_with_what_it_cost(world: World, alice: Person):
    message_id = str(uuid4())
    first = await alice.asks(QUESTION, message_id=message_id)
    await alice.asks(QUESTION, message_id=message_id)

    assert first["usage"]["cost_usd"] == "0.000270"
    assert await month(world, alice) == (Decimal("0.000270"), 1, 1000)


async def test_those_who_ask_at_once_do_not_overspend_together(world: World, alice: Person, provider: Provider):
    # Room for the worst case of one, which is dearer than what one comes to.
    await alice.patch("/api/bot", {"monthly_budget_usd": "0.00"})
    assert set(await asks_often(alice, 4)) == {"documents"}
    assert provider.requests == []
    assert (await month(world, alice))[0] == 0


async def test_the_operators_budget_holds_for_whoever_sets_none(world: World, alice: Person, provider: Provider):
    allow(world, provider, budget_usd=Decimal("0.0008"))

    sources = await asks_often(alice, 6)

    spent, _, _ = await month(world, alice)
    assert spent <= Decimal("0.0008")
    assert {"model", "documents"} == set(sources)
    assert len(provider.requests) == sources.count("model")


async def test_the_operators_budget_holds_wherever_the_operators_model_writes(
    world: World, alice: Person, provider: Provider
):
    allow(world, provider, budget_usd=Decimal(0))
    await alice.patch("/api/bot", {"base_url": "https://models.example/v1"})
    models, world.app.state.answering.models = world.app.state.answering.models, None

    try:
        reply = await alice.asks(QUESTION)
    finally:
        world.app.state.answering.models = models

    assert reply["source"] == "documents"
    assert provider.requests == []


async def test_a_budget_holds_a_model_whose_price_nobody_said(
    world: World, alice: Person, provider: Provider, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("trulybot.llm.prices._is_of_ones_own", lambda _url: False)  # as the one that is played here is
    allow(world, provider, name="unheard-of", budget_usd=Decimal("0.07"))

    sources = [(await alice.asks(QUESTION + NOT_AGAIN.format(number=number)))["source"] for number in range(3)]

    spent, _, tokens = await month(world, alice)
    assert sources == ["model", "documents", "documents"]
    assert (spent, tokens) == (ASSUMED.of(1000, 200), 1000)


@pytest.mark.parametrize("step", ["_ask", "_count"])
async def test_while_the_database_is_busy_somebody_answers(
    world: World, alice: Person, monkeypatch: pytest.MonkeyPatch, step: str
):
    async def busy(*_: object, **__: object) -> None:
        raise Unavailable

    monkeypatch.setattr(turns.Turn, step, busy)

    reply = await alice.asks(QUESTION)

    assert (reply["source"], reply["answered"]) == ("documents" if step == "_ask" else "model", True)


async def test_the_owner_is_told_once_when_the_budget_is_used_up(world: World, alice: Person, provider: Provider):
    allow(world, provider, budget_usd=Decimal(0))
    for number in range(3):
        await alice.asks(QUESTION + NOT_AGAIN.format(number=number))

    assert await told(world, alice) == 1


async def told(world: World, person: Person) -> int:
    await world.work()
    async with world.app.state.db.system("which mails there are") as tx:
        return int(
            await tx.value(
                "select count(*) from trulybot_auth.mails where kind = 'alert' and recipient = %(email)s",
                email=person.email,
            )
        )


async def test_beyond_the_providers_limit_the_quotation_answers(
    world: World, alice: Person, provider: Provider, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.5)
    allow(world, provider, requests_per_minute=2)

    sources = await asks_often(alice, 5)

    assert (sources.count("model"), sources.count("documents")) == (2, 3)
    assert len(provider.requests) == 2


async def test_a_provider_that_wants_a_pause_is_left_in_peace_by_every_process(
    world: World, alice: Person, provider: Provider
):
    provider.plays(refuses(429, retry_after="60"))
    await alice.asks(QUESTION + NOT_AGAIN.format(number=1))
    world.app.state.answering.turns = Turns()  # another process

    reply = await alice.asks(QUESTION + NOT_AGAIN.format(number=2))

    assert (reply["source"], reply["answered"]) == ("documents", True)
    assert len(provider.requests) == 1


async def test_a_server_that_fails_again_and_again_is_left_alone_and_ready_says_so(
    world: World, alice: Person, provider: Provider
):
    provider.plays(ends_early("We"))
    for number in range(FAILURES + 2):
        reply = await alice.asks(QUESTION + NOT_AGAIN.format(number=number))
        assert (reply["source"], reply["answered"]) == ("documents", True)

    assert len(provider.requests) == FAILURES
    checks = (await alice.get("/api/monitoring/ready")).json()["checks"]
    assert checks["model"]["state"] == "degraded"
    assert await told(world, alice) == 1


@pytest.mark.parametrize(("act", "is_paid"), [(refuses(400), False), (dies("We are open on"), True)])
async def test_what_a_failed_call_used_is_counted(
    world: World, alice: Person, provider: Provider, act: Act, is_paid: bool
):
    provider.plays(act)

    await alice.asks(QUESTION)

    spent, rows, tokens = await month(world, alice)
    assert rows == 1
    assert (spent > 0, tokens > 0) == (is_paid, is_paid)


async def test_a_stranger_sees_nothing_of_what_was_spent(world: World, alice: Person):
    charlie = await world.charlie()
    await alice.asks(QUESTION)

    assert await month(world, charlie) == (0, 0, 0)
