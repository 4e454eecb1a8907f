import pytest

from trulybot.documents.reading.models import Limits
from trulybot.documents.reading.tables import read


def texts(csv: str) -> list[str]:
    return [section.text for section in read(csv, Limits()).sections]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_row_keeps_the_names_of_its_columns(delimiter: str) -> None:
    rows = (("sku", "name", "price"), ("C1", "Oak chair", "120"), ("T2", "Pine table", "340"))

    read_texts = texts("\n".join(delimiter.join(row) for row in rows))

    assert read_texts == ["sku: C1; name: Oak chair; price: 120\n\nsku: T2; name: Pine table; price: 340"]


def test_a_question_is_the_heading_of_its_row() -> None:
    reading = read('Q;A\nDo you deliver?;"Yes, to\nall of Europe."\nOpen on Sunday?;No.', Limits())

    assert [section.heading for section in reading.sections] == [("Do you deliver?",), ("Open on Sunday?",)]
    assert reading.sections[0].text == "Q: Do you deliver?\nA: Yes, to\nall of Europe."
    assert reading.sections[1].text == "Q: Open on Sunday?; A: No."


def test_a_first_row_of_values_is_a_row_like_any_other() -> None:
    assert texts("Monday,9:30\nTuesday,10:00") == ["Monday; 9:30\n\nTuesday; 10:00"]


def test_ragged_rows_and_an_open_quote_lose_nothing() -> None:
    (text,) = texts('a,b,c\n1,2\n5,6,7,8,9\n"unclosed,3,4\nlast')

    assert text == "a: 1; b: 2\n\na: 5; b: 6; c: 7; 8; 9\n\na: unclosed,3,4\nlast"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_they_do_anywhere(end: str) -> None:
    assert texts(end.join(["day,hours", "Monday,closed", '"Friday",9:30'])) == [
        "day: Monday; hours: closed\n\nday: Friday; hours: 9:30"
    ]


def test_a_long_cell_is_on_a_line_of_its_own() -> None:
    (text,) = texts(f"name,about\nChair,{'very comfortable ' * 10}\nTable,flat")

    assert text.startswith("name: Chair\nabout: very comfortable")
    assert text.endswith("\n\nname: Table; about: flat")


def test_a_cell_of_a_million_characters_is_read() -> None:
    (text,) = texts(f"name,about\nChair,{'x' * 1_000_000}")

    assert "x" * 1_000_000 in text
