"""Small files of every kind, sound and hostile, made where they are needed."""

import io
import zipfile
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

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
