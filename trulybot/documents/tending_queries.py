"""The SQL of tending: what a workspace's indexes are like, and one step of bringing them on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from trulybot.documents.models import Unembedded
from trulybot.documents.passage_queries import written
from trulybot.kit.db import Tx

FIRST = UUID(int=0)


@dataclass(frozen=True)
class State:
    """counted: passages there were when the common terms were counted. dimensions: of the answering vectors."""

    passages: int
    counted: int
    indexing: str
    embedding_model: str | None
    dimensions: int | None


async def state(tx: Tx) -> State:
    return await tx.one(
        State,
        """
        select k.passages, k.counted, k.indexing, k.embedding_model,
               (select vector_dims(v.embedding)
                  from passage_vectors v
                 where v.workspace_id = %(workspace_id)s
                   and v.model = k.embedding_model
                 limit 1) as dimensions
          from knowledge k
         where k.workspace_id = %(workspace_id)s
        """,
        workspace_id=tx.workspace_id,
    )


async def count_terms(tx: Tx, *, least: int) -> None:
    """Count anew the terms that stand in so many passages at least."""
    await forget_terms(tx)
    await tx.run(
        """
        insert into common_terms (term, passages)
        select term, count(*)
          from passage_terms
         where workspace_id = %(workspace_id)s
         group by term
        having count(*) >= %(least)s
        """,
        workspace_id=tx.workspace_id,
        least=least,
    )
    await tx.run(
        "update knowledge set counted = passages where workspace_id = %(workspace_id)s", workspace_id=tx.workspace_id
    )


async def forget_terms(tx: Tx) -> None:
    await tx.run("delete from common_terms where workspace_id = %(workspace_id)s", workspace_id=tx.workspace_id)
    await tx.run("update knowledge set counted = 0 where workspace_id = %(workspace_id)s", workspace_id=tx.workspace_id)


async def set_indexing(tx: Tx, indexing: str) -> None:
    await tx.run(
        "update knowledge set indexing = %(indexing)s where workspace_id = %(workspace_id)s",
        workspace_id=tx.workspace_id,
        indexing=indexing,
    )


async def index(tx: Tx, *, dimensions: int, limit: int, after: UUID) -> UUID | None:
    """
    Move some vectors into the index for so many dimensions, or out of it when none.

    Answers with the last passage looked at, or None after the last of all.
    """
    last: UUID | None = await tx.value(
        """
        with batch as (
            select passage_id, model
              from passage_vectors
             where workspace_id = %(workspace_id)s
               and passage_id > %(after)s
               and indexed <> case when %(dimensions)s = vector_dims(embedding) then %(dimensions)s else 0 end
             order by passage_id
             limit %(limit)s
        ), moved as (
            update passage_vectors v
               set indexed = case when %(dimensions)s = vector_dims(v.embedding) then %(dimensions)s else 0 end
              from batch
             where v.workspace_id = %(workspace_id)s
               and v.passage_id = batch.passage_id
               and v.model = batch.model
        )
        select passage_id from batch order by passage_id desc limit 1
        """,
        workspace_id=tx.workspace_id,
        dimensions=dimensions,
        limit=limit,
        after=after,
    )
    return last


async def without(tx: Tx, model: str, *, limit: int, after: UUID) -> list[Unembedded]:
    """Passages without a vector of this model, in the order of their ids."""
    return await tx.all(
        Unembedded,
        """
        select p.id, p.document_id, d.title, p.heading, p.text
          from passages p
          join documents d on d.workspace_id = p.workspace_id and d.id = p.document_id
         where p.workspace_id = %(workspace_id)s
           and p.id > %(after)s
           and not exists (select
                             from passage_vectors v
                            where v.workspace_id = %(workspace_id)s
                              and v.passage_id = p.id
                              and v.model = %(model)s)
         order by p.id
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        model=model,
        limit=limit,
        after=after,
    )


async def without_english(tx: Tx, model: str, *, limit: int) -> list[Unembedded]:
    """Passages whose vector of this model has no English one beside it."""
    return await tx.all(
        Unembedded,
        """
        select p.id, p.document_id, d.title, p.heading, p.text
          from passage_vectors v
          join passages p on p.workspace_id = v.workspace_id and p.id = v.passage_id
          join documents d on d.workspace_id = p.workspace_id and d.id = p.document_id
         where v.workspace_id = %(workspace_id)s
           and v.model = %(model)s
           and v.english is null
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        model=model,
        limit=limit,
    )


async def give_english(tx: Tx, model: str, vectors: Mapping[UUID, Sequence[float]]) -> None:
    await tx.run(
        """
        update passage_vectors v
           set english = n.english::halfvec
          from unnest(%(id)s::uuid[], %(english)s::text[]) as n (id, english)
         where v.workspace_id = %(workspace_id)s
           and v.passage_id = n.id
           and v.model = %(model)s
        """,
        workspace_id=tx.workspace_id,
        model=model,
        id=list(vectors),
        english=[written(vector) for vector in vectors.values()],
    )


async def forget_others(tx: Tx, model: str, *, limit: int) -> int:
    """Remove some vectors of models that neither answer nor are about to."""
    return await tx.run(
        """
        delete from passage_vectors v
         using (select passage_id, model
                  from passage_vectors
                 where workspace_id = %(workspace_id)s
                   and model <> %(model)s
                   and model <> (select embedding_model from knowledge where workspace_id = %(workspace_id)s)
                 limit %(limit)s) old
         where v.workspace_id = %(workspace_id)s
           and v.passage_id = old.passage_id
           and v.model = old.model
        """,
        workspace_id=tx.workspace_id,
        model=model,
        limit=limit,
    )
