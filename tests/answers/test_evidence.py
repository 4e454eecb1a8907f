from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from trulybot.answers.evidence import ENOUGH as STEPS
from trulybot.answers.evidence import Signals, confidence, signals
from trulybot.answers.ranking import Candidate, Ranked
from trulybot.answers.search import Found
from trulybot.documents.keywords import question_terms

ENOUGH = STEPS["balanced"]
QUESTION = "How long is the warranty on furniture?"
WARRANTY = "All furniture has a warranty of five years."
RETURNS = "You can return any item within 45 days."


def passage(text, cosine, *, number=1, heading="", words=0.0, usual=0.5, headline=None):
    candidate = Candidate(
        UUID(int=number),
        UUID(int=number),
        None,
        "Shop",
        None,
        heading,
        text,
        cosine,
        (),
        0.0,
        usual=usual,
        headline=headline,
    )
    return Ranked(candidate, 0.5, cosine, words)


def found(best, *others, question=QUESTION):
    return Found([best, *others], dict.fromkeys(question_terms(question), 2.0))


def sure(found, language="en"):
    return confidence(found, language)


def seen(found, language="en") -> Signals:
    what = signals(found, language)
    assert what is not None
    return what


FIELD = [passage(RETURNS, 0.79, number=number) for number in range(2, 22)]


def test_each_step_of_caution_asks_for_more():
    assert 0 < STEPS["eager"] < STEPS["balanced"] < STEPS["careful"] < STEPS["strict"] < 1


def test_nothing_found_is_no_evidence():
    assert sure(Found([], {})) == 0.0


def test_a_passage_that_stands_out_is_evidence():
    assert sure(found(passage(WARRANTY, 0.88, heading="Warranty"), *FIELD)) > 0.8


def test_a_field_without_a_best_is_no_evidence():
    assert sure(found(passage(RETURNS, 0.80), *FIELD)) < ENOUGH


def test_a_passage_that_is_near_to_every_question_has_to_be_nearer():
    usual, unusual = passage(WARRANTY, 0.84, usual=0.52), passage(WARRANTY, 0.84, usual=0.48)

    assert sure(found(usual, *FIELD)) < sure(found(unusual, *FIELD))


def test_the_word_that_the_passage_lacks_speaks_against_it():
    question = "Do you buy used furniture?"

    assert sure(found(passage(WARRANTY, 0.84), *FIELD, question=question)) < sure(
        found(passage("We buy used furniture.", 0.84), *FIELD, question=question), question
    )


def test_a_word_is_held_in_any_of_its_forms():
    question = "Reparaturen"

    held = found(passage("Jede Reparatur dauert drei Wochen.", 0.84), *FIELD, question=question)

    assert 0.5 < seen(held).words < 1


def test_a_heading_that_asks_the_same_speaks_for_its_passage():
    same, topic, unknown = (passage(WARRANTY, 0.84, headline=headline) for headline in (0.7, 0.4, None))

    assert sure(found(same, *FIELD)) > sure(found(topic, *FIELD)) == sure(found(unknown, *FIELD))


def test_among_questions_and_answers_a_heading_that_does_not_ask_the_same_speaks_against_it():
    def entries(headline):
        others = [passage(RETURNS, 0.79, number=n, heading=f"How do I return item number {n}?") for n in range(2, 22)]
        return found(passage(WARRANTY, 0.86, heading="How long does the warranty last?", headline=headline), *others)

    guide = [passage(RETURNS, 0.79, number=n, heading="How long does the warranty last?") for n in range(2, 22)]
    part = passage(WARRANTY, 0.86, heading="How long does the warranty last?", headline=0.4)

    assert sure(entries(0.4)) < sure(found(part, *guide)) < sure(entries(0.9))


def test_across_languages_it_is_enough_to_stand_out():
    question = "¿Cuánto dura la garantía?"
    ranked = found(passage(WARRANTY, 0.85), *FIELD, question=question)

    assert seen(ranked, "es").margin > 0
    assert sure(ranked, "es") > sure(ranked, "en")


def test_many_shared_words_outweigh_a_guessed_language():
    ranked = found(passage(WARRANTY, 0.86), *FIELD, question="warranty furniture")

    assert seen(ranked, "es").margin == 0


def test_a_small_field_asks_for_less():
    many = [passage(RETURNS, 0.79, number=number) for number in range(2, 60)]

    assert sure(found(passage(WARRANTY, 0.84), *many[:5])) > sure(found(passage(WARRANTY, 0.84), *many))


def test_words_decide_without_vectors():
    assert sure(found(passage(WARRANTY, None, words=0.6))) > 0.8
    assert sure(found(passage(WARRANTY, None, words=0.1), passage(RETURNS, None, words=0.1))) < ENOUGH
    assert sure(found(passage(WARRANTY, None))) < ENOUGH


@given(
    st.lists(st.tuples(st.one_of(st.none(), st.floats(-1, 1)), st.text(max_size=40)), max_size=60), st.text(max_size=40)
)
def test_it_is_a_probability(places, question):
    ranked = [passage(text, cosine, number=number, heading=text) for number, (cosine, text) in enumerate(places)]

    assert 0 <= confidence(Found(ranked, dict.fromkeys(question_terms(question), 1.0)), "en") <= 1
