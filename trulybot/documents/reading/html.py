"""HTML, and what is rendered to it: what a visitor of the page would read, without its frame."""

import re
from collections.abc import Callable, Iterator
from typing import Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from trulybot.documents.reading.models import Kind, Limits, Reading, Section
from trulybot.documents.reading.outline import Outline
from trulybot.documents.reading.tables import row_text, split_header
from trulybot.documents.reading.texts import one_line

# Never shown, or the page's frame and controls rather than what it says.
DROPPED = frozenset({
    "audio", "button", "canvas", "embed", "footer", "head", "iframe", "input", "math", "nav", "noscript", "object",
    "script", "select", "style", "svg", "template", "textarea", "video",
})  # fmt: skip
DROPPED_ROLES = frozenset({"navigation", "banner", "contentinfo", "search"})
HIDING_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "form", "header", "hgroup", "hr", "legend", "li", "main", "ol", "p",
    "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})  # fmt: skip
HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}

# A page whose <main> says less than this keeps its words elsewhere.
MAIN_CHARACTERS = 100

Event = Literal["start", "end", "text", "whole"]


def read(text: str, limits: Limits, kind: Kind = "html") -> Reading:  # noqa: ARG001  (the signature of all kinds)
    page = LexborHTMLParser(text)
    titles = page.css("head > title")
    title = one_line(titles[0].text()) if titles else ""
    mains = page.css("main, [role=main]")
    sections = _Reader().read(mains[0]) if len(mains) == 1 else []
    if sum(len(section.text) for section in sections) < MAIN_CHARACTERS and page.body is not None:
        sections = _Reader().read(page.body)
    return Reading(kind, title or None, sections)


class _Reader:
    """Turns what a page shows, met from its beginning to its end, into an outline."""

    def __init__(self) -> None:
        self.outline = Outline()
        self._words: list[str] = []
        self._heading: int | None = None
        self._preformatted = 0
        self._bullet = ""

    def read(self, root: LexborNode) -> list[Section]:
        for event, node in _walk(root, _is_data_table):
            if event == "text":
                text = node.text_content or ""
                self._words.append(text if self._preformatted else _folded(text, self._words))
            elif event == "whole":
                self._flush()
                self.outline.block(_table(node))
            else:
                self._tag(node.tag or "", 1 if event == "start" else -1)
        self._flush()
        return self.outline.finish()

    def _tag(self, tag: str, step: int) -> None:
        """step: 1 where the element starts, -1 where it ends."""
        if tag == "br" and step == 1:
            self._words.append("\n")
        if tag not in BLOCKS and tag not in HEADINGS:
            return
        self._flush()
        if tag in HEADINGS:
            self._heading = HEADINGS[tag] if step == 1 else None
        elif tag == "pre":
            self._preformatted += step
        elif tag == "li":
            self._bullet = "- " if step == 1 else ""

    def _flush(self) -> None:
        text = "".join(self._words).strip()
        self._words.clear()
        if text and self._heading:
            self.outline.heading(self._heading, text)
        elif text:
            self.outline.block(self._bullet + text)
            self._bullet = ""


def _walk(root: LexborNode, whole: Callable[[LexborNode], bool]) -> Iterator[tuple[Event, LexborNode]]:
    """What is visible below the root, in order. A loop, because pages nest deeper than Python may recurse."""
    node, depth = root.child, 0
    while node is not None:
        if node.is_text_node:
            yield "text", node
        elif node.is_element_node and not _is_dropped(node):
            if whole(node):
                yield "whole", node
            else:
                yield "start", node
                if node.child is not None:
                    node, depth = node.child, depth + 1
                    continue
                yield "end", node
        while node is not None and node.next is None and depth:
            node, depth = node.parent, depth - 1
            if node is not None:
                yield "end", node
        node = node.next if node is not None else None


def _is_dropped(node: LexborNode) -> bool:
    if node.tag in DROPPED:
        return True
    attributes = node.attributes
    return bool(attributes) and (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or attributes.get("role") in DROPPED_ROLES
        or HIDING_STYLE.search(attributes.get("style") or "") is not None
    )


def _is_data_table(node: LexborNode) -> bool:
    """Not one that is there for the layout: those hold tables, headings, or a single column."""
    if node.tag != "table" or node.css_first("table table, h1, h2, h3, h4, h5, h6") is not None:
        return False
    return node.css_first("tr > :nth-child(2)") is not None


def _table(table: LexborNode) -> str:
    rows: list[list[str]] = []
    headers = 0
    caption: list[str] = []
    words = caption
    for event, node in _walk(table, lambda _: False):
        if event == "text":
            words.append(node.text_content or "")
        elif event == "start" and node.tag == "tr":
            rows.append([])
            headers += len(rows) == 1
        elif event == "start" and node.tag in ("td", "th"):
            headers = headers and (headers + 1 if len(rows) == 1 and node.tag == "th" else headers)
            words = []
            rows[-1].append("")
        elif event == "end" and node.tag in ("td", "th"):
            rows[-1][-1] = one_line("".join(words))
            words = []
        elif event == "start":
            words.append(" ")
    rows = [row for row in rows if any(row)]
    named = True if rows and headers > len(rows[0]) else None
    names, rest = split_header(rows, named)
    return "\n".join([one_line("".join(caption)), *(row_text(names, row) for row in rest)]).strip()


def _folded(text: str, before: list[str]) -> str:
    """White space as a browser shows it: a run is one space, and none begins a line."""
    folded = " ".join(text.split())
    if text[:1].isspace() and before and not before[-1].endswith((" ", "\n")):
        folded = " " + folded
    if text[-1:].isspace() and folded not in ("", " "):
        folded += " "
    return folded
