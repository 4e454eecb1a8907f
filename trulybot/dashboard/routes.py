"""The one page where an owner fills the knowledge, tries the bot and takes the script tag."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from trulybot.answers import search
from trulybot.answers.answering import Answering
from trulybot.answers.ranking import Ranked
from trulybot.conversations import forms, service
from trulybot.conversations.models import Reply
from trulybot.dashboard.errors import for_browsers, page_error
from trulybot.dashboard.navigation import frame
from trulybot.dashboard.who import member
from trulybot.documents import routes as document_routes
from trulybot.documents import service as documents
from trulybot.documents.errors import FileRefused
from trulybot.documents.models import Document
from trulybot.kit.db import Database
from trulybot.kit.errors import AppError, InvalidInput, NotFound
from trulybot.kit.http import Db
from trulybot.kit.pages import partial, render
from trulybot.kit.push import Push
from trulybot.kit.streams import BEAT_SECONDS
from trulybot.leads import service as leads
from trulybot.widget import service as widget
from trulybot.widget.forms import WidgetChange
from trulybot.workspaces.access import allows
from trulybot.workspaces.identity import Member

DOCUMENTS_SHOWN = 100
PASSAGES_SHOWN = 5
LEADS_SHOWN = 20
OVERLAP = timedelta(seconds=10)  # a change is dated by when its transaction began, and seen once that commits
LONGEST_AWAY = timedelta(days=1)  # a page that was open for longer is loaded anew anyway
RENDERERS = {"/dashboard": page_error, "/account": page_error, "/": for_browsers}

router = APIRouter(include_in_schema=False)


Reader = Annotated[Member, member("documents:read")]
Writer = Annotated[Member, member("documents:write")]
Asker = Annotated[Member, member("chat")]
Embedder = Annotated[Member, member("widget:write")]


@router.get("/")
async def home() -> Response:
    return RedirectResponse("/dashboard", status_code=303)


@router.get("/dashboard")
async def page(request: Request, who: Reader, db: Db) -> Response:
    return await _page(request, who, db)


@router.post("/dashboard/documents")
async def upload(request: Request, who: Writer, db: Db) -> Response:
    """Files from the drop zone, or from the plain form below it."""
    try:
        added = await document_routes.take_in(request, who, db)
    except (FileRefused, InvalidInput) as error:
        if _wants_partial(request):
            raise
        return await _page(request, who, db, status=error.status, upload={"errors": [error.message]})
    if _wants_partial(request):
        rows = "".join(partial("document.html", document=document, may_write=True) for document in added.documents)
        return Response(rows, status_code=202, media_type="text/html")
    return RedirectResponse("/dashboard#knowledge", status_code=303)


@router.get("/dashboard/documents/events")
async def document_events(request: Request, who: Reader, db: Db, since: datetime | None = None) -> Response:
    """The rows of documents that have changed since the page was made, and then as they change."""
    push: Push = request.app.state.push
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    now = datetime.now(UTC)
    shown = since.replace(tzinfo=since.tzinfo or UTC) if since else now
    rows = _rows(db, push, who, max(shown, now - LONGEST_AWAY))
    return StreamingResponse(rows, media_type="text/event-stream", headers=headers)


@router.post("/dashboard/documents/{document_id}/deletion")
async def remove(request: Request, document_id: UUID, who: Writer, db: Db) -> Response:
    async with db.workspace(who) as tx:
        await documents.remove(tx, document_id, by=who)
    if _wants_partial(request):
        return Response(status_code=204)
    return RedirectResponse("/dashboard#knowledge", status_code=303)


@router.post("/dashboard/documents/{document_id}/attempts")
async def read_again(document_id: UUID, who: Writer, db: Db) -> Response:
    async with db.workspace(who) as tx:
        await documents.read_again(tx, document_id, by=who)
    return RedirectResponse("/dashboard#knowledge", status_code=303)


@router.post("/dashboard/try")
async def try_out(request: Request, who: Asker, db: Db, question: Annotated[str, Form()] = "") -> Response:
    """Ask the bot, and see beside its answer what it read."""
    trial = await _trial(request, who, db, question)
    if _wants_partial(request):
        return render(request, "trial.html", trial=trial, suggested_questions=[])
    return await _page(request, who, db, trial=trial)


@router.post("/dashboard/origins")
async def allow_origins(request: Request, who: Embedder, db: Db, origins: Annotated[str, Form()] = "") -> Response:
    """Which websites may embed the bot, one a line."""
    shown: dict[str, Any] = {"text": origins, "error": None, "saved": False}
    status = 200
    try:
        async with db.workspace(who) as tx:
            changed = await widget.change(tx, WidgetChange(allowed_origins=origins.splitlines()), by=who)
        shown = {"text": "\n".join(changed.allowed_origins), "error": None, "saved": True}
    except InvalidInput as error:
        status = error.status
        shown["error"] = f"This {error.details[0]['message']}."
    if _wants_partial(request):
        return render(request, "origins.html", status=status, origins=shown)
    return await _page(request, who, db, status=status, origins=shown)


async def _page(request: Request, who: Member, db: Database, *, status: int = 200, **shown: Any) -> Response:
    async with db.workspace(who) as tx:
        config = await widget.own_config(tx)
        summary = await documents.summary(tx, request.app.state.embedder.model)
        newest = await documents.page(tx, status=None, before=(None, None), limit=DOCUMENTS_SHOWN)
        around = await frame(tx, who, "/dashboard")
        waiting = await leads.page(tx, before=(None, None), limit=LEADS_SHOWN) if allows(who, "leads:read") else []
    context: dict[str, Any] = {
        **around,
        "may_write": allows(who, "documents:write"),
        "may_embed": allows(who, "widget:write"),
        "documents": newest,
        "documents_total": summary.total,
        "waiting_passages": summary.waiting_passages,
        "seconds_left": summary.seconds_left,
        "script_tag": f'<script src="{_own_address(request)}/widget.js" data-bot="{config.bot}" async></script>',
        "suggested_questions": config.suggested_questions,
        "leads": waiting,
        "origins": {"text": "\n".join(config.allowed_origins), "error": None, "saved": False},
        "shown_at": datetime.now(UTC),
        "upload": None,
        "trial": None,
    }
    return render(request, "dashboard.html", status=status, **{**context, **shown})


async def _trial(request: Request, who: Member, db: Database, question: str) -> dict[str, Any]:
    answering: Answering = request.app.state.answering
    trial: dict[str, Any] = {"question": question, "error": None, "reply": None, "passages": []}
    if not question.strip() or len(question) > forms.MESSAGE_CHARACTERS:
        return {**trial, "error": f"Write a question of up to {forms.MESSAGE_CHARACTERS} characters."}
    try:
        form = forms.Question(message=question)
        async for part in service.converse(db, answering, form, who):
            if isinstance(part, Reply):
                trial["reply"] = part
    except AppError as error:
        return {**trial, "error": error.message}
    asked = await answering.ask(question)
    async with db.workspace(who) as tx:
        found = await search.search(tx, asked)
    return {**trial, "passages": [_shown(passage) for passage in found.passages[:PASSAGES_SHOWN]]}


def _shown(passage: Ranked) -> dict[str, Any]:
    """A passage by its place: many of one document stand in one list, so its title does not tell them apart."""
    inside = passage.heading.removeprefix(passage.title).removeprefix(" › ")
    page = f"page {passage.page}" if passage.page else None
    return {
        "place": inside or passage.title,
        "whole": ", ".join(part for part in (passage.title if inside else None, page) if part),
        "text": passage.text,
        "score": passage.score,
    }


async def _rows(db: Database, push: Push, who: Member, since: datetime) -> AsyncIterator[str]:
    async for change in push.changes(who.workspace_id, beat_seconds=BEAT_SECONDS):
        if change is None:
            yield ": still here\n\n"
            # What changed before we listened, or while nobody could tell us.
            earlier, since = since, datetime.now(UTC)
            async with db.workspace(who) as tx:
                missed = await documents.changed_since(tx, earlier - OVERLAP, limit=DOCUMENTS_SHOWN)
            for document in missed:
                yield _row(document, who)
        elif change.topic == "document":
            try:
                async with db.workspace(who) as tx:
                    document = await documents.get(tx, change.id)
            except NotFound:
                yield f"event: gone\ndata: document-{change.id}\n\n"
                continue
            yield _row(document, who)


def _row(document: Document, who: Member) -> str:
    may_write = allows(who, "documents:write")
    lines = partial("document.html", document=document, may_write=may_write).splitlines()
    return "event: row\n" + "".join(f"data: {line}\n" for line in lines) + "\n"


def _own_address(request: Request) -> str:
    site: str | None = request.app.state.site_url
    return site or str(request.base_url).rstrip("/")


def _wants_partial(request: Request) -> bool:
    return "x-partial" in request.headers
