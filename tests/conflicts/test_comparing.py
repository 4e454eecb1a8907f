"""What contradicts and what does not, over a set of pairs; precision first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conflicts.pairs import PAIRS
from tests.effort import cpu_seconds
from trulybot.conflicts.comparing import Claim, contradiction
from trulybot.conflicts.facts import facts


def judged() -> list[tuple[str | None, str | None, str, str]]:
    """What each pair is, what is found in it, and the pair."""
    results = []
    for kind, one, other, title, other_title in PAIRS:
        found = contradiction(Claim(one, title), Claim(other, other_title))
        results.append((kind, found.kind if found else None, one, other))
    return results


def test_nothing_innocent_is_shown():
    innocent = [(one, other) for kind, found, one, other in judged() if kind is None and found is not None]

    assert innocent == []


def test_most_contradictions_are_found_by_their_kind():
    contradicting = [(kind, found, one) for kind, found, one, _ in judged() if kind is not None]
    found = [one for kind, found, one in contradicting if kind == found]

    assert len(found) / len(contradicting) >= 0.85, [one for kind, found, one in contradicting if kind != found]


def test_the_order_of_two_sentences_does_not_matter():
    for _, one, other, title, other_title in PAIRS:
        forth = contradiction(Claim(one, title), Claim(other, other_title))
        back = contradiction(Claim(other, other_title), Claim(one, title))
        assert (forth and forth.kind) == (back and back.kind), one


@given(st.text(max_size=200))
def test_any_text_has_facts_that_stand_in_it(text: str):
    for fact in facts(text):
        assert 0 <= fact.start < fact.end <= len(text)
        assert fact.low <= fact.high


@given(st.text(alphabet="0123456789 ,.€%-:daysKto٣३", max_size=80))
def test_what_looks_like_a_fact_never_stops_us(text: str):
    facts(text)


def test_a_sentence_never_contradicts_itself():
    for _, one, _, title, _ in PAIRS:
        assert contradiction(Claim(one, title), Claim(one, title)) is None


@pytest.mark.parametrize("row", ["1", "1.", "111,", "1-"])
def test_a_long_row_of_digits_costs_no_more_than_its_length(row: str):
    def effort(digits: int) -> float:
        sentence = f"It costs {row * (digits // len(row))}."
        return cpu_seconds(lambda: [facts(sentence) for _ in range(3)])

    assert effort(1600) < 8 * effort(400)  # four times the length; squares would make sixteen
