"""
The SQL of a search: what the knowledge says of itself, and the passages that come near by words or by meaning.

However many passages a workspace has, a question reads a bounded part of them. Words: the rarest terms of a question
lead, as many as together stand in POSTINGS passages; the others are looked up for those alone that the rare ones, or
the meaning, brought up. Meaning: by the index of nearness where a workspace is large, and one by one, which is exact,
where that is as fast.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, LiteralString
from uuid import UUID

from trulybot.kit.db import Tx

# Of each kind: beyond, nothing is found that the ranking would put among the first ten. These numbers stand in the
# statements as they are: where the planner does not know how few are wanted, it would rather sort all.
CANDIDATES = 60
K1, B = 1.2, 0.75  # BM25's usual constants; the public sets do not ask for others

POSTINGS = 8000  # of the inverted list are read to lead: some 5 ms
LED = 300  # of the passages that they lead to, these are weighed by the other terms too
# Of a term that is not among the common ones, so many passages are counted at most.
COUNTED = 2_000

# How many neighbours the walk through the index keeps in sight. Where hundreds of passages are almost alike it finds
# .82 of the nearest ten at 200, .94 at 400, .99 at 600, for some milliseconds more each.
IN_SIGHT = 600

# live: what answers visitors. candidate: with what is held back until it has passed its test.
View = Literal["live", "candidate"]

_WIDTHS: dict[int, LiteralString] = {384: "384", 768: "768", 1024: "1024", 1536: "1536"}

_EXACTLY: LiteralString = """
    select passage_id
      from passage_vectors
     where workspace_id = %(workspace_id)s
       and model = %(model)s
       and passage_id not in (select id from hidden)
       and %(aim)s::halfvec is not null
     order by embedding <=> %(aim)s::halfvec
     limit 60
"""
# The planner knows an index's expression and condition by what is written in the statement, so each width has its own.
_BY_INDEX: LiteralString = """
    select passage_id
      from passage_vectors
     where workspace_id = %(workspace_id)s
       and model = %(model)s
       and indexed = 384
       and passage_id not in (select id from hidden)
     order by embedding::halfvec(384) <=> %(aim)s::halfvec(384)
     limit 60
"""


@dataclass(frozen=True)
class Collection:
    """frequencies: in how many passages each term of the question stands. embedding_model: whose vectors answer."""

    passages: int
    terms: int
    frequencies: list[int]
    version: int = 0
    embedding_model: str | None = None
    indexing: str = "none"

    def unknown(self, terms: Sequence[str]) -> list[str]:
        return [term for term, often in zip(terms, self.frequencies, strict=True) if not often]

    @property
    def average_length(self) -> float:
        return max(self.terms / max(self.passages, 1), 1.0)


@dataclass(frozen=True)
class Row:
    """
    cosine: with the question. aimed, sentences_aimed: with what is particular to it.

    headline: of the heading or title, with the question, by the model that knows English alone.
    """

    passage_id: UUID
    document_id: UUID
    ordinal: int
    external_id: str | None
    title: str
    url: str | None
    heading: str
    page: int | None
    text: str
    cosine: float | None
    aimed: float | None
    sentences_aimed: list[float] | None
    headline: float | None
    bm25: float


async def collection(tx: Tx, terms: Sequence[str]) -> Collection:
    return await tx.one(
        Collection,
        """
        select k.passages, k.terms, k.version, k.embedding_model, k.indexing,
               array(select coalesce(c.passages, rare.passages)
                       from unnest(%(terms)s::text[]) with ordinality as asked (term, place)
                       left join common_terms c on c.workspace_id = %(workspace_id)s and c.term = asked.term
                       left join lateral (select count(*) as passages
                                            from (select
                                                    from passage_terms t
                                                   where c.passages is null
                                                     and t.workspace_id = %(workspace_id)s
                                                     and t.term = asked.term
                                                   limit case when k.counted > 0 then %(counted)s::bigint end) _) rare
                         on true
                      order by asked.place) as frequencies
          from knowledge k
         where k.workspace_id = %(workspace_id)s
        """,
        workspace_id=tx.workspace_id,
        terms=list(terms),
        counted=COUNTED,
    )


def led_by(idf: Mapping[str, float], frequencies: Mapping[str, int]) -> list[str]:
    """The rarest terms, as many as may be read through; one at least."""
    leading, postings = list[str](), 0
    for term in sorted(idf, key=frequencies.__getitem__):
        postings += frequencies[term]
        if leading and postings > POSTINGS:
            break
        leading.append(term)
    return leading


async def candidates(
    tx: Tx,
    known: Collection,
    idf: Mapping[str, float],
    leading: Sequence[str],
    *,
    vector: Sequence[float] | None,
    aim: Sequence[float] | None,
    english: Sequence[float] | None,
    view: View,
) -> list[Row]:
    """
    What comes near by words or by meaning.

    vector: of the question. aim: of what is particular to it, which the vectors are ordered by. english: of the
    question, by the model that knows English alone.
    """
    near = _EXACTLY
    if aim is not None and known.indexing == "whole" and len(aim) in _WIDTHS:
        near = _BY_INDEX.replace("384", _WIDTHS[len(aim)])
        await tx.run(
            """
            select set_config('hnsw.ef_search', %(in_sight)s, true),
                   set_config('hnsw.iterative_scan', 'relaxed_order', true),
                   -- Even then the planner may take so few rows for the workspace's that it would sort all there are.
                   set_config('enable_sort', 'off', true),
                   -- A plan for any workspace would take this one for an average one, and sort all of its vectors.
                   set_config('plan_cache_mode', 'force_custom_plan', true)
            """,
            in_sight=str(IN_SIGHT),
        )
    following = [term for term in idf if term not in leading]
    rows = await tx.all(
        Row,
        _CANDIDATES_BEGIN + near + _CANDIDATES_END,
        workspace_id=tx.workspace_id,
        leading=list(leading),
        leading_idf=[idf[term] for term in leading],
        following=following,
        following_idf=[idf[term] for term in following],
        average_length=known.average_length,
        vector=_written(vector),
        aim=_written(aim),
        english=_written(english),
        model=known.embedding_model,
        view=view,
        led=LED if following else CANDIDATES,
        k1=K1,
        b=B,
    )
    if near != _EXACTLY:
        await tx.run("select set_config('enable_sort', 'on', true)")  # what follows may have to sort
    return rows


_CANDIDATES_BEGIN: LiteralString = """
    with hidden as materialized (
        select id from passages where workspace_id = %(workspace_id)s and held and %(view)s = 'live'
        union all
        -- What a held document would replace.
        select p.id
          from documents h
          join documents d on d.workspace_id = h.workspace_id and d.external_id = h.external_id and not d.held
          join passages p on p.workspace_id = d.workspace_id and p.document_id = d.id
         where h.workspace_id = %(workspace_id)s and h.held and h.status = 'ready' and %(view)s = 'candidate'
    ), led as materialized (
        select t.passage_id,
               sum(asked.idf * t.frequency
                   / (t.frequency + %(k1)s * (1 - %(b)s + %(b)s * t.length / %(average_length)s))) as bm25
          from unnest(%(leading)s::text[], %(leading_idf)s::float8[]) as asked (term, idf)
         cross join lateral (select passage_id, frequency, length
                               from passage_terms
                              where workspace_id = %(workspace_id)s
                                and term = asked.term
                              limit 8000) t
         where t.passage_id not in (select id from hidden)
         group by t.passage_id
    ), near as materialized (
"""
_CANDIDATES_END: LiteralString = """
    ), known as materialized (
        -- Added up, not joined: of so many rows as led has, the planner expects few, and would compare each with each.
        select passage_id, sum(bm25) as bm25, bool_or(is_near) as is_near
          from (select passage_id, bm25, false as is_near from led
                union all
                select passage_id, 0, true from near) _
         group by passage_id
    ), weighed as materialized (
        select one.passage_id, one.is_near, one.bm25 + coalesce(others.bm25, 0) as bm25
          from (select * from known where is_near
                union
                (select * from known order by bm25 desc limit %(led)s)) one
         cross join lateral (
                select sum(asked.idf * t.frequency
                           / (t.frequency + %(k1)s * (1 - %(b)s + %(b)s * t.length / %(average_length)s))) as bm25
                  from unnest(%(following)s::text[], %(following_idf)s::float8[]) as asked (term, idf)
                  -- The first from this passage on, if it is this one: so only the primary key comes into question.
                 cross join lateral (select passage_id, frequency, length
                                       from passage_terms
                                      where workspace_id = %(workspace_id)s
                                        and term = asked.term
                                        and passage_id >= one.passage_id
                                      order by passage_id
                                      limit 1) t
                 where t.passage_id = one.passage_id
               ) others
    ), found as materialized (
        (select passage_id, bm25 from weighed order by bm25 desc limit 60)
        union
        (select passage_id, bm25 from weighed where is_near)
    )
    select p.id as passage_id, p.document_id, p.ordinal, d.external_id, d.title, d.url, p.heading, p.page, p.text,
           1 - (v.embedding <=> %(vector)s::halfvec) as cosine,
           1 - (v.embedding <=> %(aim)s::halfvec) as aimed,
           case when %(aim)s::halfvec is not null
                then array(select 1 - (sentence <=> %(aim)s::halfvec)
                             from unnest(v.sentences) with ordinality as s (sentence, place)
                            order by place) end as sentences_aimed,
           1 - (v.english <=> %(english)s::halfvec) as headline,
           found.bm25
      from found
     cross join lateral (select *
                           from passages
                          where workspace_id = %(workspace_id)s
                            and id = found.passage_id
                          limit 1) p
     cross join lateral (select external_id, title, url
                           from documents
                          where workspace_id = %(workspace_id)s
                            and id = p.document_id
                          limit 1) d
      left join lateral (select embedding, sentences, english
                           from passage_vectors
                          where workspace_id = %(workspace_id)s
                            and passage_id = found.passage_id
                            and model = %(model)s
                          limit 1) v
        on true
"""


def _written(vector: Sequence[float] | None) -> str | None:
    return f"[{','.join(map(str, vector))}]" if vector is not None else None
