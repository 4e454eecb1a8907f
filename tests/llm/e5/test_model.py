import numpy as np
import pytest

from tests.llm.e5.reference import Reference
from trulybot.llm.e5 import DIMENSIONS
from trulybot.llm.e5.weights import Weights, locate

PASSAGES = {
    "shipping": "passage: Delivery takes three to five working days within the country, and up to two weeks abroad.",
    "returns": "passage: If you do not like something, return it within 30 days and we give you your money back.",
    "password": "passage: To choose a new password, open the sign-in page and click on 'Forgot your password?'.",
    "hours": "passage: Our shop in Lyon is open from Monday to Saturday, nine to six. We are closed on holidays.",
}

QUESTIONS = [
    ("query: How long until my order gets here?", "shipping"),
    ("query: ¿Cuánto tarda el envío?", "shipping"),
    ("query: डिलीवरी में कितने दिन लगते हैं?", "shipping"),
    ("query: Wie bekomme ich mein Geld zurück?", "returns"),
    ("query: 我可以退货吗？", "returns"),
    ("query: كيف أعيد تعيين كلمة المرور؟", "password"),
    ("query: i forgto my passwrod", "password"),
    ("query: À quelle heure ouvrez-vous le samedi ?", "hours"),
]


@pytest.mark.parametrize(("question", "answer"), QUESTIONS)
def test_a_question_in_any_language_is_closest_to_the_passage_that_answers_it(model, question, answer):
    asked = model.embed(question).vector

    cosines = {name: float(asked @ model.embed(passage).vector) for name, passage in PASSAGES.items()}

    assert max(cosines, key=cosines.__getitem__) == answer


def test_int8_stays_close_to_float32(model):
    reference = Reference(Weights(locate()))
    texts = [PASSAGES["hours"], QUESTIONS[0][0], QUESTIONS[4][0]]

    for text in texts:
        exact = reference.embed(model._tokenizer.encode(text))
        assert model.embed(text).vector @ exact > 0.998


@pytest.mark.parametrize("text", ["", " ", "\0", "\ud800", "\ufdfa" * 100, "x" * 100_000, "\u0301" * 10_000])
def test_whatever_the_text_its_vector_has_unit_length(model, text):
    vector = model.embed(text).vector

    assert vector.shape == (DIMENSIONS,)
    assert np.linalg.norm(vector) == pytest.approx(1)


def test_a_text_has_the_same_vector_every_time(model):
    assert (model.embed(PASSAGES["hours"]).vector == model.embed(PASSAGES["hours"]).vector).all()


def test_the_tokens_of_a_text_are_counted(model):
    assert model.embed("Hello world").tokens == 4  # with those for start and end
