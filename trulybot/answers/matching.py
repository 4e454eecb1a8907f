"""Whether two words are forms of one: by their beginning, by one within the other, or by the letters they share."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from math import ceil

SHORTEST = 3  # letters; a shorter word is itself or another
# A stem may still differ at its end (deliv, deliveri), and a compound hold the word that is asked for.
BEGINNING, SHARED_BEGINNING, PART = 4, 0.6, 5
OF_ONE_STEM, WITHIN = 0.8, 0.7
# Of the threes of letters, as Dice counts them; below, short words of other meanings meet.
ALIKE = 0.5


def nearest(term: str, among: Collection[str]) -> float:
    """How well the most similar of the terms matches, 0 to 1."""
    if term in among:
        return 1.0
    if len(term) < SHORTEST or term[0].isdigit():
        return 0.0
    begins = term[:2]  # who misspells a word seldom does so in its first two letters, and to look further is slow
    within = max((_within(term, other) for other in among), default=0.0)
    return max((_likeness(term, other) for other in among if other.startswith(begins)), default=0.0) or within


def held(terms: Iterable[tuple[str, float]], among: Collection[str]) -> list[tuple[float, float]]:
    """Of each weighted term: its weight, and how well it is held."""
    return [(weight, nearest(term, among)) for term, weight in terms]


def _within(one: str, other: str) -> float:
    return WITHIN if (len(one) >= PART and one in other) or (len(other) >= PART and other in one) else 0.0


@lru_cache(maxsize=100_000)  # about 15 MB; the words of a business come again with every question
def _likeness(one: str, other: str) -> float:
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < SHORTEST or 3 * len(shorter) < len(longer):
        return 0.0
    begun = max(BEGINNING, ceil(SHARED_BEGINNING * len(longer)))
    if one[:begun] == other[:begun]:
        return OF_ONE_STEM
    mine, theirs = _threes(one), _threes(other)
    alike = 2 * len(mine & theirs) / (len(mine) + len(theirs))
    return alike if alike >= ALIKE else 0.0


@lru_cache(maxsize=50_000)
def _threes(term: str) -> frozenset[str]:
    spelt = f"^{term}$"
    return frozenset(spelt[start : start + 3] for start in range(len(spelt) - 2))
