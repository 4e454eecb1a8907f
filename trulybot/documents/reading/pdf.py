"""PDF: the lines of its pages, in reading order, by PDFium."""

import ctypes
import re
from collections.abc import Iterator, Sequence
from mmap import mmap

import pypdfium2
import pypdfium2.raw as pdfium

from trulybot.documents.reading import ocr
from trulybot.documents.reading.layout import Line, outlined
from trulybot.documents.reading.models import Limits, Reading, ReadingError
from trulybot.documents.reading.texts import clean, one_line

PAGES = 10_000
PAGES_OF_A_SCAN = 5  # show that it is one
PASSWORD_ERROR = 4

# PDFium's two ways to say that a line ended in a hyphen, which it has joined with the next.
HYPHENS = (0x02, 0xFFFE)

# A gap in a line, in its own height, that parts the cells of a table, and what stands before one and is none.
CELL_GAP = 1.0
NUMBER_OR_BULLET = re.compile(r"[\W\d]{1,8}$|[A-Za-z][.)]$")

RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]+")
BOLD = re.compile("bold|black|heavy", re.IGNORECASE)
FILE_NAME = re.compile(r"\.(docx?|pdf|odt|indd|html?|tex|pptx?|xlsx?)$", re.IGNORECASE)


def read(data: mmap | bytearray, limits: Limits) -> Reading:
    """data: writable, since ctypes asks for that; nothing is written. Raises: ReadingError."""
    try:
        document = pypdfium2.PdfDocument((ctypes.c_char * len(data)).from_buffer(data))
    except pypdfium2.PdfiumError as error:
        raise ReadingError("password_protected" if error.err_code == PASSWORD_ERROR else "damaged_file") from error
    if len(document) > PAGES:
        raise ReadingError("too_large")
    lines: list[Line] = []
    characters = 0
    for number in range(len(document)):
        for line in _lines(document, number):
            lines.append(line)
            characters += len(line.text)
        if characters > limits.characters:
            raise ReadingError("too_large")
    if not lines and _is_scan(document):
        if not limits.recognise:
            raise ReadingError("scanned")
        return Reading("pdf", _title(document), ocr.recognised(document))
    return Reading("pdf", _title(document), outlined(lines))


def _is_scan(document: pypdfium2.PdfDocument) -> bool:
    """Whether there are pictures on its first pages."""
    for number in range(min(len(document), PAGES_OF_A_SCAN)):
        try:
            if any(True for _ in document[number].get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3)):
                return True
        except pypdfium2.PdfiumError:
            continue
    return False


def _title(document: pypdfium2.PdfDocument) -> str | None:
    """What the author called it, but not what a program put there because nobody did."""
    title = one_line(document.get_metadata_value("Title"))
    return None if not title or FILE_NAME.search(title) or title.lower().startswith("untitled") else title


def _lines(document: pypdfium2.PdfDocument, number: int) -> Iterator[Line]:
    try:
        page = document[number]
        text_page = page.get_textpage()
    except pypdfium2.PdfiumError:
        return  # one broken page does not take the others with it
    try:
        codes = [pdfium.FPDFText_GetUnicode(text_page, index) for index in range(text_page.count_chars())]
        start = 0
        for index in [*(index for index, code in enumerate(codes) if code in (10, 13)), len(codes)]:
            if any(code > 32 for code in codes[start:index]):
                yield _line(text_page, number + 1, codes, start, index)
            start = index + 1
    finally:
        text_page.close()
        page.close()


def _line(page: pypdfium2.PdfTextPage, number: int, codes: Sequence[int], start: int, end: int) -> Line:
    visible = [index for index in range(start, end) if codes[index] > 32]
    first, last = visible[0], visible[-1]
    boxes = [_box(page, index) for index in (first, visible[len(visible) // 2], last)]
    size = round(sorted(box[3] - box[1] for box in boxes)[1], 1)
    return Line(
        number,
        tuple(_cells(page, codes, start, end, size)),
        size=size,
        top=boxes[0][3],
        bottom=boxes[-1][1],
        left=min(box[0] for box in boxes),
        right=max(box[2] for box in boxes),
        bold=all(_is_bold(page, index) for index in (first, last)),
    )


def _cells(page: pypdfium2.PdfTextPage, codes: Sequence[int], start: int, end: int, size: float) -> list[str]:
    """The text of a line, in more than one piece where it has gaps like a table's."""
    bounds = [start]
    for index in range(start + 1, end - 1):
        if codes[index] == 32 and codes[index - 1] > 32 and codes[index + 1] > 32:
            before, after = _box(page, index - 1), _box(page, index + 1)
            if after[0] - before[2] > CELL_GAP * size > 0:
                bounds.append(index)
    cells = [_text(page, codes, *bound) for bound in zip(bounds, [*bounds[1:], end], strict=True)]
    if len(cells) == 2 and NUMBER_OR_BULLET.match(cells[0]):
        return [" ".join(cells)]
    return cells


def _text(page: pypdfium2.PdfTextPage, codes: Sequence[int], start: int, end: int) -> str:
    letters = []
    for index in range(start, end):
        code = codes[index]
        if code in HYPHENS:
            before, after = (chr(codes[at]) if start <= at < end else "" for at in (index - 1, index + 1))
            letters.append("" if before.isalpha() and after.islower() else "-")
        else:
            letters.append(chr(code))
    text = "".join(letters)
    if len(text) == end - start and RIGHT_TO_LEFT.search(text):
        text = RIGHT_TO_LEFT.sub(lambda word: _as_written(page, word[0], start + word.start()), text)
    return clean(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")).strip()


def _as_written(page: pypdfium2.PdfTextPage, word: str, start: int) -> str:
    """
    A word of Arabic or Hebrew, its first letter first.

    PDFium turns some words round and leaves others as they lie on the page. Where each letter lies tells; letters of
    one place came as a whole from the document's own wording, which PDFium has turned round.
    """
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    lefts = []
    for offset in range(len(word)):
        pdfium.FPDFText_GetCharBox(page, start + offset, left, right, bottom, top)
        lefts.append(left.value)
    if len(set(lefts)) == 1:
        return word[::-1]
    return "".join(word[offset] for offset in sorted(range(len(word)), key=lambda offset: -lefts[offset]))


def _box(page: pypdfium2.PdfTextPage, index: int) -> tuple[float, float, float, float]:
    box = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(page, index, box)
    return box.left, box.bottom, box.right, box.top


def _is_bold(page: pypdfium2.PdfTextPage, index: int) -> bool:
    if pdfium.FPDFText_GetFontWeight(page, index) >= 600:
        return True
    name = ctypes.create_string_buffer(128)
    length = pdfium.FPDFText_GetFontInfo(page, index, name, len(name), ctypes.c_int())
    return 0 < length <= len(name) and BOLD.search(name.value.decode("utf-8", "replace")) is not None
