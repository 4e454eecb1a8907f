"""Conflicts over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.conflicts import queries
from trulybot.conflicts.models import Conflict
from trulybot.kit.db import Tx
from trulybot.kit.errors import NotFound
from trulybot.kit.http import Db
from trulybot.kit.lists import CursorText, Limit, Listed, paged, place
from trulybot.workspaces.access import may
from trulybot.workspaces.identity import Actor

router = APIRouter(prefix="/api/knowledge", tags=["history"])


@router.get("/conflicts")
async def list_conflicts(
    who: Annotated[Actor, may("documents:read")], db: Db, limit: Limit = 50, cursor_: CursorText = None
) -> Listed[Conflict]:
    """
    Sentences of the knowledge that disagree, and sentences whose day is over, from new to old.

    One disappears when its document changes, or when it is dismissed.
    """
    async with db.workspace(who) as tx:
        return paged(await queries.page(tx, before=place(cursor_), limit=limit + 1), limit)


@router.delete("/conflicts/{conflict_id}", status_code=204)
async def dismiss(conflict_id: UUID, who: Annotated[Actor, may("documents:write")], db: Db) -> None:
    """Say that this is none. The same sentences are not shown again."""
    async with db.workspace(who) as tx:
        await dismissed(tx, conflict_id, by=who)


async def dismissed(tx: Tx, conflict_id: UUID, *, by: Actor) -> None:
    """
    Dismiss a conflict, and write it down.

    Raises:
        NotFound: There is none with this id, or it is dismissed.
    """
    if not await queries.dismiss(tx, conflict_id):
        raise NotFound
    await audit.record(tx, Action.CONFLICT_DISMISSED, by=by, subject=conflict_id)
