"""What is known of a gate."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from trulybot.evaluation.sets.models import Run
from trulybot.kit.openapi import example

_SET = "019a6e0d-2a10-7d20-8b31-5a7c9e1f3d0a"

# open: nothing is held. reading: it is not ready to be tried. trying: it is being asked. refused: the last try failed.
# waiting: it has not been tried.
State = Literal["open", "reading", "waiting", "trying", "refused"]


class GateForm(BaseModel):
    """minimum: the share of the set's questions that must be answered rightly."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"set_id": _SET, "minimum": 0.9}]})

    set_id: UUID
    minimum: Annotated[float, Field(ge=0, le=1)] = 0.9


@dataclass(frozen=True)
class Setting:
    set_id: UUID
    minimum: float
    live_run_id: UUID | None
    candidate_run_id: UUID | None


@dataclass(frozen=True)
class Verdict:
    """wrong: questions, by id, that are answered rightly now and would not be any more."""

    right: float
    wrong: list[str]
    passed: bool


@example(
    {
        "set_id": _SET,
        "minimum": 0.9,
        "state": "refused",
        "ready": 1,
        "waiting": 0,
        "failed": 0,
        "answers": 0,
        "bot": False,
        "changed_at": "2026-11-22T08:59:00Z",
        "live": None,
        "candidate": None,
        "verdict": {"right": 0.93, "wrong": ["019a6e0d-2c33-7b02-8d53-7c9e1a3b5f0c"], "passed": False},
    }
)
@dataclass(frozen=True)
class Gate:
    """
    ready, waiting, failed: the documents that are held, by whether they can be tried yet. answers: how many changes of
    curated answers are held, besides those of files. bot: whether a change of the bot is. live, candidate: the last
    try, beside what visitors were answered from at that time; both null before the first.
    """

    set_id: UUID
    minimum: float
    state: State
    ready: int
    waiting: int
    failed: int
    answers: int
    bot: bool
    changed_at: datetime | None
    live: Run | None
    candidate: Run | None
    verdict: Verdict | None


@example({"documents": 3, "answers": 1, "bot": False})
@dataclass(frozen=True)
class Passed:
    """documents, answers: how many were published, or withdrawn. bot: whether a change of the bot was."""

    documents: int
    answers: int
    bot: bool

    @property
    def anything(self) -> bool:
        return bool(self.documents or self.answers or self.bot)
