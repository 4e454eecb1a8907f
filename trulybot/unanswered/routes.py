"""Unanswered questions over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request

from trulybot.curated import service as curated
from trulybot.curated.errors import AnswersFull
from trulybot.kit.http import Db
from trulybot.kit.idempotency import Repeatable
from trulybot.kit.lists import CursorText, Limit, Listed, paged, place
from trulybot.kit.openapi import errors
from trulybot.unanswered import service
from trulybot.unanswered.forms import Approval
from trulybot.unanswered.models import Approved, Group, GroupInFull
from trulybot.workspaces.access import may
from trulybot.workspaces.identity import Actor

router = APIRouter(prefix="/api/knowledge/unanswered", tags=["answers"], route_class=Repeatable)

Reader = Annotated[Actor, may("documents:read")]
Writer = Annotated[Actor, may("documents:write")]


@router.get("")
async def groups(who: Reader, db: Db, limit: Limit = 50, cursor_: CursorText = None) -> Listed[Group]:
    """Questions that had no answer, those of one meaning together; from new to old."""
    async with db.workspace(who) as tx:
        return paged(await service.page(tx, before=place(cursor_), limit=limit + 1), limit)


@router.get("/{group_id}")
async def group(request: Request, group_id: UUID, who: Reader, db: Db) -> GroupInFull:
    """A group with its questions, and an answer drafted from what the documents come nearest to saying."""
    return await service.in_full(db, request.app.state.answering, who, group_id)


@router.post("/{group_id}/approval", status_code=201, responses=errors(AnswersFull))
async def approve(request: Request, group_id: UUID, form: Approval, who: Writer, db: Db) -> Approved:
    """
    Answer a group: its questions become the phrasings of a curated answer, and are asked again.

    `tested` says for up to twenty of them whether they are told the new answer now.
    """
    async with db.workspace(who) as tx:
        answer, questions = await service.approve(tx, group_id, form, by=who)
    await curated.embed_now(db, request.app.state.embedder, who, answer.id)
    tested = await service.ask_again(db, request.app.state.answering, who, answer, questions)
    async with db.workspace(who) as tx:
        return Approved(await curated.get(tx, answer.id), tested)


@router.delete("/{group_id}", status_code=204)
async def dismiss(group_id: UUID, who: Writer, db: Db) -> None:
    """Put a group out of sight, and whatever is asked to the same effect from now on."""
    async with db.workspace(who) as tx:
        await service.dismiss(tx, group_id, by=who)
