"""Sources over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request

from trulybot.kit.http import Db
from trulybot.kit.idempotency import Repeatable
from trulybot.kit.lists import CursorText, Limit, Listed, paged, place
from trulybot.kit.openapi import errors
from trulybot.sources import service
from trulybot.sources.errors import AddressRefused, SourceExists, TooManySources
from trulybot.sources.forms import NewSource, SourceChange
from trulybot.sources.models import Source
from trulybot.workspaces.access import may
from trulybot.workspaces.identity import Actor, Member

router = APIRouter(prefix="/api", tags=["sources"], route_class=Repeatable)

Reader = Annotated[Actor, may("documents:read")]
Writer = Annotated[Actor, may("documents:write")]


@router.post("/sources", status_code=201, responses=errors(AddressRefused, SourceExists, TooManySources))
async def add(request: Request, form: NewSource, who: Writer, db: Db) -> Source:
    """
    Have a page, a sitemap or a whole site taken in, and kept up to date if `refresh` says so.

    The answer comes before anything is fetched: ask for the source until its state is `ready` or `failed`. Each page
    becomes a document whose `url` is the page's.
    """
    created_by = who.user_id if isinstance(who, Member) else None
    async with db.workspace(who) as tx:
        return await service.add(tx, form, request.app.state.reach, created_by=created_by, by=who)


@router.get("/sources")
async def sources(who: Reader, db: Db, limit: Limit = 50, cursor_: CursorText = None) -> Listed[Source]:
    """The workspace's sources, from new to old."""
    async with db.workspace(who) as tx:
        return paged(await service.page(tx, before=place(cursor_), limit=limit + 1), limit)


@router.get("/sources/{source_id}")
async def source(source_id: UUID, who: Reader, db: Db) -> Source:
    """One source: how far it is, and which pages could not be taken in."""
    async with db.workspace(who) as tx:
        return await service.get(tx, source_id)


@router.patch("/sources/{source_id}")
async def change(source_id: UUID, form: SourceChange, who: Writer, db: Db) -> Source:
    """Change how often we come by, or how many pages are taken in from the next time on."""
    async with db.workspace(who) as tx:
        return await service.change(tx, source_id, form, by=who)


@router.delete("/sources/{source_id}", status_code=204)
async def remove(source_id: UUID, who: Writer, db: Db) -> None:
    """Take a source out, with the documents that came from it."""
    async with db.workspace(who) as tx:
        await service.remove(tx, source_id, by=who)


@router.post("/sources/{source_id}/sync", status_code=202)
async def sync(source_id: UUID, who: Writer, db: Db) -> Source:
    """Have a source visited again now. What has not changed is not sent or read again."""
    async with db.workspace(who) as tx:
        return await service.sync(tx, source_id, by=who)
