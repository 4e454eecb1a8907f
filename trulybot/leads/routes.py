"""Leads over HTTP."""

from typing import Annotated

from fastapi import APIRouter

from trulybot.kit.http import Db
from trulybot.kit.lists import CursorText, Limit, Listed, paged, place
from trulybot.leads import service
from trulybot.leads.models import Lead
from trulybot.workspaces.access import may
from trulybot.workspaces.identity import Actor

router = APIRouter(prefix="/api", tags=["leads"])


@router.get("/leads")
async def leads(
    who: Annotated[Actor, may("leads:read")], db: Db, limit: Limit = 50, cursor_: CursorText = None
) -> Listed[Lead]:
    """Who left an address in the chat, from new to old."""
    async with db.workspace(who) as tx:
        return paged(await service.page(tx, before=place(cursor_), limit=limit + 1), limit)
