from hypothesis import given
from hypothesis import strategies as st

from trulybot.answers.matching import nearest


def test_a_word_is_itself():
    assert nearest("refund", {"refund", "return"}) == 1.0


def test_forms_of_a_word_are_near():
    for term, other in [("deliv", "deliveri"), ("versand", "versandkosten"), ("garantia", "garantie")]:
        assert nearest(term, {other}) >= 0.5, (term, other)


def test_a_compound_holds_its_parts():
    assert nearest("gutschein", {"geschenkgutschein"}) > 0


def test_a_misspelt_word_is_recognised():
    assert nearest("warrenti", {"warranti"}) >= 0.5


def test_other_words_and_other_numbers_are_not():
    assert nearest("refund", {"return", "deliveri", "re"}) == 0.0
    assert nearest("2018", {"2019", "20181"}) == 0.0


def test_nothing_is_near_to_nothing():
    assert nearest("refund", set()) == 0.0


@given(st.text(min_size=1), st.sets(st.text()))
def test_it_is_a_share(term, among):
    assert 0 <= nearest(term, among) <= 1
