from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import cpu_seconds
from trulybot.documents.sentences import LONGEST_SENTENCE, sentences, spoken_sentences


def split(text):
    return [sentence.text for sentence in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is late. Go home! Why?", ["It is late.", "Go home!", "Why?"]),
        (
            "Dr. Smith met J. R. Ewing at 5 p.m. on Jan. 5. He left.",
            ["Dr. Smith met J. R. Ewing at 5 p.m. on Jan. 5.", "He left."],
        ),
        ("It costs $3.50. See example.com for more.", ["It costs $3.50.", "See example.com for more."]),
        ("Bring proof, e.g. a bill. It must be recent.", ["Bring proof, e.g. a bill.", "It must be recent."]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("z.B. am Montag. Am Dienstag auch.", ["z.B. am Montag.", "Am Dienstag auch."]),
        ("Wait... what? Yes", ["Wait... what?", "Yes"]),
        ("我爱你。你呢？好！", ["我爱你。", "你呢？", "好！"]),
        ("「はい。」と言った。終わり。", ["「はい。」", "と言った。", "終わり。"]),
        ("मुझे रिफंड चाहिए। कब मिलेगा?", ["मुझे रिफंड चाहिए।", "कब मिलेगा?"]),
        ("مرحبا. كيف حالك؟ بخير.", ["مرحبا.", "كيف حالك؟", "بخير."]),
        ("Steps:\n1. Open it\n2. Close it", ["Steps:", "1. Open it", "2. Close it"]),
        ("A line that the page\nwrapped here.\n\nNext one", ["A line that the page\nwrapped here.", "Next one"]),
        ("You need • a card • a photo", ["You need", "• a card", "• a photo"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences_end_where_a_reader_says(text, expected):
    assert split(text) == expected


@given(st.text())
def test_a_sentence_stands_where_it_says(text):
    end = 0
    for sentence in sentences(text):
        assert text[sentence.start : sentence.end] == sentence.text == sentence.text.strip()
        assert 0 < len(sentence.text) <= LONGEST_SENTENCE
        assert not text[end : sentence.start].strip()
        end = sentence.end
    assert not text[end:].strip()


def test_a_stretch_without_an_end_is_cut_between_words():
    text = "word, " * 300

    parts = split(text)

    assert len(parts) > 1
    assert all(part.endswith("word,") for part in parts)


@pytest.mark.parametrize("unit", ["a", ".", ". ", " ", "\n", "。", "a.)", "•", "\u0300", '."', "Dr. "])
def test_hostile_text_is_split_in_linear_time(unit):
    sentences(unit)
    small, large = (cpu_seconds(partial(sentences, unit * times)) for times in (5_000, 40_000))

    assert large < small * 24 + 0.1


def test_a_title_that_asks_is_read_with_the_sentences():
    assert spoken_sentences("How do I delete my account?", "", "Open settings.") == [
        "Open settings.",
        "How do I delete my account?",
    ]
    assert spoken_sentences("注文はどこで確認できますか", "", "設定。") == ["設定。", "注文はどこで確認できますか"]


def test_the_nearest_heading_is_read_instead_of_the_title():
    spoken = spoken_sentences(
        "Everything about our returns and refunds", "Returns › How long does a refund take?", "Ten days."
    )

    assert spoken == ["Ten days.", "How long does a refund take?"]


def test_a_topic_is_not_read_as_a_sentence():
    assert spoken_sentences("Refunds", "", "Ten days. Always.") == ["Ten days.", "Always."]


def test_the_row_of_a_table_is_read_with_its_heading() -> None:
    text = "Our shop in town:\n\nDay: Saturday; Hours: 10 am to 4 pm"

    assert spoken_sentences("Gift cards", "Visit us › Opening hours", text) == [
        "Our shop in town:",
        "Opening hours. Day: Saturday; Hours: 10 am to 4 pm",
    ]
