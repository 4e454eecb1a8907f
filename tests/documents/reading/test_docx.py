import pytest

from tests.documents.reading import making
from tests.documents.reading.making import WORD, paragraph, table
from trulybot.documents.reading import docx
from trulybot.documents.reading.archive import Archive
from trulybot.documents.reading.models import Limits, Reading, ReadingError, Section

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def read(data: bytes) -> Reading:
    return docx.read(Archive(data, Limits()), Limits())


def text(body: str) -> str:
    return "\n\n".join(section.text for section in read(making.docx(body)).sections)


def test_headings_are_the_path_to_their_text() -> None:
    body = (
        paragraph("Help", "Heading1")
        + paragraph("Hi.")
        + paragraph("Returns", "Heading2")
        + paragraph("45 days.")
        + paragraph("Shop", "Ours")
        + paragraph("Open.")
    )

    assert read(making.docx(body)).sections == [
        Section(("Help",), "Hi."),
        Section(("Help", "Returns"), "45 days."),
        Section(("Shop",), "Open."),
    ]


def test_the_sample_is_read_with_its_title_tables_lists_and_links() -> None:
    reading = read((making.SAMPLES / "gift-cards.docx").read_bytes())
    under = {section.heading[-1]: section.text for section in reading.sections}

    assert reading.title == "Gift cards and opening hours"
    assert "Card: Printed card; Value: £25 to £250; Fee: £1.50" in under["Values and fees"]
    assert "- It cannot be exchanged for cash" in under["Using a gift card"]
    assert under["Lost gift cards"].endswith("Write to gifts@willowandpine.example.")


def test_a_table_keeps_the_names_of_its_columns() -> None:
    assert text(table(("To", "Price"), ("UK", "£4"), ("Ireland", "£7"))) == "To: UK; Price: £4\nTo: Ireland; Price: £7"


@pytest.mark.parametrize(
    ("run", "shown"),
    [
        ("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>", "a\tb\nc"),
        ("<w:hyperlink><w:r><w:t>our page</w:t></w:r></w:hyperlink>", "our page"),
        ("<w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:del><w:r><w:delText>old</w:delText></w:r></w:del>", "new"),
        ("<w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:t>7</w:t></w:r>", "7"),
        ("<w:r><w:rPr><w:vanish/></w:rPr><w:t>unseen</w:t></w:r><w:r><w:t>seen</w:t></w:r>", "seen"),
    ],
)
def test_what_is_printed_is_read(run: str, shown: str) -> None:
    assert text(f"<w:p>{run}</w:p>") == shown


def test_a_table_of_contents_is_left_out() -> None:
    assert text(paragraph("Returns ..... 7", "TOC1") + paragraph("Text")) == "Text"


def test_text_boxes_and_footnotes_are_read_once() -> None:
    boxed = f"<w:txbxContent>{paragraph('Boxed')}</w:txbxContent>"
    both = f"<w:AlternateContent><w:Choice>{boxed}</w:Choice><w:Fallback>{boxed}</w:Fallback></w:AlternateContent>"
    box = f"<w:p><w:r><w:t>Before</w:t>{both}</w:r></w:p>"
    notes = f'<w:footnotes xmlns:w="{WORD}"><w:footnote>{paragraph("A note")}</w:footnote></w:footnotes>'

    assert read(making.docx(box, footnotes=notes)).sections == [Section((), "Before\n\nBoxed\n\nA note")]


@pytest.mark.parametrize(
    "prologue",
    [
        pytest.param(f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>', id="a billion laughs"),
        pytest.param('<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]>', id="an entity from outside"),
        pytest.param('<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">', id="a document type from outside"),
    ],
)
def test_a_document_type_is_refused_where_it_begins(prologue: str) -> None:
    with pytest.raises(ReadingError) as refusal:
        read(making.docx(paragraph("Hello"), prologue))

    assert refusal.value.code == "damaged_file"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(making.docx("<w:p>" * 300 + "</w:p>" * 300), "damaged_file", id="nested too deep"),
        pytest.param(making.docx("<w:p>"), "damaged_file", id="not well-formed"),
        pytest.param(making.bomb(201), "too_large", id="200 MB when unzipped"),
        pytest.param(making.bomb(30), "too_large", id="nothing but repetition"),
        pytest.param(making.archive({f"word/{n}.xml": "" for n in range(4_001)}), "too_large", id="thousands of parts"),
        pytest.param(making.archive({"word/document.xml": "<x/>"}), "unsupported_type", id="no table of contents"),
    ],
)
def test_a_hostile_container_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(ReadingError) as refusal:
        read(data)

    assert refusal.value.code == code


def test_names_that_climb_out_of_the_archive_are_never_followed() -> None:
    sound = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": f'<d xmlns:w="{WORD}"><b>{paragraph("Hello")}</b></d>',
    }
    target = '<R><Relationship Type="x/officeDocument" Target="../../../etc/passwd"/></R>'

    reading = read(making.archive({**sound, "../../etc/passwd": "<x/>", "_rels/.rels": target}))

    assert reading.sections == [Section((), "Hello")]
