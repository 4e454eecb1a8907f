import math

import pytest

from trulybot.answers import usual
from trulybot.llm import e5


def test_each_language_asks_the_same_sixteen_questions():
    assert {len(asked) for asked in usual.questions().values()} == {16}
    assert all(text.strip() == text and text for asked in usual.questions().values() for text in asked)


@pytest.mark.parametrize("language", ["en", "ko"])
async def test_the_kept_means_are_those_of_the_embedder(world, language):
    mean = await usual.mean(world.embedder, usual.questions()[language])

    kept = usual._usual()[language]
    assert math.dist(mean, kept) < 0.02


def test_what_is_particular_is_further_from_the_usual():
    kept = usual._usual()["hi"]
    length = math.hypot(*kept)
    vector = [value / length for value in kept]

    assert math.hypot(*usual.particular(vector, "hi", e5.MODEL)) < 0.6


def test_the_vectors_of_another_model_are_left_alone():
    assert usual.particular([1.0, 0.0], "en", "text-embedding-3-small") == [1.0, 0.0]
