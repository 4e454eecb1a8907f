"""
The passages' SQL: how documents become what can be found.

Whoever changes documents locks their rows first, in the order of their ids, then their passages, then the counts of
the knowledge. So nobody waits in a ring, and what was deleted or replaced meanwhile is left alone.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from trulybot.documents.models import Embedded, Indexed, IndexedPassage, Unembedded, Waiting
from trulybot.kit.db import Tx

PASSAGES_AT_ONCE = 500  # cut and inserted in one step: some tenths of a second
INDEXED = (384, 768, 1024, 1536)  # dimensions that migration 0021 has an index of nearness for


async def take_waiting(tx: Tx, limit: int) -> list[Waiting]:
    """
    The texts that wait longest, or one file, marked as being processed with this attempt counted.

    What did not get through in company is taken alone the next time, after the others, so that it stops nothing else.
    """
    return await tx.all(
        Waiting,
        """
        with waiting as (
            select id, attempts, created_at, file_key is not null or attempts > 0 as alone
              from documents
             where workspace_id = %(workspace_id)s
               and (status = 'queued' or (status = 'processing' and not indexed))
               and (retry_at is null or retry_at <= now())
             order by alone, attempts, created_at, id
             limit %(limit)s
               for update skip locked
        )
        update documents
           set status = 'processing', attempts = attempts + 1, updated_at = now()
         where workspace_id = %(workspace_id)s
           and id in (select id from waiting where not alone
                      union all
                      (select id
                         from waiting
                        where not exists (select from waiting where not alone)
                        order by attempts, created_at, id
                        limit 1))
        returning id, title, source, content, content_hash, file_key, media_type, attempts
        """,
        workspace_id=tx.workspace_id,
        limit=limit,
    )


async def swap_in(tx: Tx, indexed: Sequence[Indexed]) -> set[UUID]:
    """
    Put the new passages of documents in the place of the old ones, searchable by keywords from then on.

    Answers with the documents that were still to become what was read of them.
    """
    before = {row.id: row for row in await _taken(tx, indexed)}
    indexed = [document for document in indexed if document.id in before]
    await tx.run(
        "delete from passages where workspace_id = %(workspace_id)s and document_id = any (%(ids)s)",
        workspace_id=tx.workspace_id,
        ids=list(before),
    )
    counts = {document.id: 0 for document in indexed}
    lengths = {document.id: 0 for document in indexed}
    passages = iter((document.id, passage) for document in indexed for passage in document.passages)
    # A file's passages are cut as they are asked for: those of a large one would not fit into memory all at once.
    while some := await asyncio.to_thread(list, islice(passages, PASSAGES_AT_ONCE)):
        await _insert(tx, some)
        for document_id, passage in some:
            counts[document_id] += 1
            lengths[document_id] += passage.length
    await tx.run(
        """
        update documents d
           set content = n.content, title = coalesce(n.title, d.title), media_type = n.media_type, indexed = true,
               passages = n.passages, unembedded = n.passages, terms = n.terms,
               error_code = null, error_message = null, updated_at = now()
          from unnest(%(id)s::uuid[], %(content)s::text[], %(title)s::text[], %(media_type)s::text[],
                      %(passages)s::int[], %(terms)s::bigint[])
               as n (id, content, title, media_type, passages, terms)
         where d.workspace_id = %(workspace_id)s
           and d.id = n.id
        """,
        workspace_id=tx.workspace_id,
        id=[document.id for document in indexed],
        content=[document.content for document in indexed],
        title=[document.title for document in indexed],
        media_type=[document.media_type for document in indexed],
        passages=[counts[document.id] for document in indexed],
        terms=[lengths[document.id] for document in indexed],
    )
    await count(
        tx,
        passages=sum(counts.values()) - sum(row.passages for row in before.values()),
        terms=sum(lengths.values()) - sum(row.terms for row in before.values()),
    )
    return set(before)


async def _taken(tx: Tx, indexed: Sequence[Indexed]) -> list["_Taken"]:
    """Lock those documents that are still to become what was read of them."""
    return await tx.all(
        _Taken,
        """
        select d.id, d.passages, d.terms
          from documents d
          join unnest(%(ids)s::uuid[], %(hashes)s::bytea[]) as n (id, content_hash)
            on n.id = d.id and n.content_hash = d.content_hash
         where d.workspace_id = %(workspace_id)s
           and d.status = 'processing'
           and not d.indexed
         order by d.id
           for no key update of d  -- an answer that cites one does not wait until it is cut
        """,
        workspace_id=tx.workspace_id,
        ids=[document.id for document in indexed],
        hashes=[document.content_hash for document in indexed],
    )


@dataclass(frozen=True)
class _Taken:
    id: UUID
    passages: int
    terms: int


async def _insert(tx: Tx, passages: Sequence[tuple[UUID, IndexedPassage]]) -> None:
    """passages: each with its document's id."""
    await tx.run(
        """
        insert into passages (id, document_id, ordinal, page, heading, text, length, held)
        select n.*, d.held
          from unnest(%(id)s::uuid[], %(document_id)s::uuid[], %(ordinal)s::int[], %(page)s::int[],
                      %(heading)s::text[], %(text)s::text[], %(length)s::int[])
               as n (id, document_id, ordinal, page, heading, text, length)
          join documents d on d.workspace_id = %(workspace_id)s and d.id = n.document_id
        """,
        workspace_id=tx.workspace_id,
        id=[passage.id for _, passage in passages],
        document_id=[document_id for document_id, _ in passages],
        ordinal=[passage.ordinal for _, passage in passages],
        page=[passage.page for _, passage in passages],
        heading=[passage.heading for _, passage in passages],
        text=[passage.text for _, passage in passages],
        length=[passage.length for _, passage in passages],
    )
    terms = [(term, passage, often) for _, passage in passages for term, often in passage.terms.items()]
    await tx.run(
        """
        insert into passage_terms (term, passage_id, frequency, length)
        select * from unnest(%(term)s::text[], %(passage_id)s::uuid[], %(frequency)s::real[], %(length)s::int[])
        """,
        term=[term for term, _, _ in terms],
        passage_id=[passage.id for _, passage, _ in terms],
        frequency=[often for _, _, often in terms],
        length=[passage.length for _, passage, _ in terms],
    )


async def answering(tx: Tx) -> str | None:
    """The model whose vectors answer; None before the first."""
    model: str | None = await tx.value(
        "select embedding_model from knowledge where workspace_id = %(workspace_id)s", workspace_id=tx.workspace_id
    )
    return model


async def answer_with(tx: Tx, model: str) -> None:
    """Let the vectors of this model answer from now on, those that there are; passages without one wait for it."""
    await tx.run(
        "select id from documents where workspace_id = %(workspace_id)s order by id for update",
        workspace_id=tx.workspace_id,
    )
    await tx.run(
        """
        update documents d
           set unembedded = d.passages - n.embedded,
               status = case when d.indexed and d.status = 'processing' and d.passages = n.embedded
                             then 'ready' else d.status end
          from (select p.document_id, count(v.passage_id)::int as embedded
                  from passages p
                  left join passage_vectors v
                    on v.workspace_id = %(workspace_id)s and v.passage_id = p.id and v.model = %(model)s
                 where p.workspace_id = %(workspace_id)s
                 group by p.document_id) n
         where d.workspace_id = %(workspace_id)s
           and d.id = n.document_id
           and d.unembedded <> d.passages - n.embedded
        """,
        workspace_id=tx.workspace_id,
        model=model,
    )
    await tx.run(
        """
        update knowledge
           set embedding_model = %(model)s, version = version + 1
         where workspace_id = %(workspace_id)s
           and embedding_model is distinct from %(model)s
        """,
        workspace_id=tx.workspace_id,
        model=model,
    )


async def unembedded(tx: Tx, model: str, limit: int) -> list[Unembedded]:
    """The passages without a vector of the model that answers, those of documents that are not ready yet first."""
    return await tx.all(
        Unembedded,
        """
        with incomplete as (
            select id, title, status, created_at
              from documents
             where workspace_id = %(workspace_id)s
               and unembedded > 0
             order by status <> 'processing', created_at, id
             limit %(limit)s
        )
        select p.id, p.document_id, d.title, p.heading, p.text
          from incomplete d
          join passages p on p.workspace_id = %(workspace_id)s and p.document_id = d.id
         where not exists (select
                             from passage_vectors v
                            where v.workspace_id = %(workspace_id)s
                              and v.passage_id = p.id
                              and v.model = %(model)s)
         order by d.status <> 'processing', d.created_at, d.id, p.ordinal
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        model=model,
        limit=limit,
    )


async def embed(tx: Tx, passages: Sequence[Embedded], model: str) -> list[UUID]:
    """
    Give passages their vectors. Answers with their documents, of which one whose last passage this was becomes ready.
    """
    documents = await tx.all(
        _Document,
        """
        select d.id
          from documents d
         where d.workspace_id = %(workspace_id)s
           and d.id in (select document_id from passages where workspace_id = %(workspace_id)s and id = any (%(ids)s))
         order by d.id
           for update
        """,
        workspace_id=tx.workspace_id,
        ids=[passage.id for passage in passages],
    )
    await tx.run(
        """
        with embedded as (
            insert into passage_vectors (passage_id, model, embedding, sentences, english, indexed)
            select n.id, %(model)s, n.embedding::halfvec, n.sentences::halfvec[], n.english::halfvec,
                   case when k.indexing <> 'none' and %(dimensions)s = any (%(indexed)s::int[])
                        then %(dimensions)s else 0 end
              from knowledge k,
                   unnest(%(id)s::uuid[], %(embedding)s::text[], %(sentences)s::text[], %(english)s::text[])
                   as n (id, embedding, sentences, english)
              -- Locked against its deletion; one that is gone already has nowhere to keep a vector.
              join passages p on p.workspace_id = %(workspace_id)s and p.id = n.id
             where k.workspace_id = %(workspace_id)s
               for key share of p
                on conflict do nothing
            returning passage_id
        ), counted as (
            select p.document_id, count(*)::int as embedded
              from embedded e
              join passages p on p.workspace_id = %(workspace_id)s and p.id = e.passage_id
              join knowledge k on k.workspace_id = %(workspace_id)s and k.embedding_model = %(model)s
             group by p.document_id
        )
        update documents d
           set unembedded = unembedded - counted.embedded,
               -- The passages may be of a version that is being replaced, or whose replacement failed.
               status = case when indexed and status = 'processing' and unembedded = counted.embedded
                             then 'ready' else status end,
               updated_at = now()
          from counted
         where d.workspace_id = %(workspace_id)s
           and d.id = counted.document_id
        """,
        workspace_id=tx.workspace_id,
        model=model,
        dimensions=len(passages[0].vector),
        indexed=list(INDEXED),
        id=[passage.id for passage in passages],
        embedding=[written(passage.vector) for passage in passages],
        sentences=["{" + ",".join(f'"{written(one)}"' for one in passage.sentences) + "}" for passage in passages],
        english=[written(passage.english) if passage.english is not None else None for passage in passages],
    )
    await count(tx)
    return [document.id for document in documents]


@dataclass(frozen=True)
class _Document:
    id: UUID


def written(values: Sequence[float]) -> str:
    return "[" + ",".join(f"{value:.6g}" for value in values) + "]"


async def wait(tx: Tx, document: Waiting, seconds: int) -> None:
    """Have a document read once more, after a pause."""
    await tx.run(
        """
        update documents
           set status = 'queued', retry_at = now() + make_interval(secs => %(seconds)s), updated_at = now()
         where workspace_id = %(workspace_id)s
           and id = %(id)s
           and content_hash = %(content_hash)s
           and status = 'processing'
        """,
        workspace_id=tx.workspace_id,
        id=document.id,
        content_hash=document.content_hash,
        seconds=seconds,
    )


async def fail(tx: Tx, document: Waiting, code: str, message: str) -> None:
    """Say why a document cannot be read. Passages of an earlier version go on answering."""
    await tx.run(
        """
        with failed as (
            update documents
               set status = 'failed', error_code = %(code)s, error_message = %(message)s, updated_at = now()
             where workspace_id = %(workspace_id)s
               and id = %(id)s
               and content_hash = %(content_hash)s
               and status = 'processing'
            returning content_version
        )
        select private.count_failed(content_version) from failed
        """,
        workspace_id=tx.workspace_id,
        id=document.id,
        content_hash=document.content_hash,
        code=code,
        message=message,
    )


async def note_pace(tx: Tx, milliseconds_a_passage: float) -> None:
    """Remember how long embedding takes here, mostly as before, so that one slow moment does not count for all."""
    await tx.run(
        """
        update knowledge
           set milliseconds_a_passage = coalesce(0.9 * milliseconds_a_passage + 0.1 * %(now)s, %(now)s)
         where workspace_id = %(workspace_id)s
        """,
        workspace_id=tx.workspace_id,
        now=milliseconds_a_passage,
    )


async def count(tx: Tx, *, passages: int = 0, terms: int = 0) -> None:
    """Note a change of the knowledge: what was kept for an older version can no longer answer."""
    await tx.run(
        """
        update knowledge
           set version = version + 1, passages = passages + %(passages)s, terms = terms + %(terms)s
         where workspace_id = %(workspace_id)s
        """,
        workspace_id=tx.workspace_id,
        passages=passages,
        terms=terms,
    )
