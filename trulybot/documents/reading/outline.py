"""Collect headings and blocks of text, as a parser meets them, into sections."""

from trulybot.documents.reading.models import Section
from trulybot.documents.reading.texts import clean, one_line

# A heading longer than this is a paragraph in large letters.
HEADING_CHARACTERS = 300


class Outline:
    def __init__(self) -> None:
        self.sections: list[Section] = []
        self._path: list[tuple[int, str]] = []  # (level, heading), levels rising
        self._blocks: list[str] = []
        self._page: int | None = None
        self._bare = False  # the last heading has had nothing under it yet

    def heading(self, level: int, text: str, page: int | None = None) -> None:
        text = one_line(text)
        if not text:
            return
        if len(text) > HEADING_CHARACTERS:
            self.block(text, page)
            return
        self._close()
        # A heading with nothing under it is text of its own; it is read together with what follows.
        if self._bare and self._path[-1][0] >= level:
            self._blocks.append(self._path[-1][1])
        while self._path and self._path[-1][0] >= level:
            self._path.pop()
        self._path.append((level, text))
        self._page = page
        self._bare = True

    def block(self, text: str, page: int | None = None) -> None:
        text = clean(text)
        if not text.strip():
            return
        if self._page != page and not self._bare:
            self._close()
        self._page = page
        self._bare = False
        self._blocks.append(text)

    def finish(self) -> list[Section]:
        if self._bare:
            self._blocks.append(self._path.pop()[1])
            self._bare = False
        self._close()
        return self.sections

    def _close(self) -> None:
        if self._blocks and not self._bare:
            heading = tuple(heading for _, heading in self._path)
            self.sections.append(Section(heading, "\n\n".join(self._blocks), self._page))
            self._blocks = []
