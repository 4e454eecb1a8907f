"""A model's answer, told again to whoever asks the same; and never to anybody who asks something else."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.answers.test_answering import HASTE, HOURS, QUESTION, use
from tests.providers import Provider, breaks, says
from tests.world import Person, World
from trulybot.answers import search
from trulybot.answers.cache import question_hash

SAME = "When are you open on Saturdays, please?"


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with Provider.playing(says("We are open from 10:00 to 14:00 on Saturdays. [1]")) as provider:
        yield provider


@pytest.fixture
async def alice(world: World, provider: Provider) -> Person:
    use(world, provider)
    alice = await world.alice()
    await alice.knows(HOURS, title="Opening hours", external_id="hours")
    await world.work()
    return alice


async def test_the_same_question_costs_the_model_once(alice: Person, provider: Provider):
    first = await alice.asks(QUESTION)

    again = [await alice.asks(question) for question in (QUESTION, SAME, "when are you open on saturdays")]

    assert [reply["source"] for reply in again] == ["cache"] * 3
    assert {reply["answer"] for reply in again} == {first["answer"]}
    assert again[0]["citations"] == first["citations"]
    assert again[0]["usage"] == {"prompt_tokens": 0, "completion_tokens": 0, "cost_usd": "0.000000"}
    assert len(provider.requests) == 1


async def test_it_is_told_while_the_model_is_down(world: World, alice: Person, provider: Provider):
    first = await alice.asks(QUESTION)
    provider.plays(breaks())
    use(world, provider, HASTE)

    assert (await alice.asks(SAME))["answer"] == first["answer"]


async def test_what_changed_or_was_deleted_never_answers_from_it(alice: Person):
    await alice.asks(QUESTION)
    await alice.post("/api/knowledge/answers", {"question": "Do you sell bicycles?", "answer": "No."})
    after_a_change = await alice.asks(QUESTION)
    (document,) = (await alice.get("/api/documents")).json()["items"]
    await alice.delete(f"/api/documents/{document['id']}")
    after_the_deletion = await alice.asks(QUESTION)

    assert (after_a_change["source"], after_the_deletion["answered"]) == ("model", False)


async def test_in_the_middle_of_a_conversation_a_question_is_another(alice: Person):
    first = await alice.asks(QUESTION)

    again = await alice.asks(QUESTION, conversation_id=first["conversation_id"])

    assert again["source"] == "model"


async def test_no_other_workspace_is_told_it(world: World, alice: Person):
    await alice.asks(QUESTION)
    charlie = await world.charlie()
    await charlie.knows(HOURS)
    await world.work()

    assert (await charlie.asks(QUESTION))["source"] == "model"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Can I pay with a card?", "Can I pay without a card?"),
        ("What did it cost in 2023?", "What did it cost in 2024?"),
        ("Do you ship from Delhi to Mumbai?", "Do you ship from Mumbai to Delhi?"),
        ("Is Anna in the office today?", "Is Maria in the office today?"),
        ("Can I return it?", "Can't I return it?"),
        ("How long is the delivery?", "How much is the delivery?"),
        ("When do you deliver?", "Where do you deliver?"),
        ("¿Puedo pagar con tarjeta?", "¿Puedo pagar sin tarjeta?"),
        ("Kann ich mit Karte zahlen?", "Kann ich ohne Karte zahlen?"),
        ("可以退货吗？", "不可以退货吗？"),
        ("क्या मैं इसे वापस कर सकता हूँ?", "क्या मैं इसे वापस नहीं कर सकता हूँ?"),
    ],
)
def test_two_questions_that_differ_in_what_matters_do_not_meet(one: str, other: str):
    assert question_hash(one) != question_hash(other)


@given(st.text(max_size=300))
def test_every_text_has_a_place(text: str):
    assert question_hash(text) == question_hash(text)


async def test_what_a_model_wrote_is_not_told_once_there_is_none(world: World, alice: Person):
    await alice.asks(QUESTION)

    world.app.state.answering.model = None

    assert (await alice.asks(QUESTION))["source"] == "documents"


async def test_a_judgement_ends_with_a_search_that_fails(world: World, alice: Person, monkeypatch: pytest.MonkeyPatch):
    ended = []

    async def for_ever(_text: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def fails(*_: object, **__: object) -> None:
        await asyncio.sleep(0)
        raise RuntimeError

    monkeypatch.setattr(world.app.state.answering.model, "moderate", for_ever)
    monkeypatch.setattr(search, "search", fails)

    response = await alice.post("/api/chat", {"message": QUESTION})

    assert (response.status_code, ended) == (500, [True])
