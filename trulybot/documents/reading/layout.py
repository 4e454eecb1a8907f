"""The lines of pages to paragraphs, tables and headings, guessed from how they look."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from trulybot.documents.reading.models import Section
from trulybot.documents.reading.outline import Outline
from trulybot.documents.reading.tables import row_text, split_header

# Letters this much larger than most of the document's are a heading; a bold line of their size may be one.
HEADING_SIZE = 1.15
HEADING_CHARACTERS = 120
HEADING_LEVELS = 5

# A line's distance to the next one, in its own height, from which a new paragraph begins.
PARAGRAPH_GAP = 1.55

# A line that ends this far into its block was broken by the margin, so its sentence goes on in the next.
FULL_LINE = 0.85

LIST_ITEM = re.compile(r"([•◦▪‣●○■–*-]|\(?[0-9]{1,3}[.)]|\(?[a-z][.)])\s")
NUMBERS = re.compile(r"\d+")

# A running head or foot stands on most pages, and on three at least.
RUNNING_PAGES = 3
RUNNING_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Line:
    """
    In points, y rising. size: the height of its letters' boxes.

    One that a hyphen continues on the next line of the page has its end there.
    """

    page: int
    cells: tuple[str, ...]
    size: float
    top: float
    bottom: float
    left: float
    right: float
    bold: bool

    @property
    def text(self) -> str:
        return " ".join(self.cells)


def outlined(lines: Sequence[Line]) -> list[Section]:
    lines = _without_running_heads(lines)
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    levels = _levels(lines, body)
    outline = Outline()
    paragraph: list[Line] = []
    before: Line | None = None
    index = 0
    while index < len(lines):
        line = lines[index]
        rows = _rows(lines, index)
        starts = before is None or _starts_paragraph(before, line)
        is_heading = _is_heading(line, body, starts)
        if starts or is_heading or rows:
            _flush(paragraph, outline)
        if rows:
            outline.block(_table(rows), line.page)
        elif is_heading:
            outline.heading(levels.get(line.size, HEADING_LEVELS + 1), line.text, line.page)
        else:
            paragraph.append(line)
        index += len(rows) or 1
        before = lines[index - 1]
    _flush(paragraph, outline)
    return outline.finish()


def _without_running_heads(lines: Sequence[Line]) -> list[Line]:
    pages: dict[int, list[int]] = {}
    for index, line in enumerate(lines):
        pages.setdefault(line.page, []).append(index)
    edges = {index for on_page in pages.values() for index in (on_page[0], on_page[-1])}
    shapes = Counter(NUMBERS.sub("#", lines[index].text) for index in edges)
    running = {shape for shape, count in shapes.items() if count >= max(RUNNING_PAGES, len(pages) * RUNNING_SHARE)}
    dropped = {index for index in edges if NUMBERS.sub("#", lines[index].text) in running}
    return [line for index, line in enumerate(lines) if index not in dropped]


def _levels(lines: Sequence[Line], body: float) -> dict[float, int]:
    """The largest letters are the first level. Sizes beyond the last level share it."""
    larger = sorted({line.size for line in lines if _is_heading(line, body, starts=False)}, reverse=True)
    return {size: min(level, HEADING_LEVELS) for level, size in enumerate(larger, start=1)}


def _is_heading(line: Line, body: float, starts: bool) -> bool:
    if len(line.cells) > 1 or len(line.text) > HEADING_CHARACTERS or line.text.endswith((".", ",", ";")):
        return False
    if not any(character.isalpha() for character in line.text):
        return False
    return line.size >= body * HEADING_SIZE or (starts and line.bold and line.size >= body * 0.95)


def _starts_paragraph(before: Line, line: Line) -> bool:
    height = max(before.size, line.size, 1.0)
    distance = before.bottom - line.top + line.size
    if before.page != line.page or distance < -height:
        # The top of a page or a column: a sentence may go on there.
        return before.text.endswith((".", "!", "?", ":")) or before.size != line.size
    return distance > height * PARAGRAPH_GAP or abs(before.size - line.size) > 0.1 * height or before.bold != line.bold


def _rows(lines: Sequence[Line], index: int) -> Sequence[Line]:
    """The lines from here that make a table: two or more with the same number of cells."""
    first, end = lines[index], index
    while end < len(lines) and len(lines[end].cells) == len(first.cells) > 1 and lines[end].page == first.page:
        end += 1
    return lines[index:end] if end - index > 1 else ()


def _table(rows: Sequence[Line]) -> str:
    named = True if rows[0].bold and not rows[1].bold else None
    names, rest = split_header([row.cells for row in rows], named)
    return "\n".join(row_text(names, row) for row in rest)


def _flush(paragraph: list[Line], outline: Outline) -> None:
    """Lines that the margin broke become one again; those that end early, as in lists, stay."""
    if not paragraph:
        return
    left, right = min(line.left for line in paragraph), max(line.right for line in paragraph)
    text = paragraph[0].text
    for before, line in pairwise(paragraph):
        full = max(before.right - left, right - before.left) >= (right - left) * FULL_LINE
        text += (" " if full and not LIST_ITEM.match(line.text) else "\n") + line.text
    outline.block(text, paragraph[0].page)
    paragraph.clear()
