"""
The order of the passages that were found, from two kinds of evidence: meaning and words.

Both kinds are absolute, so no list is stretched to fill a scale. Meaning is a cosine. Words are the share of the
question's information that the passage holds: its BM25 score over the sum of the idf of all terms of the question,
those that no passage has among them. A question in another language than the documents finds few of its terms, so its
words fall silent by themselves, where fusing ranks or stretched scores would let their noise outvote the meaning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from uuid import UUID

# How much the words weigh beside the meaning. The vectors' cosines lie close together, so a little goes far.
# From .1 to .3 every tuning set (doc2dial, StackFAQ, XQuAD in five pairs of languages) stays within .02 nDCG@10.
WORDS_WEIGHT = 0.15
# A passage means what it says as a whole, and what its closest sentence says. The sentences bring .03 nDCG@10
# on guides (doc2dial), .03 and .06 to Spanish and Chinese questions about English texts (XQuAD).
SENTENCE_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A passage that was found by its words or its meaning.

    cosine: of the question and the passage; None while it is not embedded, or the embedder is away.
    sentence_cosines: of the question and each of the passage's `spoken_sentences`; empty where they are not embedded.
    bm25: the sum over the question's terms of idf · tf / (tf + k1 · (1 - b + b · length / average length)).
    """

    passage_id: UUID
    document_id: UUID
    external_id: str | None
    title: str
    url: str | None
    heading: str
    text: str
    cosine: float | None
    sentence_cosines: Sequence[float]
    bm25: float
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """
    A candidate in its place. score: higher is better, 0 to 1.

    meaning: a cosine; None without vectors. words: the share of the question's information that it holds, 0 to 1.
    """

    candidate: Candidate
    score: float
    meaning: float | None
    words: float

    @property
    def passage_id(self) -> UUID:
        return self.candidate.passage_id

    @property
    def document_id(self) -> UUID:
        return self.candidate.document_id

    @property
    def title(self) -> str:
        return self.candidate.title

    @property
    def heading(self) -> str:
        return self.candidate.heading

    @property
    def text(self) -> str:
        return self.candidate.text

    @property
    def page(self) -> int | None:
        return self.candidate.page


def rank(candidates: Sequence[Candidate], idf: Mapping[str, float]) -> list[Ranked]:
    """The candidates, best first. idf: of every term of the question, ln(1 + (N - df + .5) / (df + .5))."""
    information = sum(idf.values())
    meanings = [_meaning(candidate) for candidate in candidates]
    known = [meaning for meaning in meanings if meaning is not None]
    # A passage that waits for its vector is taken for an average one, so that its words alone decide.
    expected = fmean(known) if known else 0.0
    ranked = [
        _place(candidate, meaning, expected, candidate.bm25 / information if information else 0.0)
        for candidate, meaning in zip(candidates, meanings, strict=True)
    ]
    return sorted(ranked, key=lambda place: (-place.score, place.passage_id))


def _meaning(candidate: Candidate) -> float | None:
    if candidate.cosine is None or not candidate.sentence_cosines:
        return candidate.cosine
    return (1 - SENTENCE_SHARE) * candidate.cosine + SENTENCE_SHARE * max(candidate.sentence_cosines)


def _place(candidate: Candidate, meaning: float | None, expected: float, words: float) -> Ranked:
    evidence = (expected if meaning is None else meaning) + WORDS_WEIGHT * words
    return Ranked(candidate, max(0.0, evidence / (1 + WORDS_WEIGHT)), meaning, words)
