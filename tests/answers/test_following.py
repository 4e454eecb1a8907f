"""A question that goes on with a conversation."""

import pytest

from tests.world import World
from trulybot.answers.following import MOST_TERMS, Said, said_in, understood
from trulybot.answers.models import Exchange
from trulybot.answers.search import Asked, ask
from trulybot.documents.keywords import question_terms

TICKETS = [Said("user", "What does a museum ticket cost?"), Said("assistant", "Adults pay 12 euros.")]


async def test_a_question_of_few_words_of_its_own_leans_on_what_was_said(world: World):
    alone = await ask(world.embedder, "and for students?")

    asked = await understood(world.embedder, alone, TICKETS)

    assert {"museum", "ticket", "student"} <= set(asked.terms)
    assert asked.weights["museum"] < asked.weights["student"] == 1
    assert asked.vector != alone.vector


async def test_a_new_subject_is_left_alone(world: World):
    alone = await ask(world.embedder, "Which documents must I bring along to register a used motorcycle in Bavaria?")

    assert await understood(world.embedder, alone, TICKETS) == alone


async def test_what_was_said_last_counts_most(world: World):
    alone = await ask(world.embedder, "and for students?")
    said = [Said("user", "When does the library open?"), Said("user", "What does a museum ticket cost?")]

    asked = await understood(world.embedder, alone, said)

    assert asked.weights["librari"] < asked.weights["museum"]


@pytest.mark.parametrize(
    ("first", "then", "word"),
    [("博物馆的门票多少钱？", "学生呢？", "门票"), ("कितने का है टिकट?", "और छात्रों के लिए?", "टिकट")],
)
async def test_it_needs_no_words_of_a_language(world: World, first: str, then: str, word: str):
    asked = await understood(world.embedder, await ask(world.embedder, then), [Said("user", first)])

    assert set(question_terms(word)) <= set(asked.terms)


async def test_without_the_embedder_the_words_are_recalled_all_the_same(world: World):
    async with world.without_embedder():
        asked = await understood(world.embedder, await ask(world.embedder, "and for students?"), TICKETS)

    assert "museum" in asked.terms
    assert asked.vector is None


async def test_a_long_conversation_does_not_make_a_long_search(world: World):
    said = [Said("user", " ".join(f"word{number}x{place}" for place in range(60))) for number in range(50)]

    asked = await understood(world.embedder, Asked("and?", ["and"], {}, "none"), said)

    assert len(asked.terms) <= MOST_TERMS


async def test_without_a_conversation_a_question_stays_as_it_is(world: World):
    alone = Asked("and for students?", ["student"], {}, "none")

    assert await understood(world.embedder, alone, []) is alone


def test_greetings_and_what_we_did_not_know_are_not_recalled():
    history = [
        Exchange("Hello!", "Hello, how can I help?"),
        Exchange("What does a ticket cost?", "I don't know that.", answered=False),
        Exchange("Where is the museum?", "In the old town."),
    ]

    assert said_in(history) == [
        Said("user", "What does a ticket cost?"),
        Said("user", "Where is the museum?"),
        Said("assistant", "In the old town."),
    ]
