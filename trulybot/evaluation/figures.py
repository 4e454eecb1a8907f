"""What many outcomes come to: ranking, answers, refusals, calibration, time and cost."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from trulybot.evaluation.judging import Outcome

PLACES = 10
BINS = 10
RESAMPLED = 2000
SURE = 0.95  # of an interval


@dataclass(frozen=True)
class Measure:
    """
    One figure. of: what a single question contributes to the mean, or None where it has no part in it.

    whole: instead, a figure that only all questions together have. better: 1 when more is better, -1 when less is.
    """

    name: str
    title: str
    of: Callable[[Outcome], float | None] | None = None
    whole: Callable[[Sequence[Outcome]], float | None] | None = None
    better: int = 1

    def figure(self, outcomes: Sequence[Outcome]) -> float | None:
        if self.whole is not None:
            return self.whole(outcomes)
        values = [value for one in outcomes if (value := self.each(one)) is not None]
        return sum(values) / len(values) if values else None

    def each(self, outcome: Outcome) -> float | None:
        return self.of(outcome) if self.of else None


@dataclass(frozen=True)
class Bin:
    """Of the questions whose confidence lay in one tenth: how confident the bot was, and how often right."""

    questions: int
    confidence: float
    right: float


@dataclass(frozen=True)
class Change:
    """before, after: over the questions of both runs. low, high: what the difference may be, by resampling them."""

    before: float
    after: float
    low: float
    high: float

    @property
    def tells(self) -> bool:
        """Whether it is more than chance would make of so many questions."""
        return self.low > 0 or self.high < 0


def figures(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    return {measure.name: measure.figure(outcomes) for measure in MEASURES}


def recall(outcome: Outcome, places: int) -> float | None:
    return float(any(rank < places for rank in outcome.ranks)) if outcome.relevant else None


def ndcg(outcome: Outcome) -> float | None:
    if not outcome.relevant:
        return None
    best = sum(1 / math.log2(place + 2) for place in range(min(PLACES, outcome.relevant)))
    return sum(1 / math.log2(rank + 2) for rank in outcome.ranks if rank < PLACES) / best


def reciprocal_rank(outcome: Outcome) -> float | None:
    return (1 / (min(outcome.ranks) + 1) if outcome.ranks else 0.0) if outcome.relevant else None


def abstention_precision(outcomes: Sequence[Outcome]) -> float | None:
    """Of the refusals, the share that was due."""
    refused = [one for one in outcomes if not one.answered]
    return (
        sum(not one.answerable for one in refused) / len(refused) if refused and not _all_answerable(outcomes) else None
    )


def _all_answerable(outcomes: Sequence[Outcome]) -> bool:
    return all(one.answerable for one in outcomes)


def auroc(good: Sequence[float], bad: Sequence[float]) -> float:
    """How often a good one is above a bad one; a tie counts half."""
    low = np.sort(np.asarray(bad))
    above = np.searchsorted(low, good, "left") + np.searchsorted(low, good, "right")
    return float(above.sum() / (2 * len(good) * len(bad)))


def _auroc(outcomes: Sequence[Outcome]) -> float | None:
    good = [one.confidence for one in outcomes if one.answerable]
    bad = [one.confidence for one in outcomes if not one.answerable]
    return auroc(good, bad) if good and bad else None


def reliability(outcomes: Sequence[Outcome]) -> list[Bin]:
    """By tenths of the confidence, lowest first; empty ones are left out."""
    places = [min(int(one.confidence * BINS), BINS - 1) for one in outcomes]
    binned = [[one for one, at in zip(outcomes, places, strict=True) if at == place] for place in range(BINS)]
    return [
        Bin(len(some), sum(one.confidence for one in some) / len(some), sum(one.findable for one in some) / len(some))
        for some in binned
        if some
    ]


def calibration_error(outcomes: Sequence[Outcome]) -> float | None:
    """How far the bot's confidence is from how often it is right, over the tenths (ECE)."""
    away = sum(one.questions * abs(one.confidence - one.right) for one in reliability(outcomes))
    return away / len(outcomes) if outcomes else None


def _latency(share: float) -> Callable[[Sequence[Outcome]], float | None]:
    def whole(outcomes: Sequence[Outcome]) -> float | None:
        return float(np.quantile([one.latency_ms for one in outcomes], share)) if outcomes else None

    return whole


def change(measure: Measure, before: Sequence[Outcome], after: Sequence[Outcome]) -> Change | None:
    """
    What became of a figure, over the questions that both runs asked; None when none of them has a part in it.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993: the percentile interval of paired differences.
    """
    earlier = {one.id: measure.each(one) for one in before}
    pairs = [
        (was, now)
        for one in after
        if (was := earlier.get(one.id)) is not None and (now := measure.each(one)) is not None
    ]
    if not pairs:
        return None
    was, now = np.asarray(pairs).T
    chosen = np.random.default_rng(0).integers(len(pairs), size=(RESAMPLED, len(pairs)))
    low, high = np.quantile((now - was)[chosen].mean(axis=1), [(1 - SURE) / 2, (1 + SURE) / 2])
    return Change(float(was.mean()), float(now.mean()), float(low), float(high))


def _good(value: Callable[[Outcome], float]) -> Callable[[Outcome], float | None]:
    return lambda outcome: value(outcome) if outcome.answerable else None


def _bad(value: Callable[[Outcome], float]) -> Callable[[Outcome], float | None]:
    return lambda outcome: None if outcome.answerable else value(outcome)


FINDING = (
    Measure("recall_1", "Recall@1", lambda one: recall(one, 1)),
    Measure("recall_5", "Recall@5", lambda one: recall(one, 5)),
    Measure("ndcg_10", "nDCG@10", ndcg),
    Measure("mrr", "MRR", reciprocal_rank),
)
ANSWERING = (
    Measure("right", "right", lambda one: float(one.right)),
    Measure("holds", "holds the answer", lambda one: None if one.holds is None else float(one.holds)),
    Measure("in_common", "word F1", lambda one: one.in_common),
    Measure("grounded", "grounded", lambda one: one.grounded),
    Measure("answered", "answered", _good(lambda one: float(one.answered))),
    Measure("refused", "refused", _bad(lambda one: float(not one.answered))),
    Measure("refused_rightly", "of refusals due", whole=abstention_precision),
)
CONFIDENCE = (
    Measure("auroc", "AUROC", whole=_auroc),
    Measure("ece", "ECE", whole=calibration_error, better=-1),
    Measure("brier", "Brier", lambda one: (one.confidence - one.findable) ** 2, better=-1),
)
COST = (
    Measure("p50_ms", "p50 ms", whole=_latency(0.5), better=-1),
    Measure("p95_ms", "p95 ms", whole=_latency(0.95), better=-1),
    Measure("cost_usd", "USD a question", lambda one: one.cost_usd, better=-1),
)
MEASURES = (*FINDING, *ANSWERING, *CONFIDENCE, *COST)
