"""
Sitemaps: lists of pages, or of such lists, packed or not. Read in the limited child.

Source: sitemaps.org, protocol 0.9.
"""

from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from trulybot.sources.fetching.models import FetchError
from trulybot.sources.fetching.packing import GZIP, gunzip

UNPACKED_BYTES = 50 * 1024**2  # as the protocol has it
MOST = 50_000  # entries, the same
ADDRESS_CHARACTERS = 4000  # longer ones are none that we would follow


@dataclass
class Sitemap:
    """pages: addresses. sitemaps: addresses of further sitemaps."""

    pages: list[str] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)


def read(content: bytes) -> Sitemap:
    """Raises: FetchError."""
    if content.startswith(GZIP):
        content = gunzip(content, UNPACKED_BYTES)
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()[:MOST]]
        pages = [line for line in lines if line.startswith(("http://", "https://"))]
        if not pages:
            raise FetchError("not_a_sitemap")
        return Sitemap(pages=pages)
    return _Parser().read(content)


class _Parser:
    def __init__(self) -> None:
        self._found = Sitemap()
        self._path: list[str] = []
        self._words: list[str] = []
        self._expat = expat.ParserCreate(namespace_separator=" ")
        self._expat.StartDoctypeDeclHandler = self._refuse
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._text

    def read(self, content: bytes) -> Sitemap:
        try:
            self._expat.Parse(content, True)
        except expat.ExpatError as error:
            raise FetchError("not_a_sitemap") from error
        return self._found

    def _refuse(self, *_: Any) -> None:
        """A sitemap has no document type; who sends one wants its entities expanded."""
        raise FetchError("not_a_sitemap")

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        if not self._path and name not in ("urlset", "sitemapindex"):
            raise FetchError("not_a_sitemap")
        self._path.append(name)
        self._words = []

    def _text(self, text: str) -> None:
        if self._path[1:] in (["url", "loc"], ["sitemap", "loc"]) and sum(map(len, self._words)) < ADDRESS_CHARACTERS:
            self._words.append(text)

    def _end(self, _name: str) -> None:
        place = self._path[1:]
        into = {"url": self._found.pages, "sitemap": self._found.sitemaps}.get(place[0] if place else "")
        address = "".join(self._words).strip()
        if place[1:] == ["loc"] and address and into is not None and len(into) < MOST:
            into.append(address)
        self._words = []
        self._path.pop()
