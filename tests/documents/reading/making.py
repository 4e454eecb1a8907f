"""Small files of every kind, sound and hostile, made where they are needed."""

import io
import zipfile
import zlib
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import pypdfium2
import xlsxwriter

SAMPLES = Path(__file__).parents[2] / "samples"

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STYLES = f"""<w:styles xmlns:w="{WORD}">
<w:style w:styleId="Heading1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="Heading2"><w:name w:val="heading 2"/></w:style>
<w:style w:styleId="Ours"><w:name w:val="Shop heading"/><w:basedOn w:val="Heading1"/></w:style>
<w:style w:styleId="TOC1"><w:name w:val="toc 1"/></w:style>
</w:styles>"""


def archive(parts: dict[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as container:
        for name, content in parts.items():
            container.writestr(name, content)
    return made.getvalue()


def docx(body: str, prologue: str = "", **parts: str) -> bytes:
    """body: WordprocessingML. parts: others, by their name under word/ without .xml."""
    return archive(
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": f'{prologue}<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>',
            "word/styles.xml": STYLES,
            **{f"word/{name}.xml": content for name, content in parts.items()},
        }
    )


def paragraph(text: str, style: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}<w:r><w:t>{escape(text)}</w:t></w:r></w:p>"


def table(*rows: tuple[str, ...]) -> str:
    cells = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


@cache
def bomb(megabytes: int) -> bytes:
    """A Word file of a few kilobytes a megabyte of nothing."""
    return docx(paragraph(" " * (megabytes * 1024**2)))


def pdf(*pages: list[tuple[int, str]], title: str = "") -> bytes:
    """pages: of lines, each with the size of its letters; the empty line is a gap."""
    objects = {1: b"<</Type/Catalog/Pages 2 0 R>>", 3: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"}
    objects[4] = b"<</Title(" + title.encode() + b")>>"
    kids = []
    for number, lines in enumerate(pages):
        shown, y = b"", 800
        for size, text in lines:
            y -= size * 6 // 5 if text else 20
            shown += b"BT /F1 %d Tf 50 %d Td (%s) Tj ET\n" % (size, y, text.encode("latin-1"))
        page, content = 10 + 2 * number, 11 + 2 * number
        objects[page] = (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>"
            % content
        )
        objects[content] = b"<</Length %d>>\nstream\n%s\nendstream" % (len(shown), shown)
        kids.append(b"%d 0 R" % page)
    objects[2] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    return _numbered(objects)


def _numbered(objects: dict[int, bytes]) -> bytes:
    made = b"%PDF-1.4\n"
    offsets = {}
    for number, content in sorted(objects.items()):
        offsets[number] = len(made)
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table_at = len(made)
    last = max(objects)
    made += b"xref\n0 %d\n" % (last + 1)
    for number in range(last + 1):
        made += b"%010d 00000 n \n" % offsets[number] if number in offsets else b"0000000000 65535 f \n"
    return made + b"trailer\n<</Size %d/Root 1 0 R/Info 4 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (last + 1, table_at)


def scan(*lines: str) -> bytes:
    """A page as a scanner makes it: the picture of these lines, and no text."""
    bitmap = pypdfium2.PdfDocument(pdf([(18, line) for line in lines]))[0].render(scale=150 / 72, grayscale=True)
    rows = [bytes(bitmap.buffer)[row * bitmap.stride :][: bitmap.width] for row in range(bitmap.height)]
    picture = zlib.compress(b"".join(rows))
    shown = b"595 0 0 842 0 0 cm /I Do"
    size = b"/Width %d/Height %d" % (bitmap.width, bitmap.height)
    return _numbered(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</XObject<</I 6 0 R>>>>/Contents 5 0 R>>",
            4: b"<<>>",
            5: b"<</Length %d>>\nstream\n%s\nendstream" % (len(shown), shown),
            6: b"<</Type/XObject/Subtype/Image%s/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode"
            b"/Length %d>>\nstream\n%s\nendstream" % (size, len(picture), picture),
        }
    )


def xlsx(**sheets: list[list[object]]) -> bytes:
    """A workbook as another program writes it, with a sheet a name. A cell is a value, or (value, number format)."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as workbook:
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    value, shown = cell if isinstance(cell, tuple) else (cell, None)
                    form = workbook.add_format({"num_format": shown}) if shown else None
                    if isinstance(value, date):
                        sheet.write_datetime(number, column, datetime.combine(value, time()), form)
                    else:
                        sheet.write(number, column, value, form)
    return made.getvalue()


DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def shape(kind: str, *paragraphs: str) -> str:
    """kind: of a placeholder ("title", "body", "sldNum"), or empty for a text box."""
    holder = f'<p:ph type="{kind}"/>' if kind else ""
    said = "".join(f"<a:p><a:r><a:t>{escape(text)}</a:t></a:r></a:p>" for text in paragraphs)
    return f"<p:sp><p:nvSpPr><p:nvPr>{holder}</p:nvPr></p:nvSpPr><p:txBody>{said}</p:txBody></p:sp>"


def slide_table(*rows: tuple[str, ...]) -> str:
    cell = "<a:tc><a:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></a:txBody></a:tc>"
    made = "".join("<a:tr>" + "".join(cell.format(escape(text)) for text in row) + "</a:tr>" for row in rows)
    table = f'<a:tbl><a:tblPr firstRow="1"/>{made}</a:tbl>'
    return f"<p:graphicFrame><a:graphic><a:graphicData>{table}</a:graphicData></a:graphic></p:graphicFrame>"


def pptx(*slides: str, notes: str = "", hidden: int = 0) -> bytes:
    """slides: each its shapes; the parts stand in the opposite order. notes: of the first. hidden: which, from 1."""
    spaces = f'xmlns:a="{DRAWING}" xmlns:p="{SLIDES}" xmlns:r="{RELATIONS}"'
    parts: dict[str, str | bytes] = {"[Content_Types].xml": "<Types/>"}
    listed, related = "", ""
    for number, shapes in enumerate(slides, 1):
        name = f"slide{len(slides) - number + 1}.xml"
        shown = ' show="0"' if number == hidden else ""
        parts[f"ppt/slides/{name}"] = f"<p:sld {spaces}{shown}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>"
        listed += f'<p:sldId id="{255 + number}" r:id="rId{number}"/>'
        related += f'<Relationship Id="rId{number}" Type="{RELATIONS}/slide" Target="slides/{name}"/>'
        if notes and number == 1:
            parts[f"ppt/slides/_rels/{name}.rels"] = (
                f'<Relationships><Relationship Id="rId1" Type="{RELATIONS}/notesSlide" '
                'Target="../notesSlides/notesSlide1.xml"/></Relationships>'
            )
            said = shape("body", notes) + shape("sldNum", "1")
            parts["ppt/notesSlides/notesSlide1.xml"] = (
                f"<p:notes {spaces}><p:cSld><p:spTree>{said}</p:spTree></p:cSld></p:notes>"
            )
    parts["ppt/presentation.xml"] = f"<p:presentation {spaces}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>"
    parts["ppt/_rels/presentation.xml.rels"] = f"<Relationships>{related}</Relationships>"
    return archive(parts)
