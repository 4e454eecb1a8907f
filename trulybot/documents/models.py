"""What is kept of a document."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from trulybot.kit.openapi import example

Status = Literal["queued", "processing", "ready", "failed"]


@dataclass(frozen=True)
class Failure:
    """message: for the person who uploaded it."""

    code: str
    message: str


@example(
    {
        "id": "019a6e0c-8b02-7e1f-a1c9-2f0b7d9e4a04",
        "external_id": "page-12",
        "title": "Returns",
        "url": "https://shop.example/returns",
        "language": "en",
        "source": "text",
        "media_type": "text/plain",
        "bytes": 62,
        "status": "ready",
        "error": None,
        "passages": 1,
        "embedded": 1,
        "progress": 1.0,
        "held": False,
        "created_at": "2026-11-22T09:00:00Z",
        "updated_at": "2026-11-22T09:00:02Z",
    }
)
@dataclass(frozen=True)
class Document:
    """
    A document as its owner sees it.

    passages: how many it was cut into. embedded: how many of them are found by meaning too. bytes: of the original.
    progress: how much of the work is done, 0 to 1.
    held: it answers nobody until it is published.
    """

    id: UUID
    external_id: str | None
    title: str
    url: str | None
    language: str | None
    source: Literal["text", "file", "web"]
    media_type: str
    bytes: int
    status: Status
    error: Failure | None
    passages: int
    embedded: int
    progress: float
    held: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class NewDocument:
    """A document before it is kept. content: its text, unless it comes from a file that is still to be read."""

    id: UUID
    external_id: str | None
    title: str
    url: str | None
    language: str | None
    source: Literal["text", "file", "web"]
    content: str | None
    content_hash: bytes
    media_type: str
    bytes: int
    file_key: str | None = None
    error: Failure | None = None


@dataclass(frozen=True)
class Added:
    """
    documents: as they stand, in the order sent. unused_files: keys of copies that were there already.
    changed: how many are new or have new content.
    """

    documents: list[Document]
    unused_files: list[str | None]
    changed: int


@dataclass(frozen=True)
class Kept:
    """changed: how many documents are new or have new content. replaced_files: keys of what they held before."""

    changed: int
    replaced_files: list[str]


@dataclass(frozen=True)
class Waiting:
    """A document that is to be read and cut. content_hash: of the version that was taken."""

    id: UUID
    title: str
    source: str
    content: str | None
    content_hash: bytes
    file_key: str | None
    media_type: str
    attempts: int


@dataclass(frozen=True)
class IndexedPassage:
    """terms: how often each is said, title and headings counting more. length: their sum."""

    id: UUID
    ordinal: int
    page: int | None
    heading: str
    text: str
    terms: Mapping[str, float]
    length: int


@dataclass(frozen=True)
class Indexed:
    """
    A version of a document, read. title: what it calls itself, or None to keep the one it has.

    passages: read once, and cut while they are when they come from a file.
    """

    id: UUID
    content_hash: bytes
    title: str | None
    content: str
    media_type: str
    passages: Iterable[IndexedPassage]


@dataclass(frozen=True)
class Unembedded:
    """A passage that is not found by meaning yet."""

    id: UUID
    document_id: UUID
    title: str
    heading: str
    text: str


@dataclass(frozen=True)
class Embedded:
    """
    A passage's vectors: of the whole, and of each of its `spoken_sentences`.

    english: of its `headline`, by the model that knows English alone, where there is one.
    """

    id: UUID
    vector: Sequence[float]
    sentences: Sequence[Sequence[float]]
    english: Sequence[float] | None = None


@example(
    {
        "queued": 1,
        "processing": 0,
        "ready": 41,
        "failed": 2,
        "total": 44,
        "waiting_passages": 0,
        "seconds_left": 0,
        "passages": 782,
        "embedded_anew": 310,
    }
)
@dataclass(frozen=True)
class Summary:
    """
    How many documents there are in each status.

    waiting_passages: found by words already, and not by meaning yet. seconds_left: until they are, by the pace of the
    last ones; None before there was any.

    embedded_anew: of all passages, those that already have a vector of another embedding model, while the knowledge
    changes over to it; null otherwise.
    """

    queued: int
    processing: int
    ready: int
    failed: int
    total: int
    waiting_passages: int
    seconds_left: int | None
    passages: int
    embedded_anew: int | None
