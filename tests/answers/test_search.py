import math

import pytest

from trulybot.answers.lookup import Collection
from trulybot.answers.search import informing


def test_a_term_of_more_than_half_of_the_passages_is_left_out():
    collection = Collection(passages=100, terms=5000, frequencies=[51, 50, 0])

    assert list(informing(collection, ["the", "refund", "kettle"])) == ["refund", "kettle"]


def test_where_few_passages_are_every_term_counts():
    collection = Collection(passages=2, terms=100, frequencies=[2, 1])

    assert list(informing(collection, ["the", "refund"])) == ["the", "refund"]


def test_a_question_of_common_terms_alone_is_asked_by_them():
    collection = Collection(passages=100, terms=5000, frequencies=[90, 99])

    assert list(informing(collection, ["what", "is"])) == ["what", "is"]


def test_the_rarer_a_term_the_more_it_tells():
    idf = informing(Collection(passages=100, terms=5000, frequencies=[10, 1, 0]), ["refund", "kettle", "zebra"])

    assert idf["refund"] < idf["kettle"] < idf["zebra"]
    assert idf["zebra"] == pytest.approx(math.log(1 + 100.5 / 0.5))
