"""What a page says, where it links to, and what it asks of robots. Read in the limited child."""

import re
from dataclasses import dataclass, field
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from trulybot.documents.reading import html, texts
from trulybot.documents.reading.models import Limits, Reading, ReadingError, Section
from trulybot.sources.fetching.main_text import hide_frame

MOST_LINKS = 2000

# A page of which so little is left was all frame, as an index is, and is read whole.
LEFT_CHARACTERS = 150
LEFT_SHARE = 0.2

ROBOTS = ("robots", "trulybot")

# A server that names another encoding than the page is written in is believed for these; Python knows others that are
# no encodings of text, or slow ones.
CHARSETS = re.compile(
    r"(windows|cp)-?(125[0-8]|874|949|93[26])|iso-8859-(1[0-6]?|[2-9])|koi8-[ru]|shift_jis|euc-(jp|kr)|gb(2312|k|18030)|big5"
)


@dataclass
class Page:
    """links, canonical: as they are written, upon the page's base. robots: what its meta elements say."""

    title: str
    sections: list[Section]
    links: list[str] = field(default_factory=list)
    canonical: str = ""
    robots: str = ""


def read(content: bytes, url: str, charset: str, limits: Limits) -> Page:
    """Raises: ReadingError."""
    text = _decoded(content, charset)
    if text is None:
        raise ReadingError("not_text")
    tree = LexborHTMLParser(text)
    base = tree.css_first("base[href]")
    upon = urljoin(url, _attribute(base, "href")) if base is not None else url
    canonical = tree.css_first("link[rel=canonical][href]")
    links = [
        urljoin(upon, href)
        for link in tree.css("a[href], area[href]")[:MOST_LINKS]
        if (href := _attribute(link, "href").strip()) and "nofollow" not in _attribute(link, "rel").lower().split()
    ]
    said = [meta for meta in tree.css("meta[name][content]") if _attribute(meta, "name").strip().lower() in ROBOTS]
    hide_frame(tree)
    reading = html.read(tree.html or "", limits)
    if _characters(reading) < LEFT_CHARACTERS:
        whole = html.read(text, limits)
        reading = whole if _characters(reading) < _characters(whole) * LEFT_SHARE else reading
    return Page(
        title=texts.one_line(reading.title or ""),
        sections=reading.sections,
        links=links,
        canonical=urljoin(upon, _attribute(canonical, "href").strip()) if canonical is not None else "",
        robots=",".join(_attribute(meta, "content") for meta in said),
    )


def _decoded(content: bytes, charset: str) -> str | None:
    if CHARSETS.fullmatch(charset.lower()):
        try:
            return content.decode(charset)
        except (UnicodeDecodeError, LookupError):
            pass  # it says what it is not
    return texts.decode(content)


def _characters(reading: Reading) -> int:
    return sum(len(section.text) for section in reading.sections)


def _attribute(node: object, name: str) -> str:
    return getattr(node, "attributes", {}).get(name) or ""
