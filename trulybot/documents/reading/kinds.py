"""What a file is. Its first bytes decide; its name and declared type only between kinds of text."""

import re
from collections.abc import Collection, Mapping
from mmap import mmap
from posixpath import splitext
from typing import Final, Literal, get_args

from trulybot.documents.reading.models import Kind, ReadingError

SUFFIXES: dict[str, Kind] = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".pptx": "pptx",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".md": "md",
    ".markdown": "md",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "txt",
    ".text": "txt",
}

MEDIA_TYPES: dict[str, Kind] = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/markdown": "md",
    "text/x-markdown": "md",
    "text/csv": "csv",
    "text/tab-separated-values": "csv",
    "text/plain": "txt",
}

HEAD_BYTES = 1024  # tell a container
CONTENT_TYPES = "[Content_Types].xml"
OFFICE: Final[Mapping[Kind, str]] = {
    "docx": "word/document.xml",
    "xlsx": "xl/workbook.xml",
    "pptx": "ppt/presentation.xml",
}

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Office before 2007, and any Office file under a password
ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")

# How far into a file a PDF may begin. Source: Adobe, Implementation Notes to PDF 1.7, 13.
PDF_HEADER_BYTES = 1024

# What we know and do not read: pictures, sound, film, archives, programs, fonts, other documents.
UNSUPPORTED = re.compile(
    rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF....(WEBP|WAVE|AVI )|II\*\0|MM\0\*|....ftyp|ID3|OggS|fLaC|\x1aE\xdf\xa3"
    rb"|PK\x05\x06|PK\x07\x08|\x1f\x8b|BZh|\xfd7zXZ\0|7z\xbc\xaf\x27\x1c|Rar!|\x28\xb5\x2f\xfd"
    rb"|\x7fELF|MZ.{0,62}[\0-\x08]|\xca\xfe\xba\xbe|[\xce\xcf]\xfa\xed\xfe|\0asm|SQLite format 3\0"
    rb"|\0\x01\0\0|OTTO|wOF[F2]|\{\\rtf|%!PS|AT&TFORM",
    re.DOTALL,
)

HTML_START = re.compile(
    r"\s*+(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<(!doctype html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
HTML_TAG = re.compile(
    r"</?(a|article|b|body|br|div|h[1-6]|li|main|ol|p|section|span|table|td|tr|ul)\b[^<>]*>", re.IGNORECASE
)
MARKDOWN_HEADING = re.compile(r"^#{1,6} \S", re.MULTILINE)
TAG_SAMPLE_CHARACTERS = 64 * 1024


def hint(name: str, declared_type: str | None) -> Kind | None:
    media_type = (declared_type or "").partition(";")[0].strip().lower()
    return SUFFIXES.get(splitext(name)[1].lower()) or MEDIA_TYPES.get(media_type)


def known(word: str | None) -> Kind | None:
    return next((kind for kind in get_args(Kind) if kind == word), None)


def of_container(data: bytes | mmap) -> Kind | Literal["office"] | None:
    """
    The kind of a file that is not plain text: "pdf", "office" for any zip, or None.

    Raises:
        ReadingError: It is of a kind that we know and do not read.
    """
    head = data[:HEAD_BYTES]
    if _is_pdf(data):
        return "pdf"
    if head.startswith(ZIP):
        return "office"
    if head.startswith(OLE):
        raise ReadingError("password_protected" if data.find(ENCRYPTED_PACKAGE) >= 0 else "unsupported_type")
    if UNSUPPORTED.match(head):
        raise ReadingError("unsupported_type")
    return None


def of_office(names: Collection[str]) -> Kind:
    """
    What an Office container holds, by the names of its parts.

    Raises:
        ReadingError: Nothing that we read.
    """
    for kind, main in OFFICE.items():
        if CONTENT_TYPES in names and main in names:
            return kind
    if CONTENT_TYPES in names and any(name.startswith("word/") for name in names):
        return "docx"  # whose main part may have another name
    raise ReadingError("unsupported_type")


def of_text(text: str, hinted: Kind | None) -> Kind:
    sample = text[:TAG_SAMPLE_CHARACTERS]
    if HTML_START.match(sample):
        return "html"
    tags = sum(1 for _ in HTML_TAG.finditer(sample))
    if hinted == "html":
        return "html" if tags else "txt"
    if hinted in ("md", "csv", "txt"):
        return hinted
    if tags >= 4:
        return "html"
    return "md" if MARKDOWN_HEADING.search(sample) else "txt"


def not_text(hinted: Kind | None) -> ReadingError:
    """Why bytes that are neither a container nor text are refused: by what their name promised."""
    if hinted in ("pdf", *OFFICE):
        return ReadingError("damaged_file")
    return ReadingError("not_text" if hinted else "unsupported_type")


def _is_pdf(data: bytes | mmap) -> bool:
    at = data.find(b"%PDF-", 0, PDF_HEADER_BYTES)
    # A text may speak of "%PDF-"; only a PDF ends like one too.
    return at == 0 or (at > 0 and (data.find(b"startxref") > 0 or data.find(b"%%EOF") > 0))
