"""The conflicts' SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString
from uuid import UUID

from trulybot.conflicts.models import Conflict, Found, Near, Passage, Source
from trulybot.kit.db import Tx
from trulybot.kit.ids import uuid7

NEIGHBOURS = 8  # passages that a passage is compared with: what says the same is among the very first
NEAR = 0.87  # cosine of two sentences: of the same statement in other words nearly all are above, most others below


async def uncompared(tx: Tx, limit: int) -> list[Passage]:
    """Passages that nobody has looked through yet and that have their vectors, so that their neighbours are known."""
    return await tx.all(
        Passage,
        """
        select p.id, d.title, p.heading, p.text
          from passages p
          join documents d on d.workspace_id = p.workspace_id and d.id = p.document_id
         where p.workspace_id = %(workspace_id)s
           and p.compared_at is null
           and not p.held
           and exists (select
                         from passage_vectors v
                         join knowledge k on k.workspace_id = v.workspace_id and k.embedding_model = v.model
                        where v.workspace_id = p.workspace_id and v.passage_id = p.id)
         order by p.id
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        limit=limit,
    )


async def near(tx: Tx, passages: Sequence[Passage]) -> list[Near]:
    """The nearest neighbours of passages, with the pairs of sentences that are near."""
    return await tx.all(
        Near,
        """
        -- Step by step: of a workspace that has just grown the planner knows nothing, and would compare all with all.
        with mine as materialized (
            select v.passage_id, v.model, v.embedding, v.sentences
              from knowledge k
             cross join unnest(%(ids)s::uuid[]) as asked (id)
             cross join lateral (select *
                                   from passage_vectors
                                  where workspace_id = %(workspace_id)s
                                    and passage_id = asked.id
                                    and model = k.embedding_model
                                  limit 1) v
             where k.workspace_id = %(workspace_id)s
        ), near as materialized (
            select mine.passage_id, mine.sentences, n.passage_id as other_passage, n.model
              from mine
             cross join lateral (
                   select w.passage_id, w.model
                     from passage_vectors w
                    where w.workspace_id = %(workspace_id)s
                      and w.model = mine.model
                      and w.passage_id <> mine.passage_id
                    order by w.embedding <=> mine.embedding
                    limit %(neighbours)s) n
        )
        select near.passage_id, near.other_passage, s.places, s.other_places, p.title as other_title,
               p.heading as other_heading, p.text as other_text
          from near
         cross join lateral (select p.heading, p.text, d.title
                               from passages p
                               join documents d on d.workspace_id = p.workspace_id and d.id = p.document_id
                              where p.workspace_id = %(workspace_id)s
                                and p.id = near.other_passage
                                and not p.held
                              limit 1) p
         cross join lateral (select sentences
                               from passage_vectors
                              where workspace_id = %(workspace_id)s
                                and passage_id = near.other_passage
                                and model = near.model
                              limit 1) w
         cross join lateral (
               select array_agg(a.place::int - 1) as places, array_agg(b.place::int - 1) as other_places
                 from unnest(near.sentences) with ordinality a (vector, place)
                cross join unnest(w.sentences) with ordinality b (vector, place)
                where a.vector <=> b.vector <= 1 - %(near)s) s
         where s.places is not null
        """,
        workspace_id=tx.workspace_id,
        ids=[passage.id for passage in passages],
        neighbours=NEIGHBOURS,
        near=NEAR,
    )


async def note_compared(tx: Tx, ids: Sequence[UUID]) -> None:
    await tx.run(
        """
        update passages
           set compared_at = now()
         where workspace_id = %(workspace_id)s
           and id = any (%(ids)s)
        """,
        workspace_id=tx.workspace_id,
        ids=list(ids),
    )


async def keep(tx: Tx, found: Sequence[Found]) -> None:
    """Keep what was found, where it still stands."""
    if not found:
        return
    await tx.run(
        """
        with there as (
            select id from passages
             where workspace_id = %(workspace_id)s
               and id = any (%(passage_id)s::uuid[] || %(other_passage)s::uuid[])
            union all
            select id from curated_phrasings
             where workspace_id = %(workspace_id)s
               and id = any (%(phrasing_id)s::uuid[] || %(other_phrasing)s::uuid[])
        )
        insert into conflicts
               (id, kind, passage_id, phrasing_id, sentence, fact, other_passage, other_phrasing, other_sentence,
                other_fact, over_on, fingerprint)
        select n.*
          from unnest(%(id)s::uuid[], %(kind)s::text[], %(passage_id)s::uuid[], %(phrasing_id)s::uuid[],
                      %(sentence)s::text[], %(fact)s::text[], %(other_passage)s::uuid[], %(other_phrasing)s::uuid[],
                      %(other_sentence)s::text[], %(other_fact)s::text[], %(over_on)s::date[],
                      %(fingerprint)s::bytea[])
               as n (id, kind, passage_id, phrasing_id, sentence, fact, other_passage, other_phrasing, other_sentence,
                     other_fact, over_on, fingerprint)
         where coalesce(n.passage_id, n.phrasing_id) in (select id from there)
           and (n.kind = 'stale' or coalesce(n.other_passage, n.other_phrasing) in (select id from there))
            on conflict do nothing
        """,
        workspace_id=tx.workspace_id,
        id=[uuid7() for _ in found],
        kind=[one.kind for one in found],
        passage_id=[one.one.passage_id for one in found],
        phrasing_id=[one.one.phrasing_id for one in found],
        sentence=[one.sentence for one in found],
        fact=[one.fact for one in found],
        other_passage=[one.other.passage_id for one in found],
        other_phrasing=[one.other.phrasing_id for one in found],
        other_sentence=[one.other_sentence for one in found],
        other_fact=[one.other_fact for one in found],
        over_on=[one.over_on for one in found],
        fingerprint=[one.fingerprint for one in found],
    )


# Each side stands in a passage or in a curated answer, whose question is its title.
_SHOWN: LiteralString = """
    select c.id, c.kind, c.sentence, c.fact, c.over_on, c.created_at, c.fingerprint,
           c.passage_id, d.id as document_id, a.id as answer_id, coalesce(d.title, a.question) as title, d.url,
           c.other_passage, c.other_sentence, c.other_fact, e.id as other_document, b.id as other_answer,
           coalesce(e.title, b.question) as other_title, e.url as other_url
      from conflicts c
      left join passages p on p.workspace_id = c.workspace_id and p.id = c.passage_id
      left join documents d on d.workspace_id = p.workspace_id and d.id = p.document_id
      left join curated_phrasings s on s.workspace_id = c.workspace_id and s.id = c.phrasing_id
      left join curated_answers a on a.workspace_id = s.workspace_id and a.id = s.answer_id
      left join passages q on q.workspace_id = c.workspace_id and q.id = c.other_passage
      left join documents e on e.workspace_id = q.workspace_id and e.id = q.document_id
      left join curated_phrasings t on t.workspace_id = c.workspace_id and t.id = c.other_phrasing
      left join curated_answers b on b.workspace_id = t.workspace_id and b.id = t.answer_id
     where c.workspace_id = %(workspace_id)s
       and (c.over_on is null or c.over_on < current_date)
       and coalesce(a.enabled, true)
       and coalesce(b.enabled, true)
       and not exists (select from conflict_dismissals x
                        where x.workspace_id = c.workspace_id and x.fingerprint = c.fingerprint)
"""


async def page(tx: Tx, *, before: tuple[datetime | None, UUID | None], limit: int) -> list[Conflict]:
    """From new to old."""
    rows = await tx.all(
        _Row,
        _SHOWN
        + """
           and (%(at)s::timestamptz is null or (c.created_at, c.id) < (%(at)s, %(id)s::uuid))
         order by c.created_at desc, c.id desc
         limit %(limit)s
        """,
        workspace_id=tx.workspace_id,
        at=before[0],
        id=before[1],
        limit=limit,
    )
    return [row.conflict() for row in rows]


async def dismiss(tx: Tx, conflict_id: UUID) -> bool:
    """False when there is none with this id, or it is dismissed already."""
    return bool(
        await tx.run(
            """
            insert into conflict_dismissals (fingerprint)
            select fingerprint
              from conflicts
             where workspace_id = %(workspace_id)s
               and id = %(id)s
                on conflict do nothing
            """,
            workspace_id=tx.workspace_id,
            id=conflict_id,
        )
    )


@dataclass(frozen=True)
class _Row:
    id: UUID
    kind: str
    sentence: str
    fact: str
    over_on: date | None
    created_at: datetime
    fingerprint: bytes
    passage_id: UUID | None
    document_id: UUID | None
    answer_id: UUID | None
    title: str
    url: str | None
    other_passage: UUID | None
    other_sentence: str | None
    other_fact: str | None
    other_document: UUID | None
    other_answer: UUID | None
    other_title: str | None
    other_url: str | None

    def conflict(self) -> Conflict:
        one = Source(self.document_id, self.title, self.url, self.passage_id, self.answer_id, self.sentence, self.fact)
        other = None
        if self.other_sentence is not None:
            other = Source(
                self.other_document,
                self.other_title or "",
                self.other_url,
                self.other_passage,
                self.other_answer,
                self.other_sentence,
                self.other_fact or "",
            )
        return Conflict(self.id, self.kind, one, other, self.over_on, self.created_at)
