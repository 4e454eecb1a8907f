"""The documents' SQL. What is sent comes in by `adding_queries`, and goes by `removal_queries`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString
from uuid import UUID

from trulybot.documents.models import Document, Failure, Status, Summary
from trulybot.kit.db import Tx


@dataclass(frozen=True)
class Row:
    id: UUID
    external_id: str | None
    title: str
    url: str | None
    language: str | None
    source: Literal["text", "file", "web"]
    media_type: str
    bytes: int
    status: Status
    error_code: str | None
    error_message: str | None
    passages: int
    unembedded: int
    indexed: bool
    held: bool
    created_at: datetime
    updated_at: datetime

    def document(self) -> Document:
        error = Failure(self.error_code, self.error_message or "") if self.error_code else None
        return Document(
            id=self.id,
            external_id=self.external_id,
            title=self.title,
            url=self.url,
            language=self.language,
            source=self.source,
            media_type=self.media_type,
            bytes=self.bytes,
            status=self.status,
            error=error,
            passages=self.passages,
            embedded=self.passages - self.unembedded,
            progress=self._progress(),
            held=self.held,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )

    def _progress(self) -> float:
        if self.status == "processing" and self.passages:
            # Reading and cutting are a tenth of the work at most.
            return round(0.1 + 0.9 * (self.passages - self.unembedded) / self.passages, 2) if self.indexed else 0.0
        return 1.0 if self.status == "ready" else 0.0


_ROWS: LiteralString = """
    select id, external_id, title, url, language, source, media_type, bytes, status, error_code, error_message,
           passages, unembedded, indexed, held, created_at, updated_at
      from documents
"""


async def get(tx: Tx, document_id: UUID) -> Document:
    row = await tx.one(
        Row,
        _ROWS
        + """
         where workspace_id = %(workspace_id)s
           and id = %(document_id)s
        """,
        workspace_id=tx.workspace_id,
        document_id=document_id,
    )
    return row.document()


async def page(
    tx: Tx, *, status: Status | None, before: tuple[datetime | None, UUID | None], limit: int
) -> list[Document]:
    """From new to old."""
    rows = await tx.all(
        Row,
        _ROWS
        + """
         where workspace_id = %(workspace_id)s
           and (%(status)s::text is null or status = %(status)s)
           and (%(at)s::timestamptz is null or (created_at, id) < (%(at)s, %(id)s::uuid))
         order by created_at desc, id desc
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        status=status,
        at=before[0],
        id=before[1],
        limit=limit,
    )
    return [row.document() for row in rows]


async def changed_since(tx: Tx, since: datetime, *, limit: int) -> list[Document]:
    """The last that changed, from the earliest change to the latest."""
    rows = await tx.all(
        Row,
        _ROWS
        + """
         where workspace_id = %(workspace_id)s
           and updated_at >= %(since)s
         order by updated_at desc, id desc
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        since=since,
        limit=limit,
    )
    return [row.document() for row in reversed(rows)]


async def summary(tx: Tx, model: str) -> Summary:
    """model: what is embedded from now on."""
    return await tx.one(
        Summary,
        """
        select count(*) filter (where status = 'queued') as queued,
               count(*) filter (where status = 'processing') as processing,
               count(*) filter (where status = 'ready') as ready,
               count(*) filter (where status = 'failed') as failed,
               count(*) as total,
               coalesce(sum(unembedded) filter (where status = 'processing'), 0) as waiting_passages,
               ceil(coalesce(sum(unembedded) filter (where status = 'processing'), 0)
                    * (select milliseconds_a_passage
                         from knowledge
                        where workspace_id = %(workspace_id)s) / 1000)::int as seconds_left,
               (select passages from knowledge where workspace_id = %(workspace_id)s) as passages,
               (select (select count(*)
                          from passage_vectors
                         where workspace_id = %(workspace_id)s
                           and model = %(model)s)
                  from knowledge
                 where workspace_id = %(workspace_id)s
                   and embedding_model <> %(model)s) as embedded_anew
          from documents
         where workspace_id = %(workspace_id)s
        """,
        workspace_id=tx.workspace_id,
        model=model,
    )


async def read_again(tx: Tx, document_id: UUID) -> bool:
    """Have a document that failed wait once more; False when there is nothing of it to be read."""
    return bool(
        await tx.run(
            """
            update documents
               set status = 'queued', attempts = 0, retry_at = null, error_code = null, error_message = null,
                   updated_at = now()
             where workspace_id = %(workspace_id)s
               and id = %(document_id)s
               and status = 'failed'
               and (file_key is not null or content is not null)
            """,
            workspace_id=tx.workspace_id,
            document_id=document_id,
        )
    )
