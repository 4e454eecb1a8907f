"""What makes an answer right, and what it rests on."""

import pytest

from trulybot.evaluation.golden import Golden
from trulybot.evaluation.judging import Outcome, groundedness, judge, overlap

PASSAGE = "You may send back anything unused within 30 days. Sofas are collected for 39 euros."


def golden(
    *, relevant: tuple[str, ...] = ("returns",), answers: tuple[str, ...] = (), answerable: bool = True
) -> Golden:
    return Golden("q", "How long?", frozenset(relevant), answers, answerable)


def judged(question: Golden, answer: str, *, answered: bool = True, cites: str = "returns") -> Outcome:
    reply = {
        "answer": answer,
        "answered": answered,
        "source": "documents" if answered else "none",
        "confidence": 0.9,
        "citations": [{"external_id": cites, "text": PASSAGE}] if answered else [],
        "usage": {"cost_usd": "0.000120"},
    }
    return judge(question, ["hours", "returns"], reply, "external_id", 12.0)


@pytest.mark.parametrize(
    ("question", "answer", "answered", "cites", "right"),
    [
        (golden(answers=("30 days",)), "Within 30 days.", True, "returns", True),
        (golden(answers=("30 days",)), "Within a month.", True, "returns", False),  # a fact has to be there
        (golden(answers=("30 days", "a month")), "Within a month.", True, "returns", True),
        (golden(answers=("30 days",)), "I don't know.", False, "", False),
        (golden(), "Within 30 days.", True, "returns", True),
        (golden(), "We open at nine.", True, "hours", False),
        (golden(relevant=(), answerable=False), "I don't know.", False, "", True),
        (golden(relevant=(), answerable=False), "Within 30 days.", True, "returns", False),
        (golden(relevant=()), "Something.", True, "hours", True),  # nothing more was asked than to answer
    ],
)
def test_an_answer_is_right_when_it_says_or_rests_on_what_it_should(question, answer, answered, cites, right):
    assert judged(question, answer, answered=answered, cites=cites).right is right


def test_an_outcome_says_where_the_right_document_was_found_and_what_it_cost():
    outcome = judged(golden(answers=("30 days",)), "Within 30 days.")

    assert (outcome.ranks, outcome.relevant, outcome.cost_usd) == ((1,), 1, 0.00012)
    assert outcome.findable


def test_a_sentence_with_another_number_rests_on_nothing():
    said = "You may send back anything unused within 30 days. You may send back anything unused within 40 days."

    assert groundedness(said, [PASSAGE]) == 0.5


def test_words_in_common_are_counted_in_any_script():
    assert overlap("thirty days", "thirty days") == 1
    assert overlap("三十天", "三十日") == pytest.approx(2 / 3)
    assert overlap("", "thirty") == 0
