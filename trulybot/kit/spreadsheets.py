"""
Tables that people open in a spreadsheet: CSV and XLSX, written as the rows come.

A spreadsheet takes a cell that begins like a formula for one, and a stranger chose what stands in it. Such a cell gets
an apostrophe in front, the sign that spreadsheets themselves have for "this is text".
"""

import csv
import io
import re
import tempfile
import unicodedata
from asyncio import to_thread
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, Literal
from uuid import UUID

import xlsxwriter
from fastapi.responses import StreamingResponse

Format = Literal["csv", "xlsx"]
Value = str | int | float | bool | datetime | date | UUID | None
Row = Sequence[Value]
Rows = AsyncIterator[Row]

MEDIA_TYPES: Final = {
    "csv": "text/csv; charset=utf-8; header=present",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Excel takes a CSV for the machine's old code page unless it begins with this; everything else ignores it.
BYTE_ORDER_MARK = "\ufeff"
CELL_CHARACTERS = 32_767  # the most that Excel takes
CHUNK_BYTES = 65_536

STARTS: Final = "=+-@|%"  # the last two for the links of old Excel and of Lotus
BLANK = re.compile(r"[\s\x00-\x1f\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060\ufeff'\"`]*")
TELEPHONE = re.compile(r"\+[0-9][0-9 ()./-]{4,30}")


def as_text(value: Value) -> str:
    """A cell's text, which no spreadsheet takes for a formula."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case date() | UUID():
            return str(value)
        case str():
            return harmless(value)


def harmless(text: str) -> str:
    """
    The same, with an apostrophe in front of what could be taken for a formula.

    A spreadsheet skips blanks before it looks, some skip quotes, and full-width signs count as their narrow ones.
    """
    if text[:1] in ("\t", "\r", "\n"):
        return f"'{text}"
    begins = unicodedata.normalize("NFKC", text[BLANK.match(text).end() :][:1])  # type: ignore[union-attr]
    return f"'{text}" if begins[:1] and begins[:1] in STARTS else text


async def csv_of(head: Sequence[str], rows: Rows) -> AsyncIterator[bytes]:
    """Source: RFC 4180."""
    lines = io.StringIO()
    writer = csv.writer(lines, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow(head)
    yield BYTE_ORDER_MARK.encode()
    async for row in rows:
        writer.writerow([as_text(value) for value in row])
        if lines.tell() > CHUNK_BYTES:
            yield _taken(lines)
    yield _taken(lines)


async def xlsx_of(head: Sequence[str], rows: Rows) -> AsyncIterator[bytes]:
    """One sheet, built in a temporary file: its archive's contents come at the end."""
    with tempfile.TemporaryFile() as file:
        # Each row goes to the disk as it comes, so that a hundred thousand take no more memory than one.
        book = xlsxwriter.Workbook(file, {"constant_memory": True})
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        is_text = book.add_format({"quote_prefix": True})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(head) - 1, 24)
        for column, name in enumerate(head):
            sheet.write_string(0, column, name, bold)
        number = 0
        async for row in rows:
            number += 1
            for column, value in enumerate(row):
                _write(sheet, number, column, value, is_text)
        await to_thread(book.close)
        file.seek(0)
        while part := await to_thread(file.read, CHUNK_BYTES):
            yield part


def download(name: str, format: Format, head: Sequence[str], rows: Rows) -> StreamingResponse:
    """The table as a file to keep. name: without its ending, in ASCII."""
    parts = csv_of(head, rows) if format == "csv" else xlsx_of(head, rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format}"', "Cache-Control": "no-store"}
    return StreamingResponse(parts, media_type=MEDIA_TYPES[format], headers=headers)


def _write(sheet: Any, row: int, column: int, value: Value, is_text: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    elif isinstance(value, str) and TELEPHONE.fullmatch(value):
        sheet.write_string(row, column, value, is_text)  # digits alone: a sheet that is saved as CSV loses the plus
    else:
        sheet.write_string(row, column, as_text(value)[:CELL_CHARACTERS], is_text)


def _taken(lines: io.StringIO) -> bytes:
    text = lines.getvalue()
    lines.seek(0)
    lines.truncate()
    return text.encode("utf-8", "replace")
