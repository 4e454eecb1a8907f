"""What going back to an earlier version does."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from trulybot.kit.errors import Conflict
from trulybot.kit.openapi import example

Step = Literal["put_back", "brought_back", "taken_out", "stays"]


class NothingToRestore(Conflict):
    """Documents and answers stand as they did at this version."""

    status, code = 409, "nothing_to_restore"


@dataclass(frozen=True)
class Change:
    """
    What happens to one document.

    put_back: it gets its earlier content. brought_back: it was taken out, and comes again. taken_out: it came later;
    it can be brought back by restoring a version that had it. stays: its earlier content is not kept any more.
    """

    document_id: UUID
    title: str
    step: Step


@dataclass(frozen=True)
class AnswerChange:
    """What happens to one curated answer, in the same steps."""

    answer_id: UUID
    question: str
    step: Step


@example(
    {
        "version": 42,
        "put_back": 1,
        "brought_back": 1,
        "taken_out": 0,
        "stays": 0,
        "deleted": 2,
        "documents": [{"document_id": "019a6e0c-8b02-7e1f-a1c9-2f0b7d9e4a04", "title": "Returns", "step": "put_back"}],
        "answers": [
            {
                "answer_id": "019a6e0c-8b02-7e1f-a1c9-2f0b7d9e4a05",
                "question": "Can I bring my dog?",
                "step": "brought_back",
            }
        ],
    }
)
@dataclass(frozen=True)
class Restoration:
    """
    What going back to a version does, or did: how many documents and answers each step concerns, and the first of them.

    deleted: documents of that version that were deleted for good since, and do not come back.
    """

    version: int
    put_back: int
    brought_back: int
    taken_out: int
    stays: int
    deleted: int
    documents: list[Change]
    answers: list[AnswerChange]

    @property
    def concerned(self) -> int:
        return self.put_back + self.brought_back + self.taken_out
