"""Asking, over HTTP: as one JSON answer, or as a stream of events."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, TypeAdapter

from trulybot.answers import following, search
from trulybot.answers.answering import Answering, cited
from trulybot.answers.models import Citation, Delta
from trulybot.conversations import service
from trulybot.conversations.forms import Lookup, Question
from trulybot.conversations.models import Reply, Start
from trulybot.conversations.service import MessageIdTaken, NoConversation
from trulybot.kit.errors import AppError, InternalError
from trulybot.kit.http import Db
from trulybot.kit.idempotency import InProgress
from trulybot.kit.log import get_logger
from trulybot.kit.openapi import errors
from trulybot.kit.streams import detached
from trulybot.workspaces.access import may
from trulybot.workspaces.identity import Actor

log = get_logger()
router = APIRouter(prefix="/api", tags=["chat"])

Part = Start | Delta | Citation | Reply
_PART: TypeAdapter[Part] = TypeAdapter(Part)
EVENTS = {Start: "start", Delta: "delta", Citation: "citation", Reply: "done"}


STREAM = (
    'event: start\ndata: {"conversation_id": "019a6e0c-9d77-…", "message_id": "019a6e0c-9d78-…"}\n\n'
    'event: delta\ndata: {"text": "You may return anything within 30 days."}\n\n'
    'event: citation\ndata: {"passage_id": "019a6e0c-8c4d-…", "title": "Returns", …}\n\n'
    'event: done\ndata: {"answer": "You may return anything within 30 days.", "answered": true, …}\n\n'
)


class Results(BaseModel):
    results: list[Citation]


@router.post(
    "/chat",
    response_model=Reply,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}, "example": STREAM}}},
        **errors(NoConversation, MessageIdTaken, InProgress),
    },
)
async def chat(request: Request, form: Question, who: Annotated[Actor, may("chat")], db: Db) -> Response:
    """
    Ask the workspace's bot.

    With `Accept: text/event-stream` the answer comes as it forms: `start` (ids), `delta` (text), `citation`,
    `done` (the whole answer, which counts), `error`.
    """
    answering: Answering = request.app.state.answering
    parts = service.converse(db, answering, form, who)
    # What can be refused is refused by the first part, while the status can still say so.
    first = await anext(parts)
    if "text/event-stream" in request.headers.get("accept", ""):
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_events(first, detached(parts)), media_type="text/event-stream", headers=headers)
    reply = first
    async for part in parts:
        reply = part
    return JSONResponse(_PART.dump_python(reply, mode="json"))


@router.post("/search", responses=errors(NoConversation))
async def look_up(request: Request, form: Lookup, who: Annotated[Actor, may("search")], db: Db) -> Results:
    """The passages the bot would read for a question, best first."""
    answering: Answering = request.app.state.answering
    asked = await answering.ask(form.query)
    if form.conversation_id or form.history:
        asked = await following.understood(answering.embedder, asked, await service.said_before(db, form, who))
    async with db.workspace(who) as tx:
        found = await search.search(tx, asked)
    return Results(results=[cited(passage) for passage in found.passages[: form.limit]])


async def _events(first: Part, rest: AsyncIterator[Part | None]) -> AsyncIterator[str]:
    yield _event(first)
    try:
        async for part in rest:
            yield ": still here\n\n" if part is None else _event(part)
    except AppError as error:
        yield _error(error)
    except Exception:
        log.error("chat.failed", exc_info=True)
        yield _error(InternalError())


def _event(part: Part) -> str:
    return (
        f"event: {EVENTS[type(part)]}\ndata: {json.dumps(_PART.dump_python(part, mode='json'), ensure_ascii=False)}\n\n"
    )


def _error(error: AppError) -> str:
    body: dict[str, Any] = {"error": {"code": error.code, "message": error.message}}
    return f"event: error\ndata: {json.dumps(body)}\n\n"
