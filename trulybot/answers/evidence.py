"""
Whether what was found answers the question: a probability, from eight signals that mean something alone.

They are taken from the texts, cosines and idf of what was found, not from the ranking's score. One logistic
regression weighs them, fitted on questions of which half have an answer: StackFAQ, doc2dial and XQuAD in collections
of 3 to 800 passages, each with the questions of what was left out, and five made-up shops of ten passages, asked in
seven languages. `docs/quality.md` says how, and what did not help.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from statistics import median

from trulybot.answers.language import crosses_languages
from trulybot.answers.matching import held, nearest
from trulybot.answers.ranking import Candidate, Ranked
from trulybot.answers.search import Asked, Found
from trulybot.answers.small_words import telling
from trulybot.bots.models import Caution
from trulybot.documents.keywords import terms

# Above it we answer, below it we say that we do not know. Where every second question has no answer, and half of these
# come close to one, 7, 8, 8.5 and 9 in 10 answers are right, and 98, 95, 86 and 74 in 100 questions that have an answer
# get one. Visitors ask mostly what has an answer, so that in life more are right.
ENOUGH: Mapping[Caution, float] = {"eager": 0.15, "balanced": 0.25, "careful": 0.5, "strict": 0.7}

SENTENCE_SHARE = 0.5  # of a passage's meaning; the rest is the passage as a whole
# The passages that the best is compared with are those nearest by meaning.
FIELD = 50
CROWD = 5
# One passage is no field to stand out from. Then it is taken to stand out a little, so that it has to be close.
USUAL_MARGIN, USUAL_LEAD = 0.02, 0.01
HALF_FIELD = 40
# If words that carry this share of the information are found, question and passage share their language after all:
# a question of three words is easily taken for another language.
SHARED_WORDS = 0.25


@dataclass(frozen=True, slots=True)
class Signals:
    """
    What speaks for the first of the passages, and against it.

    meaning: its cosine and that of its closest sentence. usual: what of it the passage owes to being near to any
    question. words: the share of the question's information that it holds, in any form of the words.
    heading: the share of its heading that the question holds. lead: how far it stands out from its four neighbours.
    missing: how telling the most telling word is that it lacks. margin: how far it stands out from the whole field,
    when words cannot be expected. small: from 1 for one passage to .44 for a full field, since a few passages of one
    business are all near the question.
    """

    meaning: float
    usual: float
    words: float
    heading: float
    lead: float
    missing: float
    margin: float
    small: float


WEIGHTS = Signals(
    meaning=40.3, usual=-35.5, words=0.386, heading=1.47, lead=34.4, missing=-1.39, margin=47.9, small=3.04
)
INTERCEPT = -19.83


def confidence(asked: Asked, found: Found, language: str) -> float:
    """How likely the first of the passages answers the question, where half of all questions have an answer."""
    if not found.passages:
        return 0.0
    seen = signals(asked, found, language)
    if seen is None:
        words = found.passages[0].words
        return _probability(-4.44 + 11.5 * words + 1.8 * _smallness(len(found.passages)))
    weighed = zip(astuple(WEIGHTS), astuple(seen), strict=True)
    return _probability(INTERCEPT + sum(weight * signal for weight, signal in weighed))


def signals(asked: Asked, found: Found, language: str) -> Signals | None:
    """language: of the question. None when no vector can be compared, and words alone must decide."""
    best = found.passages[0].candidate
    meaning = _meaning(best)
    if meaning is None:
        return None
    field = _field(found.passages)
    inside = {*terms(best.title), *terms(best.heading), *terms(best.text)}
    told = held(found.idf.items(), inside)
    information = sum(weight for weight, _ in told) or 1.0
    most = max((weight for weight, _ in told), default=1.0) or 1.0
    words = sum(weight * match for weight, match in told) / information
    exact = sum(weight for weight, match in told if match == 1.0) / information
    crosses = exact < SHARED_WORDS and crosses_languages([passage.text for passage in found.passages], language)
    margin = field[0] - median(field) if len(field) > 1 else USUAL_MARGIN
    return Signals(
        meaning=meaning,
        usual=best.usual,
        words=words,
        heading=_heading(best, asked.terms),
        lead=field[0] - median(field[:CROWD]) if len(field) > 1 else USUAL_LEAD,
        missing=max((weight * (1 - match) for weight, match in told), default=0.0) / most,
        margin=margin if crosses else 0.0,
        small=_smallness(len(field)),
    )


def _meaning(candidate: Candidate) -> float | None:
    if candidate.cosine is None or not candidate.sentence_cosines:
        return candidate.cosine
    return (1 - SENTENCE_SHARE) * candidate.cosine + SENTENCE_SHARE * max(candidate.sentence_cosines)


def _field(passages: Sequence[Ranked]) -> list[float]:
    """The cosines of the passages nearest by meaning, highest first."""
    meanings = (_meaning(passage.candidate) for passage in passages)
    return sorted((meaning for meaning in meanings if meaning is not None), reverse=True)[:FIELD]


def _heading(candidate: Candidate, asked: Sequence[str]) -> float:
    """How much of the nearest heading, or else of the title, the question asks for."""
    words = dict.fromkeys(terms(candidate.heading.rpartition("›")[2].strip() or candidate.title))
    all_of_it = sum(telling(word) for word in words) or 1.0
    return sum(telling(word) * nearest(word, asked) for word in words) / all_of_it


def _smallness(passages: int) -> float:
    return HALF_FIELD / (HALF_FIELD + min(passages, FIELD))


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, log_odds))))
