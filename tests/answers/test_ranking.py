from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trulybot.answers.ranking import Candidate, rank


def candidate(number, *, cosine=None, sentence_cosines=(), bm25=0.0):
    return Candidate(
        UUID(int=number), UUID(int=number), None, "Title", None, "", "Text.", cosine, sentence_cosines, bm25
    )


def order(ranked):
    return [place.passage_id.int for place in ranked]


def test_meaning_and_words_decide_together():
    ranked = rank([candidate(1, cosine=0.85), candidate(2, cosine=0.84, bm25=2.0)], {"refund": 4.0})

    assert order(ranked) == [2, 1]


def test_words_in_another_language_do_not_outvote_the_meaning():
    # One common word of the question is found; the others are in no passage and so carry the most information.
    idf = {"de": 1.0, "reembolso": 7.0, "pedido": 7.0}

    ranked = rank([candidate(1, cosine=0.84, bm25=0.9), candidate(2, cosine=0.87)], idf)

    assert order(ranked) == [2, 1]


def test_a_close_sentence_lifts_its_passage():
    ranked = rank(
        [candidate(1, cosine=0.85, sentence_cosines=[0.8]), candidate(2, cosine=0.84, sentence_cosines=[0.7, 0.9])], {}
    )

    assert order(ranked) == [2, 1]


def test_a_heading_that_asks_what_was_asked_lifts_its_passage():
    asking = "Where may I collect a sofa?"
    meant, near = replace(candidate(1, cosine=0.84), title=asking), candidate(2, cosine=0.85)
    others = [replace(candidate(number, cosine=0.7), headline=0.3) for number in range(3, 9)]

    ranked = rank([replace(near, headline=0.4), replace(meant, headline=0.8), *others], {})

    assert order(ranked)[0] == 1
    assert order(rank([near, meant, *others], {}))[0] == 2  # without the model that knows English


def test_a_heading_of_one_word_names_a_topic_and_outvotes_no_passage():
    named = replace(candidate(1, cosine=0.84), title="Sofas", headline=0.9)
    others = [replace(candidate(number, cosine=0.7), headline=0.3) for number in range(3, 9)]

    ranked = rank([replace(candidate(2, cosine=0.85), headline=0.4), named, *others], {})

    assert order(ranked)[0] == 2


def test_headings_that_are_all_near_name_a_topic_and_change_nothing():
    guide = [replace(candidate(number, cosine=0.85 - number / 100), headline=0.8) for number in range(5)]

    ranked = rank([*guide, replace(candidate(9, cosine=0.849), headline=0.6)], {})

    assert order(ranked) == [0, 9, 1, 2, 3, 4]


def test_words_alone_rank_when_nothing_is_embedded():
    ranked = rank([candidate(1, bm25=1.0), candidate(2, bm25=3.0)], {"refund": 4.0})

    assert order(ranked) == [2, 1]
    assert ranked[0].meaning is None
    assert ranked[0].words == 0.75


def test_a_passage_that_waits_for_its_vector_is_found_by_its_words():
    embedded = [candidate(number, cosine=0.8) for number in range(1, 4)]

    ranked = rank([*embedded, candidate(9, bm25=3.0)], {"refund": 4.0})

    assert order(ranked)[0] == 9


def test_a_passage_that_is_near_to_any_question_yields_to_one_that_is_near_to_this():
    near_to_all = replace(candidate(1, cosine=0.86), usual=0.50)

    ranked = rank([near_to_all, replace(candidate(2, cosine=0.85), usual=0.45)], {})

    assert order(ranked) == [2, 1]
    assert ranked[0].meaning == 0.85


def test_words_that_stand_together_count_more_than_the_same_words_apart():
    idf = {"secur": 3.0, "card": 3.0}
    apart = replace(candidate(1, cosine=0.85, bm25=3.0), text="A card. Security is good.")
    together = replace(candidate(2, cosine=0.85, bm25=3.0), text="A security card.")

    assert order(rank([apart, together], idf, "the security card")) == [2, 1]


def test_of_two_equal_passages_the_one_in_better_company_comes_first():
    document, other = UUID(int=50), UUID(int=51)
    found = [
        replace(candidate(1, cosine=0.80), document_id=other, ordinal=3),
        replace(candidate(2, cosine=0.80), document_id=document, ordinal=3),
        replace(candidate(3, cosine=0.85), document_id=document, ordinal=4),
        replace(candidate(4, cosine=0.75), document_id=other, ordinal=4),
    ]

    assert order(rank(found, {})) == [3, 2, 1, 4]


def test_texts_that_their_owner_cut_are_neighbours_too():
    found = [
        replace(candidate(1, cosine=0.80), external_id="guide-7-01"),
        replace(candidate(2, cosine=0.80), external_id="guide-9-01"),
        replace(candidate(3, cosine=0.85), external_id="guide-9-02"),
        replace(candidate(4, cosine=0.85), external_id="guide-7-02", title="Another title"),
    ]

    assert order(rank(found, {}))[2:] == [2, 1]


def test_nothing_found_is_nothing_ranked():
    assert rank([], {"refund": 4.0}) == []


@given(st.lists(st.tuples(st.one_of(st.none(), st.floats(-1, 1)), st.floats(0, 50)), max_size=20))
def test_scores_lie_between_nothing_and_one(found):
    ranked = rank([candidate(n, cosine=cosine, bm25=bm25) for n, (cosine, bm25) in enumerate(found)], {"a": 50.0})

    assert all(0 <= place.score <= 1 for place in ranked)
    assert [place.score for place in ranked] == sorted((place.score for place in ranked), reverse=True)


def test_equal_passages_keep_one_order():
    found = [candidate(number, cosine=0.8) for number in (3, 1, 2)]

    assert order(rank(found, {})) == order(rank(found[::-1], {})) == [1, 2, 3]


@pytest.mark.parametrize("field", ["title", "heading", "text", "document_id"])
def test_a_ranked_passage_can_be_read_like_its_candidate(field):
    (ranked,) = rank([candidate(1, cosine=0.5)], {})

    assert getattr(ranked, field) == getattr(ranked.candidate, field)
