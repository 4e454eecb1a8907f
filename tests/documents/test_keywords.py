import sys
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import cpu_seconds
from trulybot.documents import keywords


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("The vehicles were registered yesterday", "registering a vehicle"),
        ("Order AB-1234 has shipped", "where is ab1234"),
        ("Order AB-1234 has shipped", "1234"),
        ("It costs $1,000", "1000"),
        ("Use the e-mail form", "email"),
        ("The driver's license", "drivers"),
        ("Réservation d'été à l'hôtel", "hotel reservation ete"),
        ("Die Straße ist gesperrt", "STRASSE"),
        ("ＦＵＬＬ　ｗｉｄｔｈ", "full width"),
        ("الكِتَابُ المدرسي", "كتاب"),
        ("رقم ٣٤٥", "345"),
        ("Доставка заказов ещё идёт", "заказ"),
        ("मुझे रिफंड चाहिए।", "रिफंड"),
        ("東京タワーは高い", "タワー"),
        ("如何申请退款？", "退款"),
        ("배송은 언제 오나요", "배송"),
        ("สวัสดีครับ ผมต้องการคืนเงิน", "คืนเงิน"),
        ("We write C++ and C#", "c++"),
        ("covid19 rules", "COVID 19"),
        ("snake_case_name", "case"),
    ],
)
def test_what_is_asked_meets_what_is_written(written, asked):
    common = set(keywords.terms(written)) & set(keywords.terms(asked))

    assert common


def test_every_term_of_a_spaceless_question_is_a_pair():
    assert keywords.terms("申请退款") == ["申请", "请退", "退款"]


def test_a_code_comes_whole_and_in_parts():
    assert keywords.terms("AB-1234") == ["ab1234", "ab", "1234"]


def test_what_an_apostrophe_leaves_over_is_no_term():
    assert keywords.terms("l'avion, the driver's") == ["avion", "the", "driver"]


def test_vowel_signs_do_not_break_a_word():
    assert keywords.terms("বাংলাদেশ") == ["বাংলাদেশ"]


def test_title_and_heading_count_more_than_the_text():
    stored = keywords.weights("Refunds", "Shipping", "refunds arrive")

    assert stored == {"refund": 4.0, "ship": 3.0, "arriv": 1.0}
    assert keywords.length(stored) == 8


def test_a_question_asks_for_each_term_once_and_for_a_bounded_number():
    assert keywords.question_terms("again and again") == ["again", "and"]
    assert len(keywords.question_terms(" ".join(map(str, range(1000))))) == keywords.MOST_QUESTION_TERMS


@given(st.text())
def test_any_text_gives_short_clean_terms(text):
    for term in keywords.terms(text):
        assert 0 < len(term) <= keywords.LONGEST_TERM
        assert not any(character.isspace() for character in term)
        assert "\x00" not in term


@given(st.text(), st.text())
def test_the_words_of_a_text_do_not_depend_on_their_neighbours(left, right):
    assert keywords.terms(f"{left}\n{right}") == keywords.terms(left) + keywords.terms(right)


@pytest.mark.parametrize(
    "unit",
    ["a", "a-", "a\u0300\u0327", "\ufdfa", "1,", "'", "_", "東", "e\u0301-", "ก", "\u0344", "+#", "@a.", " ", "ﷺ1"],
)
def test_hostile_text_takes_linear_time(unit):
    keywords.terms(unit)
    small, large = (cpu_seconds(partial(keywords.terms, unit * times)) for times in (2_000, 16_000))

    # Eight times the text; a quadratic step would take sixty-four times as long. The constant is for the clock.
    assert large < small * 24 + 0.1


def test_every_character_can_be_read():
    for start in range(0, sys.maxunicode, 4096):
        text = " ".join(chr(code) for code in range(start, start + 4096) if not 0xD800 <= code < 0xE000)
        assert isinstance(keywords.terms(text), list)
    assert {"lone", "surrog"} <= set(keywords.terms("\ud800 lone surrogates \udfff"))
