"""The history of the knowledge over HTTP."""

from typing import Annotated

from fastapi import APIRouter

from trulybot.kit.errors import InvalidInput
from trulybot.kit.http import Db
from trulybot.kit.lists import CursorText, Limit, Listed
from trulybot.knowledge import versions
from trulybot.knowledge.models import Version
from trulybot.workspaces.access import may
from trulybot.workspaces.identity import Actor

router = APIRouter(prefix="/api/knowledge", tags=["history"])


@router.get("/versions")
async def list_versions(
    who: Annotated[Actor, may("documents:read")], db: Db, limit: Limit = 50, cursor_: CursorText = None
) -> Listed[Version]:
    """What changed the knowledge, when and by whom, from new to old."""
    before = _place(cursor_)
    async with db.workspace(who) as tx:
        found = await versions.page(tx, before=before, limit=limit + 1)
    more = str(found[limit - 1].version) if len(found) > limit else None
    return Listed(items=found[:limit], next_cursor=more)


def _place(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < len(str(2**63))):
        raise InvalidInput(details=[{"field": "cursor", "message": "is not a cursor of this list"}])
    return int(cursor)
