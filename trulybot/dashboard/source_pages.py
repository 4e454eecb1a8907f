"""The page about knowledge from the web: addresses, what came of them, how often they are visited."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from pydantic import ValidationError

from trulybot.dashboard.navigation import frame
from trulybot.dashboard.who import member
from trulybot.kit.db import Database
from trulybot.kit.errors import AppError, NotFound
from trulybot.kit.http import Db
from trulybot.kit.pages import partial, render
from trulybot.kit.push import Push
from trulybot.kit.streams import BEAT_SECONDS
from trulybot.sources import service
from trulybot.sources.forms import USUAL_PAGES, NewSource, SourceChange
from trulybot.sources.models import Source
from trulybot.sources.service import MOST_SOURCES
from trulybot.workspaces.access import allows
from trulybot.workspaces.identity import Member

OVERLAP = timedelta(seconds=10)  # a change is dated by when its transaction began, and seen once that commits
PAGE = "/dashboard/sources"

KINDS = {"page": "This page alone", "sitemap": "All pages of this sitemap", "crawl": "The whole site, beginning here"}
REFRESHES = {"never": "Only when I ask", "daily": "Every day", "weekly": "Every week"}

router = APIRouter(prefix="/dashboard", include_in_schema=False)

Reader = Annotated[Member, member("documents:read")]
Writer = Annotated[Member, member("documents:write")]
Text = Annotated[str, Form()]


@router.get("/sources")
async def show(request: Request, who: Reader, db: Db) -> Response:
    return await _page(request, who, db)


@router.post("/sources")
async def add(
    request: Request,
    who: Writer,
    db: Db,
    url: Text = "",
    kind: Text = "page",
    refresh: Text = "never",
    max_pages: Text = str(USUAL_PAGES),
) -> Response:
    typed = {"url": url, "kind": kind, "refresh": refresh, "max_pages": max_pages}
    # People type addresses as they are printed.
    given = url.strip() if "://" in url else f"https://{url.strip()}"
    try:
        form = NewSource.model_validate({**typed, "url": given})
        async with db.workspace(who) as tx:
            await service.add(tx, form, request.app.state.reach, created_by=who.user_id, by=who)
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        said = {"max_pages": "Say a number of pages from 1 to 2,000."}
        return await _page(request, who, db, status=400, **typed, error=said.get(field, "Give an address of the web."))
    except AppError as error:
        return await _page(request, who, db, status=error.status, **typed, error=error.message)
    return RedirectResponse(PAGE, status_code=303)


@router.get("/sources/events")
async def events(request: Request, who: Reader, db: Db, since: datetime | None = None) -> Response:
    """The rows of sources that have changed since the page was made, and then as they change."""
    shown = since.replace(tzinfo=since.tzinfo or UTC) if since else datetime.now(UTC)
    rows = _rows(db, request.app.state.push, who, shown)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(rows, media_type="text/event-stream", headers=headers)


@router.post("/sources/{source_id}/sync")
async def sync(source_id: UUID, who: Writer, db: Db) -> Response:
    async with db.workspace(who) as tx:
        await service.sync(tx, source_id, by=who)
    return RedirectResponse(PAGE, status_code=303)


@router.post("/sources/{source_id}/refresh")
async def change_refresh(source_id: UUID, who: Writer, db: Db, refresh: Text = "") -> Response:
    if refresh not in REFRESHES:
        raise NotFound
    async with db.workspace(who) as tx:
        await service.change(tx, source_id, SourceChange(refresh=refresh), by=who)  # type: ignore[arg-type]
    return RedirectResponse(PAGE, status_code=303)


@router.post("/sources/{source_id}/removal")
async def remove(source_id: UUID, who: Writer, db: Db) -> Response:
    async with db.workspace(who) as tx:
        await service.remove(tx, source_id, by=who)
    return RedirectResponse(PAGE, status_code=303)


async def _page(request: Request, who: Member, db: Database, *, status: int = 200, **form: Any) -> Response:
    async with db.workspace(who) as tx:
        context: dict[str, Any] = await frame(tx, who, PAGE)
        sources = await service.page(tx, before=(None, None), limit=MOST_SOURCES)
    empty = {"url": "", "kind": "crawl", "refresh": "weekly", "max_pages": str(USUAL_PAGES), "error": None}
    context |= {
        "sources": sources,
        "kinds": KINDS,
        "refreshes": REFRESHES,
        "may_write": allows(who, "documents:write"),
        "shown_at": datetime.now(UTC),
        "form": {**empty, **form},
    }
    return render(request, "sources.html", status=status, **context)


async def _rows(db: Database, push: Push, who: Member, since: datetime) -> AsyncIterator[str]:
    async for change in push.changes(who.workspace_id, beat_seconds=BEAT_SECONDS):
        if change is None:
            yield ": still here\n\n"
            # What changed before we listened, or while nobody could tell us.
            earlier, since = since - OVERLAP, datetime.now(UTC)
            async with db.workspace(who) as tx:
                missed = await service.page(tx, before=(None, None), limit=MOST_SOURCES)
            for source in reversed(missed):
                if source.updated_at >= earlier:
                    yield _row(source, who)
        elif change.topic == "source":
            try:
                async with db.workspace(who) as tx:
                    source = await service.get(tx, change.id)
            except NotFound:
                yield f"event: gone\ndata: source-{change.id}\n\n"
                continue
            yield _row(source, who)


def _row(source: Source, who: Member) -> str:
    may_write = allows(who, "documents:write")
    html = partial("source.html", source=source, kinds=KINDS, refreshes=REFRESHES, may_write=may_write)
    return "event: row\n" + "".join(f"data: {line}\n" for line in html.splitlines()) + "\n"
