"""What is kept of a curated answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from trulybot.kit.openapi import example


@example(
    {
        "id": "019a6e0c-8b02-7e1f-a1c9-2f0b7d9e4a04",
        "question": "How long do I have to return something?",
        "alternatives": ["Can I send it back?", "What is your returns policy?"],
        "answer": "You may return anything within 30 days, unused and in its box.",
        "enabled": True,
        "language": "en",
        "document_id": None,
        "embedded": True,
        "held": False,
        "replaces": None,
        "removes": False,
        "created_at": "2026-11-22T09:00:00Z",
        "updated_at": "2026-11-22T09:00:02Z",
    }
)
@dataclass(frozen=True)
class CuratedAnswer:
    """
    An answer in the owner's own words. alternatives: other ways to ask for it, in any language.

    document_id: the file that it was read from. embedded: it is found by meaning, and not by its wording alone.

    held: the publish gate holds it back, so that nobody is told it. replaces: the answer whose place it takes once it
    is published; null for one that is new. removes: what is held is that the other goes.
    """

    id: UUID
    question: str
    alternatives: list[str]
    answer: str
    enabled: bool
    language: str | None
    document_id: UUID | None
    embedded: bool
    held: bool
    replaces: UUID | None
    removes: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Phrasing:
    """A way to ask for an answer. place: its order; -1 for question and answer together."""

    place: int
    text: str


@dataclass(frozen=True)
class Unembedded:
    """A phrasing that waits for its vector."""

    id: UUID
    text: str
    place: int


# Of an answer, beside its question. Further on it tells less of what it is about: StackFAQ's recall@1 is .90 with all
# of it, .917 so.
SPOKEN_CHARACTERS = 300


def phrasings(question: str, alternatives: Sequence[str], answer: str) -> list[Phrasing]:
    """Everything that an answer is found by, each once."""
    asked = list(dict.fromkeys((question, *alternatives)))
    return [
        Phrasing(-1, f"{question}\n{answer[:SPOKEN_CHARACTERS]}"),
        *(Phrasing(place, text) for place, text in enumerate(asked)),
    ]
