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
from trulybot.answers.matching import held
from trulybot.answers.ranking import Candidate, Ranked
from trulybot.answers.search import Found
from trulybot.bots.models import Caution
from trulybot.documents.keywords import terms
from trulybot.documents.sentences import headline, says_something

# Above it we answer, below it we say that we do not know. Where every second question has no answer, and half of these
# come close to one, 7, 8, 8.5 and 9 in 10 answers are right, and 98, 95, 86 and 76 in 100 questions that have an answer
# get one. Visitors ask mostly what has an answer, so that in life more are right.
ENOUGH: Mapping[Caution, float] = {"eager": 0.15, "balanced": 0.25, "careful": 0.5, "strict": 0.7}

SENTENCE_SHARE = 0.5  # of a passage's meaning; the rest is the passage as a whole
# The passages that the best is compared with are those nearest by meaning.
FIELD = 50
CROWD = 5
# One passage is no field to stand out from. Then it is taken to stand out a little, so that it has to be close.
USUAL_MARGIN, USUAL_LEAD = 0.02, 0.01
HALF_FIELD = 40
# Of a question in English and a heading by the model that knows English: below it, they are of one topic at most.
OF_ONE_TOPIC = 0.4
# If words that carry this share of the information are found, question and passage share their language after all:
# a question of three words is easily taken for another language.
SHARED_WORDS = 0.25


@dataclass(frozen=True, slots=True)
class Signals:
    """
    What speaks for the first of the passages, and against it.

    meaning: its cosine and that of its closest sentence. usual: what of it the passage owes to being near to any
    question. words: the share of the question's information that it holds, in any form of the words. lead: how far it
    stands out from its four neighbours. margin: how far it stands out from the whole field, when words cannot be
    expected. small: from 1 for one passage to .44 for a full field, since a few passages of one business are all near
    the question. asking: how far its heading asks the same, in English. entries: up to 1 where all that was found
    stands under sentences of its own, as questions-and-answers do; there the right one's heading asks the same.
    """

    meaning: float
    usual: float
    words: float
    lead: float
    margin: float
    small: float
    asking: float
    entries: float


WEIGHTS = Signals(meaning=42.8, usual=-52.6, words=0.7, lead=38.2, margin=34.2, small=1.96, asking=7.51, entries=-2.9)
INTERCEPT = -14.62


def confidence(found: Found, language: str) -> float:
    """How likely the first of the passages answers the question, where half of all questions have an answer."""
    if not found.passages:
        return 0.0
    seen = signals(found, language)
    if seen is None:
        words = found.passages[0].words
        return _probability(-4.44 + 11.5 * words + 1.8 * _smallness(len(found.passages)))
    weighed = zip(astuple(WEIGHTS), astuple(seen), strict=True)
    return _probability(INTERCEPT + sum(weight * signal for weight, signal in weighed))


def signals(found: Found, language: str) -> Signals | None:
    """language: of the question. None when no vector can be compared, and words alone must decide."""
    best = found.passages[0].candidate
    meaning = _meaning(best)
    if meaning is None:
        return None
    field = _field(found.passages)
    inside = {*terms(best.title), *terms(best.heading), *terms(best.text)}
    told = held(found.idf.items(), inside)
    information = sum(weight for weight, _ in told) or 1.0
    words = sum(weight * match for weight, match in told) / information
    exact = sum(weight for weight, match in told if match == 1.0) / information
    crosses = exact < SHARED_WORDS and crosses_languages([passage.text for passage in found.passages], language)
    margin = field[0] - median(field) if len(field) > 1 else USUAL_MARGIN
    return Signals(
        meaning=meaning,
        usual=best.usual,
        words=words,
        lead=field[0] - median(field[:CROWD]) if len(field) > 1 else USUAL_LEAD,
        margin=margin if crosses else 0.0,
        small=_smallness(len(field)),
        asking=max(0.0, best.headline - OF_ONE_TOPIC) if best.headline is not None else 0.0,
        entries=_entries(found.passages) if best.headline is not None else 0.0,
    )


def _meaning(candidate: Candidate) -> float | None:
    if candidate.cosine is None or not candidate.sentence_cosines:
        return candidate.cosine
    return (1 - SENTENCE_SHARE) * candidate.cosine + SENTENCE_SHARE * max(candidate.sentence_cosines)


def _field(passages: Sequence[Ranked]) -> list[float]:
    """The cosines of the passages nearest by meaning, highest first."""
    meanings = (_meaning(passage.candidate) for passage in passages)
    return sorted((meaning for meaning in meanings if meaning is not None), reverse=True)[:FIELD]


def _entries(passages: Sequence[Ranked]) -> float:
    headlines = [headline(passage.title, passage.heading) for passage in passages]
    return (len(set(headlines)) / len(headlines)) ** 2 if says_something(headlines[0]) else 0.0


def _smallness(passages: int) -> float:
    return HALF_FIELD / (HALF_FIELD + min(passages, FIELD))


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, log_odds))))
