"""What is kept of a source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from trulybot.documents.models import Failure
from trulybot.kit.openapi import example

Kind = Literal["page", "sitemap", "crawl"]
Refresh = Literal["never", "daily", "weekly"]
State = Literal["waiting", "syncing", "ready", "failed", "paused"]
PageState = Literal["found", "taken", "unchanged", "skipped", "failed", "removed"]


@dataclass(frozen=True)
class Counts:
    """
    Pages, as of the run that is under way or was the last.

    found: by a link, or in the sitemap. taken_in: new, or changed since the run before. skipped: that say of themselves
    not to be taken in, or that they are another page. removed: whose documents went because the page did.
    documents: that come from this source now, whichever run took them in.
    """

    found: int
    taken_in: int
    unchanged: int
    skipped: int
    failed: int
    removed: int
    documents: int


@dataclass(frozen=True)
class FailingPage:
    """error: what went wrong and what can be done. document_id: what was last known from it, which still answers."""

    url: str
    error: Failure
    document_id: UUID | None


@example(
    {
        "id": "019a6e0c-8b02-7e1f-a1c9-2f0b7d9e4a11",
        "url": "https://shop.example/help/",
        "kind": "crawl",
        "max_pages": 200,
        "refresh": "daily",
        "state": "ready",
        "error": None,
        "pages": {
            "found": 42,
            "taken_in": 2,
            "unchanged": 38,
            "skipped": 1,
            "failed": 1,
            "removed": 0,
            "documents": 41,
        },
        "failing": [
            {
                "url": "https://shop.example/help/video",
                "error": {"code": "no_text", "message": "We found no text on the page. Paste it as a text."},
                "document_id": None,
            }
        ],
        "last_sync_at": "2026-11-22T09:02:00Z",
        "next_sync_at": "2026-11-23T09:10:00Z",
        "created_at": "2026-11-20T09:00:00Z",
        "updated_at": "2026-11-22T09:02:00Z",
    }
)
@dataclass(frozen=True)
class Source:
    """
    Where knowledge is taken from, as its owner sees it.

    error: why the last run did not get through; what was known before still answers. failing: the first pages that
    could not be taken in. last_sync_at: when a run last got through.
    """

    id: UUID
    url: str
    kind: Kind
    max_pages: int
    refresh: Refresh
    state: State
    error: Failure | None
    pages: Counts
    failing: Sequence[FailingPage]
    last_sync_at: datetime | None
    next_sync_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Run:
    """
    A source that is being synced. number: of the run. failures: runs before it that failed, without a break.

    sitemaps: that are still to be read.
    """

    id: UUID
    url: str
    kind: Kind
    max_pages: int
    refresh: Refresh
    number: int
    began_at: datetime
    fetches: int
    fetched_bytes: int
    failures: int
    sitemaps: Sequence[str]


@dataclass(frozen=True)
class KnownPage:
    """A page that is to be visited. document_id: of what we have of it."""

    id: UUID
    url: str
    depth: int
    state: PageState
    document_id: UUID | None
    content_hash: bytes | None
    etag: str | None
    last_modified: str | None
    links: Sequence[str]


@dataclass(frozen=True)
class Visit:
    """What came of a visit, as it is kept."""

    state: PageState
    error: Failure | None = None
    content_hash: bytes | None = None
    etag: str | None = None
    last_modified: str | None = None
    links: Sequence[str] = ()
