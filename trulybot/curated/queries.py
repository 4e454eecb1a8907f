"""
The curated answers' SQL.

Whoever changes answers locks their rows, then their phrasings, then the counts of the knowledge, as `documents` does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from trulybot.curated.models import CuratedAnswer, Phrasing, Unembedded
from trulybot.curated.wording import wording_hash
from trulybot.kit.db import Tx
from trulybot.kit.ids import uuid7

# {condition}: which of them. A workspace's phrasings are read by their answer, so an answer costs one look-up.
_ANSWERS: LiteralString = """
    select a.id, a.question, p.alternatives, a.answer, a.enabled, a.language, a.document_id, p.embedded,
           a.held, a.replaces, a.removes, a.created_at, a.updated_at
      from curated_answers a
     cross join lateral (
            select coalesce(array_agg(p.text order by p.place) filter (where p.place > 0), '{}') as alternatives,
                   count(*) = count(p.embedding) as embedded
              from curated_phrasings p
             where p.workspace_id = a.workspace_id
               and p.answer_id = a.id) p
     where a.workspace_id = %(workspace_id)s
"""


async def get(tx: Tx, answer_id: UUID) -> CuratedAnswer:
    return await tx.one(
        CuratedAnswer, _ANSWERS + " and a.id = %(answer_id)s", workspace_id=tx.workspace_id, answer_id=answer_id
    )


async def page(
    tx: Tx, *, words: str | None, before: tuple[datetime | None, UUID | None], limit: int
) -> list[CuratedAnswer]:
    """From new to old. words: stand in the answer or in one of its phrasings."""
    return await tx.all(
        CuratedAnswer,
        _ANSWERS
        + """
           and (%(at)s::timestamptz is null or (a.created_at, a.id) < (%(at)s, %(id)s::uuid))
           and (%(words)s::text is null
                or exists (select from curated_phrasings w
                            where w.workspace_id = a.workspace_id
                              and w.answer_id = a.id
                              and position(lower(%(words)s) in lower(w.text)) > 0))
         order by a.created_at desc, a.id desc
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        words=words,
        at=before[0],
        id=before[1],
        limit=limit,
    )


async def count(tx: Tx) -> int:
    """A change that is held is no further one."""
    query: LiteralString = """
        select count(*) from curated_answers where workspace_id = %(workspace_id)s and replaces is null
    """
    return int(await tx.value(query, workspace_id=tx.workspace_id))


@dataclass(frozen=True)
class New:
    """An answer before it is kept. document_id, held, replaces, removes: as in `CuratedAnswer`."""

    id: UUID
    question: str
    answer: str
    phrasings: Sequence[Phrasing]
    enabled: bool = True
    language: str | None = None
    document_id: UUID | None = None
    held: bool = False
    replaces: UUID | None = None
    removes: bool = False


async def add(tx: Tx, answers: Sequence[New]) -> None:
    """Those of a file belong to its version of the knowledge, and are held back while it is."""
    await tx.run(
        """
        insert into curated_answers
               (id, document_id, question, answer, language, enabled, replaces, removes, held, updated_at,
                added_version, content_version)
        select n.id, n.document_id, n.question, n.answer, n.language, n.enabled, n.replaces, n.removes,
               n.held or coalesce(d.held, false), clock_timestamp(),
               case when not d.held then d.content_version end, case when not d.held then d.content_version end
          from unnest(%(id)s::uuid[], %(document_id)s::uuid[], %(question)s::text[], %(answer)s::text[],
                      %(language)s::text[], %(enabled)s::boolean[], %(replaces)s::uuid[], %(removes)s::boolean[],
                      %(held)s::boolean[])
               as n (id, document_id, question, answer, language, enabled, replaces, removes, held)
          left join documents d on d.workspace_id = %(workspace_id)s and d.id = n.document_id
        """,
        workspace_id=tx.workspace_id,
        document_id=[new.document_id for new in answers],
        replaces=[new.replaces for new in answers],
        removes=[new.removes for new in answers],
        held=[new.held for new in answers],
        id=[new.id for new in answers],
        question=[new.question for new in answers],
        answer=[new.answer for new in answers],
        language=[new.language for new in answers],
        enabled=[new.enabled for new in answers],
    )
    await phrase(tx, [(new.id, phrasing) for new in answers for phrasing in new.phrasings])


async def phrase(tx: Tx, phrasings: Sequence[tuple[UUID, Phrasing]]) -> None:
    """Keep phrasings by their answers, with the vector of the same text where the workspace has one."""
    await tx.run(
        """
        insert into curated_phrasings (id, answer_id, place, text, wording_hash, embedding_model, embedding,
                                      english)
        select n.id, n.answer_id, n.place, n.text, n.wording_hash, known.embedding_model, known.embedding,
               known.english
          from unnest(%(id)s::uuid[], %(answer_id)s::uuid[], %(place)s::int[], %(text)s::text[],
                      %(wording_hash)s::bytea[]) as n (id, answer_id, place, text, wording_hash)
          left join lateral (
                select p.embedding_model, p.embedding, p.english
                  from curated_phrasings p
                 where p.workspace_id = %(workspace_id)s
                   and p.wording_hash = n.wording_hash
                   and p.text = n.text
                   and (p.place < 0) = (n.place < 0)
                   and p.embedding is not null
                 limit 1) known on true
        """,
        workspace_id=tx.workspace_id,
        id=[uuid7() for _ in phrasings],
        answer_id=[answer_id for answer_id, _ in phrasings],
        place=[phrasing.place for _, phrasing in phrasings],
        text=[phrasing.text for _, phrasing in phrasings],
        wording_hash=[wording_hash(phrasing.text) for _, phrasing in phrasings],
    )


async def lock(tx: Tx, answer_id: UUID) -> CuratedAnswer:
    """The answer, which nobody else changes until this transaction ends."""
    await tx.run(
        "select from curated_answers where workspace_id = %(workspace_id)s and id = %(answer_id)s for update",
        workspace_id=tx.workspace_id,
        answer_id=answer_id,
    )
    return await get(tx, answer_id)


async def change(tx: Tx, answer: CuratedAnswer) -> None:
    await tx.run(
        """
        update curated_answers
           set question = %(question)s, answer = %(answer)s, language = %(language)s, enabled = %(enabled)s,
               updated_at = clock_timestamp()
         where workspace_id = %(workspace_id)s
           and id = %(id)s
        """,
        workspace_id=tx.workspace_id,
        id=answer.id,
        question=answer.question,
        answer=answer.answer,
        language=answer.language,
        enabled=answer.enabled,
    )


async def rephrase(tx: Tx, phrasings: Mapping[UUID, Sequence[Phrasing]]) -> None:
    """Other phrasings in the place of answers' old ones; a text that stays keeps its vector. phrasings: by answer."""
    old: list[UUID] = await tx.value(
        """
        select coalesce(array_agg(id), '{}')
          from curated_phrasings
         where workspace_id = %(workspace_id)s
           and answer_id = any (%(answer_ids)s)
        """,
        workspace_id=tx.workspace_id,
        answer_ids=list(phrasings),
    )
    await phrase(tx, [(answer_id, phrasing) for answer_id, one in phrasings.items() for phrasing in one])
    await tx.run(
        "delete from curated_phrasings where workspace_id = %(workspace_id)s and id = any (%(old)s)",
        workspace_id=tx.workspace_id,
        old=old,
    )


async def remove(tx: Tx, answer_id: UUID) -> None:
    """Delete what was held and never answered; what answers is taken out."""
    query: LiteralString = "delete from curated_answers where workspace_id = %(workspace_id)s and id = %(answer_id)s"
    await tx.run(query, workspace_id=tx.workspace_id, answer_id=answer_id)


async def take_out(tx: Tx, answer_ids: Sequence[UUID]) -> None:
    """Delete answers, and keep what they said, so that they can come back."""
    await tx.run("select private.take_out_answers(%(ids)s)", ids=list(answer_ids))


async def remove_of(tx: Tx, document_id: UUID, *, but: Sequence[UUID]) -> int:
    """The answers that a file held before it was read anew. but: those of the new reading."""
    return await tx.run(
        """
        delete from curated_answers
         where workspace_id = %(workspace_id)s
           and document_id = %(document_id)s
           and id <> all (%(but)s)
        """,
        workspace_id=tx.workspace_id,
        document_id=document_id,
        but=list(but),
    )


async def unembedded(
    tx: Tx, model: str, limit: int, answer_id: UUID | None = None, *, english: bool
) -> list[Unembedded]:
    """Phrasings without a vector of this model, or, where English ones are wanted too, without that."""
    return await tx.all(
        Unembedded,
        """
        select id, text, place
          from curated_phrasings
         where workspace_id = %(workspace_id)s
           and (%(answer_id)s::uuid is null or answer_id = %(answer_id)s)
           and (embedding_model is distinct from %(model)s or (english is null and %(wanted)s))
         order by answer_id, place
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        answer_id=answer_id,
        model=model,
        wanted=english,
        limit=limit,
    )


async def embed(
    tx: Tx, vectors: Mapping[UUID, Sequence[float]], model: str, english: Mapping[UUID, Sequence[float]]
) -> None:
    """english: vectors of the model that knows English alone, where there is one."""
    await tx.run(
        """
        update curated_phrasings p
           set embedding = n.embedding::extensions.halfvec,
               embedding_model = %(model)s,
               english = n.english::extensions.halfvec
          from unnest(%(id)s::uuid[], %(embedding)s::text[], %(english)s::text[]) as n (id, embedding, english)
         where p.workspace_id = %(workspace_id)s
           and p.id = n.id
        """,
        workspace_id=tx.workspace_id,
        model=model,
        id=list(vectors),
        embedding=[_vector(vector) for vector in vectors.values()],
        english=[_vector(english[id_]) if id_ in english else None for id_ in vectors],
    )
    await changed(tx)


async def changed(tx: Tx) -> None:
    """Note a change of the knowledge: what was kept for an older version can no longer answer."""
    query: LiteralString = "update knowledge set version = version + 1 where workspace_id = %(workspace_id)s"
    await tx.run(query, workspace_id=tx.workspace_id)


def _vector(values: Sequence[float]) -> str:
    return "[" + ",".join(f"{value:.6g}" for value in values) + "]"
