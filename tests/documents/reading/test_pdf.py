import pytest

from tests.documents.reading import making
from trulybot.documents.reading import pdf
from trulybot.documents.reading.layout import Line, outlined
from trulybot.documents.reading.models import Limits, Reading, ReadingError, Section


def read(data: bytes) -> Reading:
    return pdf.read(bytearray(data), Limits())


def test_the_sample_is_read_with_its_headings_tables_and_pages() -> None:
    reading = read((making.SAMPLES / "returns-policy.pdf").read_bytes())
    under = {section.heading[-1]: section for section in reading.sections if section.heading}

    assert reading.title == "Returns, shipping and warranty"
    assert under["Returns"].heading == ("Returns, shipping and warranty", "Returns")
    assert "You can return any item within 45 days of delivery, as long as it is unused" in under["Returns"].text
    assert "Destination: Ireland; Delivery time: 3 to 5 working days; Price: £7.90" in under["Shipping"].text
    assert under["Opening hours"].page == 2


def test_a_larger_line_is_a_heading_and_a_broken_line_goes_on() -> None:
    page = [(20, "Returns"), (10, "You may return what you bought within forty-five days of"), (10, "delivery.")]

    assert read(making.pdf(page)).sections == [
        Section(("Returns",), "You may return what you bought within forty-five days of delivery.", 1)
    ]


def test_a_gap_begins_a_paragraph_and_a_page_is_numbered() -> None:
    reading = read(making.pdf([(10, "First paragraph."), (10, ""), (10, "Second paragraph.")], [(10, "Third.")]))

    assert reading.sections == [
        Section((), "First paragraph.\n\nSecond paragraph.", 1),
        Section((), "Third.", 2),
    ]


def test_running_heads_and_page_numbers_are_left_out() -> None:
    pages = [
        [(8, "Willow and Pine"), (10, f"Text {word}."), (8, f"Page {number}")] for number, word in enumerate("abcd")
    ]

    assert [section.text for section in read(making.pdf(*pages)).sections] == [
        "Text a.",
        "Text b.",
        "Text c.",
        "Text d.",
    ]


@pytest.mark.parametrize(
    ("stored", "title"),
    [("Our policy", "Our policy"), ("policy_v3.docx", None), ("Untitled", None), ("", None)],
)
def test_a_title_is_what_a_person_wrote(stored: str, title: str | None) -> None:
    assert read(making.pdf([(10, "Text")], title=stored)).title == title


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(making.pdf([(10, "Text")])[:200], "damaged_file", id="truncated"),
        pytest.param(making.pdf(*[[(10, "x")]] * 10_001), "too_large", id="thousands of pages"),
        pytest.param((making.SAMPLES / "password-willow.pdf").read_bytes(), "password_protected", id="locked"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, code: str) -> None:
    with pytest.raises(ReadingError) as refusal:
        read(data)

    assert refusal.value.code == code


def line(*cells: str, size: float = 10, top: float = 700, right: float = 500, bold: bool = False) -> Line:
    return Line(1, cells, size=size, top=top, bottom=top - size, left=50, right=right, bold=bold)


def test_lines_of_cells_are_a_table_with_names() -> None:
    lines = [line("To", "Price", bold=True), line("UK", "£4", top=688), line("Ireland", "£7", top=676)]

    assert outlined(lines) == [Section((), "To: UK; Price: £4\nTo: Ireland; Price: £7", 1)]


def test_items_of_a_list_stay_apart() -> None:
    lines = [line("We sell:"), line("• chairs", top=688), line("• tables", top=676)]

    assert outlined(lines) == [Section((), "We sell:\n• chairs\n• tables", 1)]


def test_a_bold_line_is_a_heading_and_a_bold_sentence_is_not() -> None:
    lines = [
        line("Returns", bold=True),
        line("Within 45 days.", top=688),
        line("No cash is paid.", top=660, bold=True),
        line("Ask us.", top=632),
    ]

    assert outlined(lines) == [Section(("Returns",), "Within 45 days.\n\nNo cash is paid.\n\nAsk us.", 1)]
