"""PowerPoint presentations: each slide below its title, with its lists, tables and the speaker's notes."""

import re
from collections.abc import Iterator
from posixpath import dirname, join, normpath
from xml.etree.ElementTree import Element

from trulybot.documents.reading.archive import Archive
from trulybot.documents.reading.models import Limits, Reading, ReadingError
from trulybot.documents.reading.outline import Outline
from trulybot.documents.reading.tables import row_text, split_header
from trulybot.documents.reading.texts import one_line

PRESENTATION = "ppt/presentation.xml"
# Placeholders that repeat on every slide and say nothing of it.
FURNITURE = frozenset(["dt", "ftr", "sldNum", "hdr"])
TITLES = frozenset(["title", "ctrTitle"])
HIDDEN = re.compile(rb"""<(?:\w+:)?sld\b[^>]*\bshow=["'](?:0|false)["']""")
HEAD_BYTES = 4096  # holds the root's start


def read(archive: Archive, limits: Limits) -> Reading:  # noqa: ARG001  (the signature of all kinds)
    """A section's page is its slide, from 1. Raises: ReadingError."""
    if PRESENTATION not in archive.names:
        raise ReadingError("unsupported_type")
    outline = Outline()
    title = _metadata_title(archive)
    for number, name in enumerate(_slides(archive), 1):
        shapes = [shape for tree in archive.elements(name, 2) if tree.tag == "spTree" for shape in _shapes(tree)]
        heading = next((_line(shape) for shape in shapes if _placeholder(shape) in TITLES), "")
        title = title or heading
        outline.heading(1, heading or f"Slide {number}", number)
        for shape in shapes:
            for block in _blocks(shape):
                outline.block(block, number)
        for notes in _related(archive, name, "/notesSlide"):
            for tree in archive.elements(notes, 2):
                for shape in _shapes(tree) if tree.tag == "spTree" else ():
                    if _placeholder(shape) == "body":
                        outline.block("\n".join(_paragraphs(shape)), number)
    return Reading("pptx", title or None, outline.finish())


def _metadata_title(archive: Archive) -> str:
    if "docProps/core.xml" not in archive.names:
        return ""
    said = next((field.text for field in archive.elements("docProps/core.xml", 1) if field.tag == "title"), None)
    # What PowerPoint writes when nobody wrote anything.
    return "" if (title := one_line(said or "")) == "PowerPoint Presentation" else title


def _slides(archive: Archive) -> Iterator[str]:
    """The parts of the slides that are shown, in their order."""
    targets = _relations(archive, PRESENTATION)
    for listed in archive.elements(PRESENTATION, 1):
        for slide in listed if listed.tag == "sldIdLst" else ():
            # Its `id` is a number and, in another namespace, the relation; the latter comes last.
            name = targets.get(slide.get("id", ""), ("", ""))[1]
            if name in archive.names and not _is_hidden(archive, name):
                yield name


def _is_hidden(archive: Archive, name: str) -> bool:
    return HIDDEN.search(archive.head(name, HEAD_BYTES)) is not None


def _related(archive: Archive, name: str, kind: str) -> list[str]:
    return [
        target for type, target in _relations(archive, name).values() if type.endswith(kind) and target in archive.names
    ]


def _relations(archive: Archive, name: str) -> dict[str, tuple[str, str]]:
    """By the relation's id: its type, and the part that it names."""
    folder, base = dirname(name), name.rpartition("/")[2]
    relations = f"{folder}/_rels/{base}.rels"
    if relations not in archive.names:
        return {}
    return {
        one.get("Id", ""): (one.get("Type", ""), normpath(join(folder, one.get("Target", ""))).lstrip("/"))
        for one in archive.elements(relations, 1)
    }


def _shapes(tree: Element) -> Iterator[Element]:
    for shape in tree:
        if shape.tag == "grpSp":
            yield from _shapes(shape)
        elif shape.tag in ("sp", "graphicFrame"):
            yield shape


def _placeholder(shape: Element) -> str:
    """What a shape stands for on the slide's master: "title", "body", "sldNum"; empty for a text box."""
    holder = shape.find("nvSpPr/nvPr/ph")
    return "" if holder is None else holder.get("type", "body")


def _blocks(shape: Element) -> Iterator[str]:
    kind = _placeholder(shape)
    if kind in TITLES or kind in FURNITURE:
        return
    if shape.tag == "graphicFrame":
        for table in shape.iter("tbl"):
            yield _table(table)
        return
    paragraphs = list(_paragraphs(shape))
    # The body of a slide is a list; what a text box says stands for itself.
    yield (
        "\n".join(f"- {text}" for text in paragraphs)
        if kind == "body" and len(paragraphs) > 1
        else "\n".join(paragraphs)
    )


def _paragraphs(shape: Element) -> Iterator[str]:
    for body in shape.iter("txBody"):
        for paragraph in body.iter("p"):
            if text := one_line(_text(paragraph)):
                yield text


def _line(shape: Element) -> str:
    return one_line(" ".join(_paragraphs(shape)))


def _text(element: Element) -> str:
    return "".join(" " if part.tag == "br" else part.text or "" for part in element.iter() if part.tag in ("t", "br"))


def _table(table: Element) -> str:
    properties = table.find("tblPr")
    named = True if properties is not None and properties.get("firstRow") in ("1", "true") else None
    rows = [
        [one_line(" ".join(map(_text, cell.iter("p")))) for cell in row.iterfind("tc")] for row in table.iterfind("tr")
    ]
    names, rest = split_header([row for row in rows if any(row)], named)
    return "\n".join(row_text(names, row) for row in rest)
