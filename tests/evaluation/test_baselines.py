"""The baselines, by hand."""

import math

import numpy as np
import pytest

from trulybot.evaluation import baselines


def test_bm25_is_that_of_lucene():
    scores = baselines.bm25(["Oil the oak table", "The van delivers tables and tables"], ["tables"], "en")

    idf = math.log(1 + 0.5 / 2.5)
    expected = [idf * often / (often + 1.2 * (1 - 0.75 + 0.75 * length / 3.5)) for often, length in ((1, 3), (2, 4))]
    assert scores[0] == pytest.approx(expected)


def test_a_script_without_spaces_is_read_by_pairs():
    scores = baselines.bm25(["植物星期一送货", "橡木桌每年上油"], ["什么时候送货"], "zh")

    assert scores[0, 0] > 0 == scores[0, 1]


def test_the_sum_weighs_meaning_more_than_words():
    both = baselines.convex(np.asarray([[2.0, 1.0, 0.0]]), np.asarray([[0.1, 0.9, 0.5]]))

    assert both[0] == pytest.approx([0.4, 0.8, 0.3])
    assert baselines.order(both)[0].tolist() == [1, 0, 2]
