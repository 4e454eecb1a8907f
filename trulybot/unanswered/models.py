"""What is kept of questions without an answer."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from trulybot.answers.models import Citation
from trulybot.curated.models import CuratedAnswer
from trulybot.kit.openapi import example

_GROUP = {
    "id": "019a6e0c-8b02-7e1f-a1c9-2f0b7d9e4a04",
    "question": "Do you deliver to Norway?",
    "asked": 7,
    "languages": ["en", "no"],
    "last_asked_at": "2026-11-22T09:00:00Z",
    "created_at": "2026-11-20T09:00:00Z",
}
_CITATION = {
    "passage_id": "019a6e0c-8c4d-7f3a-8e21-6b7c1d0a5e05",
    "document_id": "019a6e0c-8b02-7e1f-a1c9-2f0b7d9e4a04",
    "external_id": "page-12",
    "title": "Delivery",
    "url": "https://shop.example/delivery",
    "text": "We deliver in Denmark and Sweden.",
    "score": 0.61,
}


@example(_GROUP)
@dataclass(frozen=True)
class Group:
    """Questions of one meaning. question: the first of them. asked: how often. created_at: when it was first asked."""

    id: UUID
    question: str
    asked: int
    languages: list[str]
    last_asked_at: datetime
    created_at: datetime


@dataclass(frozen=True)
class Draft:
    """
    What the documents come nearest to saying, for a person to correct. text: empty when nothing is near.

    citations: the passages that it is quoted from.
    """

    text: str
    citations: list[Citation]


@example({**_GROUP, "questions": ["Do you deliver to Norway?"], "draft": {"text": "", "citations": [_CITATION]}})
@dataclass(frozen=True)
class GroupInFull:
    """A group with its different questions and a drafted answer."""

    id: UUID
    question: str
    asked: int
    languages: list[str]
    last_asked_at: datetime
    created_at: datetime
    questions: list[str]
    draft: Draft


@example({"question": "Can I bring my dog?", "answered": True})
@dataclass(frozen=True)
class Tested:
    """A question asked again. answered: it is told the new answer now."""

    question: str
    answered: bool


@dataclass(frozen=True)
class Approved:
    """The answer as it is kept now, and the group's questions asked again."""

    answer: CuratedAnswer
    tested: list[Tested]


@dataclass(frozen=True)
class Waiting:
    """A question that is in no group yet."""

    turn_id: UUID
    question: str
