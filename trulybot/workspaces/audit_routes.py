"""The workspace's audit log over HTTP."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from trulybot.audit import queries
from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.audit.export import MEDIA_TYPES, Format, exported
from trulybot.audit.models import Entry, Filter
from trulybot.kit.db import Database
from trulybot.kit.errors import InvalidInput
from trulybot.kit.http import Db
from trulybot.kit.lists import CursorText, Limit, Listed
from trulybot.workspaces.access import may
from trulybot.workspaces.identity import Actor

router = APIRouter(prefix="/api", tags=["workspaces"])


async def _filter(
    action: Annotated[str | None, Query(max_length=100, description="The acts of one kind, as `key.made`")] = None,
    actor: Annotated[str | None, Query(max_length=100, description="The acts of one user, key or visitor")] = None,
    since: Annotated[datetime | None, Query(alias="from", description="From this time on")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="Before this time")] = None,
) -> Filter:
    return Filter(action, actor, _in_utc(since), _in_utc(until))


Which = Annotated[Filter, Depends(_filter)]


@router.get("/audit-log")
async def audit_log(
    who: Annotated[Actor, may("audit:read")], db: Db, which: Which, limit: Limit = 50, cursor_: CursorText = None
) -> Listed[Entry]:
    """Who did what in the workspace, from new to old."""
    before = _place(cursor_)
    async with db.workspace(who) as tx:
        found = await queries.newest(tx, which, before=before, limit=limit + 1)
    return Listed(items=found[:limit], next_cursor=str(found[limit - 1].seq) if len(found) > limit else None)


@router.get(
    "/audit-log/export",
    response_class=Response,
    responses={
        200: {
            "description": "The file, as it is read from the database",
            "content": {
                "text/csv": {"schema": {"type": "string"}, "example": "seq,id,at,actor_kind,…"},
                "application/jsonl": {"schema": {"type": "string"}, "example": '{"seq": 1, "action": "key.made", …}'},
            },
        }
    },
)
async def export(
    who: Annotated[Actor, may("audit:read")], db: Db, which: Which, format: Format = "csv"
) -> StreamingResponse:
    """Who did what, from old to new, as a file. The lines of `jsonl` hold all that is needed to check the hashes."""
    return await download(db, who, which, format)


async def download(db: Database, who: Actor, which: Filter, format: Format) -> StreamingResponse:
    """The file, once it is written down that it was asked for."""
    async with db.workspace(who) as tx:
        await audit.record(tx, Action.AUDIT_EXPORTED, by=who, format=format)
    headers = {
        "Content-Disposition": f'attachment; filename="audit-log-{datetime.now(UTC):%Y-%m-%d}.{format}"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(exported(db, who, which, format), media_type=MEDIA_TYPES[format], headers=headers)


def _place(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < len(str(2**63))):
        raise InvalidInput(details=[{"field": "cursor", "message": "is not a cursor of this list"}])
    return int(cursor)


def _in_utc(time: datetime | None) -> datetime | None:
    """A time without a zone is one in UTC, as everywhere in this API."""
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time
