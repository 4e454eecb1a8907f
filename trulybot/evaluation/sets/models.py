"""What is kept of golden sets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from trulybot.answers.lookup import View
from trulybot.evaluation.golden import Golden
from trulybot.evaluation.judging import Outcome
from trulybot.kit.openapi import example

Origin = Literal["written", "file", "question", "miss", "thumbs_down"]
Before = tuple[datetime | None, UUID | None]
RunStatus = Literal["queued", "running", "done", "failed"]

_SET = "019a6e0d-2a10-7d20-8b31-5a7c9e1f3d0a"
_RUN = "019a6e0d-2b22-7c11-9c42-6b8d0f2a4e0b"
_RUN_EXAMPLE = {
    "id": _RUN,
    "set_id": _SET,
    "view": "live",
    "status": "done",
    "questions": 40,
    "asked": 40,
    "figures": {"right": 0.95, "recall_1": 0.9, "refused": 1.0, "ece": 0.04},
    "created_at": "2026-11-22T09:00:00Z",
    "ended_at": "2026-11-22T09:00:04Z",
}


@example(
    {
        "id": _SET,
        "name": "What customers really ask",
        "questions": 40,
        "created_at": "2026-11-22T09:00:00Z",
    }
)
@dataclass(frozen=True)
class GoldenSet:
    """questions: how many it holds."""

    id: UUID
    name: str
    questions: int
    created_at: datetime


@example(
    {
        "id": "019a6e0d-2c33-7b02-8d53-7c9e1a3b5f0c",
        "set_id": _SET,
        "question": "And how long for a sofa?",
        "history": [{"role": "user", "text": "Can I return a chair?"}],
        "answers": ["30 days"],
        "document_ids": ["019a6e0c-8b02-7e1f-a1c9-2f0b7d9e4a04"],
        "must_refuse": False,
        "language": "en",
        "origin": "thumbs_down",
        "turn_id": "019a6e0c-9d78-7f11-8a02-1e6b3c5d9f09",
        "created_at": "2026-11-22T09:00:00Z",
    }
)
@dataclass(frozen=True)
class GoldenQuestion:
    """
    A question whose right answer is known.

    answers: what the answer may say, any of them. document_ids: what may be cited. must_refuse: "I don't know" is the
    right answer. With none of these, any answer is.
    """

    id: UUID
    set_id: UUID
    question: str
    history: list[dict[str, str]]
    answers: list[str]
    document_ids: list[UUID]
    must_refuse: bool
    language: str | None
    origin: Origin
    turn_id: UUID | None
    created_at: datetime

    def golden(self) -> Golden:
        return Golden(
            id=str(self.id),
            text=self.question,
            relevant=frozenset(map(str, self.document_ids)),
            answers=tuple(self.answers),
            answerable=not self.must_refuse,
            history=tuple((turn["role"], turn["text"]) for turn in self.history),
            language=self.language or "",
        )


@example(_RUN_EXAMPLE)
@dataclass(frozen=True)
class Run:
    """asked: how many of its questions so far. view: of what visitors are answered from, or of what is held back."""

    id: UUID
    set_id: UUID
    view: View
    status: RunStatus
    questions: int
    asked: int
    figures: dict[str, Any]
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Turned:
    """Questions, by id, whose answer was right in one of two runs and wrong in the other."""

    right: list[str]
    wrong: list[str]


@example({**_RUN_EXAMPLE, "before": {**_RUN_EXAMPLE, "figures": {"right": 0.93}}, "results": [], "turned": None})
@dataclass(frozen=True)
class RunInFull:
    """before: the run of the same view before it. results: how each question went, worst first."""

    id: UUID
    set_id: UUID
    view: View
    status: RunStatus
    questions: int
    asked: int
    figures: dict[str, Any]
    created_at: datetime
    ended_at: datetime | None
    before: Run | None
    turned: Turned | None
    results: list[Outcome]


@example(
    {
        "message_id": "019a6e0c-9d78-7f11-8a02-1e6b3c5d9f09",
        "question": "Do you ship to Norway?",
        "answer": "I don't know that.",
        "origin": "miss",
        "comment": None,
        "created_at": "2026-11-22T09:00:00Z",
    }
)
@dataclass(frozen=True)
class Offer:
    """A real question that is worth keeping: one that went unanswered, or whose answer was disliked."""

    message_id: UUID
    question: str
    answer: str
    origin: Origin
    comment: str | None
    created_at: datetime

    @property
    def id(self) -> UUID:
        return self.message_id
