"""Find the passages that a question is about: by words and by meaning, in the open workspace."""

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from trulybot.answers import kindred, lookup
from trulybot.answers.language import detect
from trulybot.answers.lookup import Collection, Row, View
from trulybot.answers.ranking import Candidate, Ranked, rank
from trulybot.answers.small_words import telling
from trulybot.answers.usual import particular
from trulybot.documents.keywords import question_terms
from trulybot.kit.db import Tx
from trulybot.kit.log import get_logger
from trulybot.kit.metrics import RETRIEVAL_SECONDS
from trulybot.llm import minilm
from trulybot.llm.embeddings import Embedder, EmbeddingsUnavailable

log = get_logger()

# A term that more than half of the passages hold hardly tells one from another, and costs more than all others:
# leaving it out halves the time of a question and moves no public set's nDCG@10 by more than .001.
COMMON = 0.5
ENGLISH = "en"
FEW_PASSAGES = 20  # where half of the passages are too few to say that a term is common
QUESTION_CHARACTERS = 2000  # a longer one is cut: 512 tokens are all that the embedder reads


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

    @property
    def english(self) -> Sequence[float] | None:
        """By the model that knows English alone; only of a question in English."""
        return self.vectors.get(minilm.MODEL)


async def ask(embedder: Embedder, question: str, former: Sequence[Embedder] = (), *, english: bool = True) -> Asked:
    """
    Make a question ready; no transaction may be open while the embedder works.

    former: embedders of other models that still answer in a workspace. They embed the question as well.
    english: whether the model that knows English alone does so too, if it is in English.
    """
    text = question[:QUESTION_CHARACTERS]
    began = time.perf_counter()
    others = [*former]
    if english and embedder.english is not None and detect(text) == ENGLISH:
        others.append(embedder.english)
    vectors = dict(filter(None, await asyncio.gather(*(_embedded(one, text) for one in (embedder, *others)))))
    RETRIEVAL_SECONDS.labels("embed").observe(time.perf_counter() - began)
    return Asked(text, question_terms(text), vectors, embedder.model)


async def _embedded(embedder: Embedder, text: str) -> tuple[str, Sequence[float]] | None:
    try:
        return embedder.model, await embedder.embed_question(text)
    except EmbeddingsUnavailable:
        log.warning("embedder.unavailable", model=embedder.model)
        return None


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
    known = await lookup.collection(tx, asked.terms)
    taken = await kindred.kindred(tx, known.unknown(asked.terms), known.passages)
    if taken:
        asked = _taken_for(asked, taken)
        known = await lookup.collection(tx, asked.terms)
    idf = {term: idf * asked.weights.get(term, 1.0) for term, idf in informing(known, asked.terms).items()}
    frequencies = dict(zip(asked.terms, known.frequencies, strict=True))
    model = known.embedding_model or ""
    vector = asked.vectors.get(model)
    aim = particular(vector, detect(asked.text), model) if vector is not None else None
    rows = await lookup.candidates(
        tx, known, idf, lookup.led_by(idf, frequencies), vector=vector, aim=aim, english=asked.english, view=view
    )
    RETRIEVAL_SECONDS.labels("query").observe(time.perf_counter() - began)
    length = math.hypot(*aim) if aim is not None else 1.0
    return Found(rank([_candidate(row, length) for row in rows], idf, asked.text), idf, known.version)


def _taken_for(asked: Asked, taken: Mapping[str, Sequence[str]]) -> Asked:
    """The question with words that are known here in the place of those that are not, which tell a little less."""
    weights: dict[str, float] = {}
    for term in asked.terms:
        weight = asked.weights.get(term, 1.0)
        for other in taken.get(term, (term,)):
            share = kindred.SHARE if term in taken else 1.0
            weights[other] = max(weights.get(other, 0.0), weight * share)
    return replace(asked, terms=list(weights), weights=weights)


def informing(known: Collection, terms: Sequence[str]) -> Mapping[str, float]:
    """
    The idf of the terms that tell passages apart, or of all when none does.

    Source: Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009; never negative, as in Lucene.
    """
    most = COMMON * known.passages if known.passages >= FEW_PASSAGES else known.passages
    counted = list(zip(terms, known.frequencies, strict=True))
    apart = [(term, often) for term, often in counted if often <= most] or counted
    return {
        term: telling(term) * math.log(1 + max(known.passages - often + 0.5, 0.5) / (often + 0.5))
        for term, often in apart
    }


def _candidate(row: Row, length: float) -> Candidate:
    """length: of the vector of what is particular to the question."""
    # What any question shares with the passage it shares, near enough, with each of its sentences.
    usual = row.cosine - length * row.aimed if row.cosine is not None and row.aimed is not None else 0.0
    return Candidate(
        passage_id=row.passage_id,
        document_id=row.document_id,
        external_id=row.external_id,
        title=row.title,
        url=row.url,
        heading=row.heading,
        text=row.text,
        cosine=row.cosine,
        sentence_cosines=[usual + length * cosine for cosine in row.sentences_aimed or ()],
        bm25=row.bm25,
        page=row.page,
        usual=usual,
        ordinal=row.ordinal,
        headline=row.headline,
    )
