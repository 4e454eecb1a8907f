"""Knowledge in memory, searched with the product's own parts, so that thousands of collections take a minute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_OID, UUID, uuid5

import numpy as np

from bench.evidence.vectors import Vectors
from trulybot.answers import lookup
from trulybot.answers.language import detect
from trulybot.answers.lookup import CANDIDATES, K1, B
from trulybot.answers.ranking import Candidate, rank
from trulybot.answers.search import ENGLISH, Asked, Found, informing
from trulybot.answers.usual import particular
from trulybot.documents.keywords import length, question_terms, weights
from trulybot.documents.passages import cut
from trulybot.documents.reading.models import Section
from trulybot.documents.sentences import headline, spoken_sentences
from trulybot.llm import e5, minilm


@dataclass(frozen=True)
class Document:
    id: str
    title: str
    sections: Sequence[Section]


@dataclass(frozen=True)
class _Passage:
    document: str
    ordinal: int
    title: str
    heading: str
    text: str
    terms: dict[str, float]
    length: int


class Knowledge:
    def __init__(self, documents: Sequence[Document], vectors: Vectors) -> None:
        self.passages = [
            _Passage(one.id, ordinal, one.title, heading, passage.text, terms, length(terms))
            for one in documents
            for ordinal, passage in enumerate(cut(one.sections))
            for heading in [_below(one.title, passage.heading)]
            for terms in [weights(one.title, heading, passage.text)]
        ]
        said = [spoken_sentences(one.title, one.heading, one.text) for one in self.passages]
        self._sentences = np.split(
            vectors.passages([sentence for part in said for sentence in part]),
            np.cumsum([len(part) for part in said])[:-1],
        )
        self._wholes = vectors.passages(
            ["\n".join(part for part in (one.title, one.heading, one.text) if part) for one in self.passages]
        )
        self._headlines = vectors.english([headline(one.title, one.heading) for one in self.passages])

    def near(self, place: int, among: Sequence[int]) -> list[int]:
        """The passages in the order of how near they are to one."""
        cosines = self._wholes[list(among)] @ self._wholes[place]
        return [among[at] for at in np.argsort(-cosines)]

    def nearest(self, asked: Asked, among: Sequence[int]) -> float:
        return float((self._wholes[list(among)] @ np.asarray(asked.vector)).max())

    def search(self, asked: Asked, among: Sequence[int]) -> Found:
        """What the product would find, were these passages all there is."""
        parts = [self.passages[place] for place in among]
        frequencies = [sum(term in part.terms for part in parts) for term in asked.terms]
        known = lookup.Collection(len(parts), sum(part.length for part in parts), frequencies)
        idf = informing(known, asked.terms)
        bm25 = [_bm25(part, idf, known.average_length) for part in parts]
        vector = np.asarray(asked.vector, np.float32)
        aim = np.asarray(particular(list(map(float, vector)), detect(asked.text), e5.MODEL), np.float32)
        cosines, aimed = self._wholes[list(among)] @ vector, self._wholes[list(among)] @ aim
        best = {int(at) for at in np.argsort(-aimed)[:CANDIDATES]}
        best |= {int(at) for at in np.argsort(-np.array(bm25))[:CANDIDATES] if bm25[at]}
        found = [
            self._candidate(among[at], float(cosines[at]), float(cosines[at] - aimed[at]), aim, bm25[at], asked)
            for at in sorted(best)
        ]
        return Found(rank(found, idf, asked.text), idf)

    def _candidate(
        self, place: int, cosine: float, usual: float, aim: np.ndarray, bm25: float, asked: Asked
    ) -> Candidate:
        one = self.passages[place]
        return Candidate(
            passage_id=UUID(int=place),
            document_id=uuid5(NAMESPACE_OID, one.document),
            external_id=one.document,
            title=one.title,
            url=None,
            heading=one.heading,
            text=one.text,
            cosine=cosine,
            sentence_cosines=(usual + self._sentences[place] @ aim).tolist(),
            bm25=bm25,
            usual=usual,
            ordinal=one.ordinal,
            headline=None if asked.english is None else float(self._headlines[place] @ asked.english),
        )


def asked(texts: Sequence[str], vectors: Vectors) -> list[Asked]:
    wide, english = vectors.questions(texts), vectors.english(texts)
    return [
        Asked(
            text,
            question_terms(text),
            {e5.MODEL: one} | ({minilm.MODEL: other} if detect(text) == ENGLISH else {}),
            e5.MODEL,
        )
        for text, one, other in zip(texts, wide, english, strict=True)
    ]


def _bm25(part: _Passage, idf: Mapping[str, float], average: float) -> float:
    return sum(
        weight * often / (often + K1 * (1 - B + B * part.length / average))
        for term, weight in idf.items()
        if (often := part.terms.get(term, 0.0))
    )


def _below(title: str, heading: str) -> str:
    return heading.removeprefix(title).removeprefix(" › ") if heading.partition(" › ")[0] == title else heading
