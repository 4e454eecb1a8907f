import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trulybot.documents.passages import MAX_TOKENS, Passage, cut
from trulybot.documents.reading.models import Section

SENTENCE = "You can return any item within forty-five days of delivery. "


def texts(text: str) -> list[str]:
    return [passage.text for passage in cut([Section((), text)])]


def solid(text: str) -> str:
    return "".join(text.split())


def test_a_short_text_is_one_passage() -> None:
    assert (
        len(texts("A gift card is valid for three years and can be used for several orders. " * 20)) == 1
    )  # 300 words


def test_a_long_text_is_cut_between_sentences_into_passages_of_one_size() -> None:
    passages = texts(SENTENCE * 200)

    assert all(passage.endswith("delivery.") for passage in passages)
    assert all(150 <= len(passage.split()) <= 260 for passage in passages)


def test_a_paragraph_is_kept_whole_where_that_is_possible() -> None:
    paragraphs = [(SENTENCE * sentences).strip() for sentences in (6, 9, 7, 5, 8, 9)]

    passages = texts("\n\n".join(paragraphs))

    assert len(passages) > 1
    assert [part for passage in passages for part in passage.split("\n\n")] == paragraphs


def test_a_row_of_a_table_is_not_cut() -> None:
    rows = [f"Item: Chair no. {n}. Oak; Delivery: Two weeks. At most three.; Price: £{n}" for n in range(200)]

    passages = texts("\n".join(rows))

    assert len(passages) > 5
    assert [row for passage in passages for row in passage.split("\n")] == rows


def test_neighbours_under_one_heading_are_read_together() -> None:
    sections = [
        Section(("Help", "Returns"), "45 days.", 1),
        Section(("Help", "Returns"), "Unused.", 2),
        Section(("Help", "Post"), "£4.", 2),
        Section(("Help", "Returns"), "Again.", 3),
        Section((), " \n "),
    ]

    assert list(cut(sections)) == [
        Passage(0, "Help › Returns", "45 days.\n\nUnused.", 1),
        Passage(1, "Help › Post", "£4.", 2),
        Passage(2, "Help › Returns", "Again.", 3),
    ]


def test_a_passage_names_the_page_it_begins_on() -> None:
    pages = [Section((), SENTENCE * 30, number) for number in range(1, 5)]

    passages = list(cut(pages))

    assert [passage.page for passage in passages] == sorted(passage.page or 0 for passage in passages)
    assert {passage.page for passage in passages} == {1, 2, 3, 4}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x" * 300_000, id="one word"),
        pytest.param("自购买之日起三十天内可以退货。" * 20_000, id="Chinese"),
        pytest.param("." * 300_000, id="full stops"),
        pytest.param("。" * 300_000, id="ideographic full stops"),
        pytest.param("a\n" * 150_000, id="lines of a letter"),
        pytest.param("a" + " " * 300_000 + "b", id="spaces"),
        pytest.param("\u0301" * 300_000, id="accents"),
        pytest.param("👩\u200d👧" * 50_000, id="emoji"),
    ],
)
def test_a_text_of_any_shape_is_cut_in_little_time(text: str) -> None:
    began = time.process_time()
    passages = texts(text)

    assert time.process_time() - began < 5
    assert solid("".join(passages)) == solid(text)
    assert max(len(solid(passage)) for passage in passages) < 8_000


def test_ideographs_count_for_what_they_cost() -> None:
    assert max(map(len, texts("自购买之日起三十天内可以退货。" * 200))) <= MAX_TOKENS / 0.6


def test_a_letter_keeps_its_marks() -> None:
    passages = texts("e\u0301" * 10_000)

    assert len(passages) > 1
    assert not any(passage.startswith("\u0301") for passage in passages)


PROSE = st.text(st.sampled_from("ab é中。.!?\n \t-1›"), max_size=3_000)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.builds(Section, st.sampled_from([(), ("A",), ("A", "B")]), st.one_of(PROSE, st.text()))))
def test_nothing_is_lost_moved_or_empty(sections: list[Section]) -> None:
    passages = list(cut(sections))

    assert solid("".join(passage.text for passage in passages)) == solid("".join(section.text for section in sections))
    assert all(passage.text.strip() for passage in passages)
    assert [passage.ordinal for passage in passages] == list(range(len(passages)))


@settings(max_examples=20, deadline=None)
@given(st.lists(PROSE, min_size=5, max_size=40))
def test_a_long_text_loses_nothing_either(parts: list[str]) -> None:
    text = (SENTENCE * 5).join(parts)

    assert solid("".join(texts(text))) == solid(text)
