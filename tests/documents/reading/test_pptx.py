import pytest

from tests.documents.reading import making
from tests.documents.reading.making import shape, slide_table
from trulybot.documents.reading import pptx
from trulybot.documents.reading.archive import Archive
from trulybot.documents.reading.models import Limits, Reading, ReadingError

RETURNS = shape("title", "Returns") + shape("body", "Within 30 days", "Unused") + shape("sldNum", "1")
FEES = shape("title", "Fees") + slide_table(("Country", "Fee"), ("Spain", "5 EUR"), ("Peru", "9 EUR"))


def read(data: bytes) -> Reading:
    return pptx.read(Archive(data, Limits()), Limits())


def test_slides_come_in_their_order_below_their_titles() -> None:
    reading = read(making.pptx(RETURNS, FEES))

    assert [(section.heading, section.page) for section in reading.sections] == [(("Returns",), 1), (("Fees",), 2)]
    assert reading.sections[0].text == "- Within 30 days\n- Unused"
    assert reading.sections[1].text == "Country: Spain; Fee: 5 EUR\nCountry: Peru; Fee: 9 EUR"
    assert reading.title == "Returns"


def test_what_the_speaker_says_is_read_and_a_hidden_slide_is_not() -> None:
    reading = read(making.pptx(RETURNS, FEES, notes="Say that gloves cannot be returned.", hidden=2))

    assert [section.heading for section in reading.sections] == [("Returns",)]
    assert "gloves cannot be returned" in reading.sections[0].text


def test_a_slide_without_a_title_is_named_by_its_number() -> None:
    assert read(making.pptx(shape("", "We moved."))).sections[0].heading == ("Slide 1",)


def test_a_presentation_with_a_document_type_is_refused() -> None:
    parts: dict[str, str | bytes] = {"[Content_Types].xml": "<Types/>", "ppt/presentation.xml": "<!DOCTYPE p><p/>"}

    with pytest.raises(ReadingError) as refusal:
        read(making.archive(parts))

    assert refusal.value.code == "damaged_file"
