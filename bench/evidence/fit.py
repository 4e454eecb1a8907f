"""The weights by logistic regression, and how far they can be believed where they were not fitted."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from typing import Any

import numpy as np

from bench.evidence.examples import Example
from trulybot.answers.evidence import ENOUGH, Signals, signals
from trulybot.answers.language import detect

Array = np.ndarray[Any, np.dtype[np.float64]]

# What a family of sets weighs. In each, what has an answer weighs as much as what has none, and of that the far as much
# as the near; in both every size of collection the same.
FAMILIES: Mapping[str, float] = {"faq": 1, "guides": 1, "shops": 1, "xquad": 0.5, "across": 0.7}
FOLDS = 5  # by the question, so that none is in two; of the shops by the shop
RESTRAINT = 1e-3  # of weights over standard deviations
ROUNDS = 60
AT_LEAST = 0.95  # of the questions with an answer


def report(examples: Sequence[Example]) -> None:
    examples = [one for one in examples if one.found.passages]
    seen = [signals(one.found, detect(one.asked.text)) for one in examples]
    matrix = np.array([astuple(one) for one in seen if one is not None])
    answerable = np.array([one.answerable for one in examples])
    weights = _weights(examples)
    fitted, intercept = _fit(matrix, answerable, weights)
    for field, weight in zip(fields(Signals), fitted, strict=True):
        print(f"{field.name}={weight:.3g},")
    print(f"INTERCEPT = {intercept:.2f}\n")
    likely = _elsewhere(examples, matrix, answerable, weights)
    print("of each set: AUROC / refused where 95 in 100 are answered; then, by caution, answered / refused")
    for name, chosen in _sets(examples).items():
        with_answer, without = likely[chosen & answerable], likely[chosen & ~answerable]
        found = f"{_auroc(with_answer, without):.3f} / {np.mean(without < np.quantile(with_answer, 1 - AT_LEAST)):.2f}"
        steps = [f"{np.mean(with_answer >= one):.2f} / {np.mean(without < one):.2f}" for one in ENOUGH.values()]
        print(f"{name:18} {found:14}", *steps, sep="   ")
    print(f"calibration error {_error(likely, answerable, weights):.3f}")
    for caution, enough in ENOUGH.items():
        told = likely >= enough
        right = (weights * answerable)[told].sum() / weights[told].sum()
        print(f"{caution:10} right {right:.2f}   answered {_share(told, answerable, weights):.2f}")


def _weights(examples: Sequence[Example]) -> Array:
    kinds = [(one.family, one.group, one.answerable, one.far) for one in examples]
    count = Counter(kinds)
    groups = Counter((family, answerable, far) for family, _, answerable, far in count)
    parts = Counter((family, answerable) for family, answerable, _ in groups)
    return np.array(
        [
            FAMILIES[family] / count[family, group, yes, far] / groups[family, yes, far] / parts[family, yes]
            for family, group, yes, far in kinds
        ]
    )


def _fit(matrix: Array, answerable: Array, weights: Array) -> tuple[Array, float]:
    """Newton's steps over the signals in standard deviations; answers with weights of the signals themselves."""
    mean, deviation = matrix.mean(0), matrix.std(0) + 1e-9
    inputs = np.column_stack([(matrix - mean) / deviation, np.ones(len(matrix))])
    weights = weights / weights.sum()
    held_back = RESTRAINT * np.eye(inputs.shape[1])
    held_back[-1, -1] = 0
    fitted = np.zeros(inputs.shape[1])
    for _ in range(ROUNDS):
        likely = _probability(inputs @ fitted)
        slope = inputs.T @ (weights * (likely - answerable)) + held_back @ fitted
        curve = (inputs * (weights * likely * (1 - likely))[:, None]).T @ inputs + held_back
        fitted -= np.linalg.solve(curve + 1e-9 * np.eye(len(fitted)), slope)
    return fitted[:-1] / deviation, float(fitted[-1] - (fitted[:-1] * mean / deviation).sum())


def _elsewhere(examples: Sequence[Example], matrix: Array, answerable: Array, weights: Array) -> Array:
    """Each question weighed by weights that were fitted without it."""
    folds = np.array([_fold(one) for one in examples])
    likely = np.zeros(len(examples))
    for fold in range(FOLDS):
        rest = folds != fold
        fitted, intercept = _fit(matrix[rest], answerable[rest], weights[rest])
        likely[~rest] = _probability(matrix[~rest] @ fitted + intercept)
    return likely


def _fold(one: Example) -> int:
    if one.family == "shops":
        return int(one.group.split("-")[1])
    return int(hashlib.sha256(one.asked.text.encode()).hexdigest(), 16) % FOLDS


def _sets(examples: Sequence[Example]) -> dict[str, Any]:
    names: dict[str, Any] = defaultdict(lambda: np.zeros(len(examples), bool))
    for place, one in enumerate(examples):
        names[f"{one.family}, whole" if one.group.endswith("whole") else one.family][place] = True
    return names


def _probability(log_odds: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))))


def _auroc(with_answer: Array, without: Array) -> float:
    above = with_answer[:, None] > without[None]
    return float(above.mean() + 0.5 * (with_answer[:, None] == without[None]).mean())


def _error(likely: Array, answerable: Array, weights: Array) -> float:
    """How far what is said is from what is, over ten steps of what is said, each by its weight."""
    steps = np.minimum((likely * 10).astype(int), 9)
    off = [abs((weights * (likely - answerable))[steps == step].sum()) for step in range(10)]
    return float(sum(off) / weights.sum())


def _share(told: Any, answerable: Any, weights: Array) -> float:
    return float((weights * answerable)[told].sum() / (weights * answerable).sum())
