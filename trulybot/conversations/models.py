"""What goes back to whoever asked."""

from dataclasses import dataclass
from uuid import NAMESPACE_OID, UUID, uuid5

from trulybot.answers.models import Citation, Usage
from trulybot.kit.openapi import example

_EXAMPLE = {
    "conversation_id": "019a6e0c-9d77-7a90-b3f8-4c2e1f0d7b07",
    "message_id": "019a6e0c-9d78-7f11-8a02-1e6b3c5d9f09",
    "answer": "You may return anything within 30 days, unused and in its box.",
    "answered": True,
    "source": "documents",
    "intent": "question",
    "confidence": 0.93,
    "language": "en",
    "citations": [
        {
            "passage_id": "019a6e0c-8c4d-7f3a-8e21-6b7c1d0a5e05",
            "document_id": "019a6e0c-8b02-7e1f-a1c9-2f0b7d9e4a04",
            "external_id": "page-12",
            "title": "Returns",
            "url": "https://shop.example/returns",
            "text": "You may return anything within 30 days, unused and in its box.",
            "score": 0.81,
        }
    ],
    "suggestions": [],
    "usage": {"prompt_tokens": 0, "completion_tokens": 0, "cost_usd": "0.000000"},
    "latency_ms": 41,
}


@example(_EXAMPLE)
@dataclass(frozen=True)
class Reply:
    """
    A whole answer.

    message_id: names the turn, for feedback and for a retry. confidence: how likely it is that this answers
    the question, 0 to 1. language: ISO 639-1. latency_ms: from the question's arrival to the last word.
    """

    conversation_id: UUID
    message_id: UUID
    answer: str
    answered: bool
    source: str
    intent: str
    confidence: float
    language: str
    citations: list[Citation]
    suggestions: list[str]
    usage: Usage
    latency_ms: int


@dataclass(frozen=True)
class Start:
    conversation_id: UUID
    message_id: UUID


def turn_id_of(message_id: str) -> UUID:
    """The client's id when it is a UUID; any other text names a UUID that is always the same."""
    try:
        return UUID(message_id)
    except ValueError:
        return uuid5(NAMESPACE_OID, message_id)
