from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from trulybot.answers.evidence import ENOUGH, confidence
from trulybot.answers.ranking import Candidate, Ranked


def found(*places):
    """places: (meaning, words), best first."""
    return [
        Ranked(
            Candidate(UUID(int=n), UUID(int=n), None, "Title", None, "", "Text.", meaning, (), 0.0),
            0.5,
            meaning,
            words,
        )
        for n, (meaning, words) in enumerate(places)
    ]


FIELD = [(0.79, 0.05)] * 20


def test_nothing_found_is_no_evidence():
    assert confidence([]) == 0.0


def test_a_passage_that_stands_out_is_evidence():
    assert confidence(found((0.88, 0.4), *FIELD)) > 0.8


def test_a_field_without_a_best_is_no_evidence():
    assert confidence(found((0.80, 0.05), *FIELD)) < ENOUGH


def test_a_question_across_languages_needs_no_words_and_less_cosine():
    ranked = found((0.84, 0.0), *[(0.76, 0.0)] * 20)

    assert confidence(ranked) < confidence(ranked, crosses_languages=True)
    assert confidence(ranked, crosses_languages=True) > ENOUGH


def test_words_decide_without_vectors():
    assert confidence(found((None, 0.6), (None, 0.1))) > 0.8
    assert confidence(found((None, 0.1), (None, 0.1))) < ENOUGH


def test_many_shared_words_outweigh_a_guessed_language():
    ranked = found((0.86, 0.5), *FIELD)

    assert confidence(ranked, crosses_languages=True) == confidence(ranked)


def test_a_workspace_of_one_passage_can_answer():
    assert confidence(found((0.87, 0.4))) > ENOUGH
    assert confidence(found((0.77, 0.0))) < ENOUGH


def test_a_small_field_asks_for_less():
    few, many = found((0.84, 0.1), *[(0.80, 0.05)] * 5), found((0.84, 0.1), *[(0.80, 0.05)] * 60)

    assert confidence(few) > ENOUGH > confidence(many)


def test_few_words_are_enough_where_few_passages_are_found():
    few, many = found((None, 0.16), (None, 0.1)), found((None, 0.16), *[(None, 0.1)] * 59)

    assert confidence(few) > ENOUGH > confidence(many)


def test_a_question_without_any_known_word_is_no_evidence_without_vectors():
    assert confidence(found((None, 0.0))) < ENOUGH


@given(st.lists(st.tuples(st.one_of(st.none(), st.floats(-1, 1)), st.floats(0, 1)), max_size=60), st.booleans())
def test_it_is_a_probability(places, crosses):
    assert 0 <= confidence(found(*places), crosses_languages=crosses) <= 1
