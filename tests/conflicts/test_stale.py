"""What is over, and what stays true although it names a day."""

from datetime import date

import pytest

from trulybot.conflicts.stale import over_on


@pytest.mark.parametrize(
    ("sentence", "day"),
    [
        ("The offer is valid until 31 March 2025.", date(2025, 3, 31)),
        ("Das Angebot ist gültig bis 31.03.2025.", date(2025, 3, 31)),
        ("La oferta es válida hasta el 31 de marzo de 2025.", date(2025, 3, 31)),
        ("L'offre est valable jusqu'au 31 mars 2025.", date(2025, 3, 31)),
        ("In 2024 our office will move to Hamburg.", date(2024, 12, 31)),
        ("On 24 December 2025 we are closed.", date(2025, 12, 24)),
        ("The sale runs from 1 May 2025 to 15 May 2025.", date(2025, 5, 15)),
        ("Register before 2026-02-01 to keep your place.", date(2026, 2, 1)),
    ],
)
def test_a_sentence_that_is_over_says_when(sentence: str, day: date):
    found = over_on(sentence)

    assert found is not None
    assert found[0] == day


@pytest.mark.parametrize(
    "sentence",
    [
        "The shop was founded on 1 May 1998.",
        "We have made furniture since 2010.",
        "In 2019 we opened our second shop.",
        "© 2024 Willow Furniture",
        "The Willow 2000 chair costs 149 euros.",
        "The law of 3 March 2020 applies.",
        "Returns are accepted until 6 pm.",
        "Every 24 December we close at noon.",
        "We began to issue the new cards on 30 October 2017; you will get one at any office.",
        "Cards issued after 30 October 2017 will be marked.",
        "For orders on or after 1 November 2014 a fee will be due.",
        "El 8 de febrero de 2007 la empresa anunció que será otra.",
        "You will find it at https://shop.example/blog/2012/04/offer.",
        "Search for a range, for example before 3 May 2012.",
    ],
)
def test_a_sentence_that_stays_true_is_left_alone(sentence: str):
    assert over_on(sentence) is None
