"""Leads over HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.kit import spreadsheets
from trulybot.kit.db import Database
from trulybot.kit.http import Db
from trulybot.kit.lists import CursorText, Limit, Listed, paged, place
from trulybot.leads import service
from trulybot.leads.models import Lead
from trulybot.workspaces.access import may
from trulybot.workspaces.identity import Actor

router = APIRouter(prefix="/api", tags=["leads"])

EXPORTED = ("created_at", "email", "name", "phone", "status", "id", "conversation_id")
ROWS_AT_ONCE = 500
_FILE = {"type": "string", "format": "binary"}


@router.get("/leads")
async def leads(
    who: Annotated[Actor, may("leads:read")], db: Db, limit: Limit = 50, cursor_: CursorText = None
) -> Listed[Lead]:
    """Who left an address in the chat, from new to old."""
    async with db.workspace(who) as tx:
        return paged(await service.page(tx, before=place(cursor_), limit=limit + 1), limit)


@router.get(
    "/leads/export",
    response_class=Response,
    responses={
        200: {
            "description": "The file, as it is written.",
            "content": {
                "text/csv": {"schema": {"type": "string"}, "example": "created_at,email,name\r\n"},
                spreadsheets.MEDIA_TYPES["xlsx"]: {"schema": _FILE, "example": "PK…"},
            },
        }
    },
)
async def export(
    who: Annotated[Actor, may("leads:read")],
    db: Db,
    format: Annotated[spreadsheets.Format, Query(description="CSV is UTF-8 by RFC 4180")] = "csv",
) -> Response:
    """Every lead as a table for a spreadsheet, from new to old. What looks like a formula is marked as text."""
    async with db.workspace(who) as tx:
        await audit.record(tx, Action.LEADS_EXPORTED, by=who, format=format)
    return spreadsheets.download(f"leads-{datetime.now(UTC).date()}", format, EXPORTED, _rows(db, who))


async def _rows(db: Database, who: Actor) -> AsyncIterator[spreadsheets.Row]:
    """Page by page, so that no transaction stays open while somebody's download is slow."""
    before: tuple[datetime | None, UUID | None] = (None, None)
    while True:
        async with db.workspace(who) as tx:
            found = await service.page(tx, before=before, limit=ROWS_AT_ONCE)
        for lead in found:
            yield [getattr(lead, name) for name in EXPORTED]
        if len(found) < ROWS_AT_ONCE:
            return
        before = (found[-1].created_at, found[-1].id)
