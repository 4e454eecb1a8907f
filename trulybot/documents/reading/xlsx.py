"""Excel workbooks: each visible sheet as a table in words, with values as the sheet shows them."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.styles.numbers import is_date_format

from trulybot.documents.reading.archive import Archive
from trulybot.documents.reading.models import Answered, Limits, Reading, ReadingError, Section
from trulybot.documents.reading.tables import sections_of
from trulybot.documents.reading.texts import clean, one_line

# What a workbook calls its sheets when nobody does: no heading for anything.
UNNAMED = re.compile(
    r"(sheet|tabelle|hoja|feuil|foglio|planilha|blad|лист|शीट|ورقة|工作表|シート|시트)\s?\d{0,3}$", re.IGNORECASE
)
# What openpyxl stumbles with over a workbook whose parts do not fit together.
DAMAGED = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError, OSError, TypeError, ValueError),
    *(ParseError, zipfile.BadZipFile, zlib.error),
)
# A cell far away makes a sheet wide, not rich.
COLUMNS = 200
DOCUMENT_TYPE = b"<!DOCTYPE"
HEAD_BYTES = 4096

# A number format in its parts: what is quoted or escaped stands as it is, brackets name a currency or a colour.
FORMAT_PART = re.compile(
    r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|\[[^\]]*\]|_.|\*.|([#0?,.]+)|(%)|([€£¥₹$₩₽฿₫₺]|kr|Kč|zł)|(.)'
)
DECIMALS = re.compile(r"\.([0#?]+)")


def read(archive: Archive, limits: Limits) -> Reading:
    """Raises: ReadingError."""
    _refuse_document_types(archive)
    try:
        workbook = load_workbook(io.BytesIO(archive.data), read_only=True, data_only=True)
        named = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
        sections: list[Section] = []
        answered: list[Answered] = []
        characters = 0
        for sheet in named:
            heading = () if UNNAMED.match(sheet.title) else (one_line(sheet.title),)
            for rows in _tables(sheet):
                found, pairs = sections_of(rows, heading)
                sections += found
                answered += pairs
                characters += sum(len(section.text) for section in found)
                if characters > limits.characters:
                    raise ReadingError("too_large")
        title = one_line(workbook.properties.title or "")
    except DAMAGED as error:
        raise ReadingError("damaged_file") from error
    return Reading("xlsx", title or None, sections, answered)


def _refuse_document_types(archive: Archive) -> None:
    """Office writes none; who does wants its entities expanded."""
    for name in archive.names:
        if name.endswith((".xml", ".rels", ".vml")) and DOCUMENT_TYPE in archive.head(name, HEAD_BYTES).upper():
            raise ReadingError("damaged_file")


def _tables(sheet: Any) -> Iterator[list[list[str]]]:
    """The sheet's tables, which empty rows part, without empty columns before them."""
    rows: list[list[str]] = []
    for cells in sheet.iter_rows(max_col=COLUMNS):
        row = [shown(cell.value, getattr(cell, "number_format", "General") or "General") for cell in cells]
        if any(row):
            rows.append(row)
        elif rows:
            yield _without_margins(rows)
            rows = []
    if rows:
        yield _without_margins(rows)


def _without_margins(rows: list[list[str]]) -> list[list[str]]:
    used = [number for number in range(max(map(len, rows))) if any(number < len(row) and row[number] for row in rows)]
    return [[row[number] if number < len(row) else "" for number in used] for row in rows]


def shown(value: object, number_format: str) -> str:
    """A cell's value as its sheet shows it; Excel's own errors (#N/A) say nothing."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            midnight = value.time() == time()
            return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="minutes")
        case date():
            return value.isoformat()
        case time():
            return value.isoformat(timespec="minutes")
        case timedelta():
            return str(value)
        case int() | float():
            return _number(value, number_format)
        case _:
            text = clean(str(value)).strip()
            return "" if text in ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!") else text


def _number(value: float, number_format: str) -> str:
    """A number with its decimals, its percent sign and its currency."""
    sections = number_format.split(";")
    chosen = sections[1] if value < 0 and len(sections) > 1 and sections[1].strip() else sections[0]
    if chosen in ("General", "@", "") or is_date_format(chosen):
        return f"{value:.10g}" if isinstance(value, float) else str(value)
    pattern, before, after, percent = "", "", "", False
    for quoted, escaped, currency, digits, sign, symbol, other in FORMAT_PART.findall(chosen):
        if digits:
            pattern += digits
        elif sign:
            percent, after = True, after + "%"
        else:
            said = quoted or escaped or currency or symbol or (other if other in " -+()/" else "")
            before, after = (before, after + said) if pattern else (before + said, after)
    decimals = DECIMALS.search(pattern)
    amount = abs(value) * 100 if percent else abs(value)
    places = len(decimals[1]) if decimals else 0
    text = f"{amount:,.{places}f}" if "," in pattern.partition(".")[0] else f"{amount:.{places}f}"
    if decimals and set(decimals[1]) <= {"#", "?"}:
        text = text.rstrip("0").rstrip(".")
    minus = "-" if value < 0 and not any(mark in before for mark in "-(") else ""
    return f"{minus}{before}{text}{after}".strip()
