"""A model says in full what a follow-up asks."""

import pytest

from tests.answers.test_answering import QUESTION, alice, provider
from tests.providers import Act, Provider, refuses, says
from tests.world import Person

__all__ = ["alice", "provider"]  # fixtures


async def test_a_model_is_asked_what_a_follow_up_means(alice: Person, provider: Provider):
    first = await alice.asks(QUESTION)
    provider.plays(says("We are open from 9:00 to 18:00 on weekdays. [1]"))

    reply = await alice.asks("And on weekdays?", conversation_id=first["conversation_id"])

    _, restating, writing = provider.requests
    assert QUESTION in restating.body["messages"][1]["content"]
    assert "on weekdays?" in writing.body["messages"][-1]["content"]
    assert "9:00" in reply["answer"]
    assert reply["usage"]["prompt_tokens"] == 240


async def test_a_first_question_is_not_restated(alice: Person, provider: Provider):
    await alice.asks(QUESTION)

    assert len(provider.requests) == 1


@pytest.mark.parametrize("act", [refuses(500), says("no " * 300)], ids=["fails", "rambles"])
async def test_without_its_help_what_was_said_is_enough(alice: Person, provider: Provider, act: Act):
    first = await alice.asks(QUESTION)
    provider.plays(act)

    reply = await alice.asks("And on weekdays?", conversation_id=first["conversation_id"])

    assert reply["answered"] is True
    assert "9:00" in reply["answer"]
