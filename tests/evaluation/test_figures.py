"""Figures of outcomes whose figures are known, and what may be called progress."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trulybot.evaluation.figures import MEASURES, auroc, change, figures, reliability
from trulybot.evaluation.judging import Outcome
from trulybot.evaluation.report import comparison

RIGHT = Outcome(
    id="",
    question="How long?",
    answerable=True,
    relevant=1,
    ranks=(0,),
    answer="30 days",
    answered=True,
    source="documents",
    confidence=0.9,
    holds=True,
    in_common=1.0,
    cited=True,
    grounded=1.0,
    right=True,
    latency_ms=10.0,
    cost_usd=0.0,
)
SECOND = replace(RIGHT, ranks=(1,), holds=False, right=False, confidence=0.8)
MISSED = replace(RIGHT, ranks=(), answered=False, holds=False, cited=False, grounded=None, right=False, confidence=0.1)
REFUSED = replace(MISSED, answerable=False, relevant=0, holds=None, cited=None, in_common=None, right=True)
MEASURE = {measure.name: measure for measure in MEASURES}


def numbered(*outcomes: Outcome) -> list[Outcome]:
    return [replace(one, id=str(at)) for at, one in enumerate(outcomes)]


def test_the_figures_of_four_questions():
    found = figures(numbered(RIGHT, SECOND, MISSED, REFUSED))

    assert found["recall_1"] == pytest.approx(1 / 3)
    assert found["recall_5"] == pytest.approx(2 / 3)
    assert found["ndcg_10"] == pytest.approx((1 + 0.6309) / 3, abs=1e-4)
    assert found["mrr"] == pytest.approx(0.5)
    assert found["right"] == 0.5
    assert found["holds"] == pytest.approx(1 / 3)
    assert (found["answered"], found["refused"], found["refused_rightly"]) == (pytest.approx(2 / 3), 1, 0.5)
    assert found["auroc"] == pytest.approx((1 + 1 + 0.5) / 3)
    assert found["brier"] == pytest.approx((0.1**2 + 0.2**2 + 0.1**2 + 0.1**2) / 4)
    assert found["ece"] == pytest.approx((0.1 + 0.2 + 0.1 * 2) / 4)


def test_what_no_question_asked_for_has_no_figure():
    assert figures([]) == dict.fromkeys(MEASURE)


def test_auroc_is_how_often_a_good_one_is_above_a_bad_one():
    assert auroc([0.9, 0.5], [0.5, 0.1]) == pytest.approx(0.875)


@given(st.lists(st.floats(0, 1), max_size=40))
def test_every_question_is_in_one_bin_from_low_to_high(confidences: list[float]):
    bins = reliability([replace(RIGHT, confidence=one) for one in confidences])

    assert sum(one.questions for one in bins) == len(confidences)
    assert all(low.confidence <= high.confidence for low, high in pairwise(bins))


def test_one_question_more_of_many_could_be_chance_and_many_more_could_not():
    before = numbered(*[RIGHT] * 50, *[SECOND] * 50)
    one_more = numbered(*[RIGHT] * 51, *[SECOND] * 49)
    many_more = numbered(*[RIGHT] * 80, *[SECOND] * 20)

    chance, progress = (change(MEASURE["holds"], before, after) for after in (one_more, many_more))

    assert chance is not None
    assert not chance.tells
    assert progress is not None
    assert progress.tells
    assert progress.low > 0


def test_only_questions_that_both_runs_asked_are_compared():
    assert change(MEASURE["holds"], numbered(RIGHT), [replace(RIGHT, id="another")]) is None


def test_a_comparison_names_what_turned_wrong():
    before = numbered(*[RIGHT] * 30)
    after = [replace(one, **vars(SECOND) | {"id": one.id}) for one in before]

    said = "\n".join(comparison({"shop": before}, {"shop": after}))

    assert "worse" in said
    assert "0 turned right, 30 turned wrong: 0, 1," in said


def test_a_comparison_of_the_same_says_so():
    assert list(comparison({"shop": [RIGHT]}, {"shop": [RIGHT]})) == ["Nothing changed since the last run."]
