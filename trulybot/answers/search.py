"""Find the passages that a question is about: by words and by meaning, in the open workspace."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from trulybot.answers import kindred
from trulybot.answers.language import detect
from trulybot.answers.ranking import Candidate, Ranked, rank
from trulybot.answers.small_words import telling
from trulybot.answers.usual import particular
from trulybot.documents.keywords import question_terms
from trulybot.kit.db import Tx
from trulybot.kit.log import get_logger
from trulybot.kit.metrics import RETRIEVAL_SECONDS
from trulybot.llm.embeddings import Embedder, EmbeddingsUnavailable

log = get_logger()

CANDIDATES = 60  # of each kind: beyond, nothing is found that the ranking would put among the first ten
# A term that more than half of the passages hold hardly tells one from another, and costs more than all others:
# leaving it out halves the time of a question and moves no public set's nDCG@10 by more than .001.
COMMON = 0.5
FEW_PASSAGES = 20  # where half of the passages are too few to say that a term is common
K1, B = 1.2, 0.75  # BM25's usual constants; the public sets do not ask for others
QUESTION_CHARACTERS = 2000  # a longer one is cut: 512 tokens are all that the embedder reads

# live: what answers visitors. candidate: with what is held back until it has passed its test.
View = Literal["live", "candidate"]


@dataclass(frozen=True)
class Asked:
    """
    A question made ready to be looked up.

    vectors: by the name of their model. Without one of the model that the workspace's passages were embedded by, as
    while the embedder is away, words alone find. model: what is embedded from now on. weights: of those terms that
    weigh less than others.
    """

    text: str
    terms: Sequence[str]
    vectors: Mapping[str, Sequence[float]]
    model: str
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def vector(self) -> Sequence[float] | None:
        return self.vectors.get(self.model)


async def ask(embedder: Embedder, question: str) -> Asked:
    """Make a question ready; no transaction may be open while the embedder works."""
    text = question[:QUESTION_CHARACTERS]
    began = time.perf_counter()
    try:
        vectors = {embedder.model: await embedder.embed_question(text)}
    except EmbeddingsUnavailable:
        log.warning("embedder.unavailable")
        vectors = {}
    RETRIEVAL_SECONDS.labels("embed").observe(time.perf_counter() - began)
    return Asked(text, question_terms(text), vectors, embedder.model)


@dataclass(frozen=True)
class Found:
    """
    passages: everything that came near, best first. idf: how telling the question's terms are here.

    knowledge_version: None when nothing was looked up.
    """

    passages: list[Ranked]
    idf: Mapping[str, float]
    knowledge_version: int | None = None


async def search(tx: Tx, asked: Asked, *, view: View = "live") -> Found:
    """The passages of the open workspace that come near, by words or by meaning."""
    began = time.perf_counter()
    collection = await _collection(tx, asked.terms)
    taken = await kindred.kindred(tx, collection.unknown(asked.terms), collection.passages)
    if taken:
        asked = _taken_for(asked, taken)
        collection = await _collection(tx, asked.terms)
    idf = {term: idf * asked.weights.get(term, 1.0) for term, idf in collection.idf(asked.terms).items()}
    model = collection.embedding_model or ""
    vector = asked.vectors.get(model)
    aim = particular(vector, detect(asked.text), model) if vector is not None else None
    rows = await tx.all(
        _Row,
        """
        with hidden as materialized (
            select id from passages where workspace_id = %(workspace_id)s and held and %(view)s = 'live'
            union all
            -- What a held document would replace.
            select p.id
              from documents h
              join documents d on d.workspace_id = h.workspace_id and d.external_id = h.external_id and not d.held
              join passages p on p.workspace_id = d.workspace_id and p.document_id = d.id
             where h.workspace_id = %(workspace_id)s and h.held and h.status = 'ready' and %(view)s = 'candidate'
        ), scored as materialized (
            select t.passage_id,
                   sum(asked.idf * t.frequency
                       / (t.frequency + %(k1)s * (1 - %(b)s + %(b)s * t.length / %(average_length)s))) as bm25
              from unnest(%(terms)s::text[], %(idf)s::float8[]) as asked (term, idf)
              join passage_terms t on t.workspace_id = %(workspace_id)s and t.term = asked.term
             where t.passage_id not in (select id from hidden)
             group by t.passage_id
        ), found as (
            (select passage_id from scored order by bm25 desc limit %(candidates)s)
            union
            (select passage_id
               from passage_vectors
              where workspace_id = %(workspace_id)s
                and model = %(model)s
                and passage_id not in (select id from hidden)
                and %(vector)s::halfvec is not null
              order by embedding <=> %(aim)s::halfvec
              limit %(candidates)s)
        )
        select p.id as passage_id, p.document_id, p.ordinal, d.external_id, d.title, d.url, p.heading, p.page, p.text,
               1 - (v.embedding <=> %(vector)s::halfvec) as cosine,
               1 - (v.embedding <=> %(aim)s::halfvec) as aimed,
               case when %(aim)s::halfvec is not null
                    then array(select 1 - (sentence <=> %(aim)s::halfvec)
                                 from unnest(v.sentences) with ordinality as s (sentence, place)
                                order by place) end as sentences_aimed,
               coalesce(scored.bm25, 0) as bm25
          from found
          join passages p on p.workspace_id = %(workspace_id)s and p.id = found.passage_id
          join documents d on d.workspace_id = p.workspace_id and d.id = p.document_id
          left join passage_vectors v
            on v.workspace_id = %(workspace_id)s and v.passage_id = found.passage_id and v.model = %(model)s
          left join scored on scored.passage_id = p.id
        """,
        workspace_id=tx.workspace_id,
        terms=list(idf),
        idf=list(idf.values()),
        average_length=max(collection.terms / max(collection.passages, 1), 1.0),
        vector=_written(vector),
        aim=_written(aim),
        model=collection.embedding_model,
        view=view,
        candidates=CANDIDATES,
        k1=K1,
        b=B,
    )
    RETRIEVAL_SECONDS.labels("query").observe(time.perf_counter() - began)
    length = math.hypot(*aim) if aim is not None else 1.0
    return Found(rank([row.candidate(length) for row in rows], idf, asked.text), idf, collection.version)


async def _collection(tx: Tx, terms: Sequence[str]) -> "_Collection":
    return await tx.one(
        _Collection,
        """
        select k.passages, k.terms, k.version, k.embedding_model,
               array(select count(t.passage_id)
                       from unnest(%(terms)s::text[]) with ordinality as asked (term, place)
                       left join passage_terms t on t.workspace_id = %(workspace_id)s and t.term = asked.term
                      group by asked.place
                      order by asked.place) as frequencies
          from knowledge k
         where k.workspace_id = %(workspace_id)s
        """,
        workspace_id=tx.workspace_id,
        terms=list(terms),
    )


def _taken_for(asked: Asked, taken: Mapping[str, Sequence[str]]) -> Asked:
    """The question with words that are known here in the place of those that are not, which tell a little less."""
    weights: dict[str, float] = {}
    for term in asked.terms:
        weight = asked.weights.get(term, 1.0)
        for other in taken.get(term, (term,)):
            share = kindred.SHARE if term in taken else 1.0
            weights[other] = max(weights.get(other, 0.0), weight * share)
    return replace(asked, terms=list(weights), weights=weights)


def _written(vector: Sequence[float] | None) -> str | None:
    return f"[{','.join(map(str, vector))}]" if vector is not None else None


@dataclass(frozen=True)
class _Collection:
    """frequencies: in how many passages each term of the question stands."""

    passages: int
    terms: int
    frequencies: list[int]
    version: int = 0
    embedding_model: str | None = None

    def unknown(self, terms: Sequence[str]) -> list[str]:
        return [term for term, often in zip(terms, self.frequencies, strict=True) if not often]

    def idf(self, terms: Sequence[str]) -> Mapping[str, float]:
        """
        Of the terms that tell passages apart, or of all when none does.

        Source: Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009; never negative, as in Lucene.
        """
        most = COMMON * self.passages if self.passages >= FEW_PASSAGES else self.passages
        known = list(zip(terms, self.frequencies, strict=True))
        apart = [(term, often) for term, often in known if often <= most] or known
        return {
            term: telling(term) * math.log(1 + (self.passages - often + 0.5) / (often + 0.5)) for term, often in apart
        }


@dataclass(frozen=True)
class _Row:
    """aimed, sentences_aimed: cosines with what is particular to the question."""

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
    bm25: float

    def candidate(self, length: float) -> Candidate:
        """length: of the vector of what is particular to the question."""
        # What any question shares with the passage it shares, near enough, with each of its sentences.
        usual = self.cosine - length * self.aimed if self.cosine is not None and self.aimed is not None else 0.0
        return Candidate(
            passage_id=self.passage_id,
            document_id=self.document_id,
            external_id=self.external_id,
            title=self.title,
            url=self.url,
            heading=self.heading,
            text=self.text,
            cosine=self.cosine,
            sentence_cosines=[usual + length * cosine for cosine in self.sentences_aimed or ()],
            bm25=self.bm25,
            page=self.page,
            usual=usual,
            ordinal=self.ordinal,
        )
