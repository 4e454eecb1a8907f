"""What an answer is made of."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal
from uuid import UUID

from trulybot.kit.openapi import example

Source = Literal["curated", "cache", "documents", "model", "smalltalk", "handover", "none"]


@example(
    {
        "passage_id": "019a6e0c-8c4d-7f3a-8e21-6b7c1d0a5e05",
        "document_id": "019a6e0c-8b02-7e1f-a1c9-2f0b7d9e4a04",
        "external_id": "page-12",
        "title": "Returns",
        "url": "https://shop.example/returns",
        "text": "You may return anything within 30 days, unused and in its box.",
        "score": 0.81,
    }
)
@dataclass(frozen=True)
class Citation:
    """A passage that an answer rests on. text: the passage. score: 0 to 1, higher is closer."""

    passage_id: UUID
    document_id: UUID
    external_id: str | None
    title: str
    url: str | None
    text: str
    score: float


@dataclass(frozen=True)
class Usage:
    """cost_usd: with six decimals, as text, since money is never a float."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: str = "0.000000"

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            f"{Decimal(self.cost_usd) + Decimal(other.cost_usd):.6f}",
        )


@dataclass(frozen=True)
class Answer:
    """confidence: how likely it is that this answers the question, 0 to 1. language: ISO 639-1."""

    text: str
    answered: bool
    source: Source
    intent: str
    confidence: float
    language: str
    citations: list[Citation] = field(default_factory=list)
    suggestions: list[str] = field(default_factory=list)
    usage: Usage = Usage()


@dataclass(frozen=True)
class Delta:
    """A piece of the answer, as it forms."""

    text: str


@dataclass(frozen=True)
class Exchange:
    """
    An earlier turn of the conversation.

    answer: what was said, None when there is none yet. answered: whether it was more than that we do not know.
    """

    question: str
    answer: str | None
    answered: bool = True
