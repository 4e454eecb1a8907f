"""Word documents: headings, paragraphs, lists, tables and footnotes, as they would be printed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import normpath
from xml.etree.ElementTree import Element

from trulybot.documents.reading.archive import Archive
from trulybot.documents.reading.models import Limits, Reading, ReadingError
from trulybot.documents.reading.outline import Outline
from trulybot.documents.reading.tables import row_text, split_header
from trulybot.documents.reading.texts import one_line

# In the file and not on the page: what was deleted or moved away, field codes, the copy for old versions of Word.
UNPRINTED = frozenset(["del", "moveFrom", "instrText", "delText", "rPr", "pPr", "Fallback", "txbxContent"])
SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
HEADING_NAME = re.compile(r"heading ([1-9])$")


@dataclass(frozen=True, slots=True)
class Style:
    """level: of a heading, the title being 0; None for anything else."""

    name: str
    level: int | None
    is_list: bool


PLAIN = Style("", None, False)


def read(archive: Archive, limits: Limits) -> Reading:  # noqa: ARG001  (the signature of all kinds)
    """Raises: ReadingError."""
    main = _main_part(archive)
    styles = _styles(archive)
    outline = Outline()
    titles = [_metadata_title(archive)]
    for body in archive.elements(main, 2):
        for block in _blocks(body):
            _add(block, styles, outline, titles)
    for name in ("word/footnotes.xml", "word/endnotes.xml"):
        if name in archive.names:
            for note in archive.elements(name, 1):
                for block in _blocks(note):
                    outline.block(_text(block))
    return Reading("docx", next(filter(None, titles), None), outline.finish())


def _main_part(archive: Archive) -> str:
    if "[Content_Types].xml" not in archive.names:
        raise ReadingError("unsupported_type")
    for relation in archive.elements("_rels/.rels", 1) if "_rels/.rels" in archive.names else ():
        target = normpath(relation.get("Target", "").lstrip("/"))
        is_main = relation.get("Type", "").endswith("/officeDocument")
        if is_main and target.startswith("word/") and target in archive.names:
            return target
    if "word/document.xml" in archive.names:
        return "word/document.xml"
    raise ReadingError("unsupported_type")


def _metadata_title(archive: Archive) -> str:
    if "docProps/core.xml" not in archive.names:
        return ""
    titles = (field.text for field in archive.elements("docProps/core.xml", 1) if field.tag == "title")
    return one_line(next(titles, None) or "")


def _styles(archive: Archive) -> dict[str, Style]:
    if "word/styles.xml" not in archive.names:
        return {}
    styles = archive.elements("word/styles.xml", 1)
    elements = {style.get("styleId", ""): style for style in styles if style.tag == "style"}
    return {identifier: _style(identifier, elements) for identifier in elements}


def _style(identifier: str, elements: dict[str, Element]) -> Style:
    name = _value(elements[identifier], "name").lower()
    seen: set[str] = set()
    while identifier in elements and identifier not in seen:
        seen.add(identifier)
        element = elements[identifier]
        ancestor = _value(element, "name").lower()
        if ancestor == "title":
            return Style(name, 0, False)
        if match := HEADING_NAME.match(ancestor):
            return Style(name, int(match[1]), False)
        level = _value(element, "pPr/outlineLvl")
        if level in tuple("012345678"):
            return Style(name, int(level) + 1, False)
        if element.find("pPr/numPr") is not None or ancestor.startswith("list"):
            return Style(name, None, True)
        identifier = _value(element, "basedOn")
    return Style(name, None, False)


def _blocks(element: Element) -> Iterator[Element]:
    """The paragraphs and tables in it, those of its text boxes after the paragraph they hang on."""
    if element.tag in ("p", "tbl"):
        yield element
        if element.tag == "p":
            for box in _boxes(element):
                for child in box:
                    yield from _blocks(child)
    elif element.tag not in UNPRINTED:
        for child in element:
            yield from _blocks(child)


def _boxes(element: Element) -> Iterator[Element]:
    for child in element:
        if child.tag == "txbxContent":
            yield child
        elif child.tag not in UNPRINTED:
            yield from _boxes(child)


def _add(block: Element, styles: dict[str, Style], outline: Outline, titles: list[str]) -> None:
    if block.tag == "tbl":
        outline.block(_table(block))
        return
    style = styles.get(_value(block, "pPr/pStyle"), PLAIN)
    if style.name.startswith("toc "):
        return
    text = _text(block)
    level = style.level
    direct = _value(block, "pPr/outlineLvl")
    if direct in tuple("012345678"):
        level = int(direct) + 1
    if level is not None:
        if level == 0:
            titles.append(one_line(text))
        outline.heading(level, text)
    elif text.strip():
        listed = block.find("pPr/numPr") is not None or style.is_list
        outline.block("- " + text if listed else text)


def _text(element: Element) -> str:
    pieces: list[str] = []
    for child in element:
        if child.tag == "t":
            pieces.append(child.text or "")
        elif child.tag in SIGNS:
            pieces.append(SIGNS[child.tag])
        elif child.tag == "r" and _is_hidden(child):
            continue
        elif child.tag not in UNPRINTED:
            pieces.append(_text(child))
            if child.tag in ("p", "tr"):
                pieces.append("\n")
    return "".join(pieces)


def _is_hidden(run: Element) -> bool:
    vanish = run.find("rPr/vanish")
    return vanish is not None and vanish.get("val", "true") not in ("0", "false", "off")


def _table(table: Element) -> str:
    rows: list[list[str]] = []
    named = None
    for row in table.iterfind(".//tr") if table.find(".//tbl") is None else table.iterfind("tr"):
        above = rows[-1] if rows else []
        cells: list[str] = []
        for cell in row.iterfind(".//tc") if row.find(".//tbl") is None else row.iterfind("tc"):
            merged = cell.find("tcPr/vMerge")
            goes_on = merged is not None and merged.get("val", "continue") == "continue"
            cells.append(above[len(cells)] if goes_on and len(cells) < len(above) else one_line(_text(cell)))
            span = _value(cell, "tcPr/gridSpan")
            cells += [""] * (min(int(span), 64) - 1 if span.isascii() and span.isdigit() else 0)
        if not rows and row.find("trPr/tblHeader") is not None:
            named = True
        if any(cells):
            rows.append(cells)
    if all(len(row) == 1 for row in rows):
        return "\n\n".join(row[0] for row in rows)
    names, rest = split_header(rows, named)
    return "\n".join(row_text(names, row) for row in rest)


def _value(element: Element, path: str) -> str:
    found = element.find(path)
    return "" if found is None else found.get("val", "")
