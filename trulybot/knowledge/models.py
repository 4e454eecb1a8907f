"""An act that changed what a workspace knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from trulybot.kit.openapi import example
from trulybot.kit.told import Told


class Kind(Told):
    """What was done. `{count}` in a sentence is how many things it changed."""

    DOCUMENTS_ADDED = "documents.added", "added or replaced documents: {count}"
    DOCUMENTS_PUBLISHED = "documents.published", "published documents that were held back: {count}"
    DOCUMENTS_TAKEN_OUT = "documents.taken_out", "took documents out: {count}"
    DOCUMENTS_DELETED = "documents.deleted", "deleted documents for good: {count}"
    ANSWERS_CHANGED = "answers.changed", "added or changed curated answers: {count}"
    ANSWERS_PUBLISHED = "answers.published", "published changes of curated answers that were held back: {count}"
    ANSWERS_DELETED = "answers.deleted", "deleted curated answers: {count}"
    SOURCE_SYNCED = "source.synced", "fetched a source again; pages changed: {count}"
    SOURCE_DELETED = "source.deleted", "deleted a source with its pages: {count}"
    SETTINGS_CHANGED = "settings.changed", "changed how the bot answers"
    RESTORED = (
        "knowledge.restored",
        "brought the knowledge back to version {to}; documents and answers: {count}",
    )


@example({"kind": "person", "id": "019a6e0c-8a01-7b2c-9d3e-4f5a6b7c8d01"})
@dataclass(frozen=True)
class By:
    """Who did it. id: of the person or the API key; null for the product itself."""

    kind: Literal["person", "key", "system"]
    id: str | None


@example(
    {
        "version": 42,
        "kind": "documents.added",
        "text": "added or replaced documents: 500",
        "count": 500,
        "failed": 3,
        "by": {"kind": "person", "id": "019a6e0c-8a01-7b2c-9d3e-4f5a6b7c8d01"},
        "details": {},
        "created_at": "2026-11-22T09:00:00Z",
    }
)
@dataclass(frozen=True)
class Version:
    """
    An act, and the version that it made.

    text: what was done, in words. count: of how many things. failed: how many of them could not be read, and so do
    not answer.
    """

    version: int
    kind: str
    text: str
    count: int
    failed: int
    by: By
    details: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True)
class Row:
    version: int
    kind: str
    count: int
    failed: int
    actor_kind: Literal["person", "key", "system"]
    actor_id: str | None
    details: dict[str, Any]
    created_at: datetime

    def told(self) -> Version:
        return Version(
            version=self.version,
            kind=self.kind,
            text=Kind.told(self.kind, {**self.details, "count": self.count}),
            count=self.count,
            failed=self.failed,
            by=By(self.actor_kind, self.actor_id),
            details=self.details,
            created_at=self.created_at,
        )
