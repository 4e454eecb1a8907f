"""The model that knows English alone: its tokenizer, and what it tells apart."""

import numpy as np
import pytest

from trulybot.llm.minilm.model import Model
from trulybot.llm.minilm.tokenizer import MAX_TOKENS, Tokenizer

HOSTILE = ["", "\0", "\ufdfa" * 500, "a" * 10_000, "\U0001f469\u200d\U0001f4bb" * 300, "e\u0301" * 5_000, "[CLS] [SEP]"]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load()


@pytest.fixture(scope="module")
def minilm() -> Model:
    return Model()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Hello world", [101, 7592, 2088, 102]),
        # As the reference tokenizer cuts it: accents go, the longest piece first, punctuation and ideographs alone.
        ("Héllo unbelievable, don't 東京", [101, 7592, 23653, 1010, 2123, 1005, 1056, 1879, 1755, 102]),
        ("", [101, 102]),
    ],
)
def test_text_is_cut_as_the_model_was_trained(tokenizer, text, tokens):
    assert tokenizer.encode(text) == tokens


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_costs_no_more_than_other_text(tokenizer, minilm, text):
    assert len(tokenizer.encode(text)) <= MAX_TOKENS
    assert np.linalg.norm(minilm.embed(text).vector) == pytest.approx(1, abs=1e-4)


def test_what_asks_the_same_is_nearer_than_what_shares_its_words(minilm):
    asked, same, other = (
        minilm.embed(text).vector
        for text in ("How do I delete my account?", "Remove my profile for good", "How do I add an account?")
    )

    assert asked @ same > asked @ other - 0.1
    assert asked @ same > 0.5


def test_a_question_and_a_heading_are_read_alike(minilm):
    question, heading = minilm.embed("query: Opening hours"), minilm.embed("passage: Opening hours")

    assert question.vector.tolist() == heading.vector.tolist()


async def test_the_embedder_process_has_both_models(client):
    wide = await client.embed_question("When are you open?")
    (english,) = await client.english.embed_questions(["When are you open?"])

    assert len(wide) == len(english) == 384
    assert abs(float(np.dot(wide, english))) < 0.3  # of other spaces
