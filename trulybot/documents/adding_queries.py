"""The SQL of taking documents in: which of those that were sent are new, which have changed, and how each stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import Rollback

from trulybot.documents.models import Document, Kept, NewDocument
from trulybot.documents.queries import Row
from trulybot.kit.db import Tx


async def add(tx: Tx, documents: Sequence[NewDocument], created_by: UUID | None, *, held: bool) -> Kept:
    """
    Keep new documents, and those whose content changed or failed. held: beside those that answer, not among them.

    No two of `documents` may share an external id, or a content hash when they have none.
    """
    # In one order for every upload: two that hold the same documents then wait for each other in turn, not in a ring.
    columns = _columns(sorted(documents, key=lambda new: (new.external_id or "", new.content_hash)), created_by)
    columns["held"] = [held for _ in documents]
    added, there = 0, dict[UUID, str | None]()
    while added + len(there) < len(documents):
        async with tx.connection.transaction() as attempt:
            added = await _insert(tx, columns)
            there = await _lock(tx, documents, held=held) if added < len(documents) else {}
            if added + len(there) < len(documents):
                raise Rollback(attempt)  # one that was in the way has been deleted just now
    replaced = await _replace(tx, columns, list(there)) if there else []
    return Kept(added + len(replaced), [key for id in replaced if (key := there[id]) is not None])


async def changed(tx: Tx, documents: Sequence[NewDocument]) -> list[NewDocument]:
    """Those that are not what answers already."""
    rows = await tx.all(
        _Same,
        """
        select external_id, content_hash
          from documents
         where workspace_id = %(workspace_id)s
           and not held
           and status <> 'failed'
           and (external_id = any (%(names)s) or (external_id is null and content_hash = any (%(hashes)s)))
        """,
        workspace_id=tx.workspace_id,
        **_names(documents),
    )
    there = {(row.external_id, row.content_hash) for row in rows}
    return [new for new in documents if (new.external_id, new.content_hash) not in there]


@dataclass(frozen=True)
class _Same:
    external_id: str | None
    content_hash: bytes


async def _insert(tx: Tx, columns: Mapping[str, Sequence[object]]) -> int:
    return await tx.run(
        """
        insert into documents
               (id, external_id, title, url, language, source, content, content_hash, file_key, media_type, bytes,
                status, error_code, error_message, created_by, held)
        select *
          from unnest(%(id)s::uuid[], %(external_id)s::text[], %(title)s::text[], %(url)s::text[],
                      %(language)s::text[], %(source)s::text[], %(content)s::text[], %(content_hash)s::bytea[],
                      %(file_key)s::text[], %(media_type)s::text[], %(bytes)s::bigint[], %(status)s::text[],
                      %(error_code)s::text[], %(error_message)s::text[], %(created_by)s::uuid[], %(held)s::boolean[])
            on conflict do nothing
        """,
        **columns,
    )


async def _lock(tx: Tx, documents: Sequence[NewDocument], *, held: bool) -> dict[UUID, str | None]:
    """Lock the rows that were there already, under ids of their own, and answer with their files' keys."""
    rows = await tx.all(
        _There,
        """
        select id, file_key
          from documents
         where workspace_id = %(workspace_id)s
           and (external_id = any (%(names)s) or (external_id is null and content_hash = any (%(hashes)s)))
           and id <> all (%(sent)s)
           and held = %(held)s
         order by id
           for update
        """,
        workspace_id=tx.workspace_id,
        held=held,
        sent=[d.id for d in documents],
        **_names(documents),
    )
    return {row.id: row.file_key for row in rows}


@dataclass(frozen=True)
class _There:
    id: UUID
    file_key: str | None


async def _replace(tx: Tx, columns: Mapping[str, Sequence[object]], there: Sequence[UUID]) -> list[UUID]:
    """Give documents that were there already the content that was sent, where it differs. Answers with which."""
    rows = await tx.all(
        _There,
        """
        update documents d
           set title = n.title, url = n.url, language = n.language, source = n.source, content = n.content,
               content_hash = n.content_hash, file_key = n.file_key, media_type = n.media_type, bytes = n.bytes,
               status = n.status, error_code = n.error_code, error_message = n.error_message,
               indexed = false, attempts = 0, retry_at = null, updated_at = now()
          from unnest(%(external_id)s::text[], %(title)s::text[], %(url)s::text[],
                      %(language)s::text[], %(source)s::text[], %(content)s::text[], %(content_hash)s::bytea[],
                      %(file_key)s::text[], %(media_type)s::text[], %(bytes)s::bigint[], %(status)s::text[],
                      %(error_code)s::text[], %(error_message)s::text[])
               as n (external_id, title, url, language, source, content, content_hash, file_key, media_type, bytes,
                     status, error_code, error_message)
         where d.workspace_id = %(workspace_id)s
           and d.id = any (%(there)s)
           and (d.external_id = n.external_id
                or (d.external_id is null and n.external_id is null and d.content_hash = n.content_hash))
           and (d.content_hash <> n.content_hash or d.status = 'failed')
        returning d.id, d.file_key
        """,
        workspace_id=tx.workspace_id,
        there=there,
        **columns,
    )
    return [row.id for row in rows]


def _columns(documents: Sequence[NewDocument], created_by: UUID | None) -> dict[str, list[object]]:
    plain = "id external_id title url language source content content_hash file_key media_type bytes".split()
    columns: dict[str, list[object]] = {name: [getattr(d, name) for d in documents] for name in plain}
    columns["status"] = ["failed" if d.error else "queued" for d in documents]
    columns["error_code"] = [d.error.code if d.error else None for d in documents]
    columns["error_message"] = [d.error.message if d.error else None for d in documents]
    columns["created_by"] = [created_by for _ in documents]
    return columns


def _names(documents: Sequence[NewDocument]) -> dict[str, list[str] | list[bytes]]:
    """By what documents are told apart: the caller's own ids, and the content where there is none."""
    return {
        "names": [d.external_id for d in documents if d.external_id is not None],
        "hashes": [d.content_hash for d in documents if d.external_id is None],
    }


async def matching(tx: Tx, documents: Sequence[NewDocument]) -> dict[str | bytes, tuple[Document, str | None]]:
    """The kept documents, each with its file's key, by external id, and those without one by content hash."""
    rows = await tx.all(
        _Matched,
        """
        select id, external_id, title, url, language, source, media_type, bytes, status, error_code, error_message,
               passages, unembedded, indexed, held, created_at, updated_at, content_hash, file_key
          from documents
         where workspace_id = %(workspace_id)s
           and (external_id = any (%(names)s) or (external_id is null and content_hash = any (%(hashes)s)))
         order by held  -- what is held back comes last, and so counts
        """,
        workspace_id=tx.workspace_id,
        **_names(documents),
    )
    return {
        row.external_id if row.external_id is not None else row.content_hash: (row.document(), row.file_key)
        for row in rows
    }


@dataclass(frozen=True)
class _Matched(Row):
    content_hash: bytes
    file_key: str | None
