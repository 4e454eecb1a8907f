"""Documents that are held back until a golden set has been asked of them: the publish gate's side of the knowledge."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from trulybot.curated import held as held_answers
from trulybot.documents import passage_queries
from trulybot.documents.models import Document, NewDocument
from trulybot.kit.db import Tx
from trulybot.knowledge import versions
from trulybot.knowledge.models import Kind


@dataclass(frozen=True)
class Held:
    """What is held back: how many documents can be tried, how many are still read, how many could not be."""

    ready: int
    waiting: int
    failed: int
    changed_at: datetime | None


async def summary(tx: Tx) -> Held:
    return await tx.one(
        Held,
        """
        select count(*) filter (where status = 'ready') as ready,
               count(*) filter (where status in ('queued', 'processing')) as waiting,
               count(*) filter (where status = 'failed') as failed,
               max(updated_at) filter (where status = 'ready') as changed_at
          from documents
         where workspace_id = %(workspace_id)s
           and held
        """,
        workspace_id=tx.workspace_id,
    )


@dataclass(frozen=True)
class _Pair:
    held_id: UUID
    live_id: UUID | None
    passages: int
    terms: int
    file_key: str | None


async def replacing(tx: Tx) -> dict[UUID, UUID]:
    """The live documents that held ones would replace, by the ids of the held."""
    return {pair.held_id: pair.live_id for pair in await _pairs(tx) if pair.live_id is not None}


async def in_whose_place(tx: Tx, document: Document) -> UUID:
    """The live document that a held one would replace; itself for any other."""
    live: UUID | None = await tx.value(
        """
        select id
          from documents
         where workspace_id = %(workspace_id)s
           and external_id = %(external_id)s
           and not held
        """,
        workspace_id=tx.workspace_id,
        external_id=document.external_id,
    )
    return live or document.id


async def beside(tx: Tx, live: Sequence[UUID]) -> list[UUID]:
    """The held documents that would replace these."""
    found: list[UUID] = await tx.value(
        """
        select coalesce(array_agg(h.id), '{}')
          from documents d
          join documents h on h.workspace_id = d.workspace_id and h.external_id = d.external_id and h.held
         where d.workspace_id = %(workspace_id)s
           and d.id = any (%(live)s)
           and not d.held
        """,
        workspace_id=tx.workspace_id,
        live=list(live),
    )
    return found


async def publish(tx: Tx) -> int:
    """Let what is held and ready answer, in the place of what it replaces. Answers with how many documents."""
    locked = await _lock(tx)
    pairs = [pair for pair in await _pairs(tx) if {pair.held_id, pair.live_id or pair.held_id} <= locked]
    over = [pair for pair in pairs if pair.live_id is not None]
    await tx.run(
        "delete from passages where workspace_id = %(workspace_id)s and document_id = any (%(ids)s)",
        workspace_id=tx.workspace_id,
        ids=[pair.live_id for pair in over],
    )
    both = {"held": [pair.held_id for pair in over], "live": [pair.live_id for pair in over]}
    await tx.run(
        """
        update documents d
           set title = h.title, url = h.url, language = h.language, source = h.source, content = h.content,
               content_hash = h.content_hash, file_key = h.file_key, media_type = h.media_type, bytes = h.bytes,
               status = h.status, error_code = null, error_message = null, passages = h.passages, terms = h.terms,
               indexed = h.indexed, attempts = 0, unembedded = h.unembedded, updated_at = now()
          from unnest(%(held)s::uuid[], %(live)s::uuid[]) as pair (held, live)
          join documents h on h.workspace_id = %(workspace_id)s and h.id = pair.held
         where d.workspace_id = %(workspace_id)s
           and d.id = pair.live
        """,
        workspace_id=tx.workspace_id,
        **both,
    )
    await tx.run("select private.take_place(%(held)s::uuid[], %(live)s::uuid[])", **both)
    new = [pair.held_id for pair in pairs if pair.live_id is None]
    await held_answers.publish_of(tx, over={pair.held_id: pair.live_id for pair in over if pair.live_id}, new=new)
    await _delete(tx, [pair.held_id for pair in over])
    await _show(tx, new)
    await passage_queries.count(
        tx, passages=-sum(pair.passages for pair in over), terms=-sum(pair.terms for pair in over)
    )
    for pair in over:
        if pair.file_key is not None:
            await tx.enqueue("documents.forget_file", file_key=pair.file_key)
    if pairs:
        await versions.record(tx, Kind.DOCUMENTS_PUBLISHED, count=len(pairs))
    return len(pairs)


async def withdraw(tx: Tx) -> int:
    """Give up what is held; what answers stays as it is. Answers with how many documents."""
    return await _withdraw(tx, None)


async def give_up(tx: Tx, same: Sequence[NewDocument]) -> None:
    """What comes back to what answers already holds nothing up."""
    names = [document.external_id for document in same if document.external_id is not None]
    if names:
        await _withdraw(tx, names)


async def _withdraw(tx: Tx, names: Sequence[str] | None) -> int:
    """names: of the documents, all of them without."""
    rows = await tx.all(
        _Pair,
        """
        select id as held_id, null::uuid as live_id, passages, terms, file_key
          from documents
         where workspace_id = %(workspace_id)s
           and held
           and (%(names)s::text[] is null or external_id = any (%(names)s))
         order by id
           for update
        """,
        workspace_id=tx.workspace_id,
        names=list(names) if names is not None else None,
    )
    if not rows:
        return 0
    await _delete(tx, [row.held_id for row in rows])
    await passage_queries.count(tx, passages=-sum(row.passages for row in rows), terms=-sum(row.terms for row in rows))
    for row in rows:
        if row.file_key is not None:
            await tx.enqueue("documents.forget_file", file_key=row.file_key)
    return len(rows)


async def _pairs(tx: Tx) -> list[_Pair]:
    """Each held document that is ready, with the live one of its name, whose counts and file these are."""
    return await tx.all(
        _Pair,
        """
        select h.id as held_id, d.id as live_id, coalesce(d.passages, 0) as passages, coalesce(d.terms, 0) as terms,
               d.file_key
          from documents h
          left join documents d
            on d.workspace_id = h.workspace_id and d.external_id = h.external_id and not d.held
         where h.workspace_id = %(workspace_id)s
           and h.held
           and h.status = 'ready'
         order by h.id
        """,
        workspace_id=tx.workspace_id,
    )


async def _lock(tx: Tx) -> frozenset[UUID]:
    """Lock what would be published and what that would replace: in one order, before anything else of theirs."""
    rows = await tx.all(
        _Locked,
        """
        select d.id
          from documents d
         where d.workspace_id = %(workspace_id)s
           and ((d.held and d.status = 'ready')
                or (not d.held and d.external_id in (select h.external_id
                                                       from documents h
                                                      where h.workspace_id = %(workspace_id)s
                                                        and h.held
                                                        and h.status = 'ready')))
         order by d.id
           for update of d
        """,
        workspace_id=tx.workspace_id,
    )
    return frozenset(row.id for row in rows)


@dataclass(frozen=True)
class _Locked:
    id: UUID


async def _show(tx: Tx, ids: list[UUID]) -> None:
    await tx.run(
        "update passages set held = false where workspace_id = %(workspace_id)s and document_id = any (%(ids)s)",
        workspace_id=tx.workspace_id,
        ids=ids,
    )
    await tx.run(
        "update documents set held = false, updated_at = now() "
        "where workspace_id = %(workspace_id)s and id = any (%(ids)s)",
        workspace_id=tx.workspace_id,
        ids=ids,
    )


async def _delete(tx: Tx, ids: list[UUID]) -> None:
    await tx.run(
        "delete from documents where workspace_id = %(workspace_id)s and id = any (%(ids)s)",
        workspace_id=tx.workspace_id,
        ids=ids,
    )
