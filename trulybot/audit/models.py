"""What is kept of an act."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from trulybot.kit.openapi import example

ActorKind = Literal["person", "key", "visitor", "system", "operator"]


@example(
    {
        "seq": 42,
        "id": "019a6e0e-1f00-7a11-8c22-1d2e3f4a5b08",
        "at": "2026-11-22T09:00:00.123456Z",
        "actor_kind": "person",
        "actor_id": "019a6e0c-5d1b-7a60-8f5d-3b1f6a0f7a02",
        "action": "key.made",
        "subject": "019a6e0c-71aa-7d2b-b4d3-5a3c0f6e1c03",
        "details": {"name": "website"},
        "address": "203.0.113.7",
        "request_id": "019a6e0c-5d1c-7c3e-9a53-0d8f0b6c2f11",
        "previous_hash": "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9",
        "hash": "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
        "text": "made the API key “website”",
    }
)
@dataclass(frozen=True)
class Entry:
    """
    One act. seq: 1, 2, 3 … in each workspace. actor_id: the user's, key's or visitor's; null for the product itself.

    text: the act as a sentence that goes on after who acted. hash: SHA-256 of the rest, see the guide to the audit log.
    """

    seq: int
    id: UUID
    at: datetime
    actor_kind: ActorKind
    actor_id: str | None
    action: str
    subject: str | None
    details: dict[str, Any]
    address: str | None
    request_id: str | None
    previous_hash: str
    hash: str
    text: str


@dataclass(frozen=True)
class Filter:
    """Which acts; None is any. until: exclusive."""

    action: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
