"""What whoever asked thinks of an answer: a thumb, and a few words if they like."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, StringConstraints

from trulybot.conversations import queries
from trulybot.conversations.models import turn_id_of
from trulybot.kit.db import Tx
from trulybot.kit.errors import NotFound
from trulybot.kit.http import Db
from trulybot.kit.openapi import errors, example
from trulybot.kit.text import Text
from trulybot.unanswered import service as unanswered
from trulybot.workspaces.access import may
from trulybot.workspaces.identity import Actor, KeyHolder, Member

router = APIRouter(prefix="/api", tags=["chat"])

COMMENT_CHARACTERS = 2000


class NoMessage(NotFound):
    """Nothing was asked under this message_id, or not by you."""

    status, code = 404, "message_not_found"


class Opinion(BaseModel):
    """Sent again, it replaces what was thought before."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"rating": "down", "comment": "It is 14 days now."}]})

    rating: Literal["up", "down"]
    comment: Annotated[Text, StringConstraints(max_length=COMMENT_CHARACTERS)] | None = None


@example(
    {
        "message_id": "019a6e0c-9d78-7f11-8a02-1e6b3c5d9f09",
        "rating": "down",
        "comment": "It is 14 days now.",
        "updated_at": "2026-11-22T09:05:00Z",
    }
)
@dataclass(frozen=True)
class Feedback:
    message_id: UUID
    rating: Literal["up", "down"]
    comment: str | None
    updated_at: datetime


@router.post("/chat/{message_id}/feedback", responses=errors(NoMessage))
async def rate(
    message_id: Annotated[str, Path(min_length=1, max_length=100)],
    form: Opinion,
    who: Annotated[Actor, may("chat")],
    db: Db,
) -> Feedback:
    """Say whether an answer to a question of yours was good. `message_id` is the answer's, or the one you sent."""
    async with db.workspace(who) as tx:
        return await keep(tx, turn_id_of(message_id), form, by=who)


async def keep(tx: Tx, turn_id: UUID, opinion: Opinion, *, by: Actor) -> Feedback:
    """
    Keep what somebody thinks of their answer, in the place of what they thought before.

    Raises:
        NoMessage: They asked nothing under this id.
    """
    # Row security shows a visitor their own turns alone; a member sees all of the workspace's and rates but theirs.
    kept = await tx.maybe(
        Feedback,
        """
        insert into feedback (turn_id, rating, comment)
        select t.id, %(rating)s, %(comment)s
          from turns t
          join conversations c on c.workspace_id = t.workspace_id and c.id = t.conversation_id
         where t.workspace_id = %(workspace_id)s
           and t.id = %(turn_id)s
           and c.user_id is not distinct from %(user_id)s
           and c.key_id is not distinct from %(key_id)s
            on conflict (workspace_id, turn_id)
            do update set rating = excluded.rating, comment = excluded.comment, updated_at = now()
        returning turn_id as message_id, rating, comment, updated_at
        """,
        workspace_id=tx.workspace_id,
        turn_id=turn_id,
        rating=opinion.rating,
        comment=opinion.comment or None,
        user_id=by.user_id if isinstance(by, Member) else None,
        key_id=by.key_id if isinstance(by, KeyHolder) else None,
    )
    if kept is None:
        raise NoMessage
    if opinion.rating == "down" and not isinstance(by, Member):
        # A wrong answer is one that is missing: the owner finds the question among those that nobody could answer.
        language = await queries.language_of_a_question(tx, turn_id)
        if language is not None:
            await unanswered.note(tx, turn_id, language)
    return kept
