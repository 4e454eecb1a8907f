"""What an owner is shown of the knowledge's disagreements."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from trulybot.kit.openapi import example


@dataclass(frozen=True)
class Source:
    """
    A sentence and where it stands: in a passage of a document, or in a curated answer, whose question is its title.

    fact: the part of it that is in question.
    """

    document_id: UUID | None
    title: str
    url: str | None
    passage_id: UUID | None
    answer_id: UUID | None
    sentence: str
    fact: str


@example(
    {
        "id": "019a6e0c-9e01-7c12-8d03-2f7c4d6e0a11",
        "kind": "duration",
        "one": {
            "document_id": "019a6e0c-8b02-7e1f-a1c9-2f0b7d9e4a04",
            "title": "Returns",
            "url": "https://shop.example/returns",
            "passage_id": "019a6e0c-8c4d-7f3a-8e21-6b7c1d0a5e05",
            "answer_id": None,
            "sentence": "Returns are accepted within 30 days.",
            "fact": "30 days",
        },
        "other": {
            "document_id": None,
            "title": "How long do I have to return something?",
            "url": None,
            "passage_id": None,
            "answer_id": "019a6e0c-8b02-7e1f-a1c9-2f0b7d9e4a04",
            "sentence": "Returns are accepted within 14 days.",
            "fact": "14 days",
        },
        "over_on": None,
        "created_at": "2026-11-22T09:00:00Z",
    }
)
@dataclass(frozen=True)
class Conflict:
    """
    Two sentences that disagree; or one that is over.

    kind: money, percentage, duration, date, time, number, permission; or stale, and then there is no other sentence,
    and over_on is the last day on which it held.
    """

    id: UUID
    kind: str
    one: Source
    other: Source | None
    over_on: date | None
    created_at: datetime


@dataclass(frozen=True)
class Near:
    """Two passages that are near each other in meaning, and which of their sentences are. places: from 0."""

    passage_id: UUID
    other_passage: UUID
    places: list[int]
    other_places: list[int]
    other_title: str
    other_heading: str
    other_text: str


@dataclass(frozen=True)
class Passage:
    id: UUID
    title: str
    heading: str
    text: str


@dataclass(frozen=True)
class Answered:
    """A curated answer. id: of the phrasing that stands for it as it is."""

    id: UUID
    question: str
    answer: str


@dataclass(frozen=True)
class NearPassage:
    """A passage that is near a curated answer in meaning. phrasing_id: what stands for that."""

    phrasing_id: UUID
    passage_id: UUID
    title: str
    heading: str
    text: str


@dataclass(frozen=True)
class NearAnswer:
    """A curated answer that is near a passage, or near another, in meaning. id: of that."""

    id: UUID
    phrasing_id: UUID
    question: str
    answer: str


@dataclass(frozen=True)
class Place:
    """Where a sentence stands: one of both."""

    passage_id: UUID | None = None
    phrasing_id: UUID | None = None


@dataclass(frozen=True)
class Found:
    """A conflict before it is kept."""

    kind: str
    one: Place
    sentence: str
    fact: str
    other: Place
    other_sentence: str | None
    other_fact: str | None
    over_on: date | None
    fingerprint: bytes
