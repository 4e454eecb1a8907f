"""Documents over HTTP."""

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from trulybot.documents import service
from trulybot.documents.errors import EmptyText, NothingToRead
from trulybot.documents.files import Files
from trulybot.documents.forms import TextDocument, TextDocuments
from trulybot.documents.models import Document, NewDocument, Status, Summary
from trulybot.kit.db import Database
from trulybot.kit.errors import InvalidInput, UnsupportedType
from trulybot.kit.http import Db
from trulybot.kit.idempotency import Repeatable
from trulybot.kit.lists import CursorText, Limit, Listed, paged, place
from trulybot.kit.openapi import errors, json_body
from trulybot.workspaces.access import may
from trulybot.workspaces.identity import Actor, Member

router = APIRouter(prefix="/api", tags=["documents"], route_class=Repeatable)

FILES_AT_ONCE = 100
FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {
            "type": "array",
            "minItems": 1,
            "maxItems": FILES_AT_ONCE,
            "items": {"type": "string", "format": "binary"},
            "description": "PDF, Word, Excel, PowerPoint, HTML, Markdown, CSV or text; up to 64 MB each",
        }
    },
}


class Uploaded(BaseModel):
    documents: list[Document]


@router.post(
    "/text-upload",
    status_code=202,
    responses=errors(EmptyText),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": json_body(TextDocument | TextDocuments),
                "multipart/form-data": {"schema": FORM, "example": {"file": ["returns-policy.pdf"]}},
            },
        }
    },
)
async def upload(request: Request, who: Annotated[Actor, may("documents:write")], db: Db) -> Uploaded:
    """
    Take documents in: one as JSON, up to 500 as `{"documents": […]}`, or files as a form's `file` fields.

    The answer comes before they are read: ask for a document until its status is `ready` or `failed`. A file that
    comes alone and plainly cannot be read is refused at once, with the code that a failed document would have.
    """
    return await take_in(request, who, db)


async def take_in(request: Request, who: Actor, db: Database) -> Uploaded:
    """Keep what a request sends, and no file that is not needed."""
    documents = await _sent(request, who)
    try:
        async with db.workspace(who) as tx:
            created_by = who.user_id if isinstance(who, Member) else None
            added = await service.add(tx, documents, created_by=created_by, by=who)
    except BaseException:
        service.forget_files(request.app.state.files, [document.file_key for document in documents])
        raise
    service.forget_files(request.app.state.files, added.unused_files)
    return Uploaded(documents=added.documents)


async def _sent(request: Request, who: Actor) -> list[NewDocument]:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "multipart/form-data":
        documents = await _uploaded_files(request, who)
        service.refuse_if_alone(documents)
        return documents
    if content_type in ("application/json", ""):
        return [service.from_text(form) for form in await _texts(request)]
    raise UnsupportedType


@router.get("/documents")
async def documents(
    who: Annotated[Actor, may("documents:read")],
    db: Db,
    status: Status | None = None,
    limit: Limit = 50,
    cursor_: CursorText = None,
) -> Listed[Document]:
    """The workspace's documents, from new to old."""
    async with db.workspace(who) as tx:
        return paged(await service.page(tx, status=status, before=place(cursor_), limit=limit + 1), limit)


@router.get("/documents/summary")
async def summary(request: Request, who: Annotated[Actor, may("documents:read")], db: Db) -> Summary:
    """How many documents there are, by status, and how far a change of the embedding model has come."""
    async with db.workspace(who) as tx:
        return await service.summary(tx, request.app.state.embedder.model)


@router.get("/documents/{document_id}")
async def document(document_id: UUID, who: Annotated[Actor, may("documents:read")], db: Db) -> Document:
    """One document: how far it is read, and why it could not be."""
    async with db.workspace(who) as tx:
        return await service.get(tx, document_id)


@router.post("/documents/{document_id}/attempts", status_code=202, responses=errors(NothingToRead))
async def read_again(document_id: UUID, who: Annotated[Actor, may("documents:write")], db: Db) -> Document:
    """Read a document once more that failed, for instance after the server's reason has gone."""
    async with db.workspace(who) as tx:
        return await service.read_again(tx, document_id, by=who)


@router.delete("/documents/{document_id}", status_code=204)
async def remove(document_id: UUID, who: Annotated[Actor, may("documents:write")], db: Db) -> None:
    """Take a document out, with its passages, vectors and file."""
    async with db.workspace(who) as tx:
        await service.remove(tx, document_id, by=who)


async def _uploaded_files(request: Request, who: Actor) -> list[NewDocument]:
    """
    The files of a form, kept on disk.

    Raises:
        InvalidInput: There is none, or the form cannot be read.
    """
    files: Files = request.app.state.files
    async with request.form(max_files=FILES_AT_ONCE, max_fields=FILES_AT_ONCE) as form:
        sent = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
        if not sent:
            raise InvalidInput(details=[{"field": "file", "message": "send at least one file"}])
        documents: list[NewDocument] = []
        try:
            for part in sent:
                name = part.filename or "untitled"
                documents.append(await service.from_file(files, part.file, name, part.content_type, by=who))
        except BaseException:
            service.forget_files(files, [document.file_key for document in documents])
            raise
        return documents


async def _texts(request: Request) -> list[TextDocument]:
    try:
        sent = json.loads(await request.body())
    except ValueError as error:
        raise InvalidInput(details=[{"field": "", "message": "is not JSON"}]) from error
    try:
        if isinstance(sent, dict) and "documents" in sent:
            return TextDocuments.model_validate(sent).documents
        return [TextDocument.model_validate(sent)]
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
