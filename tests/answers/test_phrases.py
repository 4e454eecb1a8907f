import pytest

from trulybot.answers.phrases import held, phrases
from trulybot.documents.keywords import question_terms


def share(question, text):
    return held(text, phrases(question, dict.fromkeys(question_terms(question), 1.0)))


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("security cards", "Your Social Security card"),
        ("return policies", "Our RETURN POLICY:"),
        ("как вернуть заказ", "Хотите вернуть заказы?"),
        ("退款政策", "我们的退款政策"),
        ("दिल्ली में डिलीवरी", "हम दिल्ली में पहुँचाते हैं"),
        ("what is AB-1234", "The AB 1234 is blue"),
    ],
)
def test_words_that_stand_together_are_found_together(question, text):
    assert share(question, text) > 0


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("security card", "a card for security"),
        ("security card", "security. No, no card"),
        ("art work", "a smart worker"),
        ("退款政策", "政策退款"),
        ("security", "security"),
        ("", "security card"),
    ],
)
def test_words_that_stand_apart_are_not(question, text):
    assert share(question, text) == 0


def test_a_chain_of_words_is_worth_its_links():
    assert share("social security card", "the social security card") == pytest.approx(2 / 3)
