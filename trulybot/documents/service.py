"""Take a document in, show it, take it out again."""

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.audit.service import Who
from trulybot.documents import adding_queries, queries, receipts, removal_queries
from trulybot.documents import held as held_documents
from trulybot.documents.errors import EmptyText, FileRefused, NothingToRead
from trulybot.documents.files import Files, fingerprint
from trulybot.documents.forms import TextDocument
from trulybot.documents.models import Added, Document, Failure, NewDocument, Status, Summary
from trulybot.documents.reading import kinds
from trulybot.documents.reading.models import Limits, ReadingError
from trulybot.kit.db import Identity, Tx
from trulybot.kit.errors import NotFound
from trulybot.kit.ids import uuid7
from trulybot.kit.text import one_line
from trulybot.knowledge import versions
from trulybot.knowledge.gate import is_gated
from trulybot.knowledge.models import Kind
from trulybot.workspaces import queries as workspaces

TITLE_CHARACTERS = 500
UNKNOWN_TYPE = "application/octet-stream"
MEDIA_TYPE_OF = {kind: media_type for media_type, kind in reversed(kinds.MEDIA_TYPES.items())}
REMOVED_AT_ONCE = 200  # with all of their passages, words and vectors: a statement ends in good time
SNIFFED_BYTES = 8192  # of a file, to tell its kind before it is kept


def from_text(form: TextDocument) -> NewDocument:
    """
    A document of pasted text. Its title is the first line when none is given.

    Raises:
        EmptyText: There is nothing but white space.
    """
    if not form.text.strip():
        raise EmptyText
    title = form.title or one_line(form.text.strip().partition("\n")[0])
    identity = "\0".join((title, form.url or "", form.text))
    return NewDocument(
        id=uuid7(),
        external_id=form.external_id,
        title=title[:TITLE_CHARACTERS],
        url=form.url,
        language=form.language,
        source="text",
        content=form.text,
        content_hash=hashlib.sha256(identity.encode()).digest(),
        media_type="text/plain",
        bytes=len(form.text.encode()),
    )


async def from_file(files: Files, file: BinaryIO, name: str, declared_type: str | None, *, by: Identity) -> NewDocument:
    """A document of an uploaded file, kept on disk; a file that cannot be read carries the reason."""
    assert by.workspace_id is not None  # noqa: S101  (no actor is without one)
    digest = await asyncio.to_thread(fingerprint, file)
    size = file.seek(0, 2)
    file.seek(0)
    id = uuid7()
    refused, media_type = _glance(file.read(SNIFFED_BYTES), size, name, declared_type)
    file.seek(0)
    key = None if refused else await asyncio.to_thread(files.keep, file, by.workspace_id, id)
    return NewDocument(
        id=id,
        external_id=None,
        title=_title_of(name),
        url=None,
        language=None,
        source="file",
        content=None,
        content_hash=digest,
        media_type=media_type,
        bytes=size,
        file_key=key,
        error=refused,
    )


async def add(tx: Tx, documents: Sequence[NewDocument], *, created_by: UUID | None, by: Who) -> Added:
    """
    Keep documents that somebody sent, and answer with each as it stands, in the order sent.

    What is the same as a document that is there already is not kept again.
    """
    added = await keep(tx, documents, created_by=created_by, held=await is_gated(tx))
    if added.changed:
        await workspaces.count_usage(tx, uploads=added.changed)
        await audit.record(tx, Action.DOCUMENT_ADDED, by=by, count=added.changed)
    return added


async def keep(tx: Tx, documents: Sequence[NewDocument], *, created_by: UUID | None, held: bool = False) -> Added:
    """
    Keep documents and queue what there is to do. Who calls says in the audit log what they are.

    held: until the publish gate lets them through.
    """
    unique = {_key(document): document for document in documents}
    new = list(unique.values())
    if held:
        new = await adding_queries.changed(tx, new)
        await held_documents.give_up(tx, [document for document in unique.values() if document not in new])
    now = await adding_queries.add(tx, new, created_by, held=held)
    if now.changed:
        # One job at a time in a workspace: it takes whatever waits, so a large upload is one stream of work.
        await tx.enqueue("documents.ingest", queue="ingest", lock=f"ingest:{tx.workspace_id}")
    for file_key in now.replaced_files:
        await tx.enqueue("documents.forget_file", file_key=file_key)
    kept = await adding_queries.matching(tx, list(unique.values()))
    in_use = {file_key for _, file_key in kept.values()}
    if now.changed:
        await versions.record(tx, Kind.DOCUMENTS_ADDED, count=now.changed)
    return Added(
        documents=[kept[_key(document)][0] for document in documents],
        unused_files=[document.file_key for document in documents if document.file_key not in in_use],
        changed=now.changed,
    )


async def get(tx: Tx, document_id: UUID) -> Document:
    return await queries.get(tx, document_id)


async def page(
    tx: Tx, *, status: Status | None, before: tuple[datetime | None, UUID | None], limit: int
) -> list[Document]:
    return await queries.page(tx, status=status, before=before, limit=limit)


async def changed_since(tx: Tx, since: datetime, *, limit: int) -> list[Document]:
    """The last documents that changed, from the earliest change to the latest."""
    return await queries.changed_since(tx, since, limit=limit)


async def summary(tx: Tx, model: str) -> Summary:
    return await queries.summary(tx, model)


async def read_again(tx: Tx, document_id: UUID, *, by: Who) -> Document:
    """
    Read a document once more that failed, as if it had just been sent.

    Raises:
        NotFound: There is none with this id in the workspace.
        NothingToRead: It did not fail, or its file was refused and not kept.
    """
    if not await queries.read_again(tx, document_id):
        await queries.get(tx, document_id)
        raise NothingToRead
    await tx.enqueue("documents.ingest", queue="ingest", lock=f"ingest:{tx.workspace_id}")
    await tx.publish("document", document_id)
    await audit.record(tx, Action.DOCUMENT_READ_AGAIN, by=by, subject=document_id)
    return await queries.get(tx, document_id)


async def remove(tx: Tx, document_id: UUID, *, by: Who) -> None:
    """
    Delete a document that somebody does not want any more.

    Raises:
        NotFound: There is none with this id in the workspace.
    """
    if not await take_out(tx, [document_id]):
        raise NotFound
    await audit.record(tx, Action.DOCUMENT_REMOVED, by=by, subject=document_id)


async def take_out(tx: Tx, document_ids: Sequence[UUID]) -> int:
    """
    Delete documents for good, with what is held to replace them: their passages and vectors, what they held before, and
    their files once this commits. A job then proves that nothing is left, and writes one receipt for all. Answers with
    how many there were.

    Who calls says in the audit log why.
    """
    if not document_ids:
        return 0
    waiting = await held_documents.beside(tx, document_ids)
    together = sorted({*document_ids, *waiting})
    await removal_queries.lock(tx, together)
    receipt_id = await receipts.begin(tx, together)
    added = Counter[int]()
    for at in range(0, len(together), REMOVED_AT_ONCE):
        removed = await removal_queries.remove(tx, together[at : at + REMOVED_AT_ONCE])
        added.update(version for document_id, version in removed.items() if document_id not in waiting)
        await tx.publish("document", *removed)
    await tx.enqueue("history.prove_deletion", receipt_id=receipt_id)
    alone = {"document": str(document_ids[0])} if len(document_ids) == 1 else {}
    for version, count in added.items():  # what an earlier version would miss of them depends on when they came
        await versions.record(tx, Kind.DOCUMENTS_DELETED, count=count, added=version, **alone)
    return added.total()


def forget_files(files: Files, keys: Sequence[str | None]) -> None:
    for key in keys:
        if key is not None:
            files.forget(key)


def refuse_if_alone(documents: Sequence[NewDocument]) -> None:
    """
    Answer a request that brought one unreadable file with the reason; among others it is listed as failed.

    Raises:
        FileRefused: There is one document, and it cannot be read.
    """
    if len(documents) == 1 and documents[0].error is not None:
        raise FileRefused(documents[0].error.code, documents[0].error.message)


def _glance(head: bytes, size: int, name: str, declared_type: str | None) -> tuple[Failure | None, str]:
    """What can be said of a file from its first bytes alone, and the media type it seems to have."""
    kind = kinds.hint(name, declared_type)
    try:
        if size == 0:
            raise ReadingError("empty_file")
        if size > Limits.file_bytes:
            raise ReadingError("too_large")
        container = kinds.of_container(head)
        # Which of Office's files it is stands at its end.
        kind = (kind if kind in kinds.OFFICE else "docx") if container == "office" else container or kind
    except ReadingError as error:
        return Failure(error.code, error.message), UNKNOWN_TYPE
    return None, MEDIA_TYPE_OF.get(kind or "txt", UNKNOWN_TYPE)


def _title_of(name: str) -> str:
    """A file's name without its folder and ending, as a title until the document says its own."""
    base = re.split(r"[\\/]", name)[-1]
    stem = base.rpartition(".")[0] or base
    return one_line(re.sub(r"[_]+", " ", stem))[:TITLE_CHARACTERS] or "Untitled"


def _key(document: NewDocument) -> str | bytes:
    return document.external_id if document.external_id is not None else document.content_hash
