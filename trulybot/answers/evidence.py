"""
Whether what was found answers the question: a probability, from at most four numbers that mean something alone.

The weights come from public questions asked of collections of every size, those with an answer in the passages and
those without weighing the same: doc2dial by document, by domain and as a whole, against other domains and foreign
questions; StackFAQ in cuts of 5 to 100 entries; XQuAD in cuts of 1 to 40 articles, in five pairs of languages.
"""

import math
from collections.abc import Sequence
from statistics import median

from trulybot.answers.ranking import Ranked

# Above it we answer, below it we say that we do not know. Of questions in the language of the passages that have an
# answer 95 to 100 in 100 pass, in collections of 5 to 800 passages; of foreign questions 83 to 100 in 100 are refused.
# A question about the same things that happens to have no answer is refused 30 to 50 times in 100, and 13 to 30 times
# on guides of 50 passages and more.
ENOUGH = 0.38

# The passages that the best is compared with are those nearest by meaning.
FIELD = 50
# One passage is no field to stand out from. Then it is taken to stand out a little, so that it has to be close.
USUAL_MARGIN = 0.02
# A few passages of one business are all near the question, and few have had the chance to be near it by accident. So
# in a small field less is asked: from all of what is forgiven in one to half of it in the fullest field.
HALF_FIELD = 40

# If words that carry this share of the information are found, question and passage share their language after all:
# a question of three words is easily taken for another language.
SHARED_WORDS = 0.25


def confidence(ranked: Sequence[Ranked], *, crosses_languages: bool = False) -> float:
    """
    How likely the first of the ranked passages answers the question, where half of all questions have an answer.

    ranked: everything that was found, best first. crosses_languages: the question is in another language than the
    passages, so that words cannot be expected and cosines are lower.
    """
    if not ranked:
        return 0.0
    best = ranked[0]
    field = _field(ranked)
    if best.meaning is None:
        return _probability(-3.83 + 11.5 * best.words + 1.8 * _smallness(len(ranked)))
    margin = field[0] - median(field) if len(field) > 1 else USUAL_MARGIN
    smallness = _smallness(len(field))
    if crosses_languages and best.words < SHARED_WORDS:
        return _probability(-47.0 + 54 * best.meaning + 60 * margin + 2 * best.words + 3 * smallness)
    return _probability(-43.6 + 46 * best.meaning + 36 * margin + 3.7 * best.words + 3.8 * smallness)


def _field(ranked: Sequence[Ranked]) -> list[float]:
    """The cosines of the passages nearest by meaning, highest first."""
    return sorted((place.meaning for place in ranked if place.meaning is not None), reverse=True)[:FIELD]


def _smallness(passages: int) -> float:
    """From 1 for one passage to .44 for a full field."""
    return HALF_FIELD / (HALF_FIELD + min(passages, FIELD))


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, log_odds))))
