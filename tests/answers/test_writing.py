"""A model's sentences, weighed one by one while everybody else is served."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast
from uuid import UUID

from trulybot.answers.binding import MARKS
from trulybot.answers.ranking import Candidate, Ranked
from trulybot.answers.writing import Writer, Written
from trulybot.llm.model import CONTEXT_TOKENS, CutOff, Model, Prompt, Spent
from trulybot.llm.prices import NOTHING

PASSAGE = Ranked(
    Candidate(UUID(int=1), UUID(int=1), None, "Hours", None, "", "We open at nine.", None, (), 0.0), 0.9, 0.9, 0.5
)
SENTENCES = 100


class Rambling:
    """Says at once a great deal that no passage holds."""

    name, provider, price, context_tokens, is_tenants = "rambling", "nobody", NOTHING, CONTEXT_TOKENS, False

    async def moderate(self, _text: str) -> frozenset[str]:
        return frozenset()

    async def stream(self, _prompt: Prompt) -> AsyncIterator[str | Spent | CutOff]:
        yield "Lions dance with 7 zebras. " * SENTENCES


async def test_others_get_a_turn_between_two_sentences():
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1

    beating = asyncio.create_task(beat())
    written = Written()
    said = [
        sentence
        async for sentence in Writer(cast("Model", Rambling())).write(
            "When?", [PASSAGE], language="en", asked_by="a pseudonym", written=written
        )
    ]
    beating.cancel()

    assert said == []
    assert beats >= SENTENCES - 1


def test_marks_are_found_after_any_space_and_none_in_much_of_it():
    assert MARKS.findall("Nine.  [1] [2,3] Ten.[4]\n[5]") == ["  [1]", " [2,3]", "[4]", "\n[5]"]
    assert MARKS.search("\n" * 200_000) is None  # in minutes, if each place were tried to the end
