"""
What can be had without us: BM25, plain embeddings, and both in a fixed sum.

Written from their descriptions and sharing nothing with our own ranking, so that the difference says what the rest of
it is worth.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import snowballstemmer
from numpy.typing import NDArray

from trulybot.llm.embeddings import TEXTS_A_REQUEST, Embedder

K1, B = 1.2, 0.75
SUMMED = 100  # of each list
DENSE = 0.6  # of the sum; words have the rest
STEMMERS = {"en": "english", "es": "spanish", "de": "german", "fr": "french", "pt": "portuguese", "it": "italian",
            "ru": "russian", "ar": "arabic", "hi": "hindi", "tr": "turkish"}  # fmt: skip

# Source: Apache Lucene, EnglishAnalyzer.ENGLISH_STOP_WORDS_SET.
STOP_WORDS = frozenset(
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this "
    "to was will with".split()
)

Scores = NDArray[np.float64]  # of shape (questions, passages), higher is closer, unless said otherwise

_WORD = re.compile(r"\w+")
_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u9fff]+")


def bm25(passages: Sequence[str], questions: Sequence[str], language: str) -> Scores:
    """Source: Kamphuis et al., Which BM25 Do You Mean?, 2020: the variant of Lucene."""
    stemmer = snowballstemmer.stemmer(STEMMERS.get(language, "english"))
    counts = [Counter(_terms(passage, stemmer)) for passage in passages]
    lengths = np.asarray([count.total() for count in counts], dtype=np.float64)
    norm = K1 * (1 - B + B * lengths / lengths.mean())
    postings = _postings(counts)
    scores = np.zeros((len(questions), len(passages)))
    for row, question in enumerate(questions):
        for term in _terms(question, stemmer):
            if term in postings:
                where, often = postings[term]
                idf = math.log(1 + (len(passages) - len(where) + 0.5) / (len(where) + 0.5))
                scores[row, where] += idf * often / (often + norm[where])
    return scores


def _postings(counts: Sequence[Mapping[str, int]]) -> dict[str, tuple[NDArray[np.int64], Scores]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for place, count in enumerate(counts):
        for term, often in count.items():
            found.setdefault(term, []).append((place, often))
    return {
        term: (np.asarray([place for place, _ in held]), np.asarray([often for _, often in held], dtype=np.float64))
        for term, held in found.items()
    }


def _terms(text: str, stemmer: "snowballstemmer.stemmer") -> Iterable[str]:
    """Stems of words, and pairs of neighbours where a script has no spaces."""
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        if word in STOP_WORDS:
            continue
        if _IDEOGRAPHS.search(word):
            yield from (word[at : at + 2] for at in range(max(len(word) - 1, 1)))
        else:
            yield str(stemmer.stemWord(word))


async def read(embedder: Embedder, passages: Sequence[str]) -> Scores:
    """Shape (passages, dimensions)."""
    return np.asarray(
        [
            vector
            for start in range(0, len(passages), TEXTS_A_REQUEST)
            for vector in await embedder.embed_passages(passages[start : start + TEXTS_A_REQUEST])
        ]
    )


async def dense(embedder: Embedder, passages: Scores, questions: Sequence[str]) -> Scores:
    """The cosines of whole passages."""
    asked = np.asarray([await embedder.embed_question(question) for question in questions])
    return np.asarray(asked @ passages.T, dtype=np.float64)


def convex(words: Scores, meaning: Scores) -> Scores:
    return DENSE * _between(meaning) + (1 - DENSE) * _between(words)


def _between(scores: Scores) -> Scores:
    """The best hundred of each question from 0 to 1, the others 0."""
    top = -np.sort(-scores, axis=1)[:, :SUMMED]
    low, high = top[:, -1:], top[:, :1]
    return np.clip((scores - low) / np.maximum(high - low, 1e-9), 0, 1)


def order(scores: Scores) -> NDArray[np.int64]:
    """Places of the passages, best first."""
    return np.argsort(-scores, axis=1, kind="stable")
