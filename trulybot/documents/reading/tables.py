"""Rows in words: each row carries the names of its columns, so that it means something on its own."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence

from trulybot.documents.reading import questions
from trulybot.documents.reading.models import Answered, Limits, Reading, ReadingError, Section
from trulybot.documents.reading.texts import LINE_ENDS, clean, one_line

DELIMITERS = ",;\t|"
SNIFFED_RECORDS = 50

# A cell longer than this is prose and gets a line of its own.
SHORT_CELL_CHARACTERS = 80
COLUMN_NAME_CHARACTERS = 60

VALUE = re.compile(r"[\d\s.,:;/%€$£¥₹+()-]*$|https?://|\S+@\S+$")

Row = Sequence[str]


def read(text: str, limits: Limits) -> Reading:
    """Raises: ReadingError."""
    csv.field_size_limit(limits.characters)
    text = LINE_ENDS.sub("\n", text)
    try:
        records = csv.reader(io.StringIO(text), delimiter=_delimiter(text))
        cleaned = [[clean(cell) for cell in record] for record in records]
    except csv.Error as error:
        raise ReadingError("damaged_file") from error
    sections, answered = sections_of([record for record in cleaned if any(record)], ())
    return Reading("csv", None, sections, answered)


def sections_of(rows: Sequence[Row], heading: tuple[str, ...]) -> tuple[list[Section], list[Answered]]:
    """A table in words below its heading; a list of questions as a section each, and as questions with answers."""
    names, rest = split_header(rows)
    answered = questions.answered(names, rest)
    asked = questions.column_of_questions(names, rest)
    if asked is None:
        return [Section(heading, "\n\n".join(row_text(names, row) for row in rest))], answered
    return [Section((*heading, *_question(row, asked)), row_text(names, row)) for row in rest], answered


def _question(row: Row, column: int) -> tuple[str, ...]:
    return tuple(filter(None, map(one_line, row[column : column + 1])))


def split_header(rows: Sequence[Row], named: bool | None = None) -> tuple[Row, Sequence[Row]]:
    """
    The names of the columns, empty if there are none, and the rest.

    named: whether the document says that its first row holds names; None if it does not say.
    """
    if named is None:
        named = _looks_like_names(rows)
    return (rows[0], rows[1:]) if named and len(rows) > 1 else ((), rows)


def row_text(names: Row, row: Row) -> str:
    """One line for a row of short cells, one line a cell for others."""
    cells = []
    for number, cell in enumerate(row):
        value = cell.strip()
        if value:
            name = one_line(names[number]) if number < len(names) else ""
            cells.append(f"{name}: {value}" if name else value)
    short = all(len(cell) <= SHORT_CELL_CHARACTERS and "\n" not in cell for cell in cells)
    return ("; " if short else "\n").join(cells)


def _looks_like_names(rows: Sequence[Row]) -> bool:
    if len(rows) < 2:
        return False
    first = [cell.strip() for cell in rows[0]]
    filled = [cell for cell in first if cell]
    return (
        len(filled) >= max(1, len(first) - 1)
        and len(set(filled)) == len(filled)
        and all(len(cell) <= COLUMN_NAME_CHARACTERS and "\n" not in cell for cell in filled)
        and not any(VALUE.match(cell) or questions.MARK.search(cell) or cell.endswith((".", "!")) for cell in filled)
    )


def _delimiter(text: str) -> str:
    """The delimiter by which most of the first records have the same number of cells, more than one."""
    lines = text[: 64 * 1024]

    def agreement(delimiter: str) -> tuple[float, int]:
        widths: Counter[int] = Counter()
        for record, _ in zip(csv.reader(io.StringIO(lines), delimiter=delimiter), range(SNIFFED_RECORDS), strict=False):
            widths[len(record)] += 1
        width, count = widths.most_common(1)[0] if widths else (1, 0)
        return (count / widths.total() if width > 1 else 0.0, width)

    return max(DELIMITERS, key=agreement)
