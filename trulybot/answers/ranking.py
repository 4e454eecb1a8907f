"""
The order of the passages that were found, from what they mean, which words they hold, and what stands beside them.

Meaning is a cosine. Words are the share of the question's information that the passage holds: its BM25 score over the
sum of the idf of all terms of the question, those that no passage has among them. Both are absolute, so no list is
stretched to fill a scale. A question in another language than the documents finds few of its terms, so its words fall
silent by themselves, where fusing ranks or stretched scores would let their noise outvote the meaning.

What each is worth on public sets stands in docs/quality.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from uuid import UUID

from trulybot.answers.phrases import Phrase, held, phrases
from trulybot.documents.sentences import WORDS_OF_A_SENTENCE, headline

# How much the words weigh beside the meaning, and those that stand together as in the question once more. The vectors'
# cosines lie close together, so a little goes far. Half as much or twice as much costs less than .01 nDCG@10 on every
# tuning set (doc2dial, StackFAQ, XQuAD in five pairs of languages).
WORDS_WEIGHT = 0.1
PHRASES_WEIGHT = 0.1
PHRASES_READ = 20  # of the best passages: .03 ms each
# A passage means what it says as a whole, and what its closest sentence says.
SENTENCE_SHARE = 0.5
# A heading that asks what was asked, told by the model that knows English alone. Where all headings are near, as in a
# guide, they name a topic; what counts is how far one stands out of those that were found, and beyond chance. One word
# asks nothing ("Sofas"), a sentence all it can: that costs .001 nDCG@10 on StackFAQ, and a page's name outvotes no page
# that answers.
HEADLINE_WEIGHT = 0.15
CHANCE = 0.15
# An answer is rarely alone in its guide, so what the passages before and after are worth counts too.
NEIGHBOUR_SHARE = 0.05

_Place = tuple[UUID | tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A passage that was found by its words or its meaning.

    cosine: of the question and the passage; None while it is not embedded, or the embedder is away.
    usual: what of the cosine the passage owes to being near to any question of this language.
    sentence_cosines: of the question and each of the passage's `spoken_sentences`; empty where they are not embedded.
    ordinal: its place in the document. headline: of the question and its heading, or title, by the model that knows
    English alone; None in other languages and without such a model.
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
    usual: float = 0.0
    ordinal: int = 0
    headline: float | None = None


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


def rank(candidates: Sequence[Candidate], idf: Mapping[str, float], question: str = "") -> list[Ranked]:
    """
    The candidates, best first.

    idf: of every term of the question, ln(1 + (N - df + .5) / (df + .5)). question: its words, in their order.
    """
    information = sum(idf.values())
    meanings = [_meaning(candidate) for candidate in candidates]
    words = [candidate.bm25 / information if information else 0.0 for candidate in candidates]
    evidence = [
        near + WORDS_WEIGHT * share + HEADLINE_WEIGHT * asking
        for near, share, asking in zip(_nearness(candidates, meanings), words, _asking(candidates), strict=True)
    ]
    evidence = _with_neighbours(candidates, _with_phrases(candidates, evidence, phrases(question, idf)))
    most = 1 + WORDS_WEIGHT + PHRASES_WEIGHT
    order = sorted(range(len(candidates)), key=lambda place: (-evidence[place], candidates[place].passage_id))
    return [
        Ranked(candidates[place], min(1.0, max(0.0, evidence[place] / most)), meanings[place], words[place])
        for place in order
    ]


def _meaning(candidate: Candidate) -> float | None:
    if candidate.cosine is None or not candidate.sentence_cosines:
        return candidate.cosine
    return (1 - SENTENCE_SHARE) * candidate.cosine + SENTENCE_SHARE * max(candidate.sentence_cosines)


def _nearness(candidates: Sequence[Candidate], meanings: Sequence[float | None]) -> list[float]:
    """The meanings, less what a passage owes to being near to any question, and more what it lacks of that."""
    near = [
        None if meaning is None else meaning - candidate.usual
        for candidate, meaning in zip(candidates, meanings, strict=True)
    ]
    known = [one for one in near if one is not None]
    # A passage that waits for its vector is taken for an average one, so that its words alone decide.
    expected = fmean(known) if known else 0.0
    usual = fmean(candidate.usual for candidate in candidates if candidate.cosine is not None) if known else 0.0
    return [usual + (expected if one is None else one) for one in near]


def _asking(candidates: Sequence[Candidate]) -> list[float]:
    """How much more each heading asks what was asked than the headings that were found do, on the average."""
    known = [candidate.headline for candidate in candidates if candidate.headline is not None]
    usual = fmean(known) if known else 0.0
    return [
        _wholeness(candidate) * max(0.0, candidate.headline - usual - CHANCE) if candidate.headline is not None else 0.0
        for candidate in candidates
    ]


def _wholeness(candidate: Candidate) -> float:
    """How much of a question a headline can be, by the number of its words: from 0 for one to 1 for a sentence."""
    words = len(headline(candidate.title, candidate.heading).split())
    return min(1.0, (words - 1) / (WORDS_OF_A_SENTENCE - 1))


def _with_phrases(candidates: Sequence[Candidate], evidence: list[float], wanted: Sequence[Phrase]) -> list[float]:
    if not wanted:
        return evidence
    best = sorted(range(len(candidates)), key=evidence.__getitem__, reverse=True)[:PHRASES_READ]
    gained = dict.fromkeys(range(len(candidates)), 0.0)
    for place in best:
        passage = candidates[place]
        gained[place] = PHRASES_WEIGHT * held(f"{passage.title}\n{passage.heading}\n{passage.text}", wanted)
    return [one + gained[place] for place, one in enumerate(evidence)]


def _with_neighbours(candidates: Sequence[Candidate], evidence: list[float]) -> list[float]:
    """What each is worth, drawn a little toward the passages before and after it, where they were found as well."""
    places = [_places(candidate) for candidate in candidates]
    worth = {place: one for held_by, one in zip(places, evidence, strict=True) for place in held_by}
    return [
        one + NEIGHBOUR_SHARE * sum(_beside(held_by, step, worth, one) - one for step in (-1, 1))
        for held_by, one in zip(places, evidence, strict=True)
    ]


def _beside(places: Sequence[_Place], step: int, worth: Mapping[_Place, float], otherwise: float) -> float:
    return next((worth[whole, at + step] for whole, at in places if (whole, at + step) in worth), otherwise)


def _places(candidate: Candidate) -> list[_Place]:
    """
    Where a passage stands: in its document, and the document in what it is a part of.

    Texts of one title whose ids count on ("guide-7-01", "guide-7-02") were cut by their owner, and are parts of one.
    """
    places: list[_Place] = [(candidate.document_id, candidate.ordinal)]
    named = candidate.external_id or ""
    series = named.rstrip("0123456789")
    if candidate.ordinal == 0 and series != named:
        places.append(((candidate.title, series), int(named[len(series) :])))
    return places
