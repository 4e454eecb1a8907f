"""What a reading is, what it may cost, and why it may fail."""

from dataclasses import dataclass, field, replace
from typing import Literal

Kind = Literal["pdf", "docx", "xlsx", "pptx", "html", "md", "csv", "txt"]

# The code is stored and matched by programs, so it never changes. The sentence is shown to the person who uploaded.
REASONS = {
    "empty_file": "The file is empty.",
    "unsupported_type": "We cannot read this type of file. Upload PDF, Word (.docx), Excel (.xlsx), PowerPoint "
    "(.pptx), HTML, Markdown, CSV or text.",
    "not_text": "The file is named like a text, but what is inside is not text.",
    "password_protected": "The file is protected by a password. Remove the protection and upload it again.",
    "damaged_file": "The file is damaged or incomplete. Open it, save it again, and upload the new copy.",
    "no_text": "We found no text in the file. If it is a scan, run text recognition (OCR) on it first.",
    "scanned": "The file is a scan: pictures of pages, without text. Run text recognition (OCR) on it and upload the "
    "result, or ask whoever runs this server to install Tesseract.",
    "ocr_failed": "The file is a scan, and text recognition on this server did not get through it. Run text "
    "recognition (OCR) on it yourself and upload the result.",
    "too_many_answers": "The file holds more questions and answers than a workspace keeps. Remove some, or upload "
    "it as a text without the columns' names.",
    "too_large": "The file is too large, or unpacks to too much. Split it into smaller files.",
    "too_slow": "Reading the file took too long. Split it into smaller files, or save it in a simpler format.",
    "out_of_memory": "Reading the file needs too much memory. Split it into smaller files.",
    "reader_crashed": "The file made our reader stop. Save it in another format and upload that.",
}


class ReadingError(Exception):
    """A file that cannot be read. `where` names the place in our code, for the log; it holds nothing of the file."""

    def __init__(self, code: str, where: str | None = None) -> None:
        super().__init__(REASONS[code])
        self.code = code
        self.message = REASONS[code]
        self.where = where


# Ten times what a page of nothing but words takes.
CPU_SECONDS_A_MEGABYTE = 2
RECOGNITION_SECONDS = 600.0


@dataclass(frozen=True)
class Limits:
    file_bytes: int = 64 * 1024**2  # what an upload may weigh
    unpacked_bytes: int = 200 * 1024**2  # what a zip container may claim to hold
    characters: int = 20_000_000  # some 8,000 pages; a bigger file belongs in parts
    memory_bytes: int = 768 * 1024**2  # address space, of which the interpreter and a parser's library take 100 MB
    cpu_seconds: int = 30
    wall_seconds: float = 60.0  # twice the processor's time, for a machine that is busy

    # Whether the pictures of a scan are read.
    recognise: bool = False

    def recognising(self) -> "Limits":
        """With text recognition, which takes a second or two a page."""
        return replace(self, recognise=True, wall_seconds=RECOGNITION_SECONDS)

    def granting(self, size: int) -> "Limits":
        """With more time for a large file, of so many bytes; a small one that takes long means harm."""
        more = int(size / 1024**2 * CPU_SECONDS_A_MEGABYTE)
        return replace(self, cpu_seconds=self.cpu_seconds + more, wall_seconds=self.wall_seconds + 2 * more)


@dataclass(frozen=True, slots=True)
class Section:
    """heading: the headings above the text, outermost first. text: blank lines between blocks, one table row a line."""

    heading: tuple[str, ...]
    text: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A row of a list of questions and answers. alternatives: other ways to ask the same."""

    question: str
    alternatives: tuple[str, ...]
    answer: str


@dataclass(frozen=True, slots=True)
class Reading:
    """title: what the document calls itself, if it does. answered: what it holds as questions with their answers."""

    kind: Kind
    title: str | None
    sections: list[Section]
    answered: list[Answered] = field(default_factory=list)
